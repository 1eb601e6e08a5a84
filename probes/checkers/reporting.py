"""What heartbeats and workers have in common: how old a report is, whose fault that is, and what numbers it brings."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from probes.checkers.base import CheckRequest, CheckResult, Report, Silence
from probes.checkers.fields import Fields
from probes.enums import Outcome
from statuspage.core.text import clean_line

SHORTEST_TOKEN = 16
TOKEN = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
DEFAULT_MAX_AGE = timedelta(seconds=90)
LONGEST_MAX_AGE = timedelta(days=366)
LONGEST_MESSAGE = 200


def read_token(fields: Fields) -> str:
    """The token as written: maybe `${NAME}`."""
    written = fields.text("token", most=200, shown=False)
    value = fields.expanded("token", written, shown=False) if written else ""
    if value and (len(value) < SHORTEST_TOKEN or not TOKEN.fullmatch(value)):
        fields.refuse("token", f"at least {SHORTEST_TOKEN} letters, digits, dots, dashes, _ or ~", shown=False)
    return written


def read_max_age(fields: Fields) -> timedelta:
    return fields.duration("max_age", default=DEFAULT_MAX_AGE, least=timedelta(seconds=1), most=LONGEST_MAX_AGE)


def age_of(report: Report, request: CheckRequest, now: datetime) -> timedelta | None:
    """Since it was last heard of, or since it could have been; None where nobody knows since when."""
    silence_end = request.silence.end if request.silence else None
    awaited = [at for at in (request.awaited_since, silence_end) if at is not None]
    since = report.seen_at or max(awaited, default=None)
    return None if since is None else max(now - since, timedelta())


def is_still_awaited(report: Report, age: timedelta | None, max_age: timedelta) -> bool:
    """Whether it was never heard of, but has not had its `max_age` to report either: that says nothing of it yet."""
    return report.seen_at is None and age is not None and age <= max_age


def is_our_fault(report: Report, silence: Silence | None, max_age: timedelta, now: datetime) -> bool:
    """Whether it is late only because we were away: it was in time before, and could not have reported again yet."""
    if report.seen_at is None or silence is None or now < silence.end:
        return False
    was_in_time = silence.begin - report.seen_at <= max_age
    return was_in_time and report.seen_at <= silence.end and now - silence.end <= max_age


def finding(outcome: Outcome, detail: str, *, oldest: timedelta | None, reports: Sequence[Report]) -> CheckResult:
    """With `age` in seconds, and the sums of `failed_jobs` and `backlog` where anybody brought them."""
    values: dict[str, float] = {} if oldest is None else {"age": oldest.total_seconds()}
    brought = []
    for name in ("failed_jobs", "backlog"):
        with_it = [(report, getattr(report, name)) for report in reports if getattr(report, name) is not None]
        if with_it:
            values[name] = float(sum(number for _, number in with_it))
            brought += [report.seen_at for report, _ in with_it if report.seen_at is not None]
    return CheckResult(
        outcome=outcome,
        latency_ms=None,
        detail=detail,
        values=values,
        sampled_at=max(brought, default=None),
        sampled_from=min(brought, default=None),
    )


def say_failure(report: Report) -> str:
    return clean_line(report.message)[:LONGEST_MESSAGE] or "The last heartbeat reported a failure."


def say_away(silence: Silence, now: datetime) -> str:
    """Why nothing is known for now."""
    return f"Nothing could reach us until {say_age(now - silence.end)} ago: waiting for the next heartbeat."


def say_age(age: timedelta) -> str:
    """In the largest unit of which there are two: `"90 seconds"`, `"4 minutes"`, `"36 hours"`, `"3 days"`."""
    seconds = int(age.total_seconds())
    for word, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
