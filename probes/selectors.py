"""What the page asks of the measurements, as frozen values; nothing here is computed slot by slot."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Min

from components.enums import ComponentStatus
from components.uptime import (
    SLOTS_A_DAY,
    SlotCounts,
    coverage,
    days_between,
    slot_index,
    worst_of_day,
)
from components.uptime import availability as available_share
from probes.freshness import stale_after
from probes.locations import probe_verdict
from probes.models import ComponentDay, ProbeLocation, Rule
from probes.series_days import first_days_of
from statuspage.core import clock

UNKNOWN = ComponentStatus.UNKNOWN
PAUSED = "Paused by our staff."


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a component's worst probe found last. `status` is unknown when there is no fresh result (`is_stale`).

    `by_rule`: the words are those of a rule that fires. `is_paused`: staff paused all of its probes, so that nothing
    is measured; the rest is empty.
    """

    detail: str
    latency_ms: float | None
    last_checked_at: datetime | None
    status: ComponentStatus
    is_stale: bool
    by_rule: bool = False
    is_paused: bool = False

    @property
    def weight(self) -> tuple[int, bool]:
        """Which of several is shown. Of two that are as bad a rule says more: for how long, and what is allowed."""
        return self.status.rank, self.by_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummary:
    """A UTC day in slots of five minutes. `good` leaves out the degraded ones; a correction made the `excluded` ones.

    All zero: before the first day.
    """

    date: date
    good: int
    bad: int
    degraded: int
    maintenance: int
    unknown: int
    worst: ComponentStatus
    excluded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentAvailability:
    """A window of days, oldest first, and its sums.

    `good` counts the available slots (good and degraded), `bad` the others that were measured. Both percentages are
    floored to two decimals: `percentage_floored` is good of measured; `coverage` is measured of all slots since the
    component's first measurement but for maintenance and what was left out. None: nothing was measured.
    """

    days: tuple[DaySummary, ...]
    good: int
    bad: int
    coverage: Decimal | None
    percentage_floored: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Of the whole engine. No probes at all is not stale."""

    last_result_at: datetime | None
    is_stale: bool


def measurements() -> dict[int, Measurement]:
    """By component id, for every component with a probe; of several locations what they say together.

    A rule that fires says it in its own words. One query, and one more where there are rules.
    """
    now = clock.now()
    places: dict[int, dict[str, ProbeLocation]] = {}
    paused: set[int] = set()
    for row in ProbeLocation.objects.configured().select_related("probe").order_by("probe_id", "pk"):
        if row.probe.is_enabled:
            places.setdefault(row.probe_id, {})[row.location] = row
        else:
            paused.add(row.probe.component_id)
    firing = _firing_rules() if any(row.probe.has_rules for rows in places.values() for row in rows.values()) else {}
    found: dict[int, Measurement] = {}
    for rows in places.values():
        first = next(iter(rows.values()))
        measurement = _with_rules(_measurement(rows, first.probe.quorum, now), firing.get(first.probe_id, ()))
        known = found.get(first.probe.component_id)
        if known is None or measurement.weight > known.weight:
            found[first.probe.component_id] = measurement
    return found | {component_id: _paused() for component_id in paused if component_id not in found}


def _paused() -> Measurement:
    return Measurement(
        detail=PAUSED, latency_ms=None, last_checked_at=None, status=UNKNOWN, is_stale=False, is_paused=True
    )


def availability(component_ids: Collection[int], since: date, until: date) -> dict[int, ComponentAvailability]:
    """Each component's days from `since` to `until`, both included, UTC. Two queries, whatever the window."""
    today = clock.now().date()
    first_days = first_days_of(component_ids)
    days = days_between(since, until)
    rows: dict[tuple[int, date], SlotCounts] = {}
    columns = ("component_id", "date", "good", "bad", "degraded", "maintenance", "unknown", "excluded")
    for component_id, day, *numbers in (
        ComponentDay.objects.filter(component_id__in=component_ids, date__gte=since, date__lte=until)
        .order_by()
        .values_list(*columns)
    ):
        good, bad, degraded, maintenance, unknown, excluded = numbers
        rows[component_id, day] = SlotCounts(
            good=good, bad=bad, degraded=degraded, maintenance=maintenance, unknown=unknown, excluded=excluded
        )
    elapsed_today = slot_index(clock.now())
    return {
        component_id: _window(
            [
                (
                    day,
                    _complete(rows.get((component_id, day)), day, first_days.get(component_id), today, elapsed_today),
                )
                for day in days
            ]
        )
        for component_id in component_ids
    }


def monitoring_freshness() -> Freshness:
    """When the engine last had a result, and whether two of the shortest intervals went by since. One query."""
    sums = ProbeLocation.objects.filter(next_due_at__isnull=False).aggregate(
        last=Max("last_result_at"), interval=Min("probe__interval"), oldest=Min("probe__created_at")
    )
    interval: timedelta | None = sums["interval"]
    if interval is None:
        return Freshness(last_result_at=None, is_stale=False)
    last: datetime | None = sums["last"]
    # Probes that were never checked are waited for as long as for a result.
    reference = last or sums["oldest"]
    return Freshness(last_result_at=last, is_stale=clock.now() - reference > stale_after(interval))


def _measurement(rows: Mapping[str, ProbeLocation], quorum: int | None, now: datetime) -> Measurement:
    """Of one probe: its verdict, in the words of the location that speaks for it."""
    standings = {name: row.standing(now) for name, row in rows.items()}
    verdict = probe_verdict(standings, quorum)
    row = rows[verdict.speaker or next(iter(rows))]
    return Measurement(
        detail=row.last_detail,
        latency_ms=row.last_latency_ms,
        last_checked_at=row.last_result_at,
        status=verdict.status or UNKNOWN,
        is_stale=not any(standing.is_fresh for standing in standings.values()),
    )


def _firing_rules() -> dict[int, list[Rule]]:
    """By probe, those that are for the public: whom a rule pages is nobody's business."""
    found: dict[int, list[Rule]] = {}
    for rule in Rule.objects.filter(firing_since__isnull=False).order_by("probe_id", "position"):
        if rule.claims is not None or rule.opens_incident:
            found.setdefault(rule.probe_id, []).append(rule)
    return found


def _with_rules(measurement: Measurement, firing: Sequence[Rule]) -> Measurement:
    """The worst of what was measured and what the rules make of it; without fresh results they make nothing of it."""
    if measurement.is_stale:
        return measurement
    said = [
        replace(
            measurement,
            status=rule.claims or ComponentStatus.DEGRADED_PERFORMANCE,
            detail=rule.said,
            by_rule=True,
        )
        for rule in firing
    ]
    # Of those that weigh the same the first.
    return max([measurement, *said], key=lambda one: one.weight)


def _complete(
    counts: SlotCounts | None, day: date, first_day: date | None, today: date, elapsed_today: int
) -> SlotCounts:
    """The day with every slot that nobody measured: also after the last roll-up, and on days without any row."""
    if first_day is None or day < first_day or day > today:
        return SlotCounts()
    counts = counts or SlotCounts()
    if day == first_day:
        return counts
    slots = elapsed_today if day == today else SLOTS_A_DAY
    return replace(counts, unknown=max(counts.unknown, slots - counts.measured - counts.left_out))


def _window(days: list[tuple[date, SlotCounts]]) -> ComponentAvailability:
    total = sum((counts for _, counts in days), SlotCounts())
    return ComponentAvailability(
        days=tuple(
            DaySummary(
                date=day,
                good=counts.good,
                bad=counts.bad,
                degraded=counts.degraded,
                maintenance=counts.maintenance,
                unknown=counts.unknown,
                excluded=counts.excluded,
                worst=worst_of_day(counts),
            )
            for day, counts in days
        ),
        good=total.available,
        bad=total.bad,
        coverage=coverage(total),
        percentage_floored=available_share(total),
    )
