"""How long checks took, over time: percentiles in equal steps, for the charts.

Everything a component's probes measured at all of their locations goes into one histogram for each step, and the
percentiles are read from that: they are never averaged. The last step is the running one; what is not rolled up yet
is not in it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from probes.histogram import decode, percentile
from probes.models import ProbeDay, Slot
from probes.series import HOURS_A_DAY, unpack_hours

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# As many components keep their last two days decoded between two renderings.
CACHED = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that ends now, in steps. `key` is its name in addresses."""

    key: str
    label: str
    length: timedelta
    step: timedelta


OVERVIEW = Span(key="24h", label="24 hours", length=DAY, step=HOUR)
SPANS: dict[str, Span] = {
    span.key: span
    for span in (
        Span(key="24h", label="24 hours", length=DAY, step=timedelta(minutes=15)),
        Span(key="7d", label="7 days", length=timedelta(days=7), step=HOUR),
        Span(key="30d", label="30 days", length=timedelta(days=30), step=DAY),
        Span(key="90d", label="90 days", length=timedelta(days=90), step=DAY),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Percentiles in ms of so many checks that have a latency; all None where there are none."""

    checks: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPoint:
    begin: datetime
    end: datetime
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySeries:
    """Oldest first, without holes: a step in which nothing was measured is there, empty. `whole` is all of it."""

    span: Span
    points: tuple[LatencyPoint, ...]
    whole: Figures

    @property
    def is_empty(self) -> bool:
        return not self.whole.checks


def latency_series(component_ids: Collection[int], span: Span, now: datetime) -> dict[int, LatencySeries]:
    """For every component asked for. `now` is aware. One query."""
    begins = _begins(span, now)
    found = _ask(component_ids, span, begins)
    return {component_id: _series(tuple(found[component_id]), span, begins) for component_id in component_ids}


# What a row adds: the day or slot it is of, and its histogram (24 of them, packed, for steps of an hour).
Part = tuple[datetime, bytes]


def _ask(component_ids: Collection[int], span: Span, begins: Sequence[datetime]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = defaultdict(list)
    ids = list(component_ids)
    if span.step < HOUR:
        slots = Slot.objects.filter(probe__component_id__in=ids, starts_at__gte=begins[0]).order_by("starts_at", "pk")
        for component_id, at, data in slots.values_list("probe__component_id", "starts_at", "histogram").iterator():
            found[component_id].append((at, bytes(data)))
        return found
    column = "hours" if span.step < DAY else "histogram"
    days = ProbeDay.objects.filter(probe__component_id__in=ids, date__gte=begins[0].date()).order_by("date", "pk")
    for component_id, day, data in days.values_list("probe__component_id", "date", column).iterator():
        found[component_id].append((_midnight(day), bytes(data)))
    return found


def _begins(span: Span, now: datetime) -> list[datetime]:
    """When each step begins, UTC: whole quarters, hours or days, the last one holds `now`."""
    now = now.astimezone(UTC)
    midnight = _midnight(now.date())
    last = midnight + (now - midnight) // span.step * span.step
    count = span.length // span.step
    return [last - span.step * back for back in range(count - 1, -1, -1)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _series(parts: tuple[Part, ...], span: Span, begins: list[datetime]) -> LatencySeries:
    return _series_of_hours(parts, span, begins[0]) if span.step == HOUR else _merged(parts, span, begins[0])


def _merged(parts: Iterable[Part], span: Span, first: datetime) -> LatencySeries:
    steps: dict[int, Counter[int]] = defaultdict(Counter)
    for at, data in parts:
        if span.step == HOUR:
            for hour, counts in enumerate(_hours(data)):
                if counts:
                    steps[(at + hour * HOUR - first) // HOUR].update(counts)
        elif data:
            steps[(at - first) // span.step].update(decode(data))
    whole: Counter[int] = Counter()
    points = []
    for place in range(span.length // span.step):
        counts = steps.get(place) or Counter()
        whole.update(counts)
        begin = first + place * span.step
        points.append(LatencyPoint(begin=begin, end=begin + span.step, figures=_figures(counts)))
    return LatencySeries(span=span, points=tuple(points), whole=_figures(whole))


# The same bytes give the same figures, and between two renderings of a page hardly any have changed.
_series_of_hours = lru_cache(maxsize=CACHED)(_merged)


def _hours(data: bytes) -> list[Counter[int]]:
    return unpack_hours(data) if data else [Counter()] * HOURS_A_DAY


NOTHING = Figures(checks=0, p50=None, p95=None, p99=None)


def _figures(counts: Counter[int]) -> Figures:
    if not counts:
        return NOTHING
    return Figures(
        checks=counts.total(),
        p50=percentile(counts, 0.50),
        p95=percentile(counts, 0.95),
        p99=percentile(counts, 0.99),
    )
