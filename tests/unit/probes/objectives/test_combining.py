"""Several components as one, interval by interval."""

from hypothesis import given
from hypothesis import strategies as st

from components.uptime import SlotState
from probes.objectives.arithmetic import Counts
from probes.objectives.combining import EXCLUDED, NOT_THERE, count_together

UNKNOWN, GOOD, SLOW, BAD, WORK = (
    SlotState.UNKNOWN,
    SlotState.GOOD,
    SlotState.DEGRADED,
    SlotState.BAD,
    SlotState.MAINTENANCE,
)
STATES = st.sampled_from([UNKNOWN, GOOD, SLOW, BAD, WORK, EXCLUDED, NOT_THERE])


def slow_reference(intervals: list[tuple[int, ...]]) -> Counts:
    good = bad = maintenance = not_ours = unknown = 0
    for states in intervals:
        there = [state for state in states if state != NOT_THERE]
        if not there:
            continue
        if BAD in there:
            bad += 1
        elif EXCLUDED in there:
            not_ours += 1
        elif WORK in there:
            maintenance += 1
        elif UNKNOWN in there:
            unknown += 1
        else:
            good += 1
    return Counts(good=good, bad=bad, maintenance=maintenance, not_ours=not_ours, unknown=unknown)


@given(st.integers(1, 4).flatmap(lambda size: st.lists(st.tuples(*[STATES] * size), max_size=50)))
def test_counting_together_is_counting_one_by_one(intervals: list[tuple[int, ...]]) -> None:
    components = [bytes(column) for column in zip(*intervals, strict=True)]
    assert count_together(components) == slow_reference(intervals)


def test_one_bad_component_makes_the_interval_bad() -> None:
    assert count_together([bytes([GOOD]), bytes([BAD])]) == Counts(bad=1)


def test_maintenance_of_one_does_not_excuse_another() -> None:
    assert count_together([bytes([WORK]), bytes([BAD])]) == Counts(bad=1)


def test_what_nobody_measured_of_one_is_not_vouched_for_by_another() -> None:
    assert count_together([bytes([GOOD]), bytes([UNKNOWN])]) == Counts(unknown=1)


def test_slow_is_good() -> None:
    assert count_together([bytes([SLOW, GOOD])]) == Counts(good=2)


def test_no_components_have_no_intervals() -> None:
    assert count_together([]) == Counts()
