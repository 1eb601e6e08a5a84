"""Tiles and the snapshot."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from probes.enums import MetricKind
from probes.metrics.minutes import minute_of, time_of
from probes.metrics.selectors import Tile, snapshot, tiles
from probes.models import Metric, MetricPoint

from .conftest import NOON, make_metric

NOW = minute_of(NOON)
pytestmark = [pytest.mark.django_db]


def pushed(metric: Metric, ago: int, value: float) -> None:
    """A number of the minute so many minutes ago."""
    MetricPoint.objects.create(metric=metric, minute=NOW - ago, value=value)


def only_tile() -> Tile:
    (tile,) = tiles(NOON)
    return tile


def test_a_gauge_says_its_last_value(gauge: Metric) -> None:
    pushed(gauge, 1, 1204.0)
    pushed(gauge, 2, 1300.0)
    tile = only_tile()
    assert (tile.value, tile.last_at, tile.is_stale) == (1204.0, time_of(NOW - 1), False)


def test_a_gauge_keeps_its_last_value_beyond_a_day(gauge: Metric) -> None:
    pushed(gauge, 3000, 7.0)
    assert (only_tile().value, only_tile().is_stale) == (7.0, True)


def test_a_counter_says_what_was_counted_in_the_last_24_hours(counter: Metric) -> None:
    for ago, value in ((0, 1.0), (700, 20.0), (1439, 300.0), (1440, 4000.0)):
        pushed(counter, ago, value)
    assert only_tile().value == 321.0


def test_the_line_has_96_quarters_with_gaps_where_nothing_was_pushed(counter: Metric) -> None:
    for ago, value in ((0, 1.0), (14, 2.0), (15, 4.0), (1439, 8.0)):
        pushed(counter, ago, value)
    quarters = only_tile().quarters
    assert len(quarters) == 96
    assert (quarters[95], quarters[94], quarters[0]) == (3.0, 4.0, 8.0)
    assert set(quarters[1:94]) == {None}


def test_a_gauges_quarter_is_its_mean(gauge: Metric) -> None:
    pushed(gauge, 0, 10.0)
    pushed(gauge, 1, 15.0)
    assert only_tile().quarters[95] == 12.5


def test_a_sender_whose_clock_is_ahead_is_shown_as_of_now(gauge: Metric, counter: Metric) -> None:
    for metric in (gauge, counter):
        pushed(metric, -5, 10.0)
        pushed(metric, 0, 20.0)
    online, messages = tiles(NOON)
    assert (online.value, online.last_at, online.quarters[95]) == (10.0, NOON, 15.0)
    assert (messages.value, messages.quarters[95]) == (30.0, 30.0)


@pytest.mark.parametrize(("ago", "is_stale"), [(15, False), (16, True)])
def test_the_age_of_a_number_counts_from_the_end_of_its_minute(gauge: Metric, ago: int, is_stale: bool) -> None:
    pushed(gauge, ago, 1.0)
    assert only_tile().is_stale is is_stale


def test_a_number_is_fresh_up_to_and_with_the_last_moment(gauge: Metric) -> None:
    pushed(gauge, 0, 1.0)
    last = time_of(NOW) + gauge.stale_after + timedelta(minutes=1)
    assert [tile.is_stale for tile in tiles(last)] == [False]
    assert [tile.is_stale for tile in tiles(last + timedelta(microseconds=1))] == [True]


def test_a_metric_without_any_number_has_no_value(gauge: Metric) -> None:
    tile = only_tile()
    assert (tile.value, tile.last_at, tile.is_stale) == (None, None, True)


def test_a_metric_without_a_chart_has_no_quarters() -> None:
    pushed(make_metric(has_chart=False), 0, 1.0)
    assert only_tile().quarters == ()


def test_tiles_stand_in_the_order_of_the_file_without_retired_ones(counter: Metric, gauge: Metric) -> None:
    make_metric("gone", retired_at=NOON)
    assert [tile.key for tile in tiles(NOON)] == ["online_now", "messages"]


def test_all_tiles_are_two_queries_whatever_was_pushed(
    gauge: Metric, counter: Metric, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    MetricPoint.objects.bulk_create(
        MetricPoint(metric=metric, minute=NOW - ago, value=1.0) for metric in (gauge, counter) for ago in range(3000)
    )
    with django_assert_num_queries(2):
        assert [tile.value for tile in tiles(NOON)] == [1.0, 1440.0]


def test_a_page_without_metrics_is_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert tiles(NOON) == ()


def test_the_snapshot_is_whole_numbers_by_key_rounded_down(gauge: Metric, counter: Metric) -> None:
    pushed(gauge, 0, 12.9)
    pushed(counter, 0, 2.0)
    found = snapshot(tiles(NOON))
    assert found == {"online_now": 12, "messages": 2}
    assert {type(value) for value in found.values()} == {int}


def test_the_snapshot_leaves_out_what_is_stale_unknown_or_kept_out(gauge: Metric) -> None:
    pushed(gauge, 60, 12.0)
    make_metric("never")
    pushed(make_metric("kept_out", in_snapshot=False), 0, 1.0)
    pushed(make_metric("fresh", kind=MetricKind.COUNTER_24H), 0, 1.0)
    assert snapshot(tiles(NOON)) == {"fresh": 1}


def test_a_longer_patience_keeps_a_number_fresh() -> None:
    pushed(make_metric(stale_after=timedelta(days=2)), 2880, 5.0)
    assert snapshot(tiles(NOON)) == {"online_now": 5}
