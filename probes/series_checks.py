"""The checks of probes over a window as they were made, whatever their slots count as: at a third of the cost."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from components.uptime import SLOT
from probes.series import checks_between, unpack_checks
from probes.series_reading import among, day_of, fetch, listed, moment_or_none, numbers_of
from probes.series_span import Span, midnight, span_of
from statuspage.core import clock

SUMS = "SUM(up), SUM(degraded), SUM(down), SUM(error), MAX(last_failure_at)"


@dataclass(slots=True)
class Made:
    """The checks of one probe, added up."""

    up: int = 0
    degraded: int = 0
    down: int = 0
    error: int = 0
    last_failure_at: datetime | None = None

    @property
    def ok(self) -> int:
        return self.up + self.degraded

    def add(self, checks: Iterable[int], failed_at: datetime | None) -> None:
        up, degraded, down, error = checks
        self.up += up
        self.degraded += degraded
        self.down += down
        self.error += error
        if failed_at is not None and (self.last_failure_at is None or failed_at > self.last_failure_at):
            self.last_failure_at = failed_at


def probe_checks(probe_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, Made]:
    """The checks of each probe in the window, as in `probe_counts`; nothing of those without any. Three queries."""
    span = span_of(begin, end, clock.now())
    made: dict[int, Made] = defaultdict(Made)
    if not span.is_empty:
        _add_whole_days(probe_ids, span, made)
        _add_parts(probe_ids, span, made)
        add_unfolded(probe_ids, span, made)
    return {pk: made[pk] for pk in probe_ids}


def last_results(probe_ids: Collection[int]) -> dict[int, datetime | None]:
    """When each probe was measured last, anywhere. One query."""
    some, keys = among("probe_id", probe_ids)
    sql = f"SELECT probe_id, MAX(last_result_at) FROM probes_probelocation WHERE {some} GROUP BY 1"  # noqa: S608 -- our own names
    return {pk: moment_or_none(newest) for pk, newest in fetch(sql, keys)}


def add_unfolded(probe_ids: Collection[int], span: Span, made: dict[int, Made]) -> None:
    """The checks that are in no day yet."""
    some, keys = among("probe_id", probe_ids)
    sql = (
        f"SELECT probe_id, {SUMS} FROM probes_slot "  # noqa: S608 -- our own names
        f"WHERE NOT is_folded AND {some} AND starts_at >= %s AND starts_at < %s GROUP BY 1"
    )
    for pk, *checks, failed_at in fetch(sql, keys, span.begin, span.end):
        made[pk].add(checks, moment_or_none(failed_at))


def checks_of_part(
    span: Span, day: date, packed: bytes, last_of_day: datetime | None
) -> tuple[tuple[int, int, int, int], datetime | None]:
    """Those slots of a day that are in the span, and the last failure in them."""
    checks = checks_between(packed, *span.parts[day])
    failed_at = _last_failure(span, day, packed, last_of_day) if checks.down else None
    return (checks.up, checks.degraded, checks.down, checks.error), failed_at


def _last_failure(span: Span, day: date, packed: bytes, last_of_day: datetime | None) -> datetime | None:
    if last_of_day is not None and span.begin <= last_of_day < span.end:
        return last_of_day
    index = unpack_checks(packed).last_failure(*span.of_day(day))
    return None if index is None else midnight(day) + index * SLOT


def _add_whole_days(probe_ids: Collection[int], span: Span, made: dict[int, Made]) -> None:
    since, until = span.whole_days
    if since >= until:
        return
    some, keys = among("probe_id", probe_ids)
    sql = f"SELECT probe_id, {SUMS} FROM probes_probeday WHERE {some} AND date >= %s AND date < %s GROUP BY 1"  # noqa: S608 -- our own names
    for pk, *checks, failed_at in fetch(sql, keys, since, until):
        made[pk].add(checks, moment_or_none(failed_at))


def _add_parts(probe_ids: Collection[int], span: Span, made: dict[int, Made]) -> None:
    """Most days are alike: each different one is fetched once, with the probes that had it."""
    parts = span.parts
    if not parts:
        return
    some, keys = among("probe_id", probe_ids)
    sql = (
        f"SELECT date, checks, last_failure_at, {listed('probe_id')} FROM probes_probeday "  # noqa: S608 -- our own names
        f"WHERE {some} AND date IN (%s, %s) GROUP BY 1, 2, 3"
    )
    for day, packed, last, pks in fetch(sql, keys, min(parts), max(parts)):
        checks, failed_at = checks_of_part(span, day_of(day), bytes(packed), moment_or_none(last))
        for pk in numbers_of(pks):
            made[pk].add(checks, failed_at)
