"""Percentages: exact in, exact compared, floored out."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.objectives.percent import is_at_least, parse_percent, say_percent, scaled

PERCENTS = st.integers(1, 1_000_000).map(lambda number: Decimal(number) / 10_000)


@pytest.mark.parametrize(
    ("text", "percent"), [("99.9%", "99.9"), ("99.9 %", "99.9"), ("100%", "100"), ("0.0001%", "0.0001"), (" 5% ", "5")]
)
def test_a_percentage_is_read_exactly(text: str, percent: str) -> None:
    assert parse_percent(text) == Decimal(percent)


@pytest.mark.parametrize(
    "text",
    ["", "99.9", "0%", "100.0001%", "101%", "-1%", "99,9%", "99.99999%", "1e1%", "NaN%", "９９%", "99.9%%", ".5%"],
)
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a percentage above 0"):
        parse_percent(text)


@pytest.mark.parametrize(
    ("percent", "said"), [("99.9000", "99.9"), ("100.0000", "100"), ("10", "10"), ("0.05", "0.05")]
)
def test_a_percentage_is_said_without_idle_zeros(percent: str, said: str) -> None:
    assert say_percent(Decimal(percent)) == f"{said}\N{NO-BREAK SPACE}%"


@given(PERCENTS)
def test_what_is_said_reads_back_as_itself(percent: Decimal) -> None:
    assert parse_percent(say_percent(percent).replace("\N{NO-BREAK SPACE}", " ")) == percent


def test_more_places_than_are_kept_are_refused() -> None:
    with pytest.raises(ValueError, match="four places"):
        scaled(Decimal("99.99999"))


@given(st.integers(0, 10**7), st.integers(1, 10**7), PERCENTS)
def test_comparing_is_as_exact_as_fractions(good: int, measured: int, target: Decimal) -> None:
    assert is_at_least(good, measured, target) == (Fraction(good, measured) >= Fraction(target) / 100)


def test_a_share_that_only_rounds_to_the_target_misses_it() -> None:
    assert not is_at_least(99_899_999, 100_000_000, Decimal("99.9"))
    assert is_at_least(999, 1000, Decimal("99.9"))
