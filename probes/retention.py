"""What is old enough to go: raw results after days, slots after a year; the days themselves stay."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from probes.metrics.retention import delete_old_points
from probes.models import ProbeLocation, ProbeResult, Slot
from probes.partitions import DEFAULT_PARTITION, create_partitions, drop_partitions, is_partitioned
from statuspage.core import clock

CHUNK = 10_000


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
    _delete_slots(now - timedelta(days=settings.PROBE_SLOT_RETENTION_DAYS))
    delete_old_points(before=now - timedelta(days=settings.METRIC_RETENTION_DAYS))


def _delete_slots(before: datetime) -> None:
    old = Slot.objects.filter(starts_at__lt=before, is_folded=True)
    while keys := list(old.values_list("pk", flat=True)[:CHUNK]):
        Slot.objects.filter(pk__in=keys).delete()
