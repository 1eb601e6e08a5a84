from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import DueReason, IncidentStatus, Origin
from incidents.models import Incident, IncidentUpdate, Notice, SeverityPolicy, UpdateRevision
from incidents.services import edit_incident, edit_update, open_incident, post_update, resolve_incident
from statuspage.core.errors import NotFound, StaleRevision, ValidationFailed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def incident(api: Component, clock: time_machine.Traveller) -> Incident:
    return open_incident(
        title="API requests fail",
        severity="critical",
        message="We are lookin into it.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
        author="ada",
    )


def correct(incident: Incident, **changes: object) -> None:
    said: dict[str, object] = {
        "title": incident.title,
        "severity": incident.severity,
        "private": incident.private,
        "data_impact": False,
        "root_cause_summary": "",
        "remediation": "",
    }
    edit_incident(incident=incident, **(said | changes))  # type: ignore[arg-type]  # the test changes one at a time


def test_an_edited_word_keeps_how_it_read(incident: Incident, clock: time_machine.Traveller) -> None:
    update = incident.updates.get()
    clock.shift(minutes(5))
    revision = edit_update(update=update, message="We are looking into it.", author="grace")
    assert (update.body, update.edited_at, update.author) == ("We are looking into it.", NOON + minutes(5), "ada")
    assert revision == UpdateRevision.objects.get()
    assert revision is not None
    assert (revision.body, revision.display_at, revision.edited_by) == ("We are lookin into it.", NOON, "grace")


def test_every_edit_is_kept(incident: Incident, clock: time_machine.Traveller) -> None:
    update = incident.updates.get()
    for text in ("One.", "Two.", "Three."):
        clock.shift(minutes(1))
        edit_update(update=update, message=text)
    assert [revision.body for revision in update.revisions.all()] == ["Two.", "One.", "We are lookin into it."]


def test_an_edit_is_shown_at_once_and_told_nobody(incident: Incident) -> None:
    version, told = Page.current().version, Notice.objects.count()
    edit_update(update=incident.updates.get(), message="We are looking into it.")
    assert Page.current().version > version
    assert Notice.objects.count() == told


def test_the_notice_keeps_what_was_said(incident: Incident) -> None:
    edit_update(update=incident.updates.get(), message="Quite other words.")
    assert Notice.objects.get().payload["update"]["body_markdown"] == "We are lookin into it."


def test_an_edit_that_changes_nothing_is_none(incident: Incident) -> None:
    version = Page.current().version
    assert edit_update(update=incident.updates.get(), message=" We are lookin into it.\r\n") is None
    assert IncidentUpdate.objects.get().edited_at is None
    assert (UpdateRevision.objects.count(), Page.current().version) == (0, version)


def test_an_edit_moves_the_revision_so_that_an_older_form_is_refused(incident: Incident) -> None:
    update, seen = incident.updates.get(), incident.revision
    edit_update(update=update, message="Ada's.", expected_revision=seen)
    with pytest.raises(StaleRevision):
        edit_update(update=update, message="Bob's.", expected_revision=seen)
    assert IncidentUpdate.objects.get().body == "Ada's."
    assert UpdateRevision.objects.count() == 1


@pytest.mark.parametrize("text", ["", " \x00 ", "x" * 20_001])
def test_a_refused_edit_leaves_the_word_as_it_was(incident: Incident, text: str) -> None:
    with pytest.raises(ValidationFailed) as failure:
        edit_update(update=incident.updates.get(), message=text)
    assert failure.value.field == "message"
    assert IncidentUpdate.objects.get().body == "We are lookin into it."


def test_an_update_that_was_deleted_cannot_be_edited(incident: Incident) -> None:
    update = incident.updates.get()
    IncidentUpdate.objects.filter(pk=update.pk).delete()
    with pytest.raises(NotFound):
        edit_update(update=update, message="Too late.")


def test_a_private_word_stays_private(incident: Incident) -> None:
    correct(incident, private=True)
    edit_update(update=incident.updates.get(), message="Other secrets.")
    assert Incident.objects.get().private
    assert not Notice.objects.filter(payload__update__body_markdown="Other secrets.").exists()


def test_a_word_stays_between_its_neighbours(incident: Incident, clock: time_machine.Traveller) -> None:
    clock.shift(minutes(10))
    middle = post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.")
    clock.shift(minutes(10))
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Watching.")
    for wrong in (NOON - minutes(1), NOON + minutes(21), NOON + minutes(60)):
        with pytest.raises(ValidationFailed) as failure:
            edit_update(update=middle, message="Found it.", display_at=wrong)
        assert failure.value.field == "display_at"
    edit_update(update=middle, message="Found it.", display_at=NOON + minutes(3))
    assert [update.body for update in incident.updates.all()] == ["Watching.", "Found it.", "We are lookin into it."]


def test_what_hangs_on_the_time_of_a_word_moves_with_it(incident: Incident, clock: time_machine.Traveller) -> None:
    clock.shift(minutes(20))
    watching = post_update(incident=incident, status=IncidentStatus.MONITORING, message="Watching.")
    edit_update(update=watching, message="Watching.", display_at=NOON + minutes(15))
    kept = Incident.objects.get()
    assert kept.contained_at == NOON + minutes(15)
    assert kept.next_update_due_at == NOON + minutes(45)
    clock.shift(minutes(20))
    over = resolve_incident(incident=incident, message="Over.")
    edit_update(update=over, message="Over.", display_at=NOON + minutes(30))
    assert Incident.objects.get().resolved_at == NOON + minutes(30)


def test_an_incident_is_not_edited_to_end_before_it_began(incident: Incident, clock: time_machine.Traveller) -> None:
    clock.shift(minutes(20))
    over = resolve_incident(incident=incident, message="Over.")
    IncidentUpdate.objects.exclude(pk=over.pk).delete()
    with pytest.raises(ValidationFailed, match="before it began"):
        edit_update(update=over, message="Over.", display_at=NOON - minutes(1))


def test_another_severity_promises_other_times(incident: Incident, clock: time_machine.Traveller) -> None:
    SeverityPolicy.objects.filter(slug="major").update(promise="on_change")
    clock.shift(minutes(10))
    correct(incident, severity="major")
    kept = Incident.objects.get()
    assert (kept.next_update_due_at, kept.due_reason) == (NOON + minutes(60), DueReason.CADENCE)
    assert (kept.impact, kept.promise) == ("major", "on_change")
    correct(incident, severity="minor")
    kept = Incident.objects.get()
    assert (kept.next_update_due_at, kept.due_reason) == (None, "")


def test_a_correction_without_another_severity_moves_no_deadline(
    incident: Incident, clock: time_machine.Traveller
) -> None:
    clock.shift(minutes(20))
    correct(incident, data_impact=True, title="API requests fail in eu-west")
    kept = Incident.objects.get()
    assert (kept.data_impact, kept.next_update_due_at) == (True, NOON + minutes(30))


def test_a_promise_in_words_outlives_another_severity(incident: Incident) -> None:
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", next_update_in=minutes(90))
    correct(incident, severity="minor")
    kept = Incident.objects.get()
    assert (kept.next_update_due_at, kept.due_reason) == (NOON + minutes(90), DueReason.PROMISE)


def test_what_a_probe_opened_still_owes_the_first_word_of_a_person(
    api: Component, clock: time_machine.Traveller
) -> None:
    opened = open_incident(
        title="API is not responding", severity="critical", message="It fails.", impacts={}, origin=Origin.PROBE
    )
    clock.shift(minutes(10))
    correct(opened, severity="major")
    kept = Incident.objects.get()
    assert (kept.next_update_due_at, kept.due_reason) == (NOON + minutes(30), DueReason.FIRST_UPDATE)


def test_one_that_is_over_owes_nothing_at_whatever_severity(incident: Incident) -> None:
    resolve_incident(incident=incident, message="Over.")
    correct(incident, severity="major")
    assert Incident.objects.get().next_update_due_at is None
