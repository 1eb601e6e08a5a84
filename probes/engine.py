"""From due probes to recorded results: claim, check, record."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from probes import heartbeats
from probes.checkers import CheckRequest
from probes.checking import Job, check_each
from probes.enums import ProbeKind
from probes.heartbeats import NOTHING_REPORTED, Reported
from probes.leases import BATCH_SIZE, Batch, claim_due, leased_rows
from probes.loop import check_loop
from probes.measured import Measured
from probes.models import ProbeLocation
from probes.presence import report
from probes.record import record_batch
from probes.recorder import recorder
from probes.states import ProbeState

# At most so many batches a tick, so that a start with everything due does not hold the tick.
BATCHES_A_TICK = 10


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


def start_batch(lease: str) -> int:
    """Begin the checks under this lease; each is recorded soon after it ended. Returns how many were begun.

    Twice with the same lease records each once: results that are there already are left alone.
    """
    location, jobs = _jobs(lease)
    if jobs:
        report(location)
        recorder().submit(location, jobs)
    return len(jobs)


def run_batch(lease: str) -> int:
    """Make the checks under this lease and record them in the caller's own connection. Blocks.

    Returns how many results were new. Twice with the same lease changes nothing the second time: the lease is given
    back with the results.
    """
    location, jobs = _jobs(lease)
    return record_batch(location=location, measured=check_all(jobs)) if jobs else 0


def check_all(jobs: Sequence[Job]) -> list[Measured]:
    """Make these checks on the process's own loop. Blocks until the last has ended."""
    found: list[Measured | None] = []
    loop = check_loop()
    loop.run(check_each(jobs, loop, found.append))
    return [measured for measured in found if measured is not None]


def _jobs(lease: str) -> tuple[str, list[Job]]:
    """The location of the lease, and the checks to make under it."""
    rows = leased_rows(lease)
    reported = heartbeats.read(rows)
    jobs = [_job(row, row.scheduled_at, reported) for row in rows if row.scheduled_at is not None]
    # Begun last, so that what hangs holds up as little as it can.
    jobs.sort(key=lambda job: job.is_doubtful)
    return (rows[0].location if rows else "", jobs)


def _job(row: ProbeLocation, scheduled_at: datetime, reported: Mapping[int, Reported]) -> Job:
    probe, heard = row.probe, reported.get(row.probe_id, NOTHING_REPORTED)
    return Job(
        probe_id=probe.pk,
        scheduled_at=scheduled_at,
        lease=row.lease,
        is_doubtful=row.failures > 0 or row.state == ProbeState.DOWN,
        until=row.leased_until,
        request=CheckRequest(
            kind=ProbeKind(probe.kind),
            name=probe.name,
            config=probe.config,
            timeout=probe.timeout,
            degraded_above=probe.degraded_above,
            allow_private=probe.allow_private,
            reports=heard.reports,
            awaited_since=probe.awaited_since or probe.created_at,
            silence=heard.silence,
        ),
    )
