"""The numbers of probes over a window: what their slots count as, and their checks as they were made."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from components.uptime import SlotCounts, by_quorum, left_out
from probes.models import ProbeDay
from probes.series_checks import Made, add_unfolded, checks_of_part
from probes.series_overlay import Overlays, overlays_of
from probes.series_reading import among, day_of, fetch, listed, moment_or_none, numbers_of
from probes.series_span import Span, span_of
from probes.series_tally import Tallies, begin_inside, knows_earlier, starts_of
from probes.series_writing import any_of
from statuspage.core import clock

KNOWN = "(good_slots > 0 OR degraded_slots > 0 OR bad_slots > 0 OR maintenance_slots > 0)"
SUMS = (
    "SUM(good_slots), SUM(bad_slots), SUM(degraded_slots), SUM(maintenance_slots), "
    "SUM(up), SUM(degraded), SUM(down), SUM(error)"
)


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
class _Reading:
    """What the queries found so far: checks, where each probe was measured at all, and the bytes of single days.

    `measured_before` is as in `Tallies`.
    """

    span: Span
    tallies: Tallies
    probes: dict[int, "_Probe"] = field(default_factory=dict)
    made: dict[int, Made] = field(default_factory=lambda: defaultdict(Made))
    locations: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    days: dict[tuple[int, date], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    measured_before: set[int] = field(default_factory=set)


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
    reading = _Reading(span, Tallies(span))
    if not span.is_empty:
        _read_whole_days(probe_ids, reading)
        _read_parts(probe_ids, reading)
        add_unfolded(probe_ids, reading.span, reading.made)
    reading.probes = _probes(probe_ids, [pk for pk in probe_ids if pk not in reading.measured_before])
    starts = _starts(reading)
    if not span.is_empty:
        overlays = overlays_of({probe.component_id for probe in reading.probes.values()}, span.begin, span.end)
        _read_states(reading, overlays)
        _tally(reading, overlays, starts)
    return {pk: _window(reading, pk, starts.get(pk)) for pk in reading.probes}


def _probes(probe_ids: Collection[int], with_first_day: Collection[int]) -> dict[int, _Probe]:
    """Each first day is looked up by itself: only of those of which it matters."""
    some, keys = among("probe.id", probe_ids)
    unsure, unsure_keys = among("probe.id", with_first_day)
    sql = (
        f"SELECT probe.id, probe.component_id, probe.quorum, CASE WHEN {unsure} THEN "  # noqa: S608 -- our own names
        f"(SELECT date FROM probes_probeday WHERE probe_id = probe.id AND {KNOWN} ORDER BY date LIMIT 1) END, "
        "(SELECT MAX(last_result_at) FROM probes_probelocation WHERE probe_id = probe.id) "
        f"FROM probes_probe probe WHERE {some}"
    )
    return {
        pk: _Probe(
            component_id=component_id,
            quorum=quorum,
            first_day=None if first_day is None else day_of(first_day),
            last_result_at=moment_or_none(newest),
        )
        for pk, component_id, quorum, first_day, newest in fetch(sql, unsure_keys, keys)
    }


def _read_whole_days(probe_ids: Collection[int], reading: _Reading) -> None:
    since, until = reading.span.whole_days
    if since >= until:
        return
    some, keys = among("probe_id", probe_ids)
    sql = (
        # By the probe alone: grouped by location too, SQLite would sort all rows first.
        f"SELECT probe_id, MIN(location), MAX(location), {SUMS}, MAX(last_failure_at) FROM probes_probeday "  # noqa: S608 -- our own names
        f"WHERE {some} AND date >= %s AND date < %s GROUP BY 1"
    )
    for pk, first, last, good, bad, degraded, maintenance, *checks, failed_at in fetch(sql, keys, since, until):
        reading.locations[pk].update((first, last))
        # Of one location only: with more, every slot has to be looked at.
        reading.tallies.sums[pk] = (good, bad, degraded, maintenance, 0)
        reading.made[pk].add(checks, moment_or_none(failed_at))


def _read_parts(probe_ids: Collection[int], reading: _Reading) -> None:
    """Most probes' days are alike: each different one is fetched once, with those that had it."""
    parts = reading.span.parts
    if not parts:
        return
    some, keys = among("probe_id", probe_ids)
    sql = (
        f"SELECT location, date, slots, checks, last_failure_at, {listed('probe_id')} FROM probes_probeday "  # noqa: S608 -- our own names
        f"WHERE {some} AND date IN (%s, %s) GROUP BY 1, 2, 3, 4, 5"
    )
    for location, text, slots, packed, last, pks in fetch(sql, keys, min(parts), max(parts)):
        day, states = day_of(text), bytes(slots)
        made, failed_at = checks_of_part(reading.span, day, bytes(packed), moment_or_none(last))
        alike = numbers_of(pks)
        if knows_earlier(reading.span, day, states):
            reading.measured_before.update(alike)
        for pk in alike:
            reading.locations[pk].add(location)
            reading.days[pk, day].append(states)
            reading.made[pk].add(made, failed_at)


def _read_states(reading: _Reading, overlays: Overlays) -> None:
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
    rows = ProbeDay.objects.filter(probe_id__in=any_of(some), date__gte=since, date__lt=until).order_by()
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
        probe = reading.probes[pk]
        combined = states[0] if len(states) == 1 else by_quorum(states, probe.quorum)
        if pk in starts and overlays.touches(probe.component_id):
            combined = left_out(combined, overlays.of(probe.component_id, day, since=starts[pk]))
        reading.tallies.add((pk,), day, combined)


def _starts(reading: _Reading) -> dict[int, datetime]:
    """When each was first measured, or for those that were measured before the span, its begin."""
    starts = dict.fromkeys(reading.measured_before, reading.span.begin)
    first_days = {pk: probe.first_day for pk, probe in reading.probes.items() if pk not in starts}
    inside = begin_inside(first_days, reading.span)
    if not inside:
        return starts | starts_of(first_days, ())
    rows = ProbeDay.objects.filter(probe_id__in=any_of(inside), date__in=set(inside.values()))
    return starts | starts_of(first_days, rows.order_by().values_list("probe_id", "date", "slots"))


def _window(reading: _Reading, pk: int, start: datetime | None) -> ProbeWindow:
    made = reading.made[pk]
    return ProbeWindow(
        slots=reading.tallies.total(pk, start),
        ok=made.ok,
        fail=made.down,
        errors=made.error,
        last_result_at=reading.probes[pk].last_result_at,
        last_failure_at=made.last_failure_at,
    )
