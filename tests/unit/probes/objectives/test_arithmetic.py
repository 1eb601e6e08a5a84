"""Figures, budgets, burn rates and credits, against a slow reference in fractions."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.histogram import bucket_of, middle_of
from probes.objectives.arithmetic import (
    Counts,
    budget_of,
    burn_of,
    credit_of,
    interval_figures,
    judge,
    latency_figures,
    percentile_ms,
)
from probes.objectives.readings import Unit, Verdict

TARGETS = st.integers(1, 1_000_000).map(lambda number: Decimal(number) / 10_000)
NUMBERS = st.integers(0, 20_000)
COUNTS = st.builds(Counts, good=NUMBERS, bad=NUMBERS, maintenance=NUMBERS, not_ours=NUMBERS, unknown=NUMBERS)
LATENCIES = st.lists(st.floats(0.01, 100_000), max_size=60)
BANDS = [(Decimal("99.9"), Decimal(10)), (Decimal(99), Decimal(25)), (Decimal(95), Decimal(100))]


def floored(share: Fraction) -> Decimal:
    return Decimal(floor(share * 10_000)) / 100


@given(COUNTS)
def test_availability_and_coverage_are_floored_shares(counts: Counts) -> None:
    figures = interval_figures(counts)
    measured = counts.good + counts.bad
    assert figures.availability == (floored(Fraction(counts.good, measured)) if measured else None)
    possible = measured + counts.unknown
    assert figures.coverage == (floored(Fraction(measured, possible)) if possible else None)
    assert figures.excluded == counts.maintenance + counts.not_ours


def test_what_is_left_out_moves_no_share() -> None:
    plain = interval_figures(Counts(good=99, bad=1))
    with_work = interval_figures(Counts(good=99, bad=1, maintenance=500, not_ours=70, unknown=10))
    assert plain.availability == with_work.availability == Decimal("99.00")


def test_one_bad_interval_is_never_shown_as_all_good() -> None:
    assert interval_figures(Counts(good=99_999, bad=1)).availability == Decimal("99.99")


@given(COUNTS, TARGETS)
def test_a_target_is_met_by_fractions_and_not_by_the_shown_figure(counts: Counts, target: Decimal) -> None:
    verdict = judge(interval_figures(counts), target)
    if not counts.measured:
        assert verdict is Verdict.NOT_MEASURED
    else:
        assert (verdict is Verdict.MET) == (Fraction(counts.good, counts.measured) * 100 >= Fraction(target))


@given(COUNTS, TARGETS)
def test_in_a_window_that_is_over_a_budget_that_lasts_is_a_target_met(counts: Counts, target: Decimal) -> None:
    figures = interval_figures(counts)
    if counts.measured:
        assert (budget_of(figures, target).left >= 0) == (judge(figures, target) is Verdict.MET)


@given(COUNTS, TARGETS, NUMBERS)
def test_the_budget_is_the_floored_share_that_may_be_bad(counts: Counts, target: Decimal, to_come: int) -> None:
    budget = budget_of(interval_figures(counts), target, still_to_come=to_come)
    assert budget.eligible == counts.measured + to_come
    assert budget.total == floor(budget.eligible * (1 - Fraction(target) / 100))
    assert (budget.spent, budget.left) == (counts.bad, budget.total - counts.bad)
    assert (budget.total_minutes, budget.left_minutes) == (budget.total * 5, budget.left * 5)


def test_a_month_of_three_nines_may_lose_forty_minutes() -> None:
    budget = budget_of(interval_figures(Counts()), Decimal("99.9"), still_to_come=31 * 288)
    assert (budget.total, budget.total_minutes, budget.left_percent) == (8, 40, Decimal("100.00"))


def test_a_target_of_all_has_no_budget() -> None:
    budget = budget_of(interval_figures(Counts(good=10, bad=1)), Decimal(100))
    assert (budget.total, budget.left, budget.left_percent) == (0, -1, None)


@given(NUMBERS, NUMBERS, TARGETS)
def test_the_burn_rate_is_the_bad_share_by_the_allowed_one(good: int, bad: int, target: Decimal) -> None:
    rate = burn_of(6, good=good, bad=bad, target=target).rate
    if not good + bad or target == 100:
        assert rate is None
    else:
        exact = Fraction(bad, good + bad) / (1 - Fraction(target) / 100)
        assert rate == Decimal(floor(exact * 100)) / 100


def test_an_hour_that_is_all_bad_burns_a_thousandfold() -> None:
    assert burn_of(1, good=0, bad=12, target=Decimal("99.9")).rate == Decimal("1000.00")


@given(LATENCIES, st.sampled_from([50, 95, 99]), st.floats(0.1, 100_000))
def test_a_percentile_keeps_its_limit_exactly_when_so_many_checks_do(
    latencies: list[float], percent: int, limit_ms: float
) -> None:
    histogram = Counter(bucket_of(latency) for latency in latencies)
    figures, measured = latency_figures(histogram, limit_ms), percentile_ms(histogram, percent)
    assert (measured is None) == (not latencies)
    if measured is not None:
        assert (measured <= limit_ms) == (judge(figures, Decimal(percent)) is Verdict.MET)
        assert figures.measured == len(latencies)


@given(st.lists(st.floats(0.1, 100_000), min_size=1, max_size=60), st.sampled_from([50, 95, 99]))
def test_the_percentile_is_that_of_the_sorted_latencies(latencies: list[float], percent: int) -> None:
    middles = sorted(middle_of(bucket_of(latency)) for latency in latencies)
    rank = next(rank for rank in range(1, len(middles) + 1) if rank * 100 >= percent * len(middles))
    assert percentile_ms(Counter(bucket_of(latency) for latency in latencies), percent) == middles[rank - 1]


def test_a_budget_of_checks_has_no_minutes() -> None:
    figures = latency_figures(Counter({bucket_of(100): 99, bucket_of(5000): 1}), 1000)
    budget = budget_of(figures, Decimal(99))
    assert (figures.unit, budget.total, budget.left, budget.left_minutes) == (Unit.CHECKS, 1, 0, None)


@pytest.mark.parametrize(
    ("good", "bad", "credit"),
    [(9990, 10, 0), (9989, 11, 10), (9900, 100, 10), (9899, 101, 25), (9499, 501, 100), (0, 1, 100)],
)
def test_the_lowest_band_that_was_hit_is_the_credit(good: int, bad: int, credit: int) -> None:
    earned, bands = credit_of(interval_figures(Counts(good=good, bad=bad)), Decimal("99.9"), BANDS)
    assert earned == credit
    assert [band.credit for band in bands if band.is_hit] == ([credit] if credit else [])


def test_a_month_that_nobody_measured_earns_neither_credit_nor_none() -> None:
    earned, bands = credit_of(interval_figures(Counts(unknown=10)), Decimal("99.9"), BANDS)
    assert earned is None
    assert not any(band.is_hit for band in bands)


def test_a_miss_above_the_first_band_earns_nothing() -> None:
    earned, _ = credit_of(interval_figures(Counts(good=9985, bad=15)), Decimal("99.9"), [(Decimal(99), Decimal(25))])
    assert earned == 0
