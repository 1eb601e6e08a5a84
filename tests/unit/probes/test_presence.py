from datetime import timedelta

import pytest
import time_machine

from components.models import Component
from incidents.models import Signal
from probes import presence
from probes.models import Location, ProbeLocation
from probes.presence import CALL_AGAIN, present_locations, report, report_now

from .conftest import LOCATION, NOON, make_probe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def measured_from_here(api: Component, at_noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    make_probe(api)
    monkeypatch.setattr(presence, "_reported", {})


class Calls(list[str]):
    def __call__(self, location: str) -> None:
        self.append(location)


def test_a_location_where_nobody_was_seen_is_called_and_gets_nothing() -> None:
    calls = Calls()
    assert present_locations(calls) == []
    assert calls == [LOCATION]


def test_it_is_called_once_and_not_with_every_tick() -> None:
    calls = Calls()
    for _ in range(5):
        present_locations(calls)
    assert calls == [LOCATION]


def test_it_is_called_again_after_a_quarter_of_an_hour(at_noon: time_machine.Traveller) -> None:
    calls = Calls()
    present_locations(calls)
    at_noon.move_to(NOON + CALL_AGAIN)
    present_locations(calls)
    assert len(calls) == 2


def test_whoever_answers_in_the_call_is_there_at_once() -> None:
    assert present_locations(report_now) == [LOCATION]


def test_who_was_seen_lately_is_not_called() -> None:
    report_now(LOCATION)
    calls = Calls()
    assert present_locations(calls) == [LOCATION]
    assert calls == []


def test_who_answered_and_fell_silent_again_is_called_at_once(at_noon: time_machine.Traveller) -> None:
    present_locations(Calls())
    at_noon.move_to(NOON + timedelta(seconds=1))
    report_now(LOCATION)
    at_noon.move_to(NOON + timedelta(seconds=61))
    calls = Calls()
    assert present_locations(calls) == []
    assert calls == [LOCATION]


def test_a_call_that_the_broker_did_not_take_is_made_again() -> None:
    def broken(location: str) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        present_locations(broken)
    calls = Calls()
    present_locations(calls)
    assert calls == [LOCATION]


def test_a_clock_that_was_set_back_does_not_silence_the_calls(at_noon: time_machine.Traveller) -> None:
    present_locations(Calls())
    at_noon.move_to(NOON - timedelta(hours=1))
    calls = Calls()
    present_locations(calls)
    assert calls == [LOCATION]


def test_a_location_that_nothing_is_measured_from_any_more_is_left_alone() -> None:
    ProbeLocation.objects.update(next_due_at=None)
    calls = Calls()
    assert present_locations(calls) == []
    assert calls == []


def test_a_worker_writes_down_that_it_is_there_every_few_seconds_at_most(at_noon: time_machine.Traveller) -> None:
    report(LOCATION)
    at_noon.move_to(NOON + timedelta(seconds=1))
    report(LOCATION)
    assert Location.objects.get().last_seen_at == NOON


def test_where_another_beat_called_in_the_meantime_nobody_is_called_again(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    probe = ProbeLocation.objects.get().probe
    for name in ("paris", "tokyo"):
        Location.objects.create(name=name)
        ProbeLocation.objects.create(probe=probe, location=name, next_due_at=NOON)
    calls = []

    def call(location: str) -> None:
        calls.append(location)
        # As if another beat did all the others while we waited for the broker.
        Location.objects.exclude(name=location).update(called_at=NOON)

    present_locations(call)
    assert len(calls) == 1


def test_a_location_whose_probes_are_all_paused_is_no_silence(at_noon: time_machine.Traveller) -> None:
    present_locations(Calls())
    ProbeLocation.objects.update(next_due_at=None)
    at_noon.move_to(NOON + timedelta(minutes=3))
    presence.sweep()
    assert not Signal.objects.exists()


def test_a_check_that_has_just_become_due_is_no_silence_yet(at_noon: time_machine.Traveller) -> None:
    present_locations(Calls())
    due = NOON + timedelta(hours=1)
    ProbeLocation.objects.update(next_due_at=due)
    at_noon.move_to(due + presence.SILENT_FOR)
    presence.sweep()
    assert not Signal.objects.exists()
    at_noon.move_to(due + presence.SILENT_FOR + timedelta(seconds=1))
    presence.sweep()
    assert Signal.objects.exists()


def test_who_was_called_just_now_has_time_to_answer(at_noon: time_machine.Traveller) -> None:
    called = NOON + timedelta(hours=1)
    at_noon.move_to(called)
    present_locations(Calls())
    at_noon.move_to(called + presence.SILENT_FOR)
    presence.sweep()
    assert not Signal.objects.exists()
    at_noon.move_to(called + presence.SILENT_FOR + timedelta(seconds=1))
    presence.sweep()
    assert Signal.objects.exists()


def test_a_location_where_nobody_comes_is_told_of_once_until_somebody_does(at_noon: time_machine.Traveller) -> None:
    present_locations(Calls())
    presence.sweep()
    assert not Signal.objects.exists()
    for minute in (3, 4):
        at_noon.move_to(NOON + timedelta(minutes=minute))
        present_locations(Calls())
        presence.sweep()
    assert (Signal.objects.get().title, Signal.objects.get().count) == ("Nobody measures at default", 2)
    report_now(LOCATION)
    presence.sweep()
    assert not Signal.objects.unresolved().exists()
