"""Several workers that report under one token, each by its name. The oldest heartbeat counts."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from probes.checkers.base import CheckContext, CheckRequest, CheckResult, Report
from probes.checkers.fields import Fields, is_placeholder
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
from statuspage.core.text import clean_line
from statuspage.core.tokens import hash_token

LONGEST_WORKER = 60
MOST_EXPECTED = 50
DEFAULT_FORGET_AFTER = timedelta(days=1)
LONGEST_FORGET_AFTER = timedelta(days=366)
# What a name may not hold: it is said in sentences and written in addresses.
FORBIDDEN = re.compile(r"[^\w .:@/+-]")


def worker_name(text: str) -> str:
    """The name as it is kept: on one line, only letters, digits and ` .:@/+-_`. Empty if nothing is left."""
    return FORBIDDEN.sub("", clean_line(text)).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersConfig:
    """`workers` are expected: missing is down. Others are forgotten once they were not seen for `forget_after`.

    A token written out in the configuration is kept as its hash alone; one given as `${NAME}` is kept by its name.
    """

    KEYS: ClassVar[frozenset[str]] = frozenset({"token", "max_age", "workers", "forget_after"})

    token: str = ""
    token_hash: str = ""
    max_age: str = "90s"
    workers: tuple[str, ...] = ()
    forget_after: str = "1d"

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        max_age, token = read_max_age(fields), read_token(fields)
        forget_after = fields.duration(
            "forget_after", default=max(DEFAULT_FORGET_AFTER, max_age), least=max_age, most=LONGEST_FORGET_AFTER
        )
        kept = is_placeholder(token)
        return cls(
            token=token if kept else "",
            token_hash="" if kept or not token else hash_token(token),
            max_age=format_duration(max_age),
            workers=_read_workers(fields),
            forget_after=format_duration(forget_after),
        )


def _read_workers(fields: Fields) -> tuple[str, ...]:
    names = fields.mapping.get("workers", [])
    if not isinstance(names, list) or len(names) > MOST_EXPECTED:
        fields.refuse("workers", f'a list of at most {MOST_EXPECTED} names, such as ["push", "cleanup"]')
        return ()
    for name in names:
        if not isinstance(name, str) or not name or len(name) > LONGEST_WORKER or worker_name(name) != name:
            fields.refuse("workers", f"names of 1 to {LONGEST_WORKER} letters, digits and .:@/+-_", value=name)
            return ()
    if len(set(names)) < len(names):
        fields.refuse("workers", "each name once")
    return tuple(dict.fromkeys(names))


class WorkersChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:  # noqa: ARG002 -- a checker's signature
        config = WorkersConfig(**request.config)
        now, max_age = clock.now(), parse_duration(config.max_age)
        reports = considered(request.reports, config, now)
        if not reports:
            return _nobody(age_of(Report(), request, now), max_age)
        return _judge(reports, request, max_age, now)


def _nobody(age: timedelta | None, max_age: timedelta) -> CheckResult:
    said = "No workers have reported a heartbeat yet."
    if is_still_awaited(Report(), age, max_age):
        return finding(Outcome.ERROR, said, oldest=None, reports=())
    return finding(Outcome.DOWN, said, oldest=age, reports=())


def considered(reports: tuple[Report, ...], config: WorkersConfig, now: datetime) -> list[Report]:
    """Those that count, by name: the expected ones, seen or not, and others until they are forgotten."""
    by_name = {report.worker: report for report in reports}
    forget_after = parse_duration(config.forget_after)
    for report in reports:
        is_old = report.seen_at is None or now - report.seen_at > forget_after
        if is_old and report.worker not in config.workers:
            del by_name[report.worker]
    for name in config.workers:
        by_name.setdefault(name, Report(worker=name))
    return [by_name[name] for name in sorted(by_name)]


def _judge(reports: list[Report], request: CheckRequest, max_age: timedelta, now: datetime) -> CheckResult:
    ages = {report.worker: age_of(report, request, now) for report in reports}
    oldest = max((age for age in ages.values() if age is not None), default=None)
    troubles: list[str] = []
    awaited: list[str] = []
    excused = 0
    for report in sorted(reports, key=lambda one: ages[one.worker] or timedelta.max, reverse=True):
        age = ages[report.worker]
        if report.seen_at is None or age is None:
            said = awaited if is_still_awaited(report, age, max_age) else troubles
            said.append(f"No heartbeat from {report.worker} yet.")
        elif age > max_age and is_our_fault(report, request.silence, max_age, now):
            excused += 1
        elif age > max_age:
            troubles.append(f"{report.worker}: last heartbeat {say_age(age)} ago, expected every {say_age(max_age)}.")
        elif report.failed:
            troubles.append(f"{report.worker}: {say_failure(report)}")
    if not troubles and excused and request.silence:
        return finding(Outcome.ERROR, say_away(request.silence, now), oldest=None, reports=())
    if troubles:
        return finding(Outcome.DOWN, _say_first(troubles), oldest=oldest, reports=reports)
    if awaited:
        # What the others brought is known; how old the oldest is, is not.
        return finding(Outcome.ERROR, _say_first(awaited), oldest=None, reports=reports)
    return finding(Outcome.UP, _say(reports, oldest or timedelta()), oldest=oldest, reports=reports)


def _say_first(troubles: list[str]) -> str:
    others = f" ({len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"{troubles[0]}{others}"


def _say(reports: list[Report], oldest: timedelta) -> str:
    seconds = round(oldest.total_seconds())
    several = len(reports) > 1
    said = f"{len(reports)} workers, oldest heartbeat {seconds} s ago" if several else f"Heartbeat {seconds} s ago"
    failed = [report.failed_jobs for report in reports if report.failed_jobs is not None]
    if failed:
        number = sum(failed)
        said += f", {number} failed job{'' if number == 1 else 's'}"
    return said
