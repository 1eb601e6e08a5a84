"""Sentences about time."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from statuspage.web import wording

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 21, 14, 45, tzinfo=BERLIN), "14:45 CET"),
        (datetime(2026, 11, 20, 9, 5, tzinfo=BERLIN), "20 Nov, 09:05 CET"),
        (datetime(2026, 7, 1, 9, 5, tzinfo=BERLIN), "1 Jul, 09:05 CEST"),
        (datetime(2025, 11, 20, 9, 5, tzinfo=BERLIN), "20 Nov 2025, 09:05 CET"),
        (datetime(2026, 11, 21, 9, 5, tzinfo=ZoneInfo("America/Sao_Paulo")), "09:05 UTC-03"),
    ],
)
def test_a_moment_is_as_long_as_it_has_to_be_and_names_its_zone(at: datetime, said: str) -> None:
    assert wording.near_time(at, NOW) == said


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (timedelta(seconds=30), "less than a minute"),
        (timedelta(minutes=13, seconds=59), "13 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
    ],
)
def test_how_soon_is_rounded_down(delta: timedelta, said: str) -> None:
    assert wording.how_soon(delta) == said


def test_a_window_over_the_end_of_summer_time_names_both_zones() -> None:
    begin = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    end = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
    assert wording.window(begin, end) == "Sun 25 October, 01:30 CEST to 03:30 CET"


def test_a_window_over_midnight_names_both_days() -> None:
    begin = datetime(2026, 11, 24, 23, 0, tzinfo=BERLIN)
    assert wording.window(begin, begin + timedelta(hours=2)) == "Tue 24 November, 23:00 to Wed 25 November, 01:00 CET"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 14), date(2026, 11, 19), "14 to 19 November"),
        (date(2026, 10, 28), date(2026, 11, 2), "28 October to 2 November"),
        (date(2026, 11, 2), date(2026, 11, 2), "2 November"),
    ],
)
def test_days_in_a_row_are_named_by_their_ends(first: date, last: date, said: str) -> None:
    assert wording.days_name(first, last) == said


@pytest.mark.parametrize(("value", "said"), [("99.99", "99.99"), ("100.00", "100"), ("99.9", "99.90")])
def test_a_whole_hundred_has_no_decimals(value: str, said: str) -> None:
    assert wording.per_cent(Decimal(value)) == f"{said}\N{NO-BREAK SPACE}%"


def test_utc_is_said_for_those_who_hover() -> None:
    assert wording.utc_time(NOW) == "2026-11-21 12:00:00 UTC"
    assert wording.utc_time(datetime(2026, 11, 21, 12, tzinfo=UTC)) == wording.utc_time(NOW)
