"""Correcting what was said, merging incidents, and writing down one that is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus
from incidents.models import Evidence, Incident, Notice, OutageReport, SeverityPolicy, UpdateRevision
from incidents.services import edit_update, merge_incident, open_incident, post_update

RECORD = "/admin/incidents/incident/record/"
TYPED = "A text that took minutes to write"
AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def page_of(incident: Incident, action: str = "change") -> str:
    return f"/admin/incidents/incident/{incident.pk}/{action}/"


def word_page(incident: Incident) -> str:
    return page_of(incident, f"updates/{incident.updates.latest('pk').pk}")


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content, "utf-8")


@pytest.fixture
def other(web: Component) -> Incident:
    return open_incident(
        title="Slow pages",
        severity="minor",
        message="Slow.",
        impacts={web: ComponentStatus.DEGRADED_PERFORMANCE},
        author="grace",
    )


# --- editing -------------------------------------------------------------------------------------------------------


def test_a_word_is_corrected_and_staff_see_how_it_read(staff: Client, incident: Incident) -> None:
    notices = Notice.objects.count()
    staff.post(word_page(incident), {"message": "We are **on it**.", "revision": str(incident.revision)})
    assert incident.updates.get().body == "We are **on it**."
    assert Notice.objects.count() == notices
    for address in (page_of(incident), word_page(incident)):
        text = text_of(staff.get(address))
        assert "We are **looking**." in text
        assert "when ada edited it" in text


def test_a_correction_that_changes_nothing_leaves_no_trace(staff: Client, incident: Incident) -> None:
    text = text_of(staff.get(word_page(incident)))
    assert "We are **looking**.</textarea>" in text
    staff.post(word_page(incident), {"message": "We are **looking**.", "revision": str(incident.revision)})
    assert not UpdateRevision.objects.exists()


def test_who_edits_a_word_that_another_edited_sees_it_and_keeps_the_text(staff: Client, incident: Incident) -> None:
    seen = str(incident.revision)
    edit_update(update=incident.updates.get(), message="Theirs.", author="linus")
    response = staff.post(word_page(incident), {"message": TYPED, "revision": seen})
    text = text_of(response)
    assert "Somebody else changed" in text
    assert "Theirs." in text
    assert TYPED in text
    assert incident.updates.get().body == "Theirs."
    incident.refresh_from_db()
    assert f'name="revision" value="{incident.revision}"' in text
    staff.post(word_page(incident), {"message": TYPED, "revision": str(incident.revision)})
    assert incident.updates.get().body == TYPED


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"message": ""}, "This field is required"),
        ({"display_at": "2999-01-01T00:00"}, "lies in the future"),
        ({"display_at": "soon"}, "Enter a valid date/time"),
        ({"revision": "x"}, "Enter a whole number"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    staff: Client, incident: Incident, said: dict[str, str], sentence: str
) -> None:
    response = staff.post(word_page(incident), {"message": TYPED, "revision": str(incident.revision)} | said)
    assert sentence in text_of(response)
    assert incident.updates.get().body == "We are **looking**."


def test_the_word_of_another_incident_is_not_there(staff: Client, incident: Incident, other: Incident) -> None:
    strange = other.updates.get().pk
    for key in (str(strange), "0", "x", "9" * 40):
        assert staff.get(page_of(incident, f"updates/{key}")).status_code == 404


# --- merging -------------------------------------------------------------------------------------------------------


def test_only_open_ones_are_offered(staff: Client, incident: Incident, other: Incident) -> None:
    over = open_incident(title="Over long ago", severity="minor", message="x", impacts={})
    post_update(incident=over, status=IncidentStatus.RESOLVED, message="Over.")
    text = text_of(staff.get(page_of(incident, "merge")))
    assert "Slow pages" in text
    assert "Over long ago" not in text


def test_what_will_happen_is_said_before_it_does(staff: Client, incident: Incident, other: Incident) -> None:
    text = text_of(staff.get(page_of(other, "merge"), {"into": str(incident.pk)}))
    assert "Web application (degraded)" in text
    assert f"Subscribers are told once, about {incident.reference}." in text
    other.refresh_from_db()
    assert other.is_open


def test_it_is_merged_by_a_post(staff: Client, incident: Incident, other: Incident) -> None:
    before = Notice.objects.count()
    said = {"into": str(incident.pk), "message": "Both are one.", "revision": str(other.revision)}
    response = staff.post(page_of(other, "merge"), said)
    assert response.headers["Location"] == page_of(incident)
    other.refresh_from_db()
    assert (other.merged_into, other.is_open) == (incident, False)
    assert Notice.objects.count() == before + 1
    assert other.reference in text_of(staff.get(page_of(incident)))
    merged = text_of(staff.get(page_of(other)))
    assert "Merged into" in merged
    assert "Post an update" not in merged


def test_who_merges_after_another_wrote_is_told_and_keeps_the_text(
    staff: Client, incident: Incident, other: Incident
) -> None:
    said = {"into": str(incident.pk), "message": TYPED, "revision": str(other.revision)}
    post_update(incident=other, status=IncidentStatus.MONITORING, message="Faster.")
    text = text_of(staff.post(page_of(other, "merge"), said))
    assert "Somebody else changed" in text
    assert TYPED in text
    other.refresh_from_db()
    assert other.merged_into is None
    assert f'name="revision" value="{other.revision}"' in text


def test_a_private_one_is_not_merged_into_a_public_one(staff: Client, incident: Incident, other: Incident) -> None:
    Incident.objects.filter(pk=other.pk).update(private=True)
    said = {"into": str(incident.pk), "message": TYPED, "revision": str(other.revision)}
    text = text_of(staff.post(page_of(other, "merge"), said))
    assert "its components would be published" in text
    assert TYPED in text


@pytest.mark.parametrize("into", ["", "0", "x", "self"])
def test_it_is_merged_into_nothing_else(staff: Client, incident: Incident, other: Incident, into: str) -> None:
    key = str(other.pk) if into == "self" else into
    said = {"into": key, "revision": str(other.revision)}
    assert "What will happen" not in text_of(staff.post(page_of(other, "merge"), said))
    assert "What will happen" not in text_of(staff.get(page_of(other, "merge"), {"into": key}))
    other.refresh_from_db()
    assert other.is_open


# --- beside it -----------------------------------------------------------------------------------------------------


def test_evidence_and_reports_stand_on_the_page(staff: Client, incident: Incident) -> None:
    Evidence.objects.create(
        incident=incident, at=AT, what="API from eu", detail="503", path="/components/api/", staff_path="/admin/x/"
    )
    report = OutageReport.objects.create(what="Orders fail", incident=incident, state="linked")
    text = text_of(staff.get(page_of(incident)))
    assert '<a href="/admin/x/">API from eu</a>' in text
    assert f"/admin/incidents/outagereport/{report.pk}/change/" in text


def test_reports_are_for_who_may_read_them(reader: Client, incident: Incident) -> None:
    OutageReport.objects.create(what="Orders fail", incident=incident, state="linked")
    assert "Orders fail" not in text_of(reader.get(page_of(incident)))


@pytest.mark.parametrize("action", ["merge", "updates/1"])
def test_who_may_only_look_cannot(reader: Client, incident: Incident, action: str) -> None:
    assert reader.get(page_of(incident, action)).status_code == 403
    assert reader.post(page_of(incident, action), {}).status_code == 403
    assert reader.get(RECORD).status_code == 403


def test_a_merged_one_is_merged_no_further(staff: Client, incident: Incident, other: Incident) -> None:
    merge_incident(duplicate=other, into=incident)
    third = open_incident(title="Third", severity="minor", message="x", impacts={})
    other.refresh_from_db()
    said = {"into": str(third.pk), "revision": str(other.revision)}
    assert "was merged into" in text_of(staff.post(page_of(other, "merge"), said))


# --- afterwards ----------------------------------------------------------------------------------------------------


def story(**said: str) -> dict[str, str]:
    return {
        "title": "The night of the full disk",
        "severity": str(SeverityPolicy.objects.get(slug="major").pk),
        "started_at": "2026-11-20T22:00",
        "root_cause_summary": "A full disk.",
        "words": "2",
        "word-0-at": "2026-11-20T22:10",
        "word-0-status": "investigating",
        "word-0-message": "We are looking.",
        "word-1-at": "2026-11-20T23:40",
        "word-1-status": "resolved",
        "word-1-message": TYPED,
    } | said


def test_an_incident_that_is_over_is_written_down(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False):
        response = staff.post(RECORD, story(**{f"component-{api.pk}": "major_outage"}))
    incident = Incident.objects.get()
    assert response.headers["Location"] == page_of(incident)
    assert incident.is_retroactive
    assert incident.resolved_at == datetime(2026, 11, 20, 23, 40, tzinfo=UTC)
    assert incident.updates.count() == 2
    assert incident.affected.get().status == ComponentStatus.MAJOR_OUTAGE
    assert not Notice.objects.exists()
    api.refresh_from_db()
    assert api.status != ComponentStatus.MAJOR_OUTAGE


def test_another_word_keeps_all_that_was_typed(staff: Client, api: Component) -> None:
    response = staff.post(RECORD, story(then="more", **{"word-0-at": "then"}))
    text = text_of(response)
    assert 'name="word-2-message"' in text
    assert 'name="words" value="3"' in text
    assert TYPED in text
    assert 'value="then"' in text
    assert "refusal" not in text
    assert not Incident.objects.exists()


def test_a_row_in_which_nothing_was_typed_does_not_count(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False):
        staff.post(RECORD, story(words="4", **{"word-2-status": "resolved", "word-3-status": "resolved"}))
    assert Incident.objects.get().updates.count() == 2


def test_a_second_tap_writes_nothing_down_twice(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False):
        first, second = staff.post(RECORD, story()), staff.post(RECORD, story())
    assert first.headers["Location"] == second.headers["Location"]
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"title": ""}, "This field is required"),
        ({"started_at": ""}, "This field is required"),
        ({"word-1-at": ""}, "This field is required"),
        ({"word-1-at": "2026-11-20T22:05"}, "put them in the order of time"),
        ({"word-1-at": "2999-01-01T00:00"}, "lies in the future"),
        ({"started_at": "2026-11-20T22:30"}, "choose an earlier time"),
        ({"word-0-status": "resolved"}, "cannot follow one that says"),
        ({"word-0-message": "", "word-0-at": "", "word-1-message": "", "word-1-at": ""}, "at least one word"),
        ({"words": "x"}, ""),
        ({"words": "99999999"}, ""),
    ],
)
def test_a_story_that_cannot_be_is_refused_and_kept(
    staff: Client, api: Component, said: dict[str, str], sentence: str
) -> None:
    with time_machine.travel(AT, tick=False):
        response = staff.post(RECORD, story(**said))
    if not sentence:
        assert response.status_code == 302
        return
    text = text_of(response)
    assert sentence in text
    assert "A full disk." in text
    assert not Incident.objects.exists()


def test_one_that_goes_on_is_open_from_then_on(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False):
        staff.post(RECORD, story(**{"word-1-status": "identified", f"component-{api.pk}": "partial_outage"}))
    incident = Incident.objects.get()
    assert incident.is_open
    assert incident.started_at == AT - timedelta(hours=16)
    api.refresh_from_db()
    assert api.status == ComponentStatus.PARTIAL_OUTAGE
