"""A push, read: what was sent becomes one number a minute. Pure.

The body is a number, `{"value": 12}`, `{"value": 12, "at": "2026-11-21T14:05:00Z"}` or
`{"points": [{"at": "…", "value": 12}, …]}`, at most 64 kB and 500 points.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.enums import MetricKind
from probes.metrics.minutes import minute_of
from statuspage.core.errors import DomainError, ValidationFailed

LARGEST_BODY = 64_000
MOST_POINTS = 500
# Beyond this a number is not exact any more, in JSON as little as here.
LARGEST_NUMBER = 2.0**53
MAY_BE_AHEAD = timedelta(minutes=5)
MAY_BE_LATE = timedelta(days=30)
EXAMPLE = '{"value": 12}'


class PushTooLarge(DomainError):
    http_status = 413
    title = "There is too much in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """`values` by minute. `is_now`: no time was given, so that a counter adds it to what the minute has already."""

    values: Mapping[int, float]
    is_now: bool


def parse_push(body: bytes, *, kind: MetricKind, now: datetime) -> Push:
    """Raises PushTooLarge or ValidationFailed with the sentence that says what to send instead."""
    if len(body) > LARGEST_BODY:
        raise PushTooLarge(f"A push has at most {LARGEST_BODY:,} bytes. Nothing was recorded; send it in parts.")
    sent = _json(body)
    if isinstance(sent, Mapping) and "points" in sent:
        _refuse_others(sent, "points", {"points"})
        return Push(values=_points(sent["points"], kind, now), is_now=False)
    if not isinstance(sent, Mapping):
        return Push(values={minute_of(now): _number(sent, "value", kind)}, is_now=True)
    _refuse_others(sent, "value", {"value", "at"})
    value = _number(sent.get("value"), "value", kind)
    at = sent.get("at")
    minute = minute_of(now if at is None else _time(at, "at", now))
    return Push(values={minute: value}, is_now=at is None)


def _json(body: bytes) -> object:
    try:
        # `parse_constant` refuses NaN and Infinity, which are no JSON.
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValidationFailed(
            "body", f"The body is not JSON. Send a number, or an object such as {EXAMPLE}."
        ) from None


def _points(sent: object, kind: MetricKind, now: datetime) -> Mapping[int, float]:
    """Of a gauge the last one given for a minute stands; a counter's are added up."""
    if not isinstance(sent, list) or not sent:
        raise ValidationFailed(
            "points", 'points must be a list such as [{"at": "2026-11-21T14:05:00Z", "value": 12}].'
        )
    if len(sent) > MOST_POINTS:
        raise PushTooLarge(f"points has {len(sent)} entries; at most {MOST_POINTS} may be sent at once.")
    found: dict[int, float] = {}
    for place, point in enumerate(sent):
        name = f"points[{place}]"
        if not isinstance(point, Mapping):
            raise ValidationFailed(name, f"{name} must be an object with at and value.")
        _refuse_others(point, name, {"at", "value"})
        minute = minute_of(_time(point.get("at"), f"{name}.at", now))
        value = _number(point.get("value"), f"{name}.value", kind)
        found[minute] = value + (found.get(minute, 0.0) if kind is MetricKind.COUNTER_24H else 0.0)
    return found


def _number(sent: object, name: str, kind: MetricKind) -> float:
    if isinstance(sent, bool) or not isinstance(sent, (int, float)):
        raise ValidationFailed(name, f"{name} must be a number. Send an object such as {EXAMPLE}.")
    # Compared before it is made a float: an integer of a thousand digits is none.
    if not -LARGEST_NUMBER <= sent <= LARGEST_NUMBER:
        raise ValidationFailed(name, f"{name} must be a number between -2^53 and 2^53.")
    if sent < 0 and kind is MetricKind.COUNTER_24H:
        raise ValidationFailed(name, f"{name} is negative, but this metric counts: send how many there were.")
    return float(sent)


def _time(sent: object, name: str, now: datetime) -> datetime:
    example = "must be a time with its offset, such as 2026-11-21T14:05:00Z."
    try:
        at = datetime.fromisoformat(sent) if isinstance(sent, str) else None
        if at is None or at.tzinfo is None:
            raise ValidationFailed(name, f"{name} {example}")
        ahead = at - now
    except (ValueError, OverflowError):
        raise ValidationFailed(name, f"{name} {example}") from None
    if ahead > MAY_BE_AHEAD:
        raise ValidationFailed(name, f"{name} lies more than 5 minutes ahead of our clock. Compare the clocks.")
    if -ahead > MAY_BE_LATE:
        raise ValidationFailed(name, f"{name} is more than 30 days ago: that is too late.")
    return at


def _refuse_others(sent: Mapping[str, object], name: str, known: set[str]) -> None:
    """A key that nobody reads is most often a slip of the pen, and its number would be kept for the wrong time."""
    for key in sent:
        if key not in known:
            raise ValidationFailed(
                name, f"There is no key {str(key)[:40]!r} here: {' and '.join(sorted(known))} are known."
            )


def _no_number(word: str) -> float:
    raise ValueError(word)
