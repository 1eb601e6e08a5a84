"""From counts to figures: pure, in whole numbers, floored where they are shown.

An interval is five minutes. Good (also slow) and bad ones are measured; maintenance, what was not ours and what nobody
measured are in neither part of a fraction.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from components.uptime import HUNDREDTH
from probes.histogram import middle_of
from probes.objectives.percent import HUNDRED, SCALE, floored_percentage, is_at_least, scaled
from probes.objectives.readings import Band, Budget, Burn, Figures, Unit, Verdict

MINUTES_AN_INTERVAL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Intervals of some time by what they count as. `good` has the slow ones."""

    good: int = 0
    bad: int = 0
    maintenance: int = 0
    not_ours: int = 0
    unknown: int = 0

    @property
    def measured(self) -> int:
        return self.good + self.bad


def sum_counts(parts: Iterable[Counts]) -> Counts:
    rows = list(parts)
    return Counts(
        good=sum(row.good for row in rows),
        bad=sum(row.bad for row in rows),
        maintenance=sum(row.maintenance for row in rows),
        not_ours=sum(row.not_ours for row in rows),
        unknown=sum(row.unknown for row in rows),
    )


def interval_figures(counts: Counts) -> Figures:
    return Figures(
        unit=Unit.INTERVALS,
        good=counts.good,
        bad=counts.bad,
        maintenance=counts.maintenance,
        not_ours=counts.not_ours,
        unknown=counts.unknown,
        availability=floored_percentage(counts.good, counts.measured),
        coverage=floored_percentage(counts.measured, counts.measured + counts.unknown),
    )


def latency_figures(histogram: Counter[int], limit_ms: float) -> Figures:
    """Checks that were answered, within the limit and over it. A bucket counts as the latency that stands for it."""
    total = histogram.total()
    within = sum(count for bucket, count in histogram.items() if middle_of(bucket) <= limit_ms)
    return Figures(
        unit=Unit.CHECKS,
        good=within,
        bad=total - within,
        maintenance=0,
        not_ours=0,
        unknown=0,
        availability=floored_percentage(within, total),
        coverage=None,
    )


def percentile_ms(histogram: Counter[int], percent: int) -> float | None:
    """The latency within which `percent` of the checks were answered, by the histogram's buckets; None of nothing.

    At most a limit exactly when `percent` of the checks are within it by `latency_figures`.
    """
    rank = -(-histogram.total() * percent // 100)
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank and seen:
            return middle_of(bucket)
    return None


def judge(figures: Figures, target: Decimal) -> Verdict:
    """Nothing measured is neither met nor missed."""
    if not figures.measured:
        return Verdict.NOT_MEASURED
    return Verdict.MET if is_at_least(figures.good, figures.measured, target) else Verdict.MISSED


def budget_of(figures: Figures, target: Decimal, *, still_to_come: int = 0) -> Budget:
    """What may be bad of everything that is measured, and of what is `still_to_come` in a running window."""
    eligible = figures.measured + still_to_come
    total = eligible * _allowed(target) // (100 * SCALE)
    left = total - figures.bad
    has_minutes = figures.unit is Unit.INTERVALS
    return Budget(
        unit=figures.unit,
        eligible=eligible,
        total=total,
        spent=figures.bad,
        left=left,
        total_minutes=total * MINUTES_AN_INTERVAL if has_minutes else None,
        left_minutes=left * MINUTES_AN_INTERVAL if has_minutes else None,
        left_percent=floored_percentage(max(left, 0), total),
    )


def burn_of(hours: int, *, good: int, bad: int, target: Decimal) -> Burn:
    """The bad share of these hours by the share that the target allows: 1 spends the budget in exactly the window."""
    allowed, measured = _allowed(target), good + bad
    rate = None
    if measured and allowed:
        rate = (Decimal(bad * 100 * SCALE * 100 // (measured * allowed)) / 100).quantize(
            HUNDREDTH, rounding=ROUND_FLOOR
        )
    return Burn(hours=hours, rate=rate, good=good, bad=bad)


def credit_of(
    figures: Figures, target: Decimal, bands: Iterable[tuple[Decimal, Decimal]]
) -> tuple[Decimal | None, tuple[Band, ...]]:
    """The credit in per cent and the bands, highest bound first; None where nothing was measured, 0 where none is hit.

    `bands` are (below, credit). The lowest band that the availability is below counts, compared exactly.
    """
    ordered = sorted(bands, reverse=True)
    hit: Decimal | None = None
    if figures.measured and not is_at_least(figures.good, figures.measured, target):
        below = [bound for bound, _ in ordered if not is_at_least(figures.good, figures.measured, bound)]
        hit = min(below, default=None)
    shown = tuple(Band(below=bound, credit=credit, is_hit=bound == hit) for bound, credit in ordered)
    if not figures.measured:
        return None, shown
    return next((band.credit for band in shown if band.is_hit), Decimal(0)), shown


def _allowed(target: Decimal) -> int:
    """What the target leaves, in millionths of the whole."""
    return scaled(HUNDRED) - scaled(target)
