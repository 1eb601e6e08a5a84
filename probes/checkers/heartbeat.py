"""A heartbeat: what should report to us, and when it last did. Nothing is connected to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from probes.checkers.base import CheckContext, CheckFailed, CheckRequest, CheckResult
from probes.checkers.fields import Fields, expand, is_placeholder
from probes.enums import Outcome
from statuspage.core import clock
from statuspage.core.durations import format_duration, parse_duration
from statuspage.core.text import clean_line
from statuspage.core.tokens import hash_token

SHORTEST_TOKEN = 16
TOKEN = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
SOURCES = ("worker",)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatConfig:
    """Who reports: somebody with a token, or our own worker (`source = "worker"`).

    A token written out in the configuration is kept as its hash alone; one given as `${NAME}` is kept by its name.
    """

    KEYS: ClassVar[frozenset[str]] = frozenset({"token", "max_age", "source"})

    token: str = ""
    token_hash: str = ""
    source: str = ""
    max_age: str = "90s"

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        max_age = fields.duration(
            "max_age", default=timedelta(seconds=90), least=timedelta(seconds=1), most=timedelta(days=366)
        )
        source, token = "", ""
        if "source" in fields.mapping:
            source = fields.text("source")
            if source not in SOURCES:
                fields.refuse("source", '"worker", or a token instead')
            if "token" in fields.mapping:
                fields.refuse("token", "either token or source, not both", shown=False)
        else:
            token = _read_token(fields)
        kept = is_placeholder(token)
        return cls(
            token=token if kept else "",
            token_hash="" if kept or not token else hash_token(token),
            source=source,
            max_age=format_duration(max_age),
        )


def _read_token(fields: Fields) -> str:
    written = fields.text("token", most=200, shown=False)
    value = fields.expanded("token", written, shown=False) if written else ""
    if value and (len(value) < SHORTEST_TOKEN or not TOKEN.fullmatch(value)):
        fields.refuse("token", f"at least {SHORTEST_TOKEN} letters, digits, dots, dashes, _ or ~", shown=False)
    return written


def heartbeat_token_hash(config: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The hash of the token that may report to this heartbeat; empty for our own worker. Raises MissingVariable."""
    own = HeartbeatConfig(**config)
    return hash_token(expand(own.token, environ)) if own.token else own.token_hash


class HeartbeatChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:  # noqa: ARG002 -- a checker's signature
        max_age = parse_duration(HeartbeatConfig(**request.config).max_age)
        if request.heartbeat_at is None:
            raise CheckFailed(f"No {request.name.removesuffix(' heartbeat')} heartbeat seen yet.")
        age = max(clock.now() - request.heartbeat_at, timedelta(0))
        if age > max_age:
            raise CheckFailed(f"Last heartbeat {say_age(age)} ago, expected every {say_age(max_age)}.")
        if request.heartbeat_failed:
            message = clean_line(request.heartbeat_message)[:200]
            raise CheckFailed(message or "The last heartbeat reported a failure.")
        return CheckResult(outcome=Outcome.UP, latency_ms=None, detail=f"Heartbeat {round(age.total_seconds())} s ago")


def say_age(age: timedelta) -> str:
    """In the largest unit of which there are two: `"90 seconds"`, `"4 minutes"`, `"36 hours"`, `"3 days"`."""
    seconds = int(age.total_seconds())
    for word, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
