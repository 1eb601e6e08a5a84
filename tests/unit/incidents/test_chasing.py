"""Words that are late, postmortems that are due, and clocks that jump."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django.fixtures import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component
from incidents import chasing
from incidents.chasing import JumpWatch, chase
from incidents.enums import IncidentStatus, Origin, PostmortemState, SignalSource, SignalState
from incidents.models import Incident, Postmortem, Signal
from incidents.services import edit_incident, merge_incident, open_incident, post_update, resolve_incident
from incidents.signals import acknowledge_signal, resolve_signal

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


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


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    with time_machine.travel(NOON, tick=False) as traveller:
        time = Time(traveller)
        monkeypatch.setattr(chasing, "monotonic", lambda: time.passed)
        monkeypatch.setattr(chasing, "_watch", JumpWatch())
        chase()
        yield time


def declare(component: Component | None = None, **changes: object) -> Incident:
    said: dict[str, object] = {
        "title": "API requests fail",
        "severity": "critical",
        "message": "Looking.",
        "impacts": {} if component is None else {component: ComponentStatus.MAJOR_OUTAGE},
        "author": "ada",
    }
    return open_incident(**(said | changes))  # type: ignore[arg-type]  # the test changes one at a time


def firing() -> list[str]:
    return list(Signal.objects.unresolved().order_by("fingerprint").values_list("fingerprint", flat=True))


def test_a_word_that_is_late_raises_one_signal_however_often_it_is_looked_for(time: Time, api: Component) -> None:
    declare(api)
    time.pass_by(minutes(29))
    assert chase() == 0
    time.pass_by(minutes(2))
    assert chase() == 1
    for _ in range(5):
        time.pass_by(minutes(1))
        assert chase() == 0
    signal = Signal.objects.get()
    assert signal.fingerprint == "late-word:INC-2026-1121-a:cadence"
    assert (signal.source, signal.pages, signal.count, signal.component) == (SignalSource.DEADLINE, True, 1, api)
    assert signal.title == "INC-2026-1121-a: the next update was due at 12:30 UTC."
    assert signal.detail == "API requests fail"


@pytest.mark.parametrize(
    ("changes", "after", "reason", "title"),
    [
        ({"origin": Origin.PROBE, "author": None}, 16, "first_update", "the first word of a person was due at 12:15"),
        ({"next_update_in": HOUR}, 61, "promise", "the next update was promised by 13:00"),
    ],
)
def test_a_signal_says_what_was_owed(
    time: Time, changes: dict[str, object], after: int, reason: str, title: str
) -> None:
    declare(**changes)  # type: ignore[arg-type]  # the arguments of the case
    time.pass_by(minutes(after))
    chase()
    signal = Signal.objects.get()
    assert signal.fingerprint == f"late-word:INC-2026-1121-a:{reason}"
    assert title in signal.title


def test_a_deadline_of_another_day_is_said_with_its_day(time: Time) -> None:
    declare()
    time.pass_by(timedelta(days=1))
    chase()
    assert Signal.objects.get().title.endswith("was due at 12:30 UTC on 21 November 2026.")


def test_the_signal_ends_by_itself_when_the_word_comes(time: Time) -> None:
    incident = declare()
    time.pass_by(minutes(31))
    chase()
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", author="ada")
    chase()
    signal = Signal.objects.get()
    assert (signal.state, signal.resolved_by) == (SignalState.RESOLVED, "")


def test_the_next_word_that_is_late_is_another_signal(time: Time) -> None:
    incident = declare()
    time.pass_by(minutes(31))
    chase()
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", author="ada")
    time.pass_by(minutes(31))
    assert chase() == 1
    assert sorted(Signal.objects.values_list("state", flat=True)) == ["firing", "resolved"]


def test_resolving_merging_and_another_severity_end_the_signal(time: Time) -> None:
    over, merged, milder, kept = declare(), declare(), declare(), declare(severity="minor")
    time.pass_by(minutes(31))
    assert chase() == 3
    resolve_incident(incident=over, message="Over.")
    merge_incident(duplicate=merged, into=kept)
    edit_incident(
        incident=milder,
        title="Milder",
        severity="minor",
        private=False,
        data_impact=False,
        root_cause_summary="",
        remediation="",
    )
    assert chase() == 0
    assert firing() == []


def test_whoever_acknowledges_is_not_woken_again(time: Time) -> None:
    declare()
    time.pass_by(minutes(31))
    chase()
    acknowledge_signal(signal=Signal.objects.get(), actor="ada")
    time.pass_by(minutes(5))
    chase()
    assert Signal.objects.get().state == SignalState.ACKNOWLEDGED


def test_whoever_closes_the_signal_by_hand_is_not_told_of_the_same_deadline_again(time: Time) -> None:
    incident = declare()
    time.pass_by(minutes(31))
    chase()
    resolve_signal(fingerprint=Signal.objects.get().fingerprint, actor="ada")
    time.pass_by(minutes(1))
    assert chase() == 0
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", author="ada")
    time.pass_by(minutes(31))
    assert chase() == 1


def test_signals_of_others_are_left_alone(time: Time) -> None:
    Signal.objects.create(source=SignalSource.RULE, fingerprint="late-word:of-a-rule", title="Not ours")
    Signal.objects.create(source=SignalSource.DEADLINE, fingerprint="something-else", title="Not ours either")
    chase()
    assert len(firing()) == 2


def owe(due_at: datetime) -> Postmortem:
    incident = declare()
    resolve_incident(incident=incident, message="Over.")
    return Postmortem.objects.update_or_create(
        incident=incident, defaults={"due_at": due_at, "due_because": "critical"}
    )[0]


def test_a_postmortem_is_announced_a_day_ahead_and_pages_at_its_deadline(time: Time) -> None:
    owe(NOON + timedelta(days=2))
    assert chase() == 0
    time.pass_by(timedelta(days=1))
    assert (chase(), chase()) == (1, 0)
    ahead = Signal.objects.get()
    assert (ahead.fingerprint, ahead.pages) == ("postmortem-due:INC-2026-1121-a:ahead", False)
    assert ahead.title == "The postmortem of INC-2026-1121-a is due at 12:00 UTC on 23 November 2026."
    time.pass_by(timedelta(days=1))
    assert (chase(), chase()) == (1, 0)
    assert firing() == ["postmortem-due:INC-2026-1121-a:late"]
    assert Signal.objects.unresolved().get().pages


def test_a_postmortem_that_is_published_is_chased_no_more(time: Time) -> None:
    postmortem = owe(NOON + HOUR)
    time.pass_by(2 * HOUR)
    chase()
    Postmortem.objects.filter(pk=postmortem.pk).update(state=PostmortemState.PUBLISHED, published_at=NOON)
    chase()
    assert firing() == []


def test_a_clock_that_jumps_ahead_and_back_makes_nothing_late(time: Time) -> None:
    for _ in range(3):
        declare()
    owe(NOON + timedelta(days=2))
    time.pass_by(minutes(5))
    time.set_clock(HOUR)
    for _ in range(4):
        assert chase() == 0
        time.pass_by(minutes(0.25))
    time.set_clock(-HOUR)
    for _ in range(20):
        assert chase() == 0
        time.pass_by(minutes(0.25))
    assert not Signal.objects.exists()


def test_a_clock_that_jumps_over_a_deadline_ends_no_warning_of_it(time: Time) -> None:
    owe(NOON + HOUR)
    chase()
    assert firing() == ["postmortem-due:INC-2026-1121-a:ahead"]
    time.set_clock(2 * HOUR)
    assert chase() == 0
    assert firing() == ["postmortem-due:INC-2026-1121-a:ahead"]
    time.set_clock(-2 * HOUR)
    for _ in range(20):
        assert chase() == 0
        time.pass_by(minutes(0.25))
    assert firing() == ["postmortem-due:INC-2026-1121-a:ahead"]


def test_a_clock_that_stays_ahead_makes_each_word_late_once_when_it_has_settled(time: Time) -> None:
    declare()
    declare()
    time.set_clock(HOUR)
    raised = []
    for _ in range(40):
        raised.append(chase())
        time.pass_by(minutes(0.25))
    assert raised[:8] == [0] * 8
    assert sum(raised) == Signal.objects.count() == 2


def test_a_clock_that_is_set_back_ends_no_signal_and_raises_none_again(time: Time) -> None:
    declare()
    time.pass_by(minutes(31))
    chase()
    time.set_clock(-HOUR)
    for _ in range(300):
        assert chase() == 0
        time.pass_by(minutes(0.25))
    signal = Signal.objects.get()
    assert (signal.state, signal.count) == (SignalState.FIRING, 1)


def test_a_clock_that_drifts_is_no_jump() -> None:
    watch = JumpWatch()
    assert [watch.has_jumped(NOON + minutes(15.5 * turn), 900.0 * turn) for turn in range(5)] == [False] * 5


def test_while_nothing_is_late_it_costs_at_most_four_queries(
    time: Time, api: Component, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        chase()
    for _ in range(5):
        declare(api)
    with django_assert_num_queries(4):
        chase()
