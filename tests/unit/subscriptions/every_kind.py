"""A notice of every kind, with words of staff's that no translation may touch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from components.enums import ComponentStatus
from components.models import Component, Region
from incidents import services as incidents
from incidents.customers import confirm_customer_mail, request_customer_mail
from incidents.enums import Audience, IncidentStatus, NoticeKind, Promise, ServiceState
from incidents.maintenance import (
    ServicePlan,
    cancel_maintenance,
    complete_maintenance,
    extend_maintenance,
    run_due,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Notice
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PAGE = {"name": "Example", "url": "https://status.example.com", "time_zone": "Europe/Berlin"}
STAFF = "Wir sehen **errors** – ça va, ¿no? {{7*7}} 100 %(x)s"
REPORT: dict[str, Any] = {
    "page": PAGE,
    "report": {"month": "2026-10", "url": "https://status.example.com/slo/2026-10/"},
    "components": [
        {"slug": "api", "name": "API gateway", "group": "", "availability": "99.89", "coverage": "99.94"},
        {"slug": "web", "name": "Web application", "group": "", "availability": "100.00", "coverage": "100.00"},
    ],
    "objectives": [
        {
            "name": name,
            "slug": "api",
            "verdict": verdict,
            "figure": figure,
            "figure_kind": "percent",
            "coverage": "100.00",
            "promise": "99.9 % of intervals",
        }
        for name, verdict, figure in (("API", "missed", "99.89"), ("Web", "met", "100.00"))
    ],
    "misses": [],
    "incidents": {
        "count": 3,
        "seconds": 7500,
        "longest": {"reference": "INC-1", "title": "Requests fail", "url": "x", "seconds": 3600},
    },
    "maintenance": {"count": 2, "seconds": 5400},
}


def a_notice_of_every_kind(api: Component, web: Component) -> dict[NoticeKind, Notice]:
    """Made by the services that make them, but for those whose makers need months of data."""
    _incident(api)
    _maintenance(api, web)
    for kind, payload in ((NoticeKind.COMPONENT_UPDATED, _component_payload()), (NoticeKind.MONTHLY_REPORT, REPORT)):
        Notice.objects.create(kind=kind, audience=Audience.SUBSCRIBERS, payload=payload)
    found = {NoticeKind(notice.kind): notice for notice in Notice.objects.order_by("pk")}
    assert set(found) == set(NoticeKind)
    return found


def _incident(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        incident = incidents.open_incident(
            title="API errors {{7*7}}",
            severity="critical",
            message=STAFF,
            impacts={api: ComponentStatus.MAJOR_OUTAGE},
            promise=Promise.ON_CHANGE,
            next_update_in=timedelta(hours=13),
        )
        incidents.post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message=STAFF)
        mail = request_customer_mail(incident=incident, subject="To all", body=STAFF, requested_by="ada")
        confirm_customer_mail(mail=mail, confirmed_by="grace")
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        incidents.resolve_incident(
            incident=incident, message=STAFF, root_cause_summary="A full disk.", remediation="Bigger disks."
        )
        postmortem = start_postmortem(incident=incident)
        sections = {
            "summary": STAFF,
            "root_cause": "No alert.",
            "prevention": "An alert.",
            "timeline": "12:00 it broke",
        }
        edit_postmortem(postmortem=postmortem, sections=sections)
        publish_postmortem(postmortem=postmortem)


def _maintenance(api: Component, web: Component) -> None:
    region = Region.objects.create(slug="eu-west", name="EU West")
    plan: dict[str, Any] = {
        "title": "Database upgrade",
        "message": STAFF,
        "components": [api],
        "scheduled_for": NIGHT,
        "scheduled_until": NIGHT + timedelta(hours=2),
    }
    with time_machine.travel(NOON, tick=False):
        window = schedule_maintenance(
            **plan,
            kind="other",
            reason="A security patch.",
            impact_level="low",
            impact_note="read-only mode",
            expects_downtime=False,
            regions=[region],
            services=[
                ServicePlan(component=api, state=ServiceState.READ_ONLY),
                ServicePlan(component=web, state=ServiceState.OPERATIONAL),
            ],
            what_to_do="Save your work before.",
            reminders=[timedelta(hours=24)],
        )
        other = schedule_maintenance(**{**plan, "title": "Not needed"})
        cancel_maintenance(maintenance=other, message=STAFF)
    with time_machine.travel(NIGHT - timedelta(hours=24), tick=False):
        run_due()
    with time_machine.travel(NIGHT, tick=False):
        start_maintenance(maintenance=window)
        extend_maintenance(maintenance=window, until=NIGHT + timedelta(hours=3), message=STAFF)
    with time_machine.travel(NIGHT + timedelta(minutes=95), tick=False):
        complete_maintenance(maintenance=window)


def _component_payload() -> dict[str, Any]:
    component = {
        "id": "api0api0api0",
        "slug": "api",
        "name": "API gateway",
        "group": "Core",
        "url": "https://status.example.com/components/api/",
        "status": "partial_outage",
        "old_status": "operational",
        "since": "2026-11-21T12:03:00Z",
    }
    incident = {"reference": "INC-1", "title": "Requests fail", "url": "https://status.example.com/", "id": "y"}
    cause = "Found by our monitoring."
    return {"page": PAGE, "component": component, "cause": cause, "incident": incident, "maintenance": None}
