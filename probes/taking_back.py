"""Failures of the moment in which our own line broke, recorded before that could be seen: they are taken back.

Results are recorded as they end, so the first few of such a moment are counted as failures before enough others have
failed too. Once that is known they become what those are, errors of our own. What they proved by themselves stands: a
probe that is down by a single failure stays so until its next result, as does a rule that fires after one.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from components.uptime import SLOT, slot_of
from probes.bulk import update_rows
from probes.enums import Outcome, RuleKind
from probes.models import ProbeLocation, ProbeResult, RuleState, Slot
from probes.states import ProbeState, Track

DOWN_STATES = frozenset({ProbeState.DOWN, ProbeState.RECOVERING})
FIELDS = ["state", "failures", "errors", "first_failure_at", "last_outcome", "last_latency_ms", "last_detail"]
# Each costs a few queries. As many as these in one go are known for what they are before they are recorded.
MOST = 200


def take_back(location: str, probe_ids: Collection[int], *, since: datetime, detail: str) -> int:
    """Make errors of the newest results of these probes, where they are failures. Returns of how many.

    Only of what was recorded since then and proved nothing. Rows that somebody else records at this moment are left
    to their next results. A few queries for each.
    """
    taken = [row for row in _failing(location, probe_ids, since) if _count_as_error(row, detail)]
    for row in taken:
        row.track = _without_failure(row.track)
        row.last_outcome, row.last_latency_ms, row.last_detail = Outcome.ERROR, None, detail
    update_rows(ProbeLocation, taken, FIELDS)
    _forget_in_rules(location, [row.probe_id for row in taken])
    return len(taken)


def _failing(location: str, probe_ids: Collection[int], since: datetime) -> QuerySet[ProbeLocation]:
    rows = ProbeLocation.objects.filter(
        location=location, probe_id__in=probe_ids, last_outcome=Outcome.DOWN, last_result_at__gte=since
    ).exclude(state__in=DOWN_STATES)
    if connection.features.has_select_for_update:
        # We hold rows of our own already: waiting for those of another could wait for ever.
        rows = rows.select_for_update(skip_locked=True)
    return rows.order_by("pk")[:MOST]


def _count_as_error(row: ProbeLocation, detail: str) -> bool:
    """In the raw result and in its slot. Whether it could be: not where the slot is folded already."""
    if row.last_scheduled_at is None:
        return False
    starts_at = slot_of(row.last_scheduled_at)
    slots = Slot.objects.filter(
        probe=row.probe_id, location=row.location, starts_at=starts_at, is_folded=False, down__gt=0
    )
    if not slots.update(down=F("down") - 1, error=F("error") + 1, is_changed=True):
        return False
    results = ProbeResult.objects.filter(probe=row.probe_id, location=row.location, outcome=Outcome.DOWN)
    results.filter(scheduled_at=row.last_scheduled_at).update(outcome=Outcome.ERROR, latency_ms=None, detail=detail)
    left = results.filter(scheduled_at__gte=starts_at, scheduled_at__lt=starts_at + SLOT)
    slots = Slot.objects.filter(probe=row.probe_id, location=row.location, starts_at=starts_at)
    slots.update(last_failure_at=left.order_by("-scheduled_at").values_list("scheduled_at", flat=True).first())
    return True


def _without_failure(track: Track) -> Track:
    """As if the last result had been an error. What its failure had forgotten of successes is not known any more."""
    if track.failures > 1:
        return replace(track, failures=track.failures - 1, errors=track.errors + 1)
    state = ProbeState.UP if track.state is ProbeState.SUSPECT else track.state
    return replace(track, state=state, failures=0, errors=track.errors + 1, first_failure_at=None)


def _forget_in_rules(location: str, probe_ids: Collection[int]) -> None:
    counting = RuleState.objects.filter(
        location=location,
        rule__probe__in=probe_ids,
        rule__kind=RuleKind.CONSECUTIVE_FAILURES,
        is_firing=False,
    )
    counting.filter(failures=1).update(failures=0, since=None, last_value=None)
    counting.filter(failures__gt=1).update(failures=F("failures") - 1, last_value=F("last_value") - 1)
