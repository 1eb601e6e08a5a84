"""`GET /v1/status/sla`: built key by key, in the contract's order."""

from typing import Any

from probes.objectives.sla_feed import SlaFeed
from statuspage.web.api.answers import encode, number, rfc3339

SLA_PATH = "/v1/status/sla"


def sla_json(feed: SlaFeed) -> bytes:
    return encode(sla_document(feed))


def sla_document(feed: SlaFeed) -> dict[str, Any]:
    """One row a target; null where there is nothing yet."""
    return {
        "data": [
            {
                "target": row.target,
                "uptimePct": number(row.uptime_percent),
                "totalProbes": row.total,
                "okCount": row.ok,
                "failCount": row.fail,
                "lastProbeAt": rfc3339(row.last_check_at),
                "lastFailureAt": rfc3339(row.last_failure_at),
                "windowStart": rfc3339(feed.begin),
                "windowEnd": rfc3339(feed.end),
            }
            for row in feed.rows
        ]
    }
