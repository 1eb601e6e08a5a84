"""Round ticks and numbers with units."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.web.charts.scale import say_ms, say_tick, share_of, ticks, time_ticks

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (12, [0, 2.5, 5, 7.5, 10, 12.5]),
        (100, [0, 20, 40, 60, 80, 100]),
        (401, [0, 100, 200, 300, 400, 500]),
        (1500, [0, 500, 1000, 1500]),
    ],
)
def test_ticks_are_round_and_reach_the_top(top: float, expected: list[float]) -> None:
    assert ticks(top) == pytest.approx(expected)


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_ticks_are_few_rising_and_finite_whatever_the_top(top: float) -> None:
    found = ticks(top)
    assert 2 <= len(found) <= 7
    assert all(later > earlier for earlier, later in pairwise(found))
    assert found[-1] >= min(top, 1e9) * 0.999


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.42, "0.4 ms"), (4.25, "4.2 ms"), (41.3, "41 ms"), (999.7, "1 s"), (1240, "1.24 s"), (75_000, "75 s")],
)
def test_a_latency_has_its_unit_and_as_many_digits_as_mean_something(value: float, said: str) -> None:
    assert say_ms(value) == said.replace(" ", "\N{NO-BREAK SPACE}")


def test_an_axis_has_one_unit() -> None:
    assert [say_tick(value, top=1500) for value in ticks(1500)] == ["0", "0.5\u00a0s", "1\u00a0s", "1.5\u00a0s"]
    assert [say_tick(value, top=12.5) for value in (0, 2.5)] == ["0", "2.5\u00a0ms"]


def test_a_day_is_marked_by_the_clock_of_the_zone() -> None:
    labels = [label for _, label in time_ticks(NOON - timedelta(days=1), NOON, BERLIN)]
    assert labels == ["18:00", "21 Nov", "06:00", "12:00"]


def test_the_clock_is_right_on_the_day_it_is_changed() -> None:
    end = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
    found = [at.astimezone(UTC).hour for at, _ in time_ticks(end - timedelta(days=1), end, BERLIN)]
    assert found == [16, 22, 5, 11]


@pytest.mark.parametrize("days", [7, 30, 90])
def test_longer_times_are_marked_by_days_and_the_newest_is_named(days: int) -> None:
    found = time_ticks(NOON - timedelta(days=days), NOON, BERLIN)
    assert 4 <= len(found) <= 8
    assert found[-1][1] == "21 Nov"


def test_what_lies_outside_stands_at_the_edge() -> None:
    assert share_of(NOON, NOON, NOON) == 0
    assert share_of(NOON + timedelta(hours=3), NOON, NOON + timedelta(hours=2)) == 1
