"""Heartbeats: other people's jobs tell us that they are alive.

The token in the address is the only secret, and only its hash is kept. The body is optional:
`{"failed_jobs": 0, "backlog": 12, "message": "…"}`, at most 10 kB. Where several workers have one token each says
which it is, by `"worker"` in the body or `?worker=` behind the address.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models, transaction

from probes.checkers.base import Report, Silence
from probes.checkers.workers import LONGEST_WORKER, WorkersConfig, worker_name
from probes.enums import REPORTING_KINDS, ProbeKind
from probes.freshness import is_stale
from probes.models import DETAIL_LENGTH, Heartbeat, Probe, ProbeLocation, WorkerHeartbeat
from statuspage.core import clock
from statuspage.core.durations import parse_duration
from statuspage.core.errors import Conflict, DomainError, NotFound, ValidationFailed
from statuspage.core.text import clean_line
from statuspage.core.tokens import hash_token

LARGEST_BODY = 10_000
LARGEST_NUMBER = 2**53
MOST_WORKERS = 100


class TooManyWorkers(Conflict):
    title = "Too many workers under one token"


class HeartbeatTooLarge(DomainError):
    http_status = 413
    title = "The heartbeat is too large"


class HeartbeatEvent(StrEnum):
    """What the job says by the end of the address: nothing is that it is well."""

    ALIVE = "alive"
    START = "start"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatBody:
    failed_jobs: int | None = None
    backlog: int | None = None
    message: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a check of this kind has to know: who reported what, and when we last were away."""

    reports: tuple[Report, ...] = ()
    silence: Silence | None = None


NOTHING_REPORTED = Reported()


def parse_body(body: bytes) -> HeartbeatBody:
    """What a heartbeat brought; an empty body is nothing. Raises HeartbeatTooLarge or ValidationFailed."""
    if len(body) > LARGEST_BODY:
        raise HeartbeatTooLarge(f"A heartbeat may bring at most {LARGEST_BODY:,} bytes. Nothing was recorded.")
    if not body.strip():
        return HeartbeatBody()
    try:
        # `parse_constant` refuses NaN and Infinity, which are no JSON.
        data = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValidationFailed("body", "The body is not JSON. Send an object, or no body at all.") from None
    if not isinstance(data, dict):
        raise ValidationFailed("body", 'The body is not a JSON object such as {"failed_jobs": 0}.')
    return HeartbeatBody(
        failed_jobs=_number(data, "failed_jobs"),
        backlog=_number(data, "backlog"),
        message=_text(data, "message")[:DETAIL_LENGTH],
        worker=_text(data, "worker"),
    )


def probe_of(token: str) -> Probe:
    """The probe whose token this is. Raises NotFound, the same for every wrong token. One query."""
    probe = Probe.objects.active().filter(kind__in=REPORTING_KINDS, token_hash=hash_token(token)).first()
    if probe is None:
        raise NotFound("No heartbeat has this address. Compare it with the token in the configuration.")
    return probe


@transaction.atomic
def record_heartbeat(*, probe: Probe, event: HeartbeatEvent = HeartbeatEvent.ALIVE, body: HeartbeatBody) -> None:
    """Keep what the job said last. A start is remembered, but only its end says that the job is well.

    Of a probe of kind workers the body says which it is. Raises ValidationFailed where it does not, TooManyWorkers.
    """
    now = clock.now()
    beats: models.QuerySet[Heartbeat] | models.QuerySet[WorkerHeartbeat]
    if probe.kind == ProbeKind.WORKERS:
        beats = _row_of_worker(probe, body.worker, now)
    else:
        Heartbeat.objects.get_or_create(probe=probe)
        beats = Heartbeat.objects.filter(probe=probe)
    if event is HeartbeatEvent.START:
        beats.update(started_at=now)
        return
    beats.update(
        last_seen_at=now,
        failed=event is HeartbeatEvent.FAIL,
        message=body.message,
        failed_jobs=body.failed_jobs,
        backlog=body.backlog,
    )


def report_worker_heartbeat(*, if_silent_for: timedelta = timedelta(0)) -> int:
    """Our own worker is alive: tell every probe that watches it, or those that heard nothing for so long.

    Returns how many were told.
    """
    probes = Probe.objects.active().filter(kind=ProbeKind.HEARTBEAT, config__source="worker")
    if if_silent_for:
        probes = probes.exclude(heartbeat__last_seen_at__gt=clock.now() - if_silent_for)
    for probe in probes:
        record_heartbeat(probe=probe, body=HeartbeatBody())
    return len(probes)


def read(rows: Sequence[ProbeLocation]) -> dict[int, Reported]:
    """By probe, for those of these rows that wait for reports; `probe.heartbeat` is read with them.

    No query where there are none; one where there are workers, and a few where nobody looked for too long.
    """
    awaiting = [row for row in rows if row.probe.kind in REPORTING_KINDS]
    silences = _end_silences(awaiting)
    reports: dict[int, list[Report]] = {row.probe_id: [] for row in awaiting}
    workers = [row.probe_id for row in awaiting if row.probe.kind == ProbeKind.WORKERS]
    for beat in WorkerHeartbeat.objects.filter(probe__in=workers).order_by("worker") if workers else ():
        reports[beat.probe_id].append(_report(beat, worker=beat.worker))
    for row in awaiting:
        beat_of_job: Heartbeat | None = getattr(row.probe, "heartbeat", None)
        if beat_of_job is not None and row.probe.kind == ProbeKind.HEARTBEAT:
            reports[row.probe_id].append(_report(beat_of_job))
    return {
        row.probe_id: Reported(reports=tuple(reports[row.probe_id]), silence=silences.get(row.probe_id))
        for row in awaiting
    }


def _end_silences(rows: Sequence[ProbeLocation]) -> dict[int, Silence]:
    """The last silence of ours by probe. One that ends now is written down: nobody can have reported meanwhile."""
    now = clock.now()
    found: dict[int, Silence] = {}
    for row in rows:
        beat: Heartbeat | None = getattr(row.probe, "heartbeat", None)
        if beat is not None and beat.silence_begin is not None and beat.silence_end is not None:
            found[row.probe_id] = Silence(begin=beat.silence_begin, end=beat.silence_end)
    for row in [row for row in rows if is_stale(row.last_result_at, row.probe.interval, now)]:
        # Another location may have listened all the while.
        last = ProbeLocation.objects.filter(probe=row.probe_id).aggregate(last=models.Max("last_result_at"))["last"]
        if last is not None and is_stale(last, row.probe.interval, now):
            Heartbeat.objects.update_or_create(probe=row.probe, defaults={"silence_begin": last, "silence_end": now})
            found[row.probe_id] = Silence(begin=last, end=now)
    return found


def _report(beat: Heartbeat | WorkerHeartbeat, *, worker: str = "") -> Report:
    return Report(
        worker=worker,
        seen_at=beat.last_seen_at,
        failed=beat.failed,
        message=beat.message,
        failed_jobs=beat.failed_jobs,
        backlog=beat.backlog,
    )


def _row_of_worker(probe: Probe, name: str, now: datetime) -> "models.QuerySet[WorkerHeartbeat]":
    worker = worker_name(name)
    if not worker or len(worker) > LONGEST_WORKER:
        raise ValidationFailed(
            "worker",
            "Several workers report to this address: say which one it is, by ?worker=NAME behind the address or "
            f'"worker" in the body, in at most {LONGEST_WORKER} letters, digits and .:@/+-_ signs.',
        )
    row = WorkerHeartbeat.objects.filter(probe=probe, worker=worker)
    if not row.exists():
        _make_room(probe, worker, now)
        WorkerHeartbeat.objects.get_or_create(probe=probe, worker=worker)
    return row


def _make_room(probe: Probe, worker: str, now: datetime) -> None:
    """For one more worker: those that may be forgotten are. Raises TooManyWorkers."""
    # Of many new ones at once each sees those before it.
    Probe.objects.select_for_update().get(pk=probe.pk)
    config = WorkersConfig(**probe.config)
    others = WorkerHeartbeat.objects.filter(probe=probe).exclude(worker__in=config.workers)
    others.filter(last_seen_at__lt=now - parse_duration(config.forget_after)).delete()
    if worker not in config.workers and others.count() >= MOST_WORKERS:
        raise TooManyWorkers(
            f"{MOST_WORKERS} workers report here already. Nothing was recorded: give workers names that stay the "
            f"same, or wait until others were not seen for {config.forget_after}."
        )


def _number(data: dict[str, object], key: str) -> int | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER:
        raise ValidationFailed(key, f"{key} is not a whole number from 0 up.")
    return value


def _text(data: dict[str, object], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise ValidationFailed(key, f"{key} is not a text.")
    return clean_line(value)


def _no_number(word: str) -> float:
    raise ValueError(word)
