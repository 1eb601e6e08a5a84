from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.durations import format_duration, parse_business_days, parse_duration, say_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("15m", 900), ("2h", 7200), ("7d", 604_800), ("1.5s", 1.5)]
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1 s", "1w", "٣s", "1e3s", "99999d", "inf"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="a duration"):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=10**9))
def test_what_is_formatted_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_business_days_are_their_own_unit() -> None:
    assert parse_business_days("7bd") == 7
    with pytest.raises(ValueError, match="business days"):
        parse_business_days("7d")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "less than a minute"), (1, "1 minute"), (34, "34 minutes"), (125, "2 hours 5 minutes"), (1440, "1 day")],
)
def test_people_are_told_the_two_largest_units(minutes: int, words: str) -> None:
    assert say_duration(timedelta(minutes=minutes)) == words
