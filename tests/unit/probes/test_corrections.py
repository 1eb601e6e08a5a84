"""What corrections do to the figures, and what they leave behind."""

from datetime import timedelta

import pytest
import time_machine

from components.models import Component, Page
from components.uptime import SlotCounts
from probes.corrections import exclude, withdraw
from probes.enums import CorrectionKind, Outcome
from probes.models import ComponentDay, Correction, CorrectionEffect, Probe, ProbeDay
from probes.rollup import roll_up
from probes.selectors import availability
from probes.windows import component_counts
from statuspage.core.errors import Conflict, ValidationFailed

from .conftest import NOON, found, record

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def outage(probe: Probe, at_noon: time_machine.Traveller) -> Probe:
    """Up at 12:00, down at 12:05 and 12:10, unmeasured until 13:00."""
    record(found(probe, Outcome.UP))
    for minutes in (5, 6, 7, 10):
        record(found(probe, Outcome.DOWN, at=NOON + minutes * MINUTE))
    at_noon.move_to(NOON + HOUR)
    roll_up()
    return probe


def leave_out(probe: Probe, **changes: object) -> Correction:
    values: dict[str, object] = {
        "components": [probe.component],
        "starts_at": NOON + 7 * MINUTE,
        "ends_at": NOON + 11 * MINUTE,
        "kind": CorrectionKind.NOT_OURS,
        "reason": "The provider was down.",
        "author": "ada",
    }
    return exclude(**(values | changes))  # type: ignore[arg-type]  # the test changes one


def counts(probe: Probe) -> SlotCounts:
    return component_counts([probe.component_id], NOON - HOUR, NOON + HOUR)[probe.component_id]


def test_every_slot_that_the_time_touches_is_left_out_and_counted_apart(outage: Probe) -> None:
    assert counts(outage) == SlotCounts(good=1, bad=2, unknown=9)
    leave_out(outage)
    assert counts(outage) == SlotCounts(good=1, excluded=2, unknown=9)
    leave_out(outage, kind=CorrectionKind.MAINTENANCE, starts_at=NOON + 10 * MINUTE, ends_at=NOON + 20 * MINUTE)
    assert counts(outage) == SlotCounts(good=1, excluded=2, maintenance=1, unknown=8)


def test_the_bars_and_what_was_measured(outage: Probe) -> None:
    before = bytes(ProbeDay.objects.get().slots)
    leave_out(outage)
    (day,) = availability([outage.component_id], NOON.date(), NOON.date())[outage.component_id].days
    assert (day.good, day.bad, day.excluded, day.unknown, day.worst) == (1, 0, 2, 9, "operational")
    assert bytes(ProbeDay.objects.get().slots) == before


def test_results_that_come_later_for_a_time_left_out_do_not_count_either(outage: Probe) -> None:
    leave_out(outage)
    record(found(outage, Outcome.DOWN, at=NOON + 8 * MINUTE), found(outage, Outcome.DOWN, at=NOON + 20 * MINUTE))
    record(found(outage, Outcome.DOWN, at=NOON + 20 * MINUTE))
    roll_up()
    assert counts(outage).excluded == 2


def test_a_day_without_any_measurement_is_left_out_too(outage: Probe, at_noon: time_machine.Traveller) -> None:
    at_noon.move_to(NOON + 72 * HOUR)
    leave_out(outage, starts_at=NOON + 12 * HOUR, ends_at=NOON + 36 * HOUR)
    window = NOON + 12 * HOUR, NOON + 36 * HOUR
    assert component_counts([outage.component_id], *window)[outage.component_id] == SlotCounts(excluded=288)


def test_each_day_has_its_figures_before_and_after(outage: Probe) -> None:
    version = Page.current().version
    correction = leave_out(outage)
    (effect,) = CorrectionEffect.objects.all()
    assert (effect.correction, effect.component, effect.date) == (correction, outage.component, NOON.date())
    assert (effect.before["bad"], effect.after["bad"], effect.after["excluded"]) == (2, 0, 2)
    assert Page.current().version > version


def test_what_ends_at_midnight_touches_no_day_after_it(outage: Probe, at_noon: time_machine.Traveller) -> None:
    at_noon.move_to(NOON + 72 * HOUR)
    leave_out(outage, starts_at=NOON, ends_at=NOON + 12 * HOUR)
    assert list(CorrectionEffect.objects.values_list("date", flat=True)) == [NOON.date()]


def test_withdrawing_lets_the_time_count_as_it_was_measured(outage: Probe) -> None:
    correction = leave_out(outage)
    withdraw(correction=correction, author="grace", reason="It was ours after all.")
    assert counts(outage) == SlotCounts(good=1, bad=2, unknown=9)
    effect = CorrectionEffect.objects.get(is_withdrawal=True)
    assert (effect.before["excluded"], effect.after["bad"]) == (2, 2)
    assert (correction.withdrawn_by, correction.withdrawn_reason) == ("grace", "It was ours after all.")
    with pytest.raises(Conflict, match="withdrawn already"):
        withdraw(correction=correction, author="grace", reason="Again.")


def test_only_what_is_over_is_left_out(outage: Probe) -> None:
    with pytest.raises(ValidationFailed, match="the end lies in the future"):
        leave_out(outage, ends_at=NOON + HOUR + timedelta(microseconds=1))
    assert not Correction.objects.exists()
    assert leave_out(outage, ends_at=NOON + HOUR).ends_at == NOON + HOUR


def test_before_the_first_measurement_nothing_is_left_out(outage: Probe) -> None:
    leave_out(outage, starts_at=NOON - HOUR, ends_at=NOON + 4 * MINUTE)
    assert counts(outage) == SlotCounts(bad=2, excluded=1, unknown=9)


def test_other_components_are_left_alone(outage: Probe, web: Component) -> None:
    leave_out(outage, components=[web])
    assert counts(outage).bad == 2
    assert not ComponentDay.objects.filter(component=web).exists()


def test_a_time_left_out_before_anything_of_the_component_was_rolled_up(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    record(found(probe, Outcome.UP))
    at_noon.move_to(NOON + 72 * HOUR)
    leave_out(probe, starts_at=NOON + 24 * HOUR, ends_at=NOON + 25 * HOUR)
    roll_up()
    window = NOON + 24 * HOUR, NOON + 25 * HOUR
    assert component_counts([probe.component_id], *window)[probe.component_id] == SlotCounts(excluded=12)


def test_so_is_the_time_of_a_day_of_errors_that_is_rolled_up_with_the_first_one(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    at_noon.move_to(NOON + 72 * HOUR)
    leave_out(probe, starts_at=NOON + 24 * HOUR, ends_at=NOON + 25 * HOUR)
    record(found(probe, Outcome.UP, at=NOON), found(probe, Outcome.ERROR, at=NOON + 30 * HOUR))
    roll_up()
    window = NOON + 24 * HOUR, NOON + 25 * HOUR
    assert component_counts([probe.component_id], *window)[probe.component_id] == SlotCounts(excluded=12)
