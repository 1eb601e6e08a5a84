"""Moments in a file: absolute, by the page's clocks, and counted from the moment of loading."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.configuration.moments import parse_day, parse_moment

NOW = datetime(2026, 11, 21, 14, 28, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
MOMENTS: list[tuple[object, datetime]] = [
    ("2026-08-14T12:23Z", datetime(2026, 8, 14, 12, 23, tzinfo=UTC)),
    ("2026-08-14T12:23:00+02:00", datetime(2026, 8, 14, 10, 23, tzinfo=UTC)),
    ("2026-08-14 12:23", datetime(2026, 8, 14, 10, 23, tzinfo=UTC)),
    (" 2026-08-14T12:23 ", datetime(2026, 8, 14, 10, 23, tzinfo=UTC)),
    (datetime(2026, 8, 14, 12, 23), datetime(2026, 8, 14, 10, 23, tzinfo=UTC)),  # noqa: DTZ001 -- as TOML has it
    (datetime(2026, 8, 14, 12, 23, tzinfo=UTC), datetime(2026, 8, 14, 12, 23, tzinfo=UTC)),
    ("now", NOW),
    ("now-14m", NOW - timedelta(minutes=14)),
    ("now+2d", NOW + timedelta(days=2)),
    ("now-2h30m", NOW - timedelta(hours=2, minutes=30)),
    ("now+4d 02:00", datetime(2026, 11, 25, 1, 0, tzinfo=UTC)),
    ("now 23:30", datetime(2026, 11, 21, 22, 30, tzinfo=UTC)),
]
NO_MOMENTS: list[object] = [
    *(
        "",
        "yesterday",
        "now-",
        "now+14",
        "now - 14m",
        "now-14m-3m",
        "now-2y",
        "2026-08-14",
        "14:23",
        "2026-13-01 00:00",
    ),
    *("2026-08-14 25:00", "now+4d 25:00", "now+4d 2:00", "now+999999999d", 14, 1.5, True, None, [], {}),
    *(date(2026, 8, 14), time(14, 23), "９９９９-08-14 14:23", "now+9999999999m"),
]


@pytest.mark.parametrize(("written", "meant"), MOMENTS)
def test_a_moment(written: object, meant: datetime) -> None:
    assert parse_moment(written, now=NOW, zone=PARIS) == meant


@pytest.mark.parametrize("written", NO_MOMENTS)
def test_what_is_no_moment_is_refused_with_what_was_expected(written: object) -> None:
    with pytest.raises(ValueError, match="a moment such as"):
        parse_moment(written, now=NOW, zone=PARIS)


def test_a_wall_clock_time_that_no_clock_shows_is_after_the_gap_and_one_that_comes_twice_is_its_first() -> None:
    assert parse_moment("2026-03-29 02:30", now=NOW, zone=PARIS) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert parse_moment("2026-10-25 02:30", now=NOW, zone=PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_days_ahead_are_days_of_the_page_not_of_utc() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert parse_moment("now+1d 08:00", now=late, zone=PARIS) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert parse_day("now+1d", now=late, zone=PARIS) == date(2026, 11, 23)


@pytest.mark.parametrize("written", ["2026-01-06", date(2026, 1, 6)])
def test_a_day(written: object) -> None:
    assert parse_day(written, now=NOW, zone=PARIS) == date(2026, 1, 6)


@pytest.mark.parametrize(
    "written", ["", "now+4d 02:00", "2026-01-06 02:00", datetime(2026, 1, 6, tzinfo=UTC), 6, None]
)
def test_what_is_no_day_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="a day such as"):
        parse_day(written, now=NOW, zone=PARIS)


@given(written=st.text() | st.from_regex(r"now[+-]?[0-9.a-z :]*", fullmatch=True))
def test_any_text_is_a_moment_or_refused_and_nothing_else(written: str) -> None:
    with suppress(ValueError):
        assert parse_moment(written, now=NOW, zone=PARIS).utcoffset() == timedelta()
