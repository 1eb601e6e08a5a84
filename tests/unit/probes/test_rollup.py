from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component
from components.uptime import SLOTS_A_DAY, SlotCounts, SlotState, slot_index, slot_of, slot_state
from probes.enums import Outcome
from probes.histogram import decode
from probes.models import ComponentDay, Probe, ProbeDay, Slot
from probes.rollup import roll_up
from probes.windows import component_counts

from .conftest import LOCATION, NOON, Story, found, make_probe, record

UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db


def test_a_growing_slot_is_shown_in_its_day_but_not_yet_folded(probe: Probe, story: Story) -> None:
    story(probe, UP, UP)
    assert roll_up() == 1
    day = ProbeDay.objects.get()
    assert bytes(day.slots)[144] == SlotState.GOOD
    assert day.up == 0
    assert not Slot.objects.get().is_folded


def test_a_slot_that_goes_bad_while_it_runs_is_shown_before_it_is_over(probe: Probe, story: Story) -> None:
    story(probe, UP)
    roll_up()
    story(probe, DOWN, DOWN, DOWN)
    assert roll_up() == 1
    assert bytes(ProbeDay.objects.get().slots)[144] == SlotState.BAD
    assert not Slot.objects.get().is_folded


def test_a_slot_that_is_over_is_folded_once(probe: Probe, story: Story, at_noon: time_machine.Traveller) -> None:
    story(probe, UP, UP, SLOW, DOWN, ERROR)
    at_noon.move_to(NOON + 7 * MINUTE)
    roll_up()
    roll_up()
    day = ProbeDay.objects.get()
    assert (day.up, day.degraded, day.down, day.error) == (2, 1, 1, 1)
    assert decode(bytes(day.histogram)).total() == 3
    assert Slot.objects.get().is_folded


def test_nothing_new_is_nothing_to_do(
    probe: Probe, story: Story, at_noon: time_machine.Traveller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    story(probe, UP)
    at_noon.move_to(NOON + 10 * MINUTE)
    roll_up()
    with django_assert_max_num_queries(9):
        assert roll_up() == 0


def test_a_few_failures_in_a_slot_that_runs_are_bad_only_if_nothing_follows_them(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, DOWN, DOWN)
    roll_up()
    assert bytes(ProbeDay.objects.get().slots)[144] == SlotState.UNKNOWN
    assert not ComponentDay.objects.filter(bad__gt=0).exists()
    at_noon.move_to(NOON + 7 * MINUTE)
    roll_up()
    assert ComponentDay.objects.get().bad == 1


def test_the_number_of_queries_does_not_grow_with_the_probes(
    api: Component, at_noon: time_machine.Traveller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(30)]
    record(*[found(one, UP) for one in probes])
    at_noon.move_to(NOON + 10 * MINUTE)
    with django_assert_max_num_queries(31):
        roll_up()


def test_a_late_result_makes_the_day_anew(probe: Probe, story: Story, at_noon: time_machine.Traveller) -> None:
    story(probe, UP)
    at_noon.move_to(NOON + 10 * MINUTE)
    roll_up()
    record(*[found(probe, DOWN, at=NOON + timedelta(seconds=30))])
    record(*[found(probe, DOWN, at=NOON + timedelta(seconds=60))])
    record(*[found(probe, DOWN, at=NOON + timedelta(seconds=90))])
    assert roll_up() == 1
    day = ProbeDay.objects.get()
    assert (day.up, day.down, day.is_dirty) == (1, 3, False)
    assert bytes(day.slots)[144] == SlotState.BAD
    assert ComponentDay.objects.get().bad == 1


def test_a_component_day_counts_from_its_first_measurement_to_now(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, UP)
    at_noon.move_to(NOON + 20 * MINUTE)
    record(found(probe, UP, at=NOON + 20 * MINUTE))
    roll_up()
    day = ComponentDay.objects.get()
    # 12:00 and the running 12:20 measured, 12:05 to 12:15 not.
    assert (day.date, day.good, day.unknown, day.worst) == (NOON.date(), 2, 3, ComponentStatus.OPERATIONAL)


def test_a_later_day_counts_from_midnight(probe: Probe, story: Story, at_noon: time_machine.Traveller) -> None:
    ComponentDay.objects.create(
        component=probe.component, date=NOON.date() - timedelta(days=1), good=1, slots=bytes(288)
    )
    story(probe, UP)
    roll_up()
    assert ComponentDay.objects.get(date=NOON.date()).unknown == 144


def test_a_component_slot_is_the_worst_of_its_probes(api: Component, story: Story) -> None:
    story(make_probe(api, "one"), UP)
    story(make_probe(api, "other"), DOWN, DOWN, DOWN)
    roll_up()
    day = ComponentDay.objects.get()
    assert (day.good, day.bad, day.worst) == (0, 1, ComponentStatus.PARTIAL_OUTAGE)


def test_a_slot_of_maintenance_is_neither_good_nor_bad(probe: Probe, story: Story) -> None:
    story(probe, DOWN, DOWN, DOWN)
    Slot.objects.update(in_maintenance=True)
    roll_up()
    day = ComponentDay.objects.get()
    assert (day.good, day.bad, day.maintenance) == (0, 0, 1)
    assert day.worst == ComponentStatus.UNDER_MAINTENANCE


def test_only_errors_of_ours_is_unknown(probe: Probe, story: Story) -> None:
    story(probe, ERROR, ERROR, ERROR)
    assert roll_up() == 0
    assert not Slot.objects.filter(is_changed=True).exists()
    assert component_counts([probe.component_id], NOON, NOON + HOUR) == {probe.component_id: SlotCounts()}


def test_midnight_divides_the_days(probe: Probe, at_noon: time_machine.Traveller) -> None:
    last = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    at_noon.move_to(last + 10 * MINUTE)
    record(found(probe, UP, at=last))
    record(found(probe, UP, at=last + timedelta(seconds=1)))
    roll_up()
    assert list(ComponentDay.objects.values_list("date", "good")) == [(date(2026, 12, 31), 1), (date(2027, 1, 1), 1)]


@pytest.mark.django_db(transaction=False)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    results=st.lists(
        st.tuples(st.integers(0, 3 * 24 * 120), st.sampled_from(Outcome)), max_size=60, unique_by=lambda one: one[0]
    ),
    roll_ups=st.sets(st.integers(0, 60)),
)
def test_days_agree_with_an_obvious_reference_whatever_comes_when(
    api: Component, at_noon: time_machine.Traveller, results: list[tuple[int, Outcome]], roll_ups: set[int]
) -> None:
    """Results of three days in any order, with roll-ups in between, against counting each slot by hand."""
    Probe.objects.all().delete()
    ComponentDay.objects.all().delete()
    probe = make_probe(api)
    begin = datetime(2026, 11, 21, tzinfo=UTC)
    at_noon.move_to(begin + timedelta(days=4))
    for number, (half_minutes, outcome) in enumerate(results):
        record(found(probe, outcome, at=begin + half_minutes * timedelta(seconds=30)))
        if number in roll_ups:
            roll_up()
    roll_up()
    reference: dict[datetime, list[Outcome]] = {}
    for half_minutes, outcome in results:
        reference.setdefault(slot_of(begin + half_minutes * timedelta(seconds=30)), []).append(outcome)
    expected: dict[date, bytearray] = {}
    for slot, outcomes in reference.items():
        day = expected.setdefault(slot.date(), bytearray(SLOTS_A_DAY))
        day[slot_index(slot)] = slot_state(
            up=outcomes.count(UP), degraded=outcomes.count(SLOW), down=outcomes.count(DOWN), failure_threshold=3
        )
    days = {day.date: day for day in ProbeDay.objects.filter(location=LOCATION)}
    assert {key: bytes(day.slots) for key, day in days.items()} == {key: bytes(day) for key, day in expected.items()}
    for outcome in Outcome:
        total = sum(one is outcome for _, one in results)
        assert sum(getattr(day, outcome.value) for day in days.values()) == total
    good = sum(bytes(day).count(SlotState.GOOD) for day in expected.values())
    assert sum(ComponentDay.objects.values_list("good", flat=True)) == good
