"""What is old enough to go: results and slots after days, latencies by the hour after months; days stay for ever."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction

from incidents.signals import delete_old_signals
from probes.metrics.retention import delete_old_points
from probes.models import ProbeDay, ProbeLocation, ProbeResult, Slot
from probes.partitions import DEFAULT_PARTITION, create_partitions, drop_partitions, is_partitioned
from probes.series_folding import DayKey
from probes.series_span import midnight
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict

DAY = timedelta(days=1)
# A day of a probe has 288 slots: so many are deleted at once.
DAYS_AT_ONCE = 100
IDENTITY = ("pk", "probe_id", "location", "date")


def apply_retention() -> None:
    """Delete what is past its time, and make the coming days' partitions. Safe at any time and twice at once."""
    now = clock.now()
    results_before = now - timedelta(days=settings.PROBE_RESULT_RETENTION_DAYS)
    create_partitions(now.date())
    if is_partitioned():
        drop_partitions(results_before.date())
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {DEFAULT_PARTITION} WHERE scheduled_at < %s",  # noqa: S608 -- our own name
                [results_before],
            )
    else:
        # Probe by probe: each delete follows the primary key and holds SQLite's one writer only shortly.
        for probe_id, location in ProbeLocation.objects.values_list("probe_id", "location"):
            ProbeResult.objects.filter(probe_id=probe_id, location=location, scheduled_at__lt=results_before).delete()
    close_days(before=now.date() - timedelta(days=settings.PROBE_SLOT_RETENTION_DAYS))
    old = ProbeDay.objects.filter(date__lt=now.date() - timedelta(days=settings.PROBE_HOUR_RETENTION_DAYS))
    old.exclude(hours=b"").update(hours=b"")
    delete_old_points(before=now - timedelta(days=settings.METRIC_RETENTION_DAYS))
    delete_old_signals(before=now - timedelta(days=settings.SIGNAL_RETENTION_DAYS))


def close_days(*, before: date) -> None:
    """Delete the slots of days that have all that is in them. What comes for such a day later is added to it."""
    last = 0
    while True:
        some = ProbeDay.objects.filter(is_closed=False, is_dirty=False, date__lt=before, pk__gt=last).order_by("pk")
        keys = list(some.values_list("pk", flat=True)[:DAYS_AT_ONCE])
        if not keys:
            return
        _close(keys)
        last = keys[-1]


@retry_on_conflict
@transaction.atomic
def _close(keys: list[int]) -> None:
    # Locked and asked again: a result that comes just now has made its day dirty, or waits until the day is closed.
    rows = ProbeDay.objects.select_for_update().filter(pk__in=keys, is_closed=False, is_dirty=False).order_by("pk")
    days = {(probe_id, location, day): pk for pk, probe_id, location, day in rows.values_list(*IDENTITY)}
    for key in _unfolded(days):
        days.pop(key, None)
    by_place: dict[tuple[str, date], list[int]] = defaultdict(list)
    for probe_id, location, day in days:
        by_place[location, day].append(probe_id)
    for (location, day), probe_ids in by_place.items():
        begin = midnight(day)
        Slot.objects.filter(
            probe_id__in=probe_ids, location=location, starts_at__gte=begin, starts_at__lt=begin + DAY
        ).delete()
    ProbeDay.objects.filter(pk__in=days.values()).update(is_closed=True)


def _unfolded(days: Iterable[DayKey]) -> set[DayKey]:
    """Those days of which a slot waits to be folded."""
    wanted = set(days)
    slots = Slot.objects.filter(probe_id__in={probe_id for probe_id, _, _ in wanted}, is_folded=False)
    found = {(pk, location, at.date()) for pk, location, at in slots.values_list("probe_id", "location", "starts_at")}
    return wanted & found
