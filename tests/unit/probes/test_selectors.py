from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component
from probes.enums import Outcome
from probes.models import ComponentDay, Probe
from probes.selectors import availability, measurements, monitoring_freshness
from probes.services import pause_probe, retire_probe

from .conftest import NOON, Story, make_probe

UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR
TODAY = NOON.date()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def day_of(component: Component, ago: int, **counts: int) -> None:
    ComponentDay.objects.create(component=component, date=TODAY - timedelta(days=ago), slots=bytes(288), **counts)


def test_a_measurement_says_what_was_found_last(probe: Probe, story: Story) -> None:
    story(probe, UP)
    measurement = measurements()[probe.component_id]
    assert (measurement.detail, measurement.latency_ms) == ("HTTP 200 in 12 ms", 12.0)
    assert measurement.last_checked_at == NOON
    assert (measurement.status, measurement.is_stale) == (ComponentStatus.OPERATIONAL, False)


def test_the_worst_probe_speaks_for_the_component(api: Component, story: Story) -> None:
    story(make_probe(api, "one"), UP)
    story(make_probe(api, "other"), DOWN, DOWN, DOWN)
    story(make_probe(api, "third"), UP)
    assert measurements()[api.pk].detail == "Connection refused."


def test_a_probe_that_was_never_checked_knows_nothing(probe: Probe) -> None:
    measurement = measurements()[probe.component_id]
    assert (measurement.status, measurement.last_checked_at, measurement.is_stale) == (
        ComponentStatus.UNKNOWN,
        None,
        True,
    )


def test_an_old_measurement_is_stale_and_its_state_unknown(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, UP)
    at_noon.move_to(NOON + timedelta(seconds=91))
    measurement = measurements()[probe.component_id]
    assert (measurement.status, measurement.is_stale) == (ComponentStatus.UNKNOWN, True)
    assert measurement.last_checked_at == NOON


def test_retired_probes_do_not_speak_and_paused_ones_say_that_they_are(
    api: Component, web: Component, story: Story
) -> None:
    paused = make_probe(api, "one")
    story(paused, UP)
    pause_probe(probe=paused)
    retire_probe(probe=make_probe(web, "other"))
    (measurement,) = measurements().values()
    assert (measurement.is_paused, measurement.detail) == (True, "Paused by our staff.")
    assert (measurement.status, measurement.last_checked_at) == (ComponentStatus.UNKNOWN, None)
    # One that goes on measuring speaks for the component.
    story(make_probe(api, "another"), UP)
    assert not measurements()[api.pk].is_paused


def test_measurements_take_one_query(
    api: Component, web: Component, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        make_probe(api if number % 2 else web, f"p{number}")
    with django_assert_num_queries(1):
        assert set(measurements()) == {api.pk, web.pk}


def test_availability_is_floored_and_slow_is_available(api: Component) -> None:
    day_of(api, 1, good=280, degraded=7, bad=1)
    found = availability([api.pk], TODAY - timedelta(days=1), TODAY - timedelta(days=1))[api.pk]
    assert (found.good, found.bad) == (287, 1)
    assert found.percentage_floored == Decimal("99.65")
    assert found.coverage == Decimal("100.00")
    assert found.days[0].worst is ComponentStatus.PARTIAL_OUTAGE


def test_maintenance_and_unknown_are_left_out_and_coverage_says_how_much_was_measured(api: Component) -> None:
    day_of(api, 1, good=100, maintenance=88, unknown=100)
    found = availability([api.pk], TODAY - timedelta(days=1), TODAY - timedelta(days=1))[api.pk]
    assert found.percentage_floored == Decimal("100.00")
    assert found.coverage == Decimal("50.00")


def test_every_day_of_the_window_is_there_oldest_first(api: Component) -> None:
    day_of(api, 1, good=288)
    days = availability([api.pk], TODAY - timedelta(days=89), TODAY)[api.pk].days
    assert len(days) == 90
    assert days[0].date == TODAY - timedelta(days=89)
    assert days[-1].date == TODAY


def test_days_before_the_first_are_empty_and_not_held_against_the_coverage(api: Component) -> None:
    day_of(api, 1, good=288)
    found = availability([api.pk], TODAY - timedelta(days=3), TODAY - timedelta(days=1))[api.pk]
    assert found.days[0].unknown == 0
    assert found.days[0].worst is ComponentStatus.UNKNOWN
    assert found.coverage == Decimal("100.00")


def test_a_day_nobody_measured_is_unknown_and_held_against_the_coverage(api: Component) -> None:
    day_of(api, 2, good=288)
    found = availability([api.pk], TODAY - timedelta(days=2), TODAY - timedelta(days=1))[api.pk]
    assert found.days[1].unknown == 288
    assert found.coverage == Decimal("50.00")


def test_a_day_that_broke_off_is_unknown_to_its_end(api: Component) -> None:
    day_of(api, 5, good=288)
    day_of(api, 1, good=100, unknown=2)
    found = availability([api.pk], TODAY - timedelta(days=1), TODAY - timedelta(days=1))[api.pk]
    assert found.days[0].unknown == 188


def test_today_is_counted_up_to_now(api: Component) -> None:
    day_of(api, 1, good=288)
    day_of(api, 0, good=100)
    assert availability([api.pk], TODAY, TODAY)[api.pk].days[0].unknown == 44


def test_a_component_without_measurements_has_no_percentage(api: Component) -> None:
    found = availability([api.pk], TODAY, TODAY)[api.pk]
    assert (found.percentage_floored, found.coverage) == (None, None)


def test_availability_takes_two_queries_whatever_the_window(
    api: Component, web: Component, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for ago in range(40):
        day_of(api, ago, good=1)
        day_of(web, ago, good=1)
    with django_assert_num_queries(2):
        availability([api.pk, web.pk], date(2026, 1, 1), TODAY)


def test_the_engine_is_fresh_while_results_come_in(
    probe: Probe, story: Story, at_noon: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    story(probe, UP)
    with django_assert_num_queries(1):
        freshness = monitoring_freshness()
    assert (freshness.last_result_at, freshness.is_stale) == (NOON, False)
    # Two intervals of thirty seconds, and a moment.
    at_noon.move_to(NOON + timedelta(seconds=70))
    assert not monitoring_freshness().is_stale
    at_noon.move_to(NOON + timedelta(seconds=71))
    assert monitoring_freshness().is_stale


def test_no_probes_at_all_is_not_stale(api: Component) -> None:
    assert not monitoring_freshness().is_stale


def test_a_first_result_that_never_comes_is_stale(probe: Probe, at_noon: time_machine.Traveller) -> None:
    assert not monitoring_freshness().is_stale
    at_noon.shift(71)
    assert monitoring_freshness().is_stale
