"""Who checks what now: due probes are claimed under a lease, and a lease that was not kept expires.

The database is the schedule. A tick that comes twice, a second beat or a second worker finds nothing to claim; a
worker that dies leaves leases that run out, after which the probe is claimed again at its next turn.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.db.models import Q

from probes.bulk import update_rows
from probes.models import ProbeLocation
from probes.schedule import next_turn
from statuspage.core import clock

BATCH_SIZE = 500
# Beyond the longest timeout of the batch: waiting in the queue and for the database.
LEASE_MARGIN = timedelta(seconds=20)
# No lease is longer than that; one that seems to be was made before our clock was set back.
LONGEST_LEASE = timedelta(minutes=5)
LEASE_FIELDS = ["scheduled_at", "last_scheduled_at", "next_due_at", "missed", "lease", "leased_until"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was claimed under one lease."""

    lease: str
    size: int
    leased_until: datetime


def claim_due(location: str, *, limit: int = BATCH_SIZE) -> Batch | None:
    """Lease what is due at this location, the longest overdue first. None if nothing is. Two queries."""
    now = clock.now()
    with transaction.atomic():
        rows = list(_due(location, now)[:limit])
        if not rows:
            return None
        batch = Batch(
            lease=secrets.token_hex(16),
            size=len(rows),
            leased_until=now + max(row.probe.timeout for row in rows) + LEASE_MARGIN,
        )
        for row in rows:
            if row.next_due_at is None:  # pragma: no cover -- the query leaves them out
                continue
            turn = next_turn(row.next_due_at, now=now, grid=row.probe.grid(location))
            row.scheduled_at = turn.scheduled_at
            if row.last_scheduled_at is not None and turn.scheduled_at <= row.last_scheduled_at:
                # Our clock was set back, and this turn has been once already: its result must not look repeated.
                row.scheduled_at, row.last_scheduled_at = now, None
            row.next_due_at = turn.next_due_at
            # A lease that is still there ran out: whoever held it never recorded its check.
            row.missed += turn.missed + bool(row.lease)
            row.lease = batch.lease
            row.leased_until = batch.leased_until
        update_rows(ProbeLocation, rows, LEASE_FIELDS)
    return batch


def leased_rows(lease: str) -> list[ProbeLocation]:
    """The rows under this lease with their probe and its heartbeat; none when it has run out. One query."""
    return list(
        ProbeLocation.objects.filter(lease=lease, leased_until__gt=clock.now())
        .select_related("probe__heartbeat")
        .order_by("pk")
    )


@transaction.atomic
def resync() -> int:
    """After our clock was set back: what is due only later than one interval from now returns to its grid.

    Returns how many. One query while the clock is right.
    """
    now = clock.now()
    far = Q(next_due_at__gt=now + LONGEST_LEASE) | Q(leased_until__gt=now + LONGEST_LEASE)
    rows = [
        row
        for row in ProbeLocation.objects.select_for_update(of=("self",)).filter(far).select_related("probe")
        if _is_from_the_future(row, now)
    ]
    for row in rows:
        row.next_due_at = row.probe.grid(row.location).after(now)
        row.lease, row.leased_until = "", None
    update_rows(ProbeLocation, rows, ["next_due_at", "lease", "leased_until"])
    return len(rows)


def _is_from_the_future(row: ProbeLocation, now: datetime) -> bool:
    if row.next_due_at is None:
        return False
    leased_too_long = row.leased_until is not None and row.leased_until > now + LONGEST_LEASE
    return leased_too_long or row.next_due_at > now + row.probe.interval


def _due(location: str, now: datetime) -> "models.QuerySet[ProbeLocation]":
    rows = (
        ProbeLocation.objects.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))
        .filter(location=location, next_due_at__lte=now)
        .select_related("probe")
        .order_by("next_due_at")
    )
    # On SQLite the immediate transaction is the lock.
    return (
        rows.select_for_update(of=("self",), skip_locked=True) if connection.features.has_select_for_update else rows
    )
