"""Whatever a checker does, there is one result in time, and it says whose fault it was."""

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from probes import checkers
from probes.checkers import CHECKERS, CONFIGS, CheckContext, CheckRequest, CheckResult, run_check
from probes.enums import Outcome, ProbeKind
from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import ConnectFailed, OutOfResources

REQUEST = CheckRequest(
    kind=ProbeKind.TCP,
    name="api",
    config={},
    timeout=timedelta(milliseconds=200),
    degraded_above=None,
    allow_private=False,
)


def run_with(behaviour: Callable[[], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch) -> CheckResult:
    class Stand:
        async def check(self, *_arguments: Any) -> Any:
            return await behaviour()

    monkeypatch.setitem(checkers.CHECKERS, ProbeKind.TCP, Stand())

    async def body() -> CheckResult:
        async with CheckContext() as context:
            return await run_check(REQUEST, context)

    return asyncio.run(body())


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def behave() -> None:
        raise error

    return behave


def test_every_kind_has_a_checker_and_a_configuration() -> None:
    assert set(CHECKERS) == set(CONFIGS) == set(ProbeKind)


@pytest.mark.parametrize(
    ("error", "outcome", "detail"),
    [
        (ConnectFailed("Connection refused."), Outcome.DOWN, "Connection refused."),
        (OutOfResources("No descriptors."), Outcome.ERROR, "No descriptors."),
        (BlockedAddress("It is blocked."), Outcome.ERROR, "It is blocked."),
        (ValueError("secret"), Outcome.ERROR, "The check itself failed."),
        (MemoryError(), Outcome.ERROR, "The check itself failed."),
        (OSError(errno.EMFILE, "too many"), Outcome.ERROR, "The check itself failed."),
        (RecursionError(), Outcome.ERROR, "The check itself failed."),
    ],
)
def test_what_a_checker_raises_becomes_a_result(
    error: Exception, outcome: Outcome, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_with(raising(error), monkeypatch)
    assert (result.outcome, result.detail, result.latency_ms) == (outcome, detail, None)


def test_a_checker_that_forgets_the_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()
    result = run_with(lambda: asyncio.sleep(30), monkeypatch)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 200 ms.")
    assert time.monotonic() - started < 1


def test_a_cancelled_check_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(asyncio.CancelledError):
        run_with(raising(asyncio.CancelledError()), monkeypatch)


def test_a_slow_thread_is_not_joined_by_a_second_one() -> None:
    runs = 0

    def slow() -> int:
        nonlocal runs
        runs += 1
        time.sleep(0.2)
        return runs

    async def body() -> list[int]:
        async with CheckContext() as context:
            return await asyncio.gather(*(context.in_thread("a disk", slow) for _ in range(5)))

    assert asyncio.run(body()) == [1, 1, 1, 1, 1]
