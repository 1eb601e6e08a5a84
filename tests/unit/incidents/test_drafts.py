"""Drafts: kept apart from what is public, published once and at their time, never lost by a refusal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents import drafts
from incidents.chasing import JumpWatch
from incidents.drafts import discard_draft, publish_draft, publish_due, save_draft
from incidents.enums import DraftKind, IncidentStatus, Origin, SignalSource
from incidents.models import Draft, Incident, Notice, SeverityPolicy, Signal
from incidents.reports.services import submit_report
from incidents.services import open_incident, post_update, resolve_incident
from statuspage.core.errors import NotFound, StaleRevision, ValidationFailed

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Time:
    """The clock on the wall, and the time that really passes."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.traveller = traveller
        self.passed = 1000.0

    def pass_by(self, span: timedelta) -> None:
        self.traveller.shift(span)
        self.passed += span.total_seconds()

    def set_clock(self, by: timedelta) -> None:
        self.traveller.shift(by)


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    with time_machine.travel(NOON, tick=False) as traveller:
        time = Time(traveller)
        monkeypatch.setattr(drafts, "monotonic", lambda: time.passed)
        monkeypatch.setattr(drafts, "_watch", JumpWatch())
        yield time


@pytest.fixture
def incident(api: Component) -> Incident:
    return open_incident(
        title="API errors",
        severity="critical",
        message="Looking.",
        impacts={api: ComponentStatus.PARTIAL_OUTAGE},
        author="grace",
    )


def declaration(**said: object) -> dict[str, Any]:
    severity = SeverityPolicy.objects.get(slug="critical")
    return {
        "title": "[[service]] is down",
        "message": "We are looking at **[[service]]**.",
        "blank-service": "API",
        "severity": str(severity.pk),
        "status": "investigating",
        "notify": True,
        "private": False,
        **said,
    }


def update_of(incident: Incident, **said: object) -> dict[str, Any]:
    return {
        "status": "identified",
        "message": "Found it.",
        "revision": str(incident.revision),
        "notify": True,
        **said,
    }


def save(
    incident: Incident | None = None,
    publish_at: datetime | None = None,
    words: dict[str, str] | None = None,
    **said: object,
) -> Draft:
    said |= words or {}
    if incident is None:
        return save_draft(kind=DraftKind.DECLARE, form=declaration(**said), author="ada", publish_at=publish_at)
    form = update_of(incident, **said)
    return save_draft(kind=DraftKind.UPDATE, form=form, author="ada", incident=incident, publish_at=publish_at)


def test_a_draft_publishes_nothing() -> None:
    version = Page.current().version
    save()
    assert not Incident.objects.exists()
    assert not Notice.objects.exists()
    assert Page.current().version == version


def test_a_draft_may_be_as_unfinished_as_it_is() -> None:
    draft = save_draft(kind=DraftKind.DECLARE, form={"title": "", "message": "[[x]]"}, author="ada")
    assert Draft.objects.get(pk=draft.pk).form == {"title": "", "message": "[[x]]"}


def test_publishing_says_what_was_typed_with_the_blanks_filled_and_ends_the_draft(api: Component) -> None:
    draft = save(words={f"component-{api.pk}": "major_outage", "next_update_in": "45m", "promise": "on_change"})
    incident = publish_draft(draft=draft)
    assert incident.title == "API is down"
    update = incident.updates.get()
    assert (update.body, update.author) == ("We are looking at **API**.", "ada")
    assert incident.next_update_due_at == NOON + timedelta(minutes=45)
    assert incident.promise == "on_change"
    api.refresh_from_db()
    assert api.status == ComponentStatus.MAJOR_OUTAGE
    assert not Draft.objects.exists()
    assert Notice.objects.count() == 1


def test_who_publishes_is_who_says_it() -> None:
    assert publish_draft(draft=save(), author="linus").updates.get().author == "linus"


def test_an_update_and_a_resolution_are_published(incident: Incident) -> None:
    publish_draft(draft=save(incident))
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.IDENTIFIED
    form = {"message": "Over.", "root_cause_summary": "A disk.", "revision": str(incident.revision)}
    publish_draft(draft=save_draft(kind=DraftKind.RESOLVE, form=form, author="ada", incident=incident))
    incident.refresh_from_db()
    assert (incident.status, incident.root_cause_summary) == (IncidentStatus.RESOLVED, "A disk.")


def test_a_draft_that_was_published_is_not_published_again() -> None:
    draft = save()
    publish_draft(draft=draft)
    with pytest.raises(NotFound):
        publish_draft(draft=draft)
    assert Incident.objects.count() == 1


def test_a_refusal_keeps_the_draft_and_says_nothing(incident: Incident) -> None:
    draft = save(incident)
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Faster.")
    with pytest.raises(StaleRevision):
        publish_draft(draft=draft)
    assert Draft.objects.get().form["message"] == "Found it."
    assert incident.updates.count() == 2


def test_a_blank_that_is_left_is_named() -> None:
    with pytest.raises(ValidationFailed, match="Fill in the blank “service”"):
        publish_draft(draft=save(words={"blank-service": " "}))


def test_the_second_writer_of_a_draft_is_told() -> None:
    draft = save()
    save_draft(
        kind=DraftKind.DECLARE, form=declaration(title="Mine"), author="linus", draft=draft, expected_revision=1
    )
    with pytest.raises(StaleRevision, match="linus wrote on this draft"):
        save_draft(kind=DraftKind.DECLARE, form=declaration(), author="ada", draft=draft, expected_revision=1)
    with pytest.raises(StaleRevision):
        publish_draft(draft=draft, expected_revision=1)
    with pytest.raises(StaleRevision):
        discard_draft(draft=draft, expected_revision=1)
    assert Draft.objects.get().form["title"] == "Mine"


def test_a_draft_is_thrown_away_once() -> None:
    draft = save()
    discard_draft(draft=draft, expected_revision=1)
    discard_draft(draft=draft, expected_revision=1)
    assert not Draft.objects.exists()


def test_what_would_fill_the_table_is_refused() -> None:
    with pytest.raises(ValidationFailed, match="too long"):
        save_draft(kind=DraftKind.DECLARE, form={"message": "x" * 200_001}, author="ada")


# --- at a time ------------------------------------------------------------------------------------------------------


def test_a_scheduled_draft_is_published_at_its_time_and_not_before(time: Time) -> None:
    save(publish_at=NOON + HOUR)
    time.pass_by(HOUR - timedelta(seconds=1))
    assert publish_due() == 0
    time.pass_by(timedelta(seconds=1))
    assert (publish_due(), publish_due()) == (1, 0)
    update = Incident.objects.get().updates.get()
    assert (update.author, update.display_at) == ("ada", NOON + HOUR)


@pytest.mark.parametrize("at", [NOON, NOON - HOUR, NOON + timedelta(days=367)])
def test_a_time_that_has_been_or_is_too_far_is_refused(at: datetime) -> None:
    with pytest.raises(ValidationFailed) as error:
        save(publish_at=at)
    assert error.value.field == "publish_at"
    assert not Draft.objects.exists()


def test_what_cannot_be_published_cannot_be_scheduled() -> None:
    with pytest.raises(ValidationFailed, match="Fill in the blank “service”"):
        save(publish_at=NOON + HOUR, words={"blank-service": ""})
    with pytest.raises(ValidationFailed, match="What is broken: This field is required"):
        save(publish_at=NOON + HOUR, title="")


def test_a_draft_that_is_overtaken_keeps_its_text_and_tells_on_call_once(time: Time, incident: Incident) -> None:
    draft = save(incident, publish_at=NOON + HOUR)
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Faster.")
    time.pass_by(HOUR)
    assert [publish_due() for _ in range(3)] == [0, 0, 0]
    kept = Draft.objects.get()
    assert kept.form["message"] == "Found it."
    assert "Somebody else changed INC-2026-1121-a" in kept.problem
    signal = Signal.objects.get()
    assert (signal.source, signal.count, signal.pages) == (SignalSource.DEADLINE, 1, True)
    assert signal.title == "INC-2026-1121-a: its update was not published at 13:00 UTC, as ada had it scheduled."
    assert signal.detail == kept.problem
    assert incident.updates.count() == 2
    assert draft.public_id in signal.fingerprint


def test_a_draft_about_an_incident_that_is_over_does_not_reopen_it(time: Time, incident: Incident) -> None:
    save(incident, publish_at=NOON + HOUR)
    resolve_incident(incident=incident, message="Over.")
    time.pass_by(HOUR)
    assert publish_due() == 0
    incident.refresh_from_db()
    assert not incident.is_open
    assert Draft.objects.get().problem


@pytest.mark.parametrize("way", ["saved", "published", "discarded"])
def test_the_signal_ends_when_somebody_has_dealt_with_the_draft(time: Time, incident: Incident, way: str) -> None:
    draft = save(incident, publish_at=NOON + HOUR)
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Faster.")
    time.pass_by(HOUR)
    publish_due()
    assert Signal.objects.unresolved().exists()
    incident.refresh_from_db()
    if way == "discarded":
        discard_draft(draft=draft)
    else:
        form = update_of(incident)
        later = NOON + 2 * HOUR if way == "published" else None
        save_draft(kind=DraftKind.UPDATE, form=form, author="ada", draft=draft, publish_at=later)
        time.pass_by(HOUR)
        assert publish_due() == (1 if way == "published" else 0)
    assert not Signal.objects.unresolved().exists()


def test_one_that_is_refused_holds_up_no_other(time: Time, incident: Incident) -> None:
    save(incident, publish_at=NOON + HOUR)
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Faster.")
    save(publish_at=NOON + HOUR)
    time.pass_by(HOUR)
    assert publish_due() == 1
    assert Incident.objects.count() == 2


def test_what_could_not_be_said_for_more_than_an_hour_is_not_said_by_itself(time: Time) -> None:
    save(publish_at=NOON + HOUR)
    time.pass_by(2 * HOUR + timedelta(seconds=1))
    assert publish_due() == 0
    assert "now it is late" in Draft.objects.get().problem
    assert Signal.objects.count() == 1


def test_what_was_late_by_less_is_said(time: Time) -> None:
    save(publish_at=NOON + HOUR)
    time.pass_by(2 * HOUR)
    assert publish_due() == 1


def test_a_clock_that_jumps_an_hour_ahead_and_back_publishes_nothing_early(time: Time) -> None:
    save(publish_at=NOON + HOUR)
    publish_due()
    time.pass_by(timedelta(minutes=5))
    time.set_clock(HOUR)
    for _ in range(10):
        assert publish_due() == 0
        time.pass_by(timedelta(seconds=5))
    time.set_clock(-HOUR)
    for _ in range(40):
        assert publish_due() == 0
        time.pass_by(timedelta(seconds=5))
    assert Draft.objects.get().problem == ""
    time.pass_by(HOUR)
    assert publish_due() == 1


def test_with_nothing_to_do_it_costs_one_query() -> None:
    save(publish_at=NOON + HOUR)
    save()
    with CaptureQueriesContext(connection) as queries:
        publish_due()
    assert len(queries) == 1


def test_a_draft_goes_with_its_incident(incident: Incident) -> None:
    save(incident)
    incident.delete()
    assert not Draft.objects.exists()


def test_a_draft_that_was_refused_and_is_published_by_hand_ends_its_signal(time: Time) -> None:
    draft = save(publish_at=NOON + HOUR)
    time.pass_by(3 * HOUR)
    publish_due()
    assert Signal.objects.unresolved().exists()
    publish_draft(draft=draft, author="grace")
    assert not Signal.objects.unresolved().exists()


def test_reports_that_a_declaration_was_made_of_belong_to_the_incident(time: Time) -> None:
    report = submit_report(what="Nothing loads.")
    incident = publish_draft(draft=save(reports=report.public_id), author="grace")
    report.refresh_from_db()
    assert (report.incident, report.handled_by, incident.origin) == (incident, "grace", Origin.REPORT)


def test_who_puts_it_off_at_its_time_is_heard(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what is due and the lock."""
    draft = save(publish_at=NOON + HOUR)
    time.pass_by(HOUR)
    lose = drafts._publish_scheduled

    def beaten(pk: int, now: datetime) -> bool:
        save_draft(kind=DraftKind.DECLARE, form=declaration(), author="ada", draft=draft, publish_at=NOON + 2 * HOUR)
        return lose(pk, now)

    monkeypatch.setattr(drafts, "_publish_scheduled", beaten)
    assert publish_due() == 0
    assert not Incident.objects.exists()


def test_who_writes_on_it_while_it_is_refused_is_not_told_of_what_they_have_changed(
    time: Time, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = save(incident, publish_at=NOON + HOUR)
    time.pass_by(HOUR)

    def beaten(pk: int, now: datetime) -> bool:
        save_draft(
            kind=DraftKind.UPDATE, form=update_of(incident), author="ada", draft=draft, publish_at=NOON + 2 * HOUR
        )
        raise NotFound("Somebody was faster.")

    monkeypatch.setattr(drafts, "_publish_scheduled", beaten)
    assert publish_due() == 0
    assert Draft.objects.get().problem == ""
    assert not Signal.objects.exists()
