"""Live counters: numbers as people write them, and a line that shows its gaps."""

import gzip
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.enums import MetricKind
from probes.metrics.minutes import minute_of
from probes.metrics.selectors import Tile
from probes.models import Metric, MetricPoint
from statuspage.configuration.metrics import MOST_METRICS
from statuspage.web.documents import render_document
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.metric_tiles import metric_tiles, say_number, spark
from statuspage.web.selectors import home_page
from statuspage.web.status_json import status_document
from tests.unit.web.conftest import NOON, MakeComponent

NBSP = "\N{NO-BREAK SPACE}"


def tile(**changes: Any) -> Tile:
    values: dict[str, Any] = {
        "key": "online_now",
        "name": "Online now",
        "unit": "",
        "kind": MetricKind.GAUGE,
        "value": 1204.0,
        "last_at": NOON,
        "is_stale": False,
        "in_snapshot": True,
        "quarters": (None,) * 94 + (1.0, 3.0),
    }
    return Tile(**(values | changes))


def a_metric(key: str = "online_now", *, ago: int = 0, value: float = 1204, **changes: Any) -> Metric:
    metric = Metric.objects.create(key=key, **({"name": "Online now", "kind": MetricKind.GAUGE} | changes))
    MetricPoint.objects.create(metric=metric, minute=minute_of(NOON) - ago, value=value)
    return metric


def html() -> str:
    document = render_document("/")
    assert document is not None
    return document.body.decode()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (-0.001, "0"),
        (0.25, "0.25"),
        (99.999, "99.99"),
        (412.66, "412.6"),
        (1204.0, "1,204"),
        (12_345.9, "12,345"),
        (999_999.9, "999,999"),
        (1_249_999.0, f"1.24{NBSP}M"),
        (12_000_000.0, f"12{NBSP}M"),
        (-3_400_000_000.0, f"-3.4{NBSP}bn"),
        (2.0**53, f"9,007{NBSP}tn"),
    ],
)
def test_a_number_is_written_as_people_do_and_never_rounded_up(value: float, said: str) -> None:
    assert say_number(value) == said


@given(st.floats(min_value=-(2.0**53), max_value=2.0**53))
def test_every_number_that_can_be_pushed_can_be_written_in_few_characters(value: float) -> None:
    assert len(say_number(value)) <= 9


def test_the_line_stands_on_zero_and_reaches_up_to_the_highest_value() -> None:
    path = spark(tile(quarters=(0.0, 2.0, 4.0, 1.0)))
    assert 'viewBox="0 0 3 30"' in path
    assert 'd="M0 28L1 15 2 2 3 22"' in path


def test_a_gap_is_a_gap_and_a_number_on_its_own_is_a_dot() -> None:
    assert 'd="M0 2L1 2M3 2h.01"' in spark(tile(quarters=(4.0, 4.0, None, 4.0)))


def test_a_level_stretch_is_two_corners() -> None:
    assert 'd="M0 2L95 2"' in spark(tile(quarters=(4.0,) * 96))
    assert 'd="M0 28L95 28"' in spark(tile(quarters=(0.0,) * 96))


def test_below_zero_has_its_place() -> None:
    assert 'd="M0 28L1 15 2 2"' in spark(tile(quarters=(-5.0, 0.0, 5.0)))


def test_the_line_is_said_in_words() -> None:
    label = "Last 24 hours: from 1 to 3 &lt;b&gt; a quarter of an hour. No data for 94 quarters of an hour."
    assert f'aria-label="{label}"' in spark(tile(kind=MetricKind.COUNTER_24H, unit="<b>"))
    assert 'aria-label="Last 24 hours: 4."' in spark(tile(quarters=(4.0, 4.0)))


@given(st.lists(st.none() | st.floats(min_value=-(2.0**53), max_value=2.0**53), min_size=96, max_size=96))
def test_a_drawing_is_small_and_inside_its_frame_whatever_was_pushed(values: list[float | None]) -> None:
    drawn = spark(tile(quarters=tuple(values)))
    assert len(drawn) < 1200
    assert "-" not in drawn.partition(' d="')[2]


def test_without_a_number_nothing_is_drawn_and_no_zero_is_invented() -> None:
    (empty,) = metric_tiles(
        [tile(value=None, last_at=None, is_stale=True, unit="users", quarters=(None,) * 96)],
        Reader(now=NOON, zone=ZoneInfo("UTC")),
    )
    assert (empty.chart, empty.value, empty.unit) == ("", "–", "")


@pytest.mark.usefixtures("at_noon")
def test_the_page_shows_what_was_pushed(make_component: MakeComponent) -> None:
    make_component()
    a_metric(unit="users <b>")
    page = html()
    assert "<dt>Online now</dt><dd>1,204 <small>users &lt;b&gt;</small></dd>" in page
    assert "Public counters from the last 24 hours." in page
    assert "No data" not in page.partition('id="p-traffic"')[2].partition("aria-label")[0]


@pytest.mark.usefixtures("at_noon")
def test_a_stale_number_says_since_when_in_the_zone_of_the_page(make_component: MakeComponent) -> None:
    make_component()
    a_metric(ago=90)
    page = html()
    assert 'class="card tile stale"' in page
    assert ">11:30 CET</time>" in page.partition("No data since ")[2][:120]


@pytest.mark.usefixtures("at_noon")
def test_a_page_without_metrics_shows_nothing_of_them(make_component: MakeComponent) -> None:
    make_component()
    assert "Live traffic" not in html()
    assert '<section id="p-traffic" hidden>' in html()


@pytest.mark.usefixtures("at_noon")
def test_the_snapshot_has_what_is_fresh(make_component: MakeComponent) -> None:
    make_component()
    a_metric(value=12.9)
    a_metric("messages_last_24h", kind=MetricKind.COUNTER_24H, value=7)
    a_metric("old", ago=90)
    assert status_document(home_page())["snapshot"] == {"online_now": 12, "messages_last_24h": 7}


@pytest.mark.usefixtures("at_noon")
def test_the_zone_of_a_number_is_the_pages(make_component: MakeComponent) -> None:
    make_component()
    a_metric()
    last_at = home_page().tiles[0].last_at
    assert last_at is not None
    assert (last_at, last_at.utcoffset()) == (NOON, timedelta(hours=1))


@pytest.mark.usefixtures("at_noon")
def test_as_many_tiles_as_there_may_be_weigh_little(make_component: MakeComponent) -> None:
    make_component()
    before = len(gzip.compress(html().encode()))
    for number in range(MOST_METRICS):
        metric = Metric.objects.create(key=f"m{number}", name=f"Metric {number}", kind=MetricKind.GAUGE)
        MetricPoint.objects.bulk_create(
            MetricPoint(metric=metric, minute=minute_of(NOON) - ago * 15, value=(ago * ago * 37 + number) % 101)
            for ago in range(96)
        )
    assert len(gzip.compress(html().encode())) - before < 12_000
