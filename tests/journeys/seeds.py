"""The documents that the examples were made from, where they are at hand, and what the product says in other words."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.journeys.stack import ROOT

FOLDER = ROOT.parent / "shared" / "seeds"
FILES = {"opsmerge": "000", "maintenance": "001", "timeline": "002", "driftstack": "003"}
SEEDS: dict[str, Path] = {
    name: next(iter(sorted(FOLDER.glob(f"{number}_*.txt"))), FOLDER / number) for name, number in FILES.items()
}
needs_seeds = pytest.mark.skipif(
    not all(path.is_file() for path in SEEDS.values()),
    reason=f"The documents behind the examples are not in {FOLDER}.",
)
# How a line of the document begins, and what is read instead, in the words of `plain`; nothing where the line is not
# about a status page, or is about an answer for programs, which has tests of its own.
SAID_OTHERWISE: Mapping[str, Mapping[str, Sequence[str]]] = {
    "opsmerge": {
        "skip to content": ["Skip to the content"],
        "status incidents": ["Status", "What counts as an incident"],
        "live service status": ["The status page is hosted independently of OpsMerge itself"],
        "service level objectives": ["Service objectives"],
        "we target": [],
        "99 9% availability of the app": [
            "Availability of the app",
            "Availability of the API",
            "99.9 %",
            "Counted by 5-minute intervals across each calendar month.",
        ],
        "99 9% agent ingest": ["Availability of agent ingest"],
        "p50 200ms": ["200 ms", "1 s", "With caveats for slow analytical queries"],
        "we re transparent": ["There are no credits: honest about misses, fix the cause."],
        "opsmerge is a product of": [],
    },
    "maintenance": {
        # The moments are those of loading; what stands in the table is read row by row in a test of its own.
        "started 14 14": ["Started"],
        "window 14 00": ["Window"],
        "servicestatusetaregion": ["Service Status ETA Region"],
        "web application": ["Web application www.example.com offline"],
        "api gateway": ["API gateway api.example.com offline"],
        "auth service": ["Auth service sso / oauth restarting"],
        "static delivery": ["Static delivery cdn.example.com operational global"],
        "search index": ["Search index search-v2 operational eu-west"],
        "email pipeline": ["Email pipeline mta · transactional queued"],
        "webhooksoutbound": ["Webhooks outbound · v3 offline"],
        "object storage": ["Object storage files.example.com operational global"],
        "analyticsevents": ["Analytics events · v2 queued"],
        "internal admin": ["Internal admin admin.internal operational eu-west"],
        "background jobs": ["Background jobs workers · v4 queued"],
        "notifications": ["Notifications push · email · sms operational global"],
    },
    "timeline": {
        "aug 21": ["21 Aug 2025, 07:11 UTC"],
        "aug 15": ["15 Aug 2025, 05:37 UTC"],
        "aug 14 16": ["14 Aug 2025, 16:04 UTC"],
        "aug 14 15": ["14 Aug 2025, 15:36 UTC"],
        "aug 14 14": ["14 Aug 2025, 14:38 UTC"],
        "aug 14 13": ["14 Aug 2025, 13:33 UTC"],
        "aug 14 12": ["14 Aug 2025, 12:23 UTC"],
    },
    "driftstack": {
        "incidents sla": [],
        "this page covers": [],
        "status driftstack dev": ["status.driftstack.example is the single source of truth during an incident"],
        "post v1 status subscribe": ["via POST /v1/status/subscribe"],
        "docs status subscriptions": [],
        "severity ladder": ["When something breaks"],
        "severity definition": ["Severity First update Updates Afterwards"],
        "critical core api": [
            "Core API down across all customers, or data-loss risk. Within 15 minutes Every 30 minutes",
        ],
        "major api degraded": ["for a subset of customers. Within 30 minutes Every hour"],
        "minor single": ["an SDK build pipeline) degraded. Within 1 hour At resolution"],
        "maintenance planned change": [
            "Planned change with potential impact. Updates at start and end. At least 48 hours ahead",
        ],
        "v 295b": ["60-second poller against", "/v1/health"],
        "v1 health per region": [
            "Three consecutive failures auto-create a Critical incident.",
            "We acknowledge within 30 min during EU business hours.",
        ],
        "internal alerting": [
            "Anything that warrants customer comms gets escalated to a public status-page entry.",
        ],
        "v1 status subscribesubscribers": ["Progress updates on the cadence above."],
        # What the programs of that product get, and its own documents.
        "note incident created": [],
        "incident updated incident resolved": [],
        "are admin audit": [],
        "in subscribablewebhookeventtypeschema": [],
        "can t be the target": [],
        "subscription email subscription": [],
        "notification path today": [],
        "sla credit policy": ["SLA of the API control plane"],
        "driftstack s sla": [
            "The SLA is on the API control plane: session create and lifecycle endpoints.",
            "The dashboard and the SDK downloads are best effort.",
        ],
        "tier by tier": ["Starter 99.5 %", "Team 99.9 %", "Enterprise 99.95 %"],
        "credit bands and": ["below 99.9 %: 10 %", "Write to billing@driftstack.example within 30 days"],
        "docs sla policy": [],
        "authoritative reference": [],
        "the accounttier enum": [],
        "reading sla data": ["/v1/status/sla"],
        "get v1 status sla": ["/v1/status/sla"],
        "target api": [],
        "uptimepct": [],
        "totalprobes": [],
        "okcount": [],
        "failcount": [],
        "lastprobeat": [],
        "lastfailureat": [],
        "windowstart": [],
        "windowend": [],
        "no auth": ["uptime by target over 30 days", "No login"],
        "acute outage": ["doesn't already show the incident, email oncall@driftstack.example. That goes straight to"],
        "non acute bug": ["support@driftstack.example with a session id + timestamp"],
        "security email": ["security@driftstack.example — PGP available on the page"],
    },
}
