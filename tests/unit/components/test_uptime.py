from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.enums import ComponentStatus
from components.uptime import (
    EMPTY_DAY,
    SLOTS_A_DAY,
    SlotCounts,
    SlotState,
    availability,
    combine,
    count_slots,
    coverage,
    days_between,
    first_known,
    floored_percentage,
    slot_index,
    slot_of,
    slot_state,
    worst_of_day,
)

days = st.lists(st.sampled_from(SlotState), min_size=SLOTS_A_DAY, max_size=SLOTS_A_DAY).map(bytes)
counts_of_checks = st.integers(0, 20)


@pytest.mark.parametrize(
    ("up", "degraded", "down", "state"),
    [
        (0, 0, 0, SlotState.UNKNOWN),
        (10, 0, 0, SlotState.GOOD),
        (8, 0, 2, SlotState.GOOD),
        (7, 0, 3, SlotState.BAD),
        (0, 0, 1, SlotState.BAD),
        (1, 0, 1, SlotState.GOOD),
        (0, 0, 2, SlotState.BAD),
        (7, 3, 0, SlotState.DEGRADED),
        (8, 2, 0, SlotState.GOOD),
        (7, 1, 2, SlotState.DEGRADED),
        (0, 1, 0, SlotState.DEGRADED),
    ],
)
def test_a_slot_is_bad_when_as_many_checks_failed_as_prove_an_outage(
    up: int, degraded: int, down: int, state: SlotState
) -> None:
    assert slot_state(up=up, degraded=degraded, down=down, failure_threshold=3) is state


@pytest.mark.parametrize(
    ("up", "degraded", "down", "state"),
    [
        (0, 0, 1, SlotState.UNKNOWN),
        (0, 0, 9, SlotState.UNKNOWN),
        (0, 0, 10, SlotState.BAD),
        (1, 0, 9, SlotState.GOOD),
        (0, 1, 9, SlotState.DEGRADED),
    ],
)
def test_a_slot_that_runs_is_not_bad_by_fewer_failures_than_a_whole_one(
    up: int, degraded: int, down: int, state: SlotState
) -> None:
    assert slot_state(up=up, degraded=degraded, down=down, failure_threshold=10, is_running=True) is state


def test_maintenance_wins_over_what_was_measured_in_it() -> None:
    assert slot_state(up=0, degraded=0, down=9, failure_threshold=3, in_maintenance=True) is SlotState.MAINTENANCE


@given(up=counts_of_checks, degraded=counts_of_checks, down=counts_of_checks, threshold=st.integers(1, 10))
def test_one_more_failure_never_makes_a_slot_better(up: int, degraded: int, down: int, threshold: int) -> None:
    before = slot_state(up=up + 1, degraded=degraded, down=down, failure_threshold=threshold)
    after = slot_state(up=up, degraded=degraded, down=down + 1, failure_threshold=threshold)
    assert after >= before


def test_43196_of_43200_is_never_shown_as_a_hundred() -> None:
    assert floored_percentage(43_196, 43_200) == Decimal("99.99")


def test_a_percentage_has_two_decimals_however_round_it_is() -> None:
    assert str(floored_percentage(1, 2)) == "50.00"


def test_nothing_measured_has_no_percentage() -> None:
    assert floored_percentage(0, 0) is None


@given(whole=st.integers(1, 10**9), data=st.data())
def test_a_floored_percentage_is_the_largest_hundredth_that_is_not_more(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    shown = floored_percentage(part, whole)
    assert shown is not None
    true = Fraction(100 * part, whole)
    assert Fraction(shown) <= true < Fraction(shown) + Fraction(1, 100)


@given(window=st.lists(days, max_size=4))
def test_availability_and_coverage_agree_with_counting_slot_by_slot(window: list[bytes]) -> None:
    counts = sum((count_slots(day) for day in window), SlotCounts())
    slots = [state for day in window for state in day]
    available = sum(state in {SlotState.GOOD, SlotState.DEGRADED} for state in slots)
    measured = available + sum(state == SlotState.BAD for state in slots)
    possible = sum(state not in {SlotState.MAINTENANCE, SlotState.EXCLUDED} for state in slots)
    assert availability(counts) == floored_percentage(available, measured)
    assert coverage(counts) == floored_percentage(measured, possible)


@given(parts=st.lists(days, max_size=4))
def test_a_component_slot_is_the_worst_of_its_probes(parts: list[bytes]) -> None:
    expected = bytes(max((part[index] for part in parts), default=0) for index in range(SLOTS_A_DAY))
    assert combine(parts) == expected


@given(day=days, begin=st.integers(0, SLOTS_A_DAY), end=st.integers(0, SLOTS_A_DAY))
def test_the_states_of_a_part_of_a_day_add_up_to_its_length(day: bytes, begin: int, end: int) -> None:
    counts = count_slots(day, begin=begin, end=end)
    assert counts.measured + counts.left_out + counts.unknown == max(0, end - begin)


@pytest.mark.parametrize(
    ("counts", "worst"),
    [
        (SlotCounts(), ComponentStatus.UNKNOWN),
        (SlotCounts(unknown=288), ComponentStatus.UNKNOWN),
        (SlotCounts(good=1, unknown=287), ComponentStatus.OPERATIONAL),
        (SlotCounts(good=287, degraded=1), ComponentStatus.DEGRADED_PERFORMANCE),
        (SlotCounts(good=200, degraded=87, bad=1), ComponentStatus.PARTIAL_OUTAGE),
        (SlotCounts(good=277, bad=11), ComponentStatus.PARTIAL_OUTAGE),
        (SlotCounts(good=276, bad=12), ComponentStatus.MAJOR_OUTAGE),
        (SlotCounts(maintenance=12, unknown=276), ComponentStatus.UNDER_MAINTENANCE),
        (SlotCounts(maintenance=12, good=276), ComponentStatus.OPERATIONAL),
    ],
)
def test_the_bar_of_a_day_shows_its_worst(counts: SlotCounts, worst: ComponentStatus) -> None:
    assert worst_of_day(counts) is worst


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_moment_lies_in_its_slot(moment: datetime) -> None:
    begin = slot_of(moment)
    assert begin <= moment
    assert (moment - begin).total_seconds() < 300
    assert slot_index(begin) == slot_index(moment) == (begin.hour * 60 + begin.minute) // 5


def test_an_empty_day_knows_nothing() -> None:
    assert first_known(EMPTY_DAY) == SLOTS_A_DAY
    assert combine([]) == EMPTY_DAY


def test_days_between_includes_both_ends_and_the_leap_day() -> None:
    assert days_between(date(2028, 2, 28), date(2028, 3, 1)) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
