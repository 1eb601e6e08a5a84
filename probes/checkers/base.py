"""What every checker is given and what it gives back.

A checker measures one target once. It touches no ORM, holds no state of its own and keeps no connection: reuse would
hide the failures of name, TLS and accept that a visitor of the target would meet.
"""

import asyncio
import dataclasses
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, Self, cast

from probes.checkers.fields import Fields
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """`latency_ms` is absent where nothing was measured; `detail` is the one sentence the page shows.

    `values` are the numbers that rules may speak of, by name: `days_left` of a certificate, `failed_jobs` and
    `backlog` of workers, `value` of a JSON value; the first is the one that is kept with the raw result. Where a
    number was pushed to us, `sampled_at` is when (aware, UTC): the same sample seen twice is not two. `sampled_from`
    is when the oldest part of a sum of several was pushed: it is a new sample when all of them were pushed again.
    """

    outcome: Outcome
    latency_ms: float | None
    detail: str
    values: Mapping[str, float] = field(default_factory=dict)
    sampled_at: datetime | None = None
    sampled_from: datetime | None = None

    @property
    def value(self) -> float | None:
        return next(iter(self.values.values()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A time in which we ourselves were away and nobody could report to us. Aware, UTC."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody last reported to us; `seen_at` None is nothing yet. `worker` is empty where there is but one."""

    worker: str = ""
    seen_at: datetime | None = None
    failed: bool = False
    message: str = ""
    failed_jobs: int | None = None
    backlog: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """One check to make. `config` is a `ProbeSpec.config`, with its `${NAME}` still unexpanded.

    The last fields matter to heartbeats and workers alone: what was reported, since when anybody could have (aware,
    UTC), and the last time in which nobody could.
    """

    kind: ProbeKind
    name: str
    config: Mapping[str, Any]
    timeout: timedelta
    degraded_above: timedelta | None
    allow_private: bool
    reports: tuple[Report, ...] = ()
    awaited_since: datetime | None = None
    silence: Silence | None = None


class CheckContext:
    """What the checks of one event loop share: the guarded client with its TLS context, the resolver, a few threads.

    Open it on the loop that uses it and close it there.
    """

    def __init__(self, *, client: GuardedClient | None = None) -> None:
        self.client = client or GuardedClient()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="checks")
        self._running: dict[str, asyncio.Future[Any]] = {}

    @property
    def resolver(self) -> Resolver:
        return self.client.resolver

    @property
    def tls(self) -> ssl.SSLContext:
        return self.client.tls

    async def open(self) -> None:
        """Make what is shared. Costs about 20 ms for the TLS context."""
        await self.client.open()

    async def aclose(self) -> None:
        """Close what is open; calling it twice is harmless."""
        await self.client.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread[T](self, key: str, function: Callable[[], T]) -> T:
        """Run what blocks, at most once at a time per key: a disk that hangs takes one thread, not one per check."""
        running = self._running.get(key)
        if running is None or running.done():
            running = asyncio.get_running_loop().run_in_executor(self._threads, function)
            # A result that nobody waits for any more is not an unretrieved exception.
            running.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
            self._running[key] = running
        return cast("T", await asyncio.shield(running))

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


# A key of a kind that is stored only where it says something else than its default.
OPTIONAL: Mapping[str, Any] = {"optional": True}


def stored(config: "CheckerConfig") -> dict[str, Any]:
    """A kind's configuration as JSON has it (lists, no tuples): read back by its constructor."""
    values = dataclasses.asdict(config)
    for one in dataclasses.fields(config):
        if one.metadata.get("optional") and getattr(config, one.name) == _default(one):
            del values[one.name]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _default(one: dataclasses.Field[Any]) -> Any:
    return one.default if one.default_factory is dataclasses.MISSING else one.default_factory()


class Checker(Protocol):
    """One kind of measurement. May raise: `run_check` turns what it raises into a result."""

    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult: ...


class CheckerConfig(Protocol):
    """What one kind has to be told. Stored as `dataclasses.asdict` gives it, read back by its constructor."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # each is a dataclass
    KEYS: ClassVar[frozenset[str]]

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """Read the keys and note what is wrong in `fields.errors`."""
        ...


class CheckFailed(Exception):
    """The target is down, for the reason the message gives in one sentence."""


def loop_deadline(request: CheckRequest) -> float:
    """When the check has to be over, in the event loop's time."""
    return asyncio.get_running_loop().time() + request.timeout.total_seconds()


def say_limit(limit: timedelta) -> str:
    """`"500 ms"`, `"5 s"`, `"1.5 s"`."""
    seconds = limit.total_seconds()
    return f"{seconds:g} s" if seconds >= 1 else f"{round(seconds * 1000)} ms"


def measured(
    request: CheckRequest, what: str, latency_ms: float, values: Mapping[str, float] | None = None
) -> CheckResult:
    """The target does what it should; whether fast enough is for `degraded_above` to say."""
    sentence = f"{what} in {round(latency_ms)} ms"
    limit = request.degraded_above
    if limit is not None and latency_ms > limit / timedelta(milliseconds=1):
        sentence = f"{sentence}, slower than {say_limit(limit)}."
        return CheckResult(outcome=Outcome.DEGRADED, latency_ms=latency_ms, detail=sentence, values=values or {})
    return CheckResult(outcome=Outcome.UP, latency_ms=latency_ms, detail=sentence, values=values or {})


def down(detail: str, *, latency_ms: float | None = None, values: Mapping[str, float] | None = None) -> CheckResult:
    return CheckResult(outcome=Outcome.DOWN, latency_ms=latency_ms, detail=detail, values=values or {})
