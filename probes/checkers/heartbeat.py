"""A heartbeat: what should report to us, and when it last did. Nothing is connected to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from probes.checkers.base import CheckContext, CheckRequest, CheckResult, Report
from probes.checkers.fields import Fields, expand, is_placeholder
from probes.checkers.reporting import (
    age_of,
    finding,
    is_our_fault,
    is_still_awaited,
    read_max_age,
    read_token,
    say_age,
    say_away,
    say_failure,
)
from probes.enums import Outcome
from statuspage.core import clock
from statuspage.core.durations import format_duration, parse_duration
from statuspage.core.tokens import hash_token

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
        max_age = read_max_age(fields)
        source, token = "", ""
        if "source" in fields.mapping:
            source = fields.text("source")
            if source not in SOURCES:
                fields.refuse("source", '"worker", or a token instead')
            if "token" in fields.mapping:
                fields.refuse("token", "either token or source, not both", shown=False)
        else:
            token = read_token(fields)
        kept = is_placeholder(token)
        return cls(
            token=token if kept else "",
            token_hash="" if kept or not token else hash_token(token),
            source=source,
            max_age=format_duration(max_age),
        )


def heartbeat_token_hash(config: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The hash of the token that may report to this probe; empty for our own worker. Raises MissingVariable."""
    token = config.get("token", "")
    return hash_token(expand(token, environ)) if token else str(config.get("token_hash", ""))


class HeartbeatChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:  # noqa: ARG002 -- a checker's signature
        now, max_age = clock.now(), parse_duration(HeartbeatConfig(**request.config).max_age)
        report = request.reports[0] if request.reports else Report()
        age = age_of(report, request, now)
        if report.seen_at is None or age is None:
            said = f"No {request.name.removesuffix(' heartbeat')} heartbeat seen yet."
            if is_still_awaited(report, age, max_age):
                return finding(Outcome.ERROR, said, oldest=None, reports=())
            return finding(Outcome.DOWN, said, oldest=age, reports=())
        if age > max_age and request.silence and is_our_fault(report, request.silence, max_age, now):
            return finding(Outcome.ERROR, say_away(request.silence, now), oldest=None, reports=())
        if age > max_age:
            said = f"Last heartbeat {say_age(age)} ago, expected every {say_age(max_age)}."
            return finding(Outcome.DOWN, said, oldest=age, reports=[report])
        if report.failed:
            return finding(Outcome.DOWN, say_failure(report), oldest=age, reports=[report])
        return finding(Outcome.UP, f"Heartbeat {round(age.total_seconds())} s ago", oldest=age, reports=[report])
