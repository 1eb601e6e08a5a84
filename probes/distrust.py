"""Nearly everything fails at once: our own line, resolver or machine is the likelier cause, and nothing is known.

What fails is compared with what else was measured from the same location at the same time, in whatever batch. Where
nine of ten fail, most of which were well before, their results become errors of our own: unknown, never down. Whoever
is on call is told, once. Checks of one or two hosts prove nothing of us, however many they are: a server that is gone
takes all of its checks with it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal
from probes.checkers.base import CheckResult
from probes.enums import REPORTING_KINDS, Outcome, ProbeKind
from probes.freshness import STALE_AT_LEAST, is_stale
from probes.measured import Measured
from probes.models import ProbeLocation
from probes.objectives.targets import host_of
from probes.states import ProbeState
from probes.taking_back import DOWN_STATES, take_back
from statuspage.core import clock

logger = logging.getLogger(__name__)

# Of fewer nothing can be said.
FEWEST = 10
# A machine that dies and the one behind it are not our own trouble.
FEWEST_HOSTS = 3
SHARE = 0.9
# With few probes this is how far back others are looked at.
LOOK_BACK = timedelta(seconds=15)
# What these find does not come over our line.
OWN_KINDS = frozenset({ProbeKind.HEARTBEAT, ProbeKind.WORKERS, ProbeKind.DISK})
NOT_COUNTED = "Not counted: nearly every check failed at the same moment, so the trouble is likely our own."
FINGERPRINT = "engine:distrust:"
GOOD = frozenset({Outcome.UP, Outcome.DEGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One result: of which host, whether it failed, whether the probe was down before, and when it came."""

    host: str
    failed: bool
    was_down: bool
    at: datetime
    probe_id: int = 0


def is_our_own(seen: Sequence[Seen]) -> bool:
    """Whether so much of it failed that the trouble is likely ours; what was down before proves nothing."""
    failed = sum(one.failed for one in seen)
    down_before = sum(one.was_down for one in seen)
    if len(seen) < FEWEST or failed < SHARE * len(seen) or down_before * 2 >= len(seen):
        return False
    return len({one.host for one in seen if one.failed}) >= FEWEST_HOSTS


def distrust(measured: list[Measured], rows: Mapping[int, ProbeLocation], *, location: str) -> list[Measured]:
    """The results, with those made errors that are not to be believed. One query where nearly all of these fail.

    What was recorded of the same moment before that could be known is taken back.
    """
    remote = [one for one in measured if rows[one.probe_id].probe.kind not in OWN_KINDS]
    down = [one for one in remote if one.result.outcome is Outcome.DOWN]
    if not down or sum(one.result.outcome not in GOOD for one in remote) < SHARE * len(remote):
        return measured
    seen = [_seen(one, rows[one.probe_id]) for one in remote]
    if sum(one.was_down for one in seen) * 2 >= len(seen):
        return measured
    now = clock.now()
    others = _others(location, {one.probe_id for one in measured}, since=now - LOOK_BACK)
    # What came in since the first of these began, and where that is too little, a while back.
    since = min(one.started_at for one in down)
    beside = [one for one in others if one.at >= since]
    if len(seen) + len(beside) < FEWEST:
        beside = others
    if not is_our_own([*seen, *beside]):
        return measured
    failed = [one.probe_id for one in beside if one.failed]
    take_back(location, failed, since=min(since, now - LOOK_BACK), detail=NOT_COUNTED)
    ours = {one.probe_id for one in down}
    _tell(location, len(ours) + _not_counted(location, apart_from=ours, now=now), down[0].result.detail)
    error = CheckResult(outcome=Outcome.ERROR, latency_ms=None, detail=NOT_COUNTED)
    return [replace(one, result=error) if one.probe_id in ours else one for one in measured]


def sweep() -> None:
    """Tell of probes that cannot be made at all; end what was told once all of them can. Two queries when well."""
    now = clock.now()
    blind: dict[str, list[ProbeLocation]] = {}
    failing = ProbeLocation.objects.active().filter(last_outcome=Outcome.ERROR, errors__gt=0)
    # A heartbeat that is still waited for is no trouble of anybody's.
    for row in failing.exclude(probe__kind__in=REPORTING_KINDS).select_related("probe"):
        if row.errors >= row.probe.failure_threshold and not is_stale(row.last_result_at, row.probe.interval, now):
            blind.setdefault(row.location, []).append(row)
    for location, rows in blind.items():
        _tell(location, len(rows), rows[0].last_detail)
    firing = Signal.objects.unresolved().filter(fingerprint__startswith=FINGERPRINT, last_at__lt=now - LOOK_BACK)
    for fingerprint in firing.values_list("fingerprint", flat=True):
        if fingerprint.removeprefix(FINGERPRINT) not in blind:
            resolve_signal(fingerprint=fingerprint)


def _seen(one: Measured, row: ProbeLocation) -> Seen:
    return Seen(
        host=_host(one.probe_id, row.probe.config),
        failed=one.result.outcome not in GOOD,
        was_down=ProbeState(row.state) in DOWN_STATES,
        at=one.started_at,
    )


def _host(probe_id: int, config: Mapping[str, Any]) -> str:
    """What names no host stands for itself."""
    return host_of(config) or f"#{probe_id}"


def _not_counted(location: str, *, apart_from: set[int], now: datetime) -> int:
    """How many others there are whose newest result is not counted: the same trouble, in batches before this one."""
    rows = ProbeLocation.objects.active().filter(
        location=location, last_detail=NOT_COUNTED, last_result_at__gte=now - STALE_AT_LEAST
    )
    return rows.exclude(probe__in=apart_from).count()


def _others(location: str, apart_from: set[int], *, since: datetime) -> list[Seen]:
    rows = (
        ProbeLocation.objects.active()
        .filter(location=location, last_result_at__gte=since)
        .exclude(probe__kind__in=OWN_KINDS)
        .values_list("probe_id", "probe__config", "last_outcome", "state", "last_result_at")
    )
    return [
        Seen(
            host=_host(probe_id, config),
            failed=outcome not in GOOD,
            was_down=state in DOWN_STATES,
            at=at,
            probe_id=probe_id,
        )
        for probe_id, config, outcome, state, at in rows
        if probe_id not in apart_from and at is not None
    ]


def _tell(location: str, count: int, detail: str) -> None:
    what = "check fails" if count == 1 else "checks fail"
    title = f"{count} {what} at {location} for reasons of our own"
    logger.error("%s, the first with %r: unknown, not down.", title, detail)
    raise_signal(
        source=SignalSource.ENGINE,
        fingerprint=f"{FINGERPRINT}{location}",
        title=title,
        detail=detail,
        evidence={"location": location, "checks": count},
    )
