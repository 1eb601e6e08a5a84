"""The numbers of any window of time: every percentage, report and download is made of these.

A window is any two aware moments, of any zone; a slot belongs to the window in which it begins, so windows that follow
each other share none and lose none. Nothing after now counts; the slot that runs now counts once something is known of
it; nothing counts before the first measurement. Corrections are applied; checks are counted as they were made.
Whole days are summed in the database, and at most two days in part are cut out of their 288 bytes.
"""

from collections.abc import Collection
from datetime import date, datetime

from components.uptime import SlotCounts
from probes.models import ComponentDay
from probes.series_days import first_days_of
from probes.series_intervals import Interval, component_intervals
from probes.series_latency import latency_histogram
from probes.series_probes import ProbeWindow, probe_counts
from probes.series_reading import among, day_of, fetch, listed, numbers_of
from probes.series_span import Span, month_window, rolling, span_of
from probes.series_tally import NOTHING, Tallies, begin_inside, starts_of
from probes.series_writing import any_of
from statuspage.core import clock

__all__ = [
    "Interval",
    "ProbeWindow",
    "component_counts",
    "component_intervals",
    "latency_histogram",
    "month_window",
    "probe_counts",
    "rolling",
]

FEW_DAYS = 100
SUMS = "SUM(good), SUM(bad), SUM(degraded), SUM(maintenance), SUM(excluded)"


def component_counts(component_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, SlotCounts]:
    """How each component's slots in the window count.

    At most two queries, one for a few components and days; one more for components that are not seen to have been
    measured before it, and another for those that begin in it.
    """
    span = span_of(begin, end, clock.now())
    if span.is_empty:
        return dict.fromkeys(component_ids, NOTHING)
    tallies = Tallies(span)
    since, until = span.whole_days
    if (until - since).days * len(component_ids) <= FEW_DAYS:
        # Another query would cost more than to look at every slot.
        _add_days(tallies, component_ids, "date BETWEEN %s AND %s", span.begin.date(), span.end.date())
    else:
        if span.parts:
            _add_days(tallies, component_ids, "date IN (%s, %s)", min(span.parts), max(span.parts))
        _add_sums(tallies, component_ids, since, until)
    starts = dict.fromkeys(tallies.measured_before, span.begin)
    starts |= _starts([pk for pk in component_ids if pk not in starts], span)
    return {pk: tallies.total(pk, starts.get(pk)) for pk in component_ids}


def _starts(component_ids: Collection[int], span: Span) -> dict[int, datetime]:
    """When each was first measured; looked up one by one, so asked only where it matters."""
    first_days = first_days_of(component_ids) if component_ids else {}
    inside = begin_inside(first_days, span)
    if not inside:
        return starts_of(first_days, ())
    days = ComponentDay.objects.filter(component_id__in=any_of(inside), date__in=set(inside.values())).order_by()
    return starts_of(first_days, days.values_list("component_id", "date", "slots"))


def _add_sums(tallies: Tallies, component_ids: Collection[int], since: date, until: date) -> None:
    some, keys = among("component_id", component_ids)
    sql = f"SELECT component_id, {SUMS} FROM probes_componentday WHERE {some} AND date >= %s AND date < %s GROUP BY 1"  # noqa: S608 -- our own names
    for pk, *sums in fetch(sql, keys, since, until):
        tallies.sums[pk] = tuple(sums)


def _add_days(tallies: Tallies, component_ids: Collection[int], condition: str, first: date, last: date) -> None:
    """Most components' days are alike: each different one is fetched once, with those that had it."""
    some, keys = among("component_id", component_ids)
    sql = (
        f"SELECT date, slots, {listed('component_id')} FROM probes_componentday "  # noqa: S608 -- our own names
        f"WHERE {some} AND {condition} GROUP BY date, slots"
    )
    for day, slots, pks in fetch(sql, keys, first, last):
        tallies.add(numbers_of(pks), day_of(day), bytes(slots))
