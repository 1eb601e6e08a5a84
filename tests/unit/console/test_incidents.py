"""Declaring, updating, resolving and correcting incidents in the console."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice, SeverityPolicy
from incidents.services import post_update

ADD = "/admin/incidents/incident/add/"
TYPED = "A text that took minutes to write"


def severity(slug: str) -> str:
    return str(SeverityPolicy.objects.get(slug=slug).pk)


def declaration(**said: str) -> dict[str, str]:
    return {
        "title": "API errors",
        "severity": severity("critical"),
        "status": "investigating",
        "message": "Oh.",
    } | said


def page_of(incident: Incident, action: str = "") -> str:
    return f"/admin/incidents/incident/{incident.pk}/{action or 'change'}/"


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def test_an_incident_is_declared_in_one_form(staff: Client, api: Component, web: Component) -> None:
    at = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        response = staff.post(
            ADD,
            declaration(
                **{f"component-{api.pk}": "major_outage", f"component-{web.pk}": ""},
                notify="on",
                private="on",
                started_at="2026-11-21T13:30",
                next_update_in="45m",
            ),
        )
    incident = Incident.objects.get()
    assert response.headers["Location"] == page_of(incident)
    assert incident.private
    assert incident.started_at == at - timedelta(minutes=30)
    assert incident.next_update_due_at == at + timedelta(minutes=45)
    assert list(incident.affected.values_list("component__slug", "status")) == [("api", "major_outage")]
    assert incident.updates.get().author == "ada"
    api.refresh_from_db()
    assert api.status == ComponentStatus.MAJOR_OUTAGE
    assert Notice.objects.count() == 1


def test_nobody_is_told_when_notify_is_off(staff: Client, api: Component) -> None:
    staff.post(ADD, declaration())
    assert Incident.objects.count() == 1
    assert not Notice.objects.exists()


def test_an_author_with_a_very_long_name_is_cut(staff: Client, api: Component) -> None:
    User.objects.update(first_name="x" * 150, last_name="y" * 150)
    staff.post(ADD, declaration())
    assert len(Incident.objects.get().updates.get().author) == 150


def test_the_same_form_sent_twice_is_one_incident(staff: Client, api: Component) -> None:
    form = declaration(form_id="8b5f3c")
    first, second = staff.post(ADD, form), staff.post(ADD, form)
    assert Incident.objects.count() == 1
    assert first.headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " \t ", "This field is required"),
        ("title", "\u202e\u202d", "Say in a few words what is broken."),
        ("title", "x" * 251, "at most 250"),
        ("title", "a\0b", "Null characters are not allowed"),
        ("message", "", "This field is required"),
        ("message", "x" * 20_001, "at most 20000"),
        ("severity", "999", "not one of the available choices"),
        ("severity", "'; DROP", "not one of the available choices"),
        ("status", "resolved", "resolved is not one of the available choices"),
        ("started_at", "soon", "Enter a valid date/time"),
        ("started_at", "2999-01-01T00:00", "lies in the future"),
        ("started_at", "0001-01-01T00:00", "too long ago"),
        ("next_update_in", "a while", "a duration such as"),
    ],
)
def test_what_is_wrong_is_said_and_the_typed_text_stays(
    staff: Client, api: Component, field: str, value: str, sentence: str
) -> None:
    kept = "title" if field == "message" else "message"
    response = staff.post(ADD, declaration(**{kept: TYPED, field: value}))
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert TYPED in text_of(response)
    assert not Incident.objects.exists()


def test_an_impact_nobody_knows_is_refused_at_its_component(staff: Client, api: Component) -> None:
    response = staff.post(ADD, declaration(**{f"component-{api.pk}": "on_fire"}))
    assert "on_fire is not one of the available choices" in text_of(response)
    assert not Incident.objects.exists()


def test_ten_megabytes_are_refused_quickly(staff: Client, api: Component) -> None:
    assert staff.post(ADD, declaration(message="x" * 10_000_000)).status_code in {400, 413}


def test_ten_thousand_fields_are_refused(staff: Client, api: Component) -> None:
    assert staff.post(ADD, {f"f{number}": "x" for number in range(10_000)}).status_code in {400, 413}


def test_the_incident_page_shows_its_timeline_with_who_wrote_it(staff: Client, incident: Incident) -> None:
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found <b>it</b>.", author="linus")
    text = text_of(staff.get(page_of(incident)))
    assert text.index("linus") < text.index("grace")
    assert "We are <strong>looking</strong>." in text
    assert "<b>it</b>" not in text
    assert incident.reference in text


def test_an_update_is_posted_from_the_incidents_page(staff: Client, incident: Incident, api: Component) -> None:
    response = staff.post(
        page_of(incident, "update"),
        {
            "update-status": "monitoring",
            "update-message": "A fix is out.",
            "update-revision": str(incident.revision),
            f"update-component-{api.pk}": "degraded_performance",
            "update-notify": "on",
        },
    )
    assert response.headers["Location"] == page_of(incident)
    incident.refresh_from_db()
    api.refresh_from_db()
    assert (incident.status, api.status) == ("monitoring", "degraded_performance")
    assert incident.updates.values_list("body", flat=True).first() == "A fix is out."
    assert Notice.objects.count() == 2


def test_an_update_and_an_end_without_notify_tell_nobody(staff: Client, incident: Incident) -> None:
    before = Notice.objects.count()
    said = {"update-status": "identified", "update-message": "Found.", "update-revision": str(incident.revision)}
    staff.post(page_of(incident, "update"), said)
    incident.refresh_from_db()
    said = {"resolve-message": "Over.", "resolve-revision": str(incident.revision)}
    staff.post(page_of(incident, "resolve"), said)
    incident.refresh_from_db()
    assert (incident.status, incident.updates.count()) == ("resolved", 3)
    assert Notice.objects.count() == before


def test_components_that_are_not_chosen_stay_as_they_are(staff: Client, incident: Incident, api: Component) -> None:
    said = {"update-status": "identified", "update-message": "Found.", "update-revision": str(incident.revision)}
    staff.post(page_of(incident, "update"), said)
    api.refresh_from_db()
    assert api.status == ComponentStatus.PARTIAL_OUTAGE


def test_who_was_overtaken_is_told_sees_what_is_new_and_keeps_the_text(staff: Client, incident: Incident) -> None:
    seen = incident.revision
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="I was faster.", author="linus")
    form = {"update-status": "monitoring", "update-message": TYPED, "update-revision": str(seen)}
    response = staff.post(page_of(incident, "update"), form)
    text = text_of(response)
    assert response.status_code == 200
    assert "Somebody else changed" in text
    assert TYPED in text
    assert "I was faster." in text
    assert "new since you began to write" in text
    assert incident.updates.count() == 2
    # What the browser would send now goes through.
    assert f'name="update-revision" value="{incident.revision}"' in text
    staff.post(page_of(incident, "update"), form | {"update-revision": str(incident.revision)})
    assert incident.updates.count() == 3


def test_an_incident_is_resolved_with_cause_and_remediation(staff: Client, incident: Incident, api: Component) -> None:
    staff.post(
        page_of(incident, "resolve"),
        {
            "resolve-message": "It is over.",
            "resolve-root_cause_summary": "A full disk.",
            "resolve-remediation": "An alarm before it is full.",
            "resolve-revision": str(incident.revision),
        },
    )
    incident.refresh_from_db()
    api.refresh_from_db()
    assert (incident.status, incident.root_cause_summary) == ("resolved", "A full disk.")
    assert incident.remediation == "An alarm before it is full."
    assert api.status == ComponentStatus.UNKNOWN


def test_resolving_twice_says_why_not_and_keeps_the_text(staff: Client, incident: Incident) -> None:
    form = {"resolve-message": "It is over.", "resolve-revision": str(incident.revision)}
    staff.post(page_of(incident, "resolve"), form)
    incident.refresh_from_db()
    again = {"resolve-message": TYPED, "resolve-revision": str(incident.revision)}
    text = text_of(staff.post(page_of(incident, "resolve"), again))
    assert "is resolved: it cannot become resolved" in text
    assert TYPED in text
    assert incident.updates.count() == 2


def test_a_resolved_incident_can_be_reopened(staff: Client, incident: Incident) -> None:
    staff.post(page_of(incident, "resolve"), {"resolve-message": "Over.", "resolve-revision": "1"})
    incident.refresh_from_db()
    form = {"update-status": "investigating", "update-message": "Again.", "update-revision": str(incident.revision)}
    assert "Reopen the incident" in text_of(staff.get(page_of(incident)))
    staff.post(page_of(incident, "update"), form)
    incident.refresh_from_db()
    assert incident.is_open


def test_a_correction_is_published_and_tells_nobody(staff: Client, incident: Incident) -> None:
    notices, version = Notice.objects.count(), Page.current().version
    form = {
        "edit-title": "API errors in eu-west",
        "edit-severity": severity("major"),
        "edit-private": "on",
        "edit-revision": str(incident.revision),
    }
    staff.post(page_of(incident, "edit"), form)
    before = incident.revision
    incident.refresh_from_db()
    assert (incident.title, incident.severity.slug, incident.private) == ("API errors in eu-west", "major", True)
    assert incident.revision == before + 1
    assert Notice.objects.count() == notices
    assert Page.current().version > version


@pytest.mark.parametrize("action", ["update", "resolve", "edit"])
def test_a_revision_that_is_no_number_is_refused(staff: Client, incident: Incident, action: str) -> None:
    response = staff.post(page_of(incident, action), {f"{action}-revision": "x", f"{action}-message": TYPED})
    assert response.status_code == 200
    assert "Enter a whole number" in text_of(response)


@pytest.mark.parametrize("action", ["change", "update", "resolve", "edit"])
@pytest.mark.parametrize("key", ["0", "999999", "9" * 40, "x", "_00", "²"])
def test_an_incident_that_is_not_there_is_a_404(staff: Client, action: str, key: str) -> None:
    assert staff.post(f"/admin/incidents/incident/{key}/{action}/", {}).status_code == 404


@pytest.mark.parametrize("action", ["update", "resolve", "edit"])
def test_who_may_only_look_cannot_post(reader: Client, incident: Incident, action: str) -> None:
    assert reader.get(page_of(incident)).status_code == 200
    assert reader.post(page_of(incident, action), {}).status_code == 403
    assert reader.get(ADD).status_code == 403
    assert incident.updates.count() == 1


@pytest.mark.parametrize("action", ["change", "update", "resolve", "edit"])
def test_strangers_are_sent_to_the_login(client: Client, incident: Incident, action: str) -> None:
    response = client.post(page_of(incident, action), {})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_an_open_incident_cannot_be_deleted_and_a_resolved_one_only_by_a_superuser(
    staff: Client, incident: Incident
) -> None:
    url = f"/admin/incidents/incident/{incident.pk}/delete/"
    assert staff.post(url, {"post": "yes"}).status_code == 403
    staff.post(page_of(incident, "resolve"), {"resolve-message": "Over.", "resolve-revision": "1"})
    staff.post(url, {"post": "yes"})
    assert not Incident.objects.exists()


def test_there_is_no_deletion_in_bulk(staff: Client, incident: Incident) -> None:
    assert "delete_selected" not in text_of(staff.get("/admin/incidents/incident/"))
