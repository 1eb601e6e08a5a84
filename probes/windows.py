"""The numbers of any window of time: every percentage, report and download is made of these.

A window is any two aware moments, of any zone; a slot belongs to the window in which it begins, so windows that follow
each other share none and lose none. Nothing after now counts; the slot that runs now counts once something is known of
it; nothing counts before the first measurement. Corrections are applied; checks are counted as they were made.
Whole days are summed in the database, and at most two days in part are cut out of their 288 bytes.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Sum

from components.uptime import SlotCounts
from probes.models import ComponentDay
from probes.series_days import first_days_of
from probes.series_intervals import Interval, component_intervals
from probes.series_latency import latency_histogram
from probes.series_probes import ProbeWindow, probe_counts
from probes.series_span import month_window, rolling, span_of
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


def component_counts(component_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, SlotCounts]:
    """How each component's slots in the window count.

    Three queries, two for a few components and days; one more for components that begin in it.
    """
    span = span_of(begin, end, clock.now())
    if span.is_empty:
        return dict.fromkeys(component_ids, NOTHING)
    some = any_of(component_ids)
    days = ComponentDay.objects.filter(component_id__in=some).order_by()
    tallies = Tallies(span)
    since, until = span.whole_days
    if (until - since).days * len(component_ids) <= FEW_DAYS:
        # Another query would cost more than to look at every slot.
        cut = days.filter(date__gte=span.begin.date(), date__lte=span.end.date())
    else:
        cut = days.filter(date__in=span.parts)
        sums = days.filter(date__gte=since, date__lt=until).values_list("component_id")
        for row in sums.annotate(Sum("good"), Sum("bad"), Sum("degraded"), Sum("maintenance"), Sum("excluded")):
            tallies.sums[row[0]] = row[1:]
    for component_id, day, slots in cut.values_list("component_id", "date", "slots"):
        tallies.add(component_id, day, bytes(slots))
    first_days = first_days_of(component_ids)
    inside = begin_inside(first_days, span)
    firsts = days.filter(component_id__in=any_of(inside), date__in=set(inside.values())) if inside else days.none()
    starts = starts_of(first_days, firsts.values_list("component_id", "date", "slots"))
    return {pk: tallies.total(pk, starts.get(pk)) for pk in component_ids}
