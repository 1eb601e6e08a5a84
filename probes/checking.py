"""Checks made on the process's own loop. No ORM inside coroutines: what a check needs is in its job."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.checkers import CheckRequest, CheckResult, run_check
from probes.enums import Outcome
from probes.loop import CheckLoop
from probes.measured import Measured
from statuspage.core import clock

logger = logging.getLogger(__name__)

# `run_check` keeps the probe's own timeout; this is only for a checker that would not be cancelled.
GRACE_SECONDS = 10.0
# Started all at once, five hundred checks would measure how they wait for each other: 90 ms where 2 ms are true.
STRIDE = 10
STRIDE_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One check to make, and under which lease.

    `is_doubtful`: it failed the last time, and may hang again. After `until` (aware, UTC; None is never) it is not
    begun any more: its lease ran out, and its next turn is another's.
    """

    probe_id: int
    scheduled_at: datetime
    request: CheckRequest
    lease: str = ""
    is_doubtful: bool = False
    until: datetime | None = None


async def check_each(jobs: Sequence[Job], loop: CheckLoop, ended: Callable[[Measured | None], None]) -> None:
    """Make these checks, a thousand a second as far as there are places, and tell of each when it ended.

    None is a check that was not made: its lease ran out before its place was free.
    """

    async def make(job: Job) -> None:
        measured = None
        try:
            measured = await _check(job, loop)
        except Exception:
            logger.exception("The %s check of %s failed in our own code.", job.request.kind, job.request.name)
        finally:
            ended(measured)

    running = []
    now = asyncio.get_running_loop().time
    begin = now()
    for number, job in enumerate(jobs, 1):
        running.append(asyncio.create_task(make(job)))
        if number % STRIDE == 0:
            # By the clock: where the loop is held up the next ones do not wait for it twice.
            await asyncio.sleep(max(0.0, begin + number // STRIDE * STRIDE_SECONDS - now()))
    await asyncio.gather(*running)


async def _check(job: Job, loop: CheckLoop) -> Measured | None:
    async with loop.lane(is_doubtful=job.is_doubtful):
        started_at = clock.now()
        if job.until is not None and started_at >= job.until:
            return None
        try:
            async with asyncio.timeout(job.request.timeout.total_seconds() + GRACE_SECONDS):
                result = await run_check(job.request, loop.context)
        except TimeoutError:
            logger.exception("The %s check of %s did not end in time.", job.request.kind, job.request.name)
            result = CheckResult(
                outcome=Outcome.ERROR, latency_ms=None, detail="The check itself did not end in time."
            )
    return Measured(
        probe_id=job.probe_id,
        scheduled_at=job.scheduled_at,
        started_at=started_at,
        result=result,
        lease=job.lease,
    )
