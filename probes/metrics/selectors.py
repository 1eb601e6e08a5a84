"""What the page shows of the metrics: their last 24 hours in quarters of an hour."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, IntegerField, Sum
from django.db.models.expressions import ExpressionWrapper

from probes.enums import MetricKind
from probes.metrics.minutes import minute_of, time_of
from probes.models import Metric, MetricPoint

QUARTER = 15
QUARTERS = 96
DAY = QUARTER * QUARTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A metric now. `value` is None before its first number; times are UTC.

    `quarters` are the last 24 hours, oldest first: a gauge's mean, a counter's sum; None where nothing was pushed, and
    none at all where the metric has no chart. `is_stale`: its newest number is older than it may be.
    """

    key: str
    name: str
    unit: str
    kind: MetricKind
    value: float | None
    last_at: datetime | None
    is_stale: bool
    in_snapshot: bool
    quarters: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quarter:
    total: float
    points: int


def tiles(now: datetime) -> tuple[Tile, ...]:
    """All metrics in the order of the configuration. Two queries, one where there is no metric."""
    metrics = list(Metric.objects.active().with_newest())
    if not metrics:
        return ()
    quarters = _quarters([metric.pk for metric in metrics], now)
    return tuple(_tile(metric, quarters[metric.pk], now) for metric in metrics)


def snapshot(tiles: Iterable[Tile]) -> dict[str, int]:
    """The counters of `/status.json`: whole numbers, rounded down.

    A metric whose number is stale, or that never had one, is left out: an old number or a zero would be a false one.
    """
    return {
        tile.key: math.floor(tile.value)
        for tile in tiles
        if tile.in_snapshot and tile.value is not None and not tile.is_stale
    }


def _quarters(metric_ids: Sequence[int], now: datetime) -> Mapping[int, dict[int, _Quarter]]:
    """By metric, then by quarter, 0 to 95, counted so that the last one ends now: it is as full as the others."""
    first = minute_of(now) - DAY + 1
    rows = (
        MetricPoint.objects.filter(metric_id__in=metric_ids, minute__gte=first)
        .annotate(quarter=ExpressionWrapper((F("minute") - first) / QUARTER, output_field=IntegerField()))
        .order_by()
        .values_list("metric_id", "quarter")
        .annotate(total=Sum("value"), points=Count("minute"))
    )
    found: dict[int, dict[int, _Quarter]] = defaultdict(dict)
    for metric_id, quarter, total, points in rows:
        # A sender's clock may be some minutes ahead: its newest numbers count as of now.
        place = min(quarter, QUARTERS - 1)
        before = found[metric_id].get(place, _Quarter(total=0, points=0))
        found[metric_id][place] = _Quarter(total=before.total + total, points=before.points + points)
    return found


def _tile(metric: Metric, quarters: Mapping[int, _Quarter], now: datetime) -> Tile:
    last_minute, last_value = metric.last_minute, metric.last_value  # type: ignore[attr-defined]  # annotated above
    last_at = None if last_minute is None else min(time_of(last_minute), now)
    is_counter = metric.kind == MetricKind.COUNTER_24H
    counted = math.fsum(quarter.total for quarter in quarters.values())
    return Tile(
        key=metric.key,
        name=metric.name,
        unit=metric.unit,
        kind=MetricKind(metric.kind),
        value=None if last_at is None else counted if is_counter else last_value,
        last_at=last_at,
        # A number is of its whole minute: its age counts from the end of that.
        is_stale=last_at is None or now - last_at > metric.stale_after + timedelta(minutes=1),
        in_snapshot=metric.in_snapshot,
        quarters=_line(quarters, is_counter=is_counter) if metric.has_chart else (),
    )


def _line(quarters: Mapping[int, _Quarter], *, is_counter: bool) -> tuple[float | None, ...]:
    found = (quarters.get(place) for place in range(QUARTERS))
    return tuple(
        None if quarter is None else quarter.total if is_counter else quarter.total / quarter.points
        for quarter in found
    )
