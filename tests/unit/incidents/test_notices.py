import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus, NoticeKind
from incidents.maintenance import schedule_maintenance
from incidents.models import Incident, Notice
from incidents.notices import rfc3339
from incidents.services import edit_incident, open_incident, post_update, resolve_incident

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def declare(component: Component, *, private: bool = False) -> Incident:
    Page.current()
    Page.objects.update(name="Example", url="https://status.example.com/")
    return open_incident(
        title="Secret merger leaks",
        severity="critical",
        message="The *hidden* words.",
        impacts={component: ComponentStatus.PARTIAL_OUTAGE},
        private=private,
    )


@time_machine.travel(NOON, tick=False)
def test_the_payload_says_all_that_a_message_needs(api: Component) -> None:
    incident = declare(api)
    payload = Notice.objects.get().payload
    assert payload["page"] == {
        "name": "Example",
        "url": "https://status.example.com",
        "time_zone": "UTC",
        "id": Page.current().public_id,
        "status_indicator": "major",
        "status_description": "Partial System Outage",
    }
    assert payload["incident"]["url"] == "https://status.example.com/incidents/INC-2026-1121-a/"
    assert payload["incident"]["next_update_due_at"] == "2026-11-21T12:30:00Z"
    assert payload["incident"]["reference"] == incident.reference
    assert payload["update"]["body_html"] == "<p>The <em>hidden</em> words.</p>"
    assert payload["components"] == [
        {
            "id": api.public_id,
            "slug": "api",
            "name": "API gateway",
            "status": "partial_outage",
            "status_label": "Partial outage",
        }
    ]


def test_a_private_incident_tells_severity_status_and_times_only(api: Component) -> None:
    incident = declare(api, private=True)
    resolve_incident(incident=incident, message="Words.", root_cause_summary="hidden cause", remediation="hidden fix")
    for notice in Notice.objects.all():
        said = json.dumps(notice.payload)
        assert notice.payload["incident"]["title"] == "Critical incident"
        assert "hidden" not in said
        assert "merger" not in said
        assert "gateway" not in said


def test_a_private_notice_goes_to_everybody_since_who_gets_it_would_say_what_it_is_about(api: Component) -> None:
    declare(api, private=True)
    assert not Notice.objects.get().components.exists()


def test_what_waits_to_be_sent_says_nothing_any_more_once_the_incident_is_private(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Secret end.", root_cause_summary="Secret cause", remediation="Secret")
    edit_incident(
        incident=incident,
        title=incident.title,
        severity=incident.severity,
        private=True,
        data_impact=False,
        root_cause_summary=incident.root_cause_summary,
        remediation=incident.remediation,
    )
    notices = list(Notice.objects.all())
    assert len(notices) == 2
    for notice in notices:
        said = json.dumps(notice.payload)
        assert not [word for word in ("Secret", "merger", "hidden", "api") if word in said], said
        assert notice.payload["incident"]["title"] == "Critical incident"
        assert not notice.components.exists()


def test_a_report_of_a_month_does_not_name_what_has_become_private(api: Component) -> None:
    incident = declare(api)
    longest = {"reference": incident.reference, "title": incident.title, "url": "x", "seconds": 60}
    for about in (longest, {**longest, "reference": "INC-2026-1120-a"}):
        incidents = {"count": 1, "seconds": 60, "longest": about}
        Notice.objects.create(kind=NoticeKind.MONTHLY_REPORT, payload={"incidents": incidents})
    edit_incident(
        incident=incident,
        title=incident.title,
        severity=incident.severity,
        private=True,
        data_impact=False,
        root_cause_summary="",
        remediation="",
    )
    reports = Notice.objects.filter(kind=NoticeKind.MONTHLY_REPORT).order_by("pk")
    named = [notice.payload["incidents"]["longest"] for notice in reports]
    assert named[0] is None
    assert named[1]["reference"] == "INC-2026-1120-a"


def test_a_component_that_the_page_does_not_show_is_not_named(api: Component, web: Component) -> None:
    Component.objects.filter(pk=web.pk).update(is_visible=False)
    web.refresh_from_db()
    impacts = {api: ComponentStatus.PARTIAL_OUTAGE, web: ComponentStatus.MAJOR_OUTAGE}
    open_incident(title="Requests fail", severity="major", message="Looking.", impacts=impacts)
    now = datetime.now(tz=UTC)
    schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[api, web],
        scheduled_for=now + timedelta(hours=1),
        scheduled_until=now + timedelta(hours=2),
    )
    for notice in Notice.objects.all():
        assert [component["slug"] for component in notice.payload["components"]] == ["api"], notice.kind
        assert notice.components.count() == 2


def test_a_payload_does_not_change_when_the_incident_does(api: Component) -> None:
    incident = declare(api)
    before = Notice.objects.get().payload
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Other words.", notify=False)
    Incident.objects.update(title="Edited")
    assert Notice.objects.get().payload == before


def test_the_last_notice_carries_cause_and_remedy_and_says_operational(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="More disks.")
    payload = Notice.objects.order_by("pk").last().payload  # type: ignore[union-attr]  # it was just written
    assert payload["incident"]["root_cause_summary"] == "A disk."
    assert payload["incident"]["remediation"] == "More disks."
    assert payload["components"][0]["status"] == "operational"


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(NOON + timedelta(seconds=5)) == "2026-11-21T12:00:05Z"
    assert rfc3339(None) is None
