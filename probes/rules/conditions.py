"""When a rule begins and ceases to fire: pure, one sample after the other, the next memory out.

A sample says yes, no, or nothing at all. Yes without a no in between for at least `lasting` makes the rule fire; a no
makes it quiet and starts over; nothing moves nothing. What each kind takes for a yes:

    consecutive_failures   `limit` downs in a row; errors of our own say nothing, any answer is a no
    latency_above          an answer slower than `limit` milliseconds; a failure or an error says nothing
    heartbeat_older_than   the age (`values["age"]`, seconds) is above `limit`
    value_above, _below    the number is above, below `limit`; a result without it says nothing
    value_growing          a new number larger than the one before; as large or smaller is a no. The same sample seen
                           again says nothing. What counts is the time from the first sample of the row to the last.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from probes.checkers.base import CheckResult
from probes.enums import Outcome, RuleKind

AGE = "age"
ANSWERS = frozenset({Outcome.UP, Outcome.DEGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`limit` is in milliseconds (latency), seconds (age), failures, or the number's own unit.

    `value` names the number; empty is the first that the check gives.
    """

    kind: RuleKind
    limit: float = 0.0
    lasting: timedelta = timedelta()
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered between samples. `since`: of the first yes in the row; None after a no.

    `value` is the last number the condition was asked about; `sampled_at` is of growing values alone.
    """

    since: datetime | None = None
    value: float | None = None
    sampled_at: datetime | None = None
    failures: int = 0
    is_firing: bool = False


def advance(condition: Condition, memory: Memory, result: CheckResult, *, at: datetime) -> Memory:
    """The memory after one more result, which was due at `at`."""
    return STEPS[condition.kind](condition, memory, result, at)


def start_over(memory: Memory) -> Memory:
    """After a silence of ours nothing has lasted; what fires does so until a sample says no."""
    return Memory(value=memory.value if memory.is_firing else None, is_firing=memory.is_firing)


def number_of(condition: Condition, values: Mapping[str, float]) -> float | None:
    """The number that the rule is about; None where there is none."""
    value = values.get(condition.value) if condition.value else next(iter(values.values()), None)
    return value if value is not None and math.isfinite(value) else None


def _failures(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    if result.outcome is Outcome.ERROR:
        return memory
    if result.outcome in ANSWERS:
        return Memory()
    failures = memory.failures + 1
    counted = replace(memory, failures=failures, value=float(failures), since=memory.since or at)
    if failures < condition.limit:
        return counted
    return _yes(condition, counted, at)


def _latency(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    if result.outcome not in ANSWERS or result.latency_ms is None:
        return memory
    return _compare(condition, memory, result.latency_ms, at, holds=result.latency_ms > condition.limit)


def _age(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    age = result.values.get(AGE)
    if age is None or not math.isfinite(age):
        return memory
    return _compare(condition, memory, age, at, holds=age > condition.limit)


def _above(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    value = number_of(condition, result.values)
    return memory if value is None else _compare(condition, memory, value, at, holds=value > condition.limit)


def _below(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    value = number_of(condition, result.values)
    return memory if value is None else _compare(condition, memory, value, at, holds=value < condition.limit)


def _growing(condition: Condition, memory: Memory, result: CheckResult, at: datetime) -> Memory:
    value, sampled_at = number_of(condition, result.values), result.sampled_at or at
    begun_at = result.sampled_from or sampled_at
    if value is None or (memory.sampled_at is not None and begun_at <= memory.sampled_at):
        return memory
    seen = replace(memory, value=value, sampled_at=sampled_at)
    if memory.sampled_at is None or memory.value is None:
        # The first of a row: nothing has grown yet, and nothing has ceased to.
        return replace(seen, since=sampled_at)
    if value > memory.value:
        return _yes(condition, seen, sampled_at)
    return replace(seen, since=sampled_at, is_firing=False)


def _compare(condition: Condition, memory: Memory, value: float, at: datetime, *, holds: bool) -> Memory:
    if not holds:
        return Memory(value=value)
    return _yes(condition, replace(memory, value=value), at)


def _yes(condition: Condition, memory: Memory, at: datetime) -> Memory:
    since = memory.since or at
    return replace(memory, since=since, is_firing=memory.is_firing or at - since >= condition.lasting)


STEPS: dict[RuleKind, Callable[[Condition, Memory, CheckResult, datetime], Memory]] = {
    RuleKind.CONSECUTIVE_FAILURES: _failures,
    RuleKind.LATENCY_ABOVE: _latency,
    RuleKind.HEARTBEAT_OLDER_THAN: _age,
    RuleKind.VALUE_ABOVE: _above,
    RuleKind.VALUE_BELOW: _below,
    RuleKind.VALUE_GROWING: _growing,
}
