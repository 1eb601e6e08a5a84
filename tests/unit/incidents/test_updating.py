"""What each word promises, whose word counts, and in which order words stand."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import DueReason, IncidentStatus, Origin, Promise
from incidents.models import Incident, SeverityPolicy
from incidents.services import DuplicateIncident, open_incident, post_update, resolve_incident
from statuspage.core.errors import ValidationFailed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAJOR = ComponentStatus.MAJOR_OUTAGE
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def declare(component: Component, **changes: object) -> Incident:
    arguments: dict[str, object] = {
        "title": "API requests fail",
        "severity": "critical",
        "message": "We are looking into it.",
        "impacts": {component: MAJOR},
        "author": "ada",
    }
    return open_incident(**(arguments | changes))  # type: ignore[arg-type]  # the test changes one at a time


def by_probe(component: Component) -> Incident:
    return declare(component, author=None, origin=Origin.PROBE, dedupe_key="probe:api")


def owed() -> tuple[datetime | None, str]:
    incident = Incident.objects.get()
    return incident.next_update_due_at, incident.due_reason


def test_after_the_word_of_a_machine_people_owe_the_first_update(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        by_probe(api)
    assert owed() == (NOON + minutes(15), DueReason.FIRST_UPDATE)


def test_where_no_first_update_is_promised_a_machines_word_owes_the_cadence(api: Component) -> None:
    SeverityPolicy.objects.filter(slug="critical").update(first_update=None)
    with time_machine.travel(NOON, tick=False):
        by_probe(api)
    assert owed() == (NOON + minutes(30), DueReason.CADENCE)


def test_what_staff_open_has_its_first_word_already(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        declare(api)
    assert owed() == (NOON + minutes(30), DueReason.CADENCE)


def test_another_word_of_the_machine_is_not_the_word_that_people_owe(api: Component) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        incident = by_probe(api)
        clock.shift(minutes(10))
        post_update(incident=incident, status=IncidentStatus.MONITORING, message="It answers again.")
    assert owed() == (NOON + minutes(15), DueReason.FIRST_UPDATE)


def test_the_first_word_of_a_person_begins_the_cadence(api: Component) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        incident = by_probe(api)
        clock.shift(minutes(10))
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", author="ada")
    assert owed() == (NOON + minutes(40), DueReason.CADENCE)


def test_a_machine_that_reopens_what_nobody_spoke_on_asks_for_a_first_word_again(api: Component) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        incident = by_probe(api)
        clock.shift(minutes(10))
        resolve_incident(incident=incident, message="Over.")
        assert owed() == (None, "")
        clock.shift(minutes(10))
        post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="It fails again.")
    assert owed() == (NOON + minutes(35), DueReason.FIRST_UPDATE)


def test_each_update_keeps_what_was_promised_with_it(api: Component) -> None:
    incident = declare(api, next_update_in=HOUR, promise=Promise.MORE_INFORMATION)
    first = incident.updates.get()
    assert (first.promised_in, first.promise, incident.promise) == (HOUR, "more_information", "more_information")
    second = post_update(
        incident=incident,
        status=IncidentStatus.IDENTIFIED,
        message="Found it.",
        next_update_in=minutes(15),
        promise=Promise.ON_CHANGE,
    )
    first.refresh_from_db()
    assert (first.promised_in, second.promised_in, second.promise) == (HOUR, minutes(15), Promise.ON_CHANGE)
    assert owed() == (second.display_at + minutes(15), DueReason.PROMISE)


def test_without_a_word_on_it_the_promise_is_worded_as_the_severity_says(api: Component) -> None:
    SeverityPolicy.objects.filter(slug="critical").update(promise=Promise.ON_CHANGE)
    incident = declare(api)
    assert (incident.promise, incident.updates.get().promise) == (Promise.ON_CHANGE, Promise.ON_CHANGE)
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", promise=Promise.BY)
    assert incident.promise == Promise.BY
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="On it.")
    assert incident.promise == Promise.ON_CHANGE


@pytest.mark.parametrize("promised", [timedelta(0), minutes(-5), timedelta(days=32)])
def test_nobody_can_promise_a_word_that_is_late_at_once_or_never_comes(api: Component, promised: timedelta) -> None:
    with pytest.raises(ValidationFailed) as failure:
        declare(api, next_update_in=promised)
    assert failure.value.field == "next_update_in"
    incident = declare(api)
    with pytest.raises(ValidationFailed):
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found.", next_update_in=promised)
    assert incident.updates.count() == 1


def test_a_word_cannot_be_dated_before_the_one_it_follows(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        incident = declare(api)
    with time_machine.travel(NOON + HOUR, tick=False), pytest.raises(ValidationFailed, match="12:00 UTC") as failure:
        post_update(
            incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", display_at=NOON - minutes(5)
        )
    assert failure.value.field == "display_at"
    assert incident.updates.count() == 1


def test_while_our_clock_is_set_back_words_still_stand_in_their_order(api: Component) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        incident = declare(api)
        clock.shift(-HOUR)
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.")
        resolve_incident(incident=incident, message="Over.")
    assert [update.body for update in incident.updates.all()] == ["Over.", "Found it.", "We are looking into it."]
    assert incident.resolved_at == incident.started_at == NOON


def test_what_was_over_before_the_last_word_is_said_after_it(api: Component) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        incident = declare(api)
        clock.shift(minutes(20))
        post_update(incident=incident, status=IncidentStatus.MONITORING, message="It answers again.")
        clock.shift(minutes(20))
        last = resolve_incident(incident=incident, message="Over.", resolved_at=NOON + minutes(15))
    assert incident.resolved_at == NOON + minutes(15)
    assert last.display_at == NOON + minutes(20)
    assert incident.updates.first() == last


def test_an_incident_is_not_reopened_beside_another_one_about_the_same(api: Component) -> None:
    first = by_probe(api)
    resolve_incident(incident=first, message="Over.")
    second = by_probe(api)
    with pytest.raises(DuplicateIncident, match=f"{second.reference} is open about this already"):
        post_update(incident=first, status=IncidentStatus.INVESTIGATING, message="It is back.")
    assert first.updates.count() == 2
