"""Heartbeats: other people's jobs tell us that they are alive.

The token in the address is the only secret, and only its hash is kept. The body is optional:
`{"failed_jobs": 0, "backlog": 12, "message": "…"}`, at most 10 kB.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import transaction

from probes.enums import ProbeKind
from probes.models import DETAIL_LENGTH, Heartbeat, Probe
from statuspage.core import clock
from statuspage.core.errors import DomainError, NotFound, ValidationFailed
from statuspage.core.text import clean_line
from statuspage.core.tokens import hash_token

LARGEST_BODY = 10_000
LARGEST_NUMBER = 2**53


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
        failed_jobs=_number(data, "failed_jobs"), backlog=_number(data, "backlog"), message=_message(data)
    )


def probe_of(token: str) -> Probe:
    """The probe whose token this is. Raises NotFound, the same for every wrong token. One query."""
    probe = Probe.objects.active().filter(kind=ProbeKind.HEARTBEAT, token_hash=hash_token(token)).first()
    if probe is None:
        raise NotFound("No heartbeat has this address. Compare it with the token in the configuration.")
    return probe


@transaction.atomic
def record_heartbeat(*, probe: Probe, event: HeartbeatEvent = HeartbeatEvent.ALIVE, body: HeartbeatBody) -> None:
    """Keep what the job said last. A start is remembered, but only its end says that the job is well."""
    now = clock.now()
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


def _number(data: dict[str, object], key: str) -> int | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER:
        raise ValidationFailed(key, f"{key} is not a whole number from 0 up.")
    return value


def _message(data: dict[str, object]) -> str:
    value = data.get("message", "")
    if not isinstance(value, str):
        raise ValidationFailed("message", "message is not a text.")
    return clean_line(value)[:DETAIL_LENGTH]


def _no_number(word: str) -> float:
    raise ValueError(word)
