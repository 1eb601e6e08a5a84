"""Latencies over time, from slots and from days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component
from probes.histogram import bucket_of, encode, middle_of
from probes.latency_series import OVERVIEW, SPANS, latency_series
from probes.models import Probe, ProbeDay, Slot
from probes.series import pack_hours
from tests.unit.probes.conftest import LOCATION, NOON, make_probe

HOUR = timedelta(hours=1)


def day(probe: Probe, back: int, *, hours: dict[int, float], location: str = LOCATION) -> ProbeDay:
    """A day with ten checks of that latency in each of those hours."""
    counters = [Counter({bucket_of(hours[hour]): 10}) if hour in hours else Counter[int]() for hour in range(24)]
    return ProbeDay.objects.create(
        probe=probe,
        location=location,
        date=NOON.date() - timedelta(days=back),
        slots=bytes(288),
        hours=pack_hours(counters),
        histogram=encode(sum(counters, Counter())),
    )


def slot(probe: Probe, at: datetime, latency_ms: float) -> None:
    histogram = encode(Counter({bucket_of(latency_ms): 10}))
    Slot.objects.create(probe=probe, location=LOCATION, starts_at=at, up=10, histogram=histogram)


def near(latency_ms: float) -> float:
    return middle_of(bucket_of(latency_ms))


def test_a_day_by_the_hour_ends_with_the_running_one(probe: Probe, api: Component) -> None:
    day(probe, 0, hours={11: 50.0})
    day(probe, 1, hours={12: 70.0, 13: 80.0})
    series = latency_series([api.pk], OVERVIEW, NOON)[api.pk]
    assert len(series.points) == 24
    assert (series.points[0].begin, series.points[-1].begin) == (NOON - 23 * HOUR, NOON)
    measured = {point.begin: point.figures.p95 for point in series.points if point.figures.checks}
    assert measured == {NOON - 23 * HOUR: near(80.0), NOON - HOUR: near(50.0)}


def test_quarters_of_an_hour_come_from_the_slots(probe: Probe, api: Component) -> None:
    slot(probe, NOON - timedelta(minutes=15), 20.0)
    slot(probe, NOON - timedelta(minutes=10), 20.0)
    slot(probe, NOON - timedelta(days=2), 20.0)
    series = latency_series([api.pk], SPANS["24h"], NOON)[api.pk]
    assert len(series.points) == 96
    assert [(point.begin, point.figures.checks) for point in series.points if point.figures.checks] == [
        (NOON - timedelta(minutes=15), 20)
    ]


def test_months_come_by_the_day(probe: Probe, api: Component) -> None:
    day(probe, 0, hours={1: 10.0, 2: 10.0})
    day(probe, 29, hours={1: 30.0})
    day(probe, 30, hours={1: 30.0})
    series = latency_series([api.pk], SPANS["30d"], NOON)[api.pk]
    assert len(series.points) == 30
    assert series.points[0].begin == datetime(2026, 10, 23, tzinfo=UTC)
    assert series.points[-1].begin.date() == date(2026, 11, 21)
    assert (series.points[-1].figures.checks, series.whole.checks) == (20, 30)


def test_percentiles_are_of_all_checks_and_not_averaged(probe: Probe, api: Component) -> None:
    other = make_probe(api, "api-tcp")
    day(probe, 0, hours={10: 10.0})
    day(probe, 0, hours={10: 10.0}, location="eu-west")
    day(other, 0, hours={10: 1000.0})
    series = latency_series([api.pk], OVERVIEW, NOON)[api.pk]
    assert (series.whole.p50, series.whole.p95) == (near(10.0), near(1000.0))


def test_what_was_never_measured_is_there_and_empty(api: Component) -> None:
    series = latency_series([api.pk], SPANS["7d"], NOON)[api.pk]
    assert series.is_empty
    assert len(series.points) == 168


def test_any_number_of_components_is_one_query(probe: Probe, api: Component, web: Component) -> None:
    day(probe, 0, hours={10: 10.0})
    for span in (*SPANS.values(), OVERVIEW):
        with CaptureQueriesContext(connection) as queries:
            latency_series([api.pk, web.pk], span, NOON)
        assert len(queries) == 1
