from datetime import timedelta

import pytest
import time_machine

from components.models import Component
from incidents.models import Incident, Signal
from probes import distrust
from probes.distrust import Seen, is_our_own
from probes.enums import Outcome, ProbeKind
from probes.models import Probe, ProbeLocation, ProbeResult, Slot

from .conftest import NOON, found, make_probe, record

UP, DOWN, ERROR = Outcome.UP, Outcome.DOWN, Outcome.ERROR
SECOND = timedelta(seconds=1)


def seen(*, failed: int = 0, was_down: int = 0, fine: int = 0, hosts: int = 100) -> list[Seen]:
    kinds = [(True, False)] * failed + [(True, True)] * was_down + [(False, False)] * fine
    return [
        Seen(host=f"host-{number % hosts}", failed=is_failed, was_down=is_down, at=NOON)
        for number, (is_failed, is_down) in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("results", "ours"),
    [
        (seen(failed=10), True),
        (seen(failed=9), False),
        (seen(failed=9, fine=1), True),
        (seen(failed=8, fine=2), False),
        (seen(failed=18, fine=2), True),
        (seen(failed=17, fine=2), False),
        (seen(failed=5, was_down=5), False),
        (seen(failed=6, was_down=5), True),
        (seen(failed=30, hosts=2), False),
        (seen(failed=30, hosts=3), True),
    ],
)
def test_nine_of_ten_that_were_well_before_are_our_own_trouble(results: list[Seen], ours: bool) -> None:
    assert is_our_own(results) is ours


@pytest.fixture
def probes(api: Component, at_noon: time_machine.Traveller) -> list[Probe]:
    """Forty that were well a while ago, each of another host."""
    probes = [
        make_probe(api, f"p{number}", failure_threshold=1, config={"url": f"http://p{number}.example.com/"})
        for number in range(40)
    ]
    record(*[found(one, UP) for one in probes])
    return probes


pytestmark = pytest.mark.django_db


def states() -> set[str]:
    return set(ProbeLocation.objects.values_list("state", flat=True))


def test_a_line_that_breaks_is_seen_in_batches_of_two_as_well(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    # Three failures prove an outage here: the first few seconds of the break cannot be told from one.
    Probe.objects.update(failure_threshold=3)
    for turn in range(60):
        moment = NOON + timedelta(seconds=30) + turn * SECOND
        at_noon.move_to(moment)
        record(*[found(one, DOWN, at=moment) for one in (probes[turn * 2 % 40], probes[(turn * 2 + 1) % 40])])
    assert "down" not in states()
    assert not Incident.objects.exists()
    assert Signal.objects.get().fingerprint == "engine:distrust:default"


def test_targets_that_hang_are_believed_while_others_answer_at_the_same_time(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    record(*[found(one, UP, at=later) for one in probes[20:]])
    # Their results come together, since all of them waited for as long.
    at_noon.move_to(later + timedelta(seconds=5))
    record(*[found(one, DOWN, at=later) for one in probes[:20]])
    assert ProbeLocation.objects.filter(state="down").count() == 20
    assert not Signal.objects.exists()


def test_nine_of_ten_in_one_batch_are_our_own_trouble_and_one_less_is_not(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    Probe.objects.update(failure_threshold=3)
    for turn, (failing, told) in enumerate([(35, 0), (36, 1)], 1):
        later = NOON + timedelta(seconds=30 * turn)
        at_noon.move_to(later)
        record(*[found(one, DOWN if number < failing else UP, at=later) for number, one in enumerate(probes)])
        assert Signal.objects.count() == told


def test_what_was_recorded_before_the_verdict_is_taken_back(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    Probe.objects.update(failure_threshold=3)
    twelve = probes[:12]
    Probe.objects.exclude(pk__in=[one.pk for one in twelve]).delete()
    later = NOON + timedelta(seconds=30)
    for part, moment in ((twelve[:4], later), (twelve[4:], later + SECOND / 2)):
        at_noon.move_to(moment)
        record(*[found(one, DOWN, at=later) for one in part])
    assert not ProbeResult.objects.filter(outcome=DOWN).exists()
    assert set(Slot.objects.values_list("up", "down", "error", "last_failure_at")) == {(1, 0, 1, None)}
    assert states() == {"up"}
    assert not ProbeLocation.objects.exclude(failures=0, errors=1, first_failure_at=None).exists()
    assert Signal.objects.get().title == "12 checks fail at default for reasons of our own"
    # What fails after that begins to be counted from one.
    at_noon.move_to(later + timedelta(seconds=30))
    record(found(twelve[0], DOWN, at=later + timedelta(seconds=30)))
    assert ProbeLocation.objects.get(probe=twelve[0]).failures == 1


def test_what_a_single_failure_proved_before_the_verdict_stands(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    for part in (probes[:4], probes[4:]):
        record(*[found(one, DOWN, at=later) for one in part])
    assert set(ProbeLocation.objects.filter(probe__in=probes[:4]).values_list("state", flat=True)) == {"down"}
    assert ProbeResult.objects.filter(outcome=DOWN).count() == 4


def test_a_failure_of_another_time_is_not_taken_back(probes: list[Probe], at_noon: time_machine.Traveller) -> None:
    Probe.objects.update(failure_threshold=3)
    for part, seconds in ((probes[:4], 30), (probes[4:], 60)):
        moment = NOON + timedelta(seconds=seconds)
        at_noon.move_to(moment)
        record(*[found(one, DOWN, at=moment) for one in part])
    assert ProbeResult.objects.filter(outcome=DOWN).count() == 4
    assert ProbeLocation.objects.filter(failures=1).count() == 4


def test_one_break_is_one_signal_however_many_batches_it_has(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    for turn in range(3):
        moment = NOON + timedelta(seconds=30 * (turn + 1))
        at_noon.move_to(moment)
        record(*[found(one, DOWN, at=moment) for one in probes])
    signal = Signal.objects.get()
    assert (signal.source, signal.pages, signal.count) == ("engine", True, 3)
    assert signal.title == "40 checks fail at default for reasons of our own"
    assert states() == {"unknown"}


def test_the_signal_ends_once_all_is_well(probes: list[Probe], at_noon: time_machine.Traveller) -> None:
    at_noon.move_to(NOON + timedelta(seconds=30))
    record(*[found(one, DOWN, at=NOON + timedelta(seconds=30)) for one in probes])
    distrust.sweep()
    assert Signal.objects.unresolved().exists()
    later = NOON + timedelta(seconds=60)
    at_noon.move_to(later)
    record(*[found(one, UP, at=later) for one in probes])
    distrust.sweep()
    assert not Signal.objects.unresolved().exists()


def test_what_was_told_just_now_is_not_over_before_the_next_results(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    # One error each is no blindness yet: nothing but the time keeps the signal.
    Probe.objects.update(failure_threshold=3)
    moment = NOON + timedelta(seconds=30)
    at_noon.move_to(moment)
    record(*[found(one, DOWN, at=moment) for one in probes])
    at_noon.move_to(moment + distrust.LOOK_BACK)
    distrust.sweep()
    assert Signal.objects.unresolved().exists()
    at_noon.move_to(moment + distrust.LOOK_BACK + SECOND)
    distrust.sweep()
    assert not Signal.objects.unresolved().exists()


def test_a_probe_that_cannot_be_made_is_told_of_until_it_can(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    record(found(probes[0], ERROR, at=NOON + SECOND))
    at_noon.move_to(NOON + timedelta(seconds=20))
    distrust.sweep()
    assert Signal.objects.unresolved().get().title == "1 check fails at default for reasons of our own"
    at_noon.move_to(NOON + timedelta(seconds=40))
    record(found(probes[0], UP, at=NOON + timedelta(seconds=30)))
    distrust.sweep()
    assert not Signal.objects.unresolved().exists()


def test_a_server_that_takes_all_of_its_checks_with_it_is_down(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    Probe.objects.update(config={"url": "https://user:${PASSWORD}@www.example.com/"})
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    record(*[found(one, DOWN, at=later) for one in probes])
    assert states() == {"down"}
    assert Incident.objects.open().count() == 1
    assert not Signal.objects.exists()


def test_checks_a_moment_ago_count_with_their_hosts(probes: list[Probe], at_noon: time_machine.Traveller) -> None:
    Probe.objects.filter(pk__in=[one.pk for one in probes[4:]]).update(config={"url": "http://www.example.com/"})
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    for part in (probes[:4], probes[4:]):
        record(*[found(one, DOWN, at=later) for one in part])
    assert set(ProbeLocation.objects.filter(probe__in=probes[4:]).values_list("state", flat=True)) == {"unknown"}


@pytest.mark.parametrize("kind", [ProbeKind.HEARTBEAT, ProbeKind.WORKERS, ProbeKind.DISK])
def test_what_does_not_come_over_our_line_is_believed_however_much_of_it_fails(
    probes: list[Probe], at_noon: time_machine.Traveller, kind: ProbeKind
) -> None:
    Probe.objects.update(kind=kind)
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    record(*[found(one, DOWN, at=later) for one in probes])
    assert states() == {"down"}
    assert not Signal.objects.exists()


def test_jobs_that_fell_silent_a_moment_ago_make_no_few_failures_our_own(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    silent = [one.pk for one in probes[4:]]
    # Not proven yet: what was down before would prove nothing either way.
    Probe.objects.filter(pk__in=silent).update(kind=ProbeKind.HEARTBEAT, failure_threshold=3)
    later = NOON + timedelta(seconds=30)
    at_noon.move_to(later)
    for part in (probes[4:], probes[:4]):
        record(*[found(one, DOWN, at=later) for one in part])
    assert set(ProbeLocation.objects.exclude(probe__in=silent).values_list("state", flat=True)) == {"down"}
    assert not Signal.objects.exists()


@pytest.mark.parametrize("kind", [ProbeKind.HEARTBEAT, ProbeKind.WORKERS])
def test_a_heartbeat_that_is_still_waited_for_is_no_trouble_of_ours(
    probes: list[Probe], at_noon: time_machine.Traveller, kind: ProbeKind
) -> None:
    Probe.objects.update(kind=kind)
    record(found(probes[0], ERROR, at=NOON + SECOND))
    distrust.sweep()
    assert not Signal.objects.exists()


def test_nobody_is_told_of_an_error_that_is_too_old_to_say_anything(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    record(found(probes[0], ERROR, at=NOON + SECOND))
    at_noon.move_to(NOON + timedelta(seconds=71))
    distrust.sweep()
    assert not Signal.objects.exists()


def test_what_was_told_of_a_check_ends_when_it_is_not_made_any_more(
    probes: list[Probe], at_noon: time_machine.Traveller
) -> None:
    record(found(probes[0], ERROR, at=NOON + SECOND))
    at_noon.move_to(NOON + timedelta(seconds=70))
    distrust.sweep()
    assert Signal.objects.unresolved().exists()
    at_noon.move_to(NOON + timedelta(seconds=100))
    distrust.sweep()
    assert not Signal.objects.unresolved().exists()
