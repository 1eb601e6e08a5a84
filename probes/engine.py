"""From due probes to recorded results: claim, check, record.

No ORM inside coroutines: what a check needs is collected first, what it found is written afterwards.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.checkers import CheckRequest, CheckResult, run_check
from probes.enums import Outcome, ProbeKind
from probes.leases import BATCH_SIZE, Batch, claim_due, leased_rows
from probes.loop import CheckLoop, check_loop
from probes.models import Heartbeat, ProbeLocation
from probes.record import Measured, record_batch
from statuspage.core import clock

logger = logging.getLogger(__name__)

# At most so many batches a tick, so that a start with everything due does not hold the tick.
BATCHES_A_TICK = 10
# `run_check` keeps the probe's own timeout; this is only for a checker that would not be cancelled.
GRACE_SECONDS = 10.0
# Started all at once, five hundred checks would measure how they wait for each other: 90 ms where 2 ms are true.
STRIDE = 10
STRIDE_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One check to make, and which row asked for it."""

    probe_id: int
    scheduled_at: datetime
    request: CheckRequest


def tick(location: str, start: Callable[[Batch], None]) -> int:
    """Claim what is due here and hand each batch to `start`. Returns how many checks were claimed.

    Harmless at any time and as often as you like. If `start` raises, the leases run out and the next turn is taken.
    """
    claimed = 0
    for _ in range(BATCHES_A_TICK):
        batch = claim_due(location)
        if batch is None:
            break
        start(batch)
        claimed += batch.size
        if batch.size < BATCH_SIZE:
            break
    return claimed


def run_batch(lease: str) -> int:
    """Make the checks under this lease and record them. Returns how many results were new.

    Twice with the same lease changes nothing the second time: the lease is given back with the results.
    """
    rows = leased_rows(lease)
    if not rows:
        return 0
    jobs = [_job(row) for row in rows if row.scheduled_at is not None]
    measured = check_all(jobs)
    return record_batch(location=rows[0].location, lease=lease, measured=measured)


def check_all(jobs: Sequence[Job]) -> list[Measured]:
    """Make these checks on the process's own loop, a thousand a second, as far as there are places. Blocks."""
    loop = check_loop()
    return loop.run(_check_all(jobs, loop))


async def _check_all(jobs: Sequence[Job], loop: CheckLoop) -> list[Measured]:
    running = []
    for number, job in enumerate(jobs, 1):
        running.append(asyncio.create_task(_check(job, loop)))
        if number % STRIDE == 0:
            await asyncio.sleep(STRIDE_SECONDS)
    return list(await asyncio.gather(*running))


async def _check(job: Job, loop: CheckLoop) -> Measured:
    async with loop.places:
        started_at = clock.now()
        try:
            async with asyncio.timeout(job.request.timeout.total_seconds() + GRACE_SECONDS):
                result = await run_check(job.request, loop.context)
        except TimeoutError:
            logger.exception("The %s check of %s did not end in time.", job.request.kind, job.request.name)
            result = CheckResult(
                outcome=Outcome.ERROR, latency_ms=None, detail="The check itself did not end in time."
            )
    return Measured(probe_id=job.probe_id, scheduled_at=job.scheduled_at, started_at=started_at, result=result)


def _job(row: ProbeLocation) -> Job:
    assert row.scheduled_at is not None  # noqa: S101 -- for the type checker: the caller leaves them out
    probe = row.probe
    heartbeat: Heartbeat | None = getattr(probe, "heartbeat", None)
    return Job(
        probe_id=probe.pk,
        scheduled_at=row.scheduled_at,
        request=CheckRequest(
            kind=ProbeKind(probe.kind),
            name=probe.name,
            config=probe.config,
            timeout=probe.timeout,
            degraded_above=probe.degraded_above,
            allow_private=probe.allow_private,
            heartbeat_at=heartbeat.last_seen_at if heartbeat else None,
            heartbeat_failed=heartbeat.failed if heartbeat else False,
            heartbeat_message=heartbeat.message if heartbeat else "",
        ),
    )
