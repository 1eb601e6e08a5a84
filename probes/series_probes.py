"""The numbers of probes over a window: what their slots count as, and their checks as they were made."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery, Sum

from components.uptime import SLOT, SlotCounts, by_quorum, left_out
from probes.models import Probe, ProbeDay, ProbeLocation, Slot
from probes.series import checks_between, unpack_checks
from probes.series_overlay import Overlays, overlays_of
from probes.series_span import Span, midnight, span_of
from probes.series_tally import Tallies, begin_inside, starts_of
from probes.series_writing import any_of
from statuspage.core import clock

MEASURED = Q(good_slots__gt=0) | Q(degraded_slots__gt=0) | Q(bad_slots__gt=0) | Q(maintenance_slots__gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeWindow:
    """A probe over all of its locations. `ok`, `fail` and `errors` are checks; errors are our own and count nowhere.

    `last_result_at` is the newest of all, whatever the window; `last_failure_at` the newest in it, and where only a
    part of its day is in the window, the beginning of its slot.
    """

    slots: SlotCounts
    ok: int
    fail: int
    errors: int
    last_result_at: datetime | None
    last_failure_at: datetime | None


@dataclass(slots=True)
class _Made:
    """The checks of one probe, added up."""

    up: int = 0
    degraded: int = 0
    down: int = 0
    error: int = 0
    last_failure_at: datetime | None = None

    def add(self, checks: Iterable[int], failed_at: datetime | None) -> None:
        up, degraded, down, error = checks
        self.up += up
        self.degraded += degraded
        self.down += down
        self.error += error
        if failed_at is not None and (self.last_failure_at is None or failed_at > self.last_failure_at):
            self.last_failure_at = failed_at


@dataclass(slots=True)
class _Reading:
    """What the queries found so far: checks, where each probe was measured at all, and the bytes of single days."""

    span: Span
    probes: dict[int, "_Probe"]
    tallies: Tallies
    made: dict[int, _Made] = field(default_factory=lambda: defaultdict(_Made))
    locations: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    days: dict[tuple[int, date], list[bytes]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    component_id: int
    quorum: int | None
    first_day: date | None
    last_result_at: datetime | None


def probe_counts(probe_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, ProbeWindow]:
    """The numbers of each probe in the window; probes that do not exist are left out.

    Five queries; one more where several locations measured or corrections lie, one more for probes that begin in it.
    """
    span = span_of(begin, end, clock.now())
    reading = _Reading(span, _probes(probe_ids), Tallies(span))
    starts = _starts(reading)
    if not span.is_empty:
        days = ProbeDay.objects.filter(probe_id__in=any_of(probe_ids)).order_by()
        _read_whole_days(days, reading)
        _read_parts(days, reading)
        _read_unfolded(probe_ids, reading)
        overlays = overlays_of({probe.component_id for probe in reading.probes.values()}, span.begin, span.end)
        _read_states(days, reading, overlays)
        _tally(reading, overlays, starts)
    return {pk: _window(reading, pk, starts.get(pk)) for pk in reading.probes}


def _probes(probe_ids: Collection[int]) -> dict[int, _Probe]:
    first = ProbeDay.objects.filter(MEASURED, probe_id=OuterRef("pk")).order_by("date").values("date")[:1]
    newest = ProbeLocation.objects.filter(probe_id=OuterRef("pk"), last_result_at__isnull=False)
    rows = (
        Probe.objects.filter(pk__in=any_of(probe_ids))
        .order_by()
        .annotate(
            first_day=Subquery(first), newest=Subquery(newest.order_by("-last_result_at").values("last_result_at")[:1])
        )
        .values_list("pk", "component_id", "quorum", "first_day", "newest")
    )
    return {
        pk: _Probe(component_id=component_id, quorum=quorum, first_day=first_day, last_result_at=newest_at)
        for pk, component_id, quorum, first_day, newest_at in rows
    }


def _read_whole_days(days: QuerySet[ProbeDay], reading: _Reading) -> None:
    since, until = reading.span.whole_days
    if since >= until:
        return
    columns = ("good_slots", "bad_slots", "degraded_slots", "maintenance_slots", "up", "degraded", "down", "error")
    sums = days.filter(date__gte=since, date__lt=until).values_list("probe_id", "location")
    for pk, location, *numbers, failed_at in sums.annotate(*(Sum(name) for name in columns), Max("last_failure_at")):
        reading.locations[pk].add(location)
        good, bad, degraded, maintenance, *checks = numbers
        # Of one location only: with more, every slot has to be looked at.
        reading.tallies.sums[pk] = (good, bad, degraded, maintenance, 0)
        reading.made[pk].add(checks, failed_at)


def _read_parts(days: QuerySet[ProbeDay], reading: _Reading) -> None:
    parts = reading.span.parts
    rows = days.filter(date__in=parts).values_list(
        "probe_id", "location", "date", "slots", "checks", "last_failure_at"
    )
    for pk, location, day, slots, packed, last in rows:
        reading.locations[pk].add(location)
        reading.days[pk, day].append(bytes(slots))
        begin, end = parts[day]
        checks = checks_between(bytes(packed), begin, end)
        failed_at = _last_failure(reading.span, day, bytes(packed), last) if checks.down else None
        reading.made[pk].add((checks.up, checks.degraded, checks.down, checks.error), failed_at)


def _last_failure(span: Span, day: date, packed: bytes, last_of_day: datetime | None) -> datetime | None:
    if last_of_day is not None and span.begin <= last_of_day < span.end:
        return last_of_day
    index = unpack_checks(packed).last_failure(*span.of_day(day))
    return None if index is None else midnight(day) + index * SLOT


def _read_unfolded(probe_ids: Collection[int], reading: _Reading) -> None:
    """The checks that are in no day yet."""
    slots = Slot.objects.filter(
        probe_id__in=any_of(probe_ids),
        is_folded=False,
        starts_at__gte=reading.span.begin,
        starts_at__lt=reading.span.end,
    )
    sums = slots.order_by().values_list("probe_id")
    for pk, *checks, failed_at in sums.annotate(
        Sum("up"), Sum("degraded"), Sum("down"), Sum("error"), Max("last_failure_at")
    ):
        reading.made[pk].add(checks, failed_at)


def _read_states(days: QuerySet[ProbeDay], reading: _Reading, overlays: Overlays) -> None:
    """The whole days of the probes whose slots cannot be summed as they are, slot by slot."""
    some = [
        pk
        for pk, probe in reading.probes.items()
        if len(reading.locations[pk]) > 1 or overlays.touches(probe.component_id)
    ]
    since, until = reading.span.whole_days
    if not some or since >= until:
        return
    for pk in some:
        reading.tallies.sums.pop(pk, None)
    rows = days.filter(probe_id__in=any_of(some), date__gte=since, date__lt=until)
    for pk, day, slots in rows.values_list("probe_id", "date", "slots"):
        reading.days[pk, day].append(bytes(slots))


def _tally(reading: _Reading, overlays: Overlays, starts: Mapping[int, datetime]) -> None:
    for pk, probe in reading.probes.items():
        if overlays.touches(probe.component_id) and pk in starts:
            for day in reading.span.dates():
                if overlays.of(probe.component_id, day, since=starts[pk]):
                    # What is left out is, also where nobody measured.
                    reading.days.setdefault((pk, day), [])
    for (pk, day), states in reading.days.items():
        combined = by_quorum(states, reading.probes[pk].quorum)
        if pk in starts:
            combined = left_out(combined, overlays.of(reading.probes[pk].component_id, day, since=starts[pk]))
        reading.tallies.add(pk, day, combined)


def _starts(reading: _Reading) -> dict[int, datetime]:
    first_days = {pk: probe.first_day for pk, probe in reading.probes.items()}
    inside = begin_inside(first_days, reading.span)
    if not inside:
        return starts_of(first_days, ())
    rows = ProbeDay.objects.filter(probe_id__in=any_of(inside), date__in=set(inside.values()))
    return starts_of(first_days, rows.order_by().values_list("probe_id", "date", "slots"))


def _window(reading: _Reading, pk: int, start: datetime | None) -> ProbeWindow:
    made = reading.made[pk]
    return ProbeWindow(
        slots=reading.tallies.total(pk, start),
        ok=made.up + made.degraded,
        fail=made.down,
        errors=made.error,
        last_result_at=reading.probes[pk].last_result_at,
        last_failure_at=made.last_failure_at,
    )
