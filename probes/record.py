"""What a batch of checks found becomes true in one transaction, once.

Raw results first: only rows that were really inserted move slots and state, so that a repeated delivery or a second
worker cannot count twice. Then slots, then the state machine, then, where a verdict changed, claims and incidents.
If anything fails, all of it is rolled back, the lease runs out, and nothing was recorded as down.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from components.services import lock_components
from components.uptime import EMPTY_DAY, SlotState, slot_of, slot_state
from incidents.maintenance import components_in_maintenance
from probes.bulk import insert_results, update_rows
from probes.checkers.base import CheckResult
from probes.distrust import distrust
from probes.enums import Outcome
from probes.freshness import is_stale
from probes.histogram import bucket_of, decode, encode
from probes.measured import Measured
from probes.models import DETAIL_LENGTH, ProbeDay, ProbeLocation, ProbeResult, Slot
from probes.outages import Change, announce, settle
from probes.rules.effects import renew_sentences
from probes.rules.effects import restate as restate_rules
from probes.rules.recording import move_rules
from probes.series_folding import is_over
from probes.states import Track, advance, forget, recheck_after
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.text import clean_line

# The slots of yesterday and today are always there (PROBE_SLOT_RETENTION_DAYS).
NEVER_CLOSED = timedelta(days=1)
# Thousands that fail in the same minute would otherwise be asked three times in it, and delay those that are well.
QUICK_AT_ONCE = 20

STATE_FIELDS = [
    "next_due_at",
    "lease",
    "leased_until",
    "state",
    "failures",
    "successes",
    "slow",
    "quick",
    "errors",
    "is_slow",
    "first_failure_at",
    "first_success_at",
    "last_scheduled_at",
    "last_result_at",
    "last_outcome",
    "last_latency_ms",
    "last_detail",
]


@retry_on_conflict
@transaction.atomic
def record_batch(*, location: str, measured: Sequence[Measured]) -> int:
    """Record what was measured at a location, at most one result a probe. Returns how many were new.

    A result gives back the lease it was measured under. Seven queries while no verdict changes, however many results.
    """
    now = clock.now()
    rows = _lock_rows(location, [one.probe_id for one in measured])
    believed = distrust([one for one in measured if one.probe_id in rows], rows, location=location)
    new = insert_results([_raw(one, location) for one in believed])
    fresh = [one for one in believed if one.probe_id in new]
    in_maintenance = components_in_maintenance()
    _count(fresh, rows, in_maintenance, now)
    changes = [
        _move(rows[one.probe_id], one, now, in_maintenance=rows[one.probe_id].probe.component_id in in_maintenance)
        for one in fresh
    ]
    _look_again_soon(fresh, rows, now)
    for one in measured:
        row = rows.get(one.probe_id)
        if row is not None and row.lease == one.lease:
            row.lease, row.leased_until = "", None
    update_rows(ProbeLocation, list(rows.values()), STATE_FIELDS)
    announced = [change for change in changes if change.matters]
    rules = move_rules(fresh, rows, now, in_maintenance=in_maintenance)
    if rules.components:
        # All of them before the first claim: whoever changes one also writes the page's row.
        lock_components([*(change.row.probe.component for change in announced), *rules.components])
    announce(announced)
    restate_rules(rules.told, now=now)
    renew_sentences(rules.renewed)
    settle([change.row.probe.component for change in changes])
    return len(fresh)


def _lock_rows(location: str, probe_ids: Iterable[int]) -> dict[int, ProbeLocation]:
    rows = (
        ProbeLocation.objects.select_for_update(of=("self",))
        .filter(location=location, probe_id__in=list(probe_ids))
        .select_related("probe__component", "probe__severity")
        .order_by("pk")
    )
    return {row.probe_id: row for row in rows}


def _raw(one: Measured, location: str) -> ProbeResult:
    result = one.result
    return ProbeResult(
        probe_id=one.probe_id,
        location=location,
        scheduled_at=one.scheduled_at,
        started_at=one.started_at,
        outcome=result.outcome,
        latency_ms=result.latency_ms,
        value=result.value,
        detail="" if result.outcome is Outcome.UP else _detail(result),
    )


def _detail(result: CheckResult) -> str:
    return clean_line(result.detail)[:DETAIL_LENGTH]


def _count(
    fresh: Sequence[Measured], rows: Mapping[int, ProbeLocation], in_maintenance: set[int], now: datetime
) -> None:
    """Add these results to their five minutes. Two queries; one or two more when some came very late."""
    if not fresh:
        return
    location = rows[fresh[0].probe_id].location
    # Before the slots are read: days whose slots may be gone are held, so that they are not closed meanwhile.
    newest = now.date() - NEVER_CLOSED
    _mark_dirty({(one.probe_id, slot_of(one.scheduled_at).date()) for one in fresh}, location, before=newest)
    known = (
        # Locked, so that the roll-up does not fold a slot between our reading and our writing it.
        Slot.objects.select_for_update()
        .filter(
            location=location,
            probe_id__in=[one.probe_id for one in fresh],
            starts_at__in={slot_of(one.scheduled_at) for one in fresh},
        )
        .order_by("pk")
    )
    slots = {(slot.probe_id, slot.starts_at): slot for slot in known}
    _mark_dirty({(slot.probe_id, slot.starts_at.date()) for slot in slots.values() if slot.is_folded}, location)
    touched = []
    for one in fresh:
        starts_at = slot_of(one.scheduled_at)
        slot = slots.get((one.probe_id, starts_at)) or Slot(
            probe_id=one.probe_id, location=location, starts_at=starts_at
        )
        probe = rows[one.probe_id].probe
        _add(slot, one, probe.failure_threshold, now, in_maintenance=probe.component_id in in_maintenance)
        touched.append(slot)
    Slot.objects.bulk_create(
        # The key is left to the database: the row is found by what it is about.
        [_without_key(slot) for slot in touched],
        update_conflicts=True,
        unique_fields=["probe", "location", "starts_at"],
        update_fields=[
            *("up", "degraded", "down", "error", "histogram", "last_failure_at", "in_maintenance", "is_changed")
        ],
    )


def _mark_dirty(keys: set[tuple[int, date]], location: str, *, before: date = date.max) -> None:
    """These days are made anew by the next roll-up."""
    days = [
        ProbeDay(probe_id=probe_id, location=location, date=day, slots=EMPTY_DAY, is_dirty=True)
        for probe_id, day in sorted(keys)
        if day < before
    ]
    if days:
        ProbeDay.objects.bulk_create(
            days,
            update_conflicts=True,
            unique_fields=["probe", "location", "date"],
            update_fields=["is_dirty"],
        )


def _add(slot: Slot, one: Measured, failure_threshold: int, now: datetime, *, in_maintenance: bool) -> None:
    result, before = one.result, _state(slot, failure_threshold, now)
    outcome = result.outcome
    slot.up += outcome is Outcome.UP
    slot.degraded += outcome is Outcome.DEGRADED
    slot.down += outcome is Outcome.DOWN
    slot.error += outcome is Outcome.ERROR
    slot.in_maintenance = slot.in_maintenance or in_maintenance
    if outcome is Outcome.DOWN:
        slot.last_failure_at = max(one.scheduled_at, slot.last_failure_at or one.scheduled_at)
    if result.latency_ms is not None and outcome in {Outcome.UP, Outcome.DEGRADED}:
        slot.histogram = encode(decode(bytes(slot.histogram)) + Counter({bucket_of(result.latency_ms): 1}))
    if slot.pk is not None and _state(slot, failure_threshold, now) is before:
        # The day shows it as it is, or will soon.
        return
    slot.is_changed = True


def _state(slot: Slot, failure_threshold: int, now: datetime) -> SlotState:
    return slot_state(
        up=slot.up,
        degraded=slot.degraded,
        down=slot.down,
        failure_threshold=failure_threshold,
        in_maintenance=slot.in_maintenance,
        is_running=not is_over(slot.starts_at, now),
    )


def _without_key(slot: Slot) -> Slot:
    slot.pk = None
    return slot


def _move(row: ProbeLocation, one: Measured, now: datetime, *, in_maintenance: bool) -> Change:
    """Move the row's state by one result. A late one, or one of a probe paused meanwhile, moves nothing."""
    old = row.track
    is_late = row.last_scheduled_at is not None and one.scheduled_at <= row.last_scheduled_at
    if is_late or not row.probe.is_active:
        return Change(row=row, old=old, new=old)
    # After a silence of ours nothing is "in a row" any more.
    base = forget(old) if is_stale(row.last_result_at, row.probe.interval, now) else old
    # In maintenance nothing is concluded, and counting starts anew when it is over.
    new = (
        Track()
        if in_maintenance
        else advance(base, one.result.outcome, at=one.scheduled_at, rules=row.probe.thresholds)
    )
    row.track = new
    row.last_scheduled_at = one.scheduled_at
    row.last_result_at = now
    row.last_outcome = one.result.outcome
    row.last_latency_ms = one.result.latency_ms
    row.last_detail = _detail(one.result)
    return Change(row=row, old=old, new=new)


def _look_again_soon(fresh: Sequence[Measured], rows: Mapping[int, ProbeLocation], now: datetime) -> None:
    """Bring forward the next check of what has just become doubtful; of a few at once, the others keep their turn."""
    left = QUICK_AT_ONCE
    for one in fresh:
        row = rows[one.probe_id]
        again = recheck_after(row.track, row.probe.interval)
        if again is None or row.next_due_at is None or row.last_scheduled_at != one.scheduled_at:
            continue
        if not left:
            return
        left -= 1
        row.next_due_at = min(row.next_due_at, max(one.scheduled_at + again, now))
