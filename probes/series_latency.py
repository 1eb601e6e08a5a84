"""The latencies of components over a window, as one histogram each."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime

from probes.histogram import decode
from probes.models import ProbeDay, Slot
from probes.series import SLOTS_AN_HOUR, unpack_hours
from probes.series_span import span_of
from probes.series_writing import any_of
from statuspage.core import clock


def latency_histogram(component_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, Counter[int]]:
    """Merged over the probes and locations of each component. Three queries.

    Days that are only in part in the window are read by the hour, each in the window in which it begins; once a day
    has lost its hours, the whole of it is in the window in which it begins. What is in no day yet is read by the slot.
    """
    found: dict[int, Counter[int]] = {pk: Counter() for pk in component_ids}
    span = span_of(begin, end, clock.now())
    if span.is_empty:
        return found
    days = ProbeDay.objects.filter(probe__component_id__in=any_of(component_ids)).order_by()
    since, until = span.whole_days
    alike: dict[tuple[int, bytes], int] = defaultdict(int)
    for pk, data in days.filter(date__gte=since, date__lt=until).values_list("probe__component_id", "histogram"):
        alike[pk, bytes(data)] += 1
    for (pk, data), times in alike.items():
        for bucket, count in decode(data).items():
            found[pk][bucket] += count * times
    parts = span.parts
    rows = days.filter(date__in=parts).values_list("probe__component_id", "date", "hours", "histogram")
    for pk, day, hours, histogram in rows:
        first, last = parts[day]
        if hours:
            for hour in unpack_hours(bytes(hours))[-(-first // SLOTS_AN_HOUR) : -(-last // SLOTS_AN_HOUR)]:
                found[pk].update(hour)
        elif first == 0:
            found[pk].update(decode(bytes(histogram)))
    slots = Slot.objects.filter(
        probe__component_id__in=any_of(component_ids),
        is_folded=False,
        starts_at__gte=span.begin,
        starts_at__lt=span.end,
    )
    for pk, data in slots.order_by().values_list("probe__component_id", "histogram"):
        found[pk].update(decode(bytes(data)))
    return found
