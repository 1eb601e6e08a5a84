"""`/status.json`: built key by key from the home page's read model, so that nothing else can get into it."""

import json
from datetime import UTC, datetime
from typing import Any

from statuspage.web.readmodels import ComponentRow, HomePage, IncidentCard


def status_json(home: HomePage) -> bytes:
    return json.dumps(status_document(home), ensure_ascii=False, indent=1).encode() + b"\n"


def status_document(home: HomePage) -> dict[str, Any]:
    """The public contract, in its order of keys. Incidents are those of 90 days and carry no titles."""
    return {
        "overall_state": home.banner.overall.three_state,
        "components": [_component(row) for row in home.components],
        "snapshot": dict(home.snapshot),
        "incidents": [_incident(card) for card in home.incidents_90_days],
        "generated_at": rfc3339(home.site.generated_at),
    }


def _component(row: ComponentRow) -> dict[str, Any]:
    return {
        "component": row.slug,
        "label": row.name,
        "state": row.state.three_state,
        "detail": row.detail,
        "latency_ms": row.latency_ms,
        "last_checked_at": rfc3339(row.last_checked_at),
    }


def _incident(card: IncidentCard) -> dict[str, Any]:
    return {
        "severity": card.severity,
        "status": card.status,
        "discovered_at": rfc3339(card.started_at),
        "contained_at": rfc3339(card.contained_at),
        "resolved_at": rfc3339(card.resolved_at),
    }


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-21T14:30:00Z`, to the second."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
