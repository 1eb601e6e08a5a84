"""Celery's way into the engine: each task calls one service, and running it twice changes nothing more."""

from datetime import timedelta
from functools import partial

from celery import Task, shared_task
from celery.signals import worker_process_shutdown, worker_ready, worker_shutdown
from django.conf import settings

from probes import (
    distrust,
    engine,
    flapping,
    heartbeats,
    leases,
    monthly_report,
    presence,
    retention,
    rollup,
    services,
)
from probes.leases import Batch
from probes.recorder import drain_recorder
from statuspage.core import clock

# Beat asks every 10 seconds.
WORKER_MAY_BE_SILENT = timedelta(seconds=15)


@shared_task(name="probes.tick")
def tick() -> None:
    """Claim what is due and start its batches. A broker that is gone costs a turn: the leases run out.

    After a time without broker or database our own silence would be the first thing measured, so that ends first.
    """
    heartbeats.report_worker_heartbeat(if_silent_for=WORKER_MAY_BE_SILENT)
    for location in presence.present_locations(_call):
        engine.tick(location, partial(_start, location))


@shared_task(name="probes.run_batch", bind=True)
def run_batch(self: "Task[[str], None]", lease: str) -> None:
    """The worker is free for the next at once. Called in place, everything is recorded when it returns."""
    if self.request.is_eager:
        engine.run_batch(lease)
    else:
        engine.start_batch(lease)


@shared_task(name="probes.report_location")
def report_location(location: str) -> None:
    """Taken from the location's own queue: somebody is there."""
    presence.report_now(location)


@shared_task(name="probes.roll_up")
def roll_up() -> None:
    leases.resync()
    services.expire_stale()
    flapping.sweep()
    distrust.sweep()
    presence.sweep()
    rollup.roll_up()


@shared_task(name="probes.apply_retention")
def apply_retention() -> None:
    retention.apply_retention()


@shared_task(name="probes.make_monthly_report")
def make_monthly_report() -> None:
    """Write the notice about last month, once, when it is due."""
    monthly_report.make_due_report()


@shared_task(name="probes.report_worker_heartbeat")
def report_worker_heartbeat() -> None:
    heartbeats.report_worker_heartbeat()


@worker_ready.connect
def begin(**_: object) -> None:
    """A worker that starts does at once what beat would ask of it only after a while.

    Its heartbeat is there before anybody misses it, and the partitions before results come.
    """
    for task in (report_worker_heartbeat, apply_retention, roll_up):
        task.delay()
    _call(settings.PROBE_LOCATION)


@worker_shutdown.connect
@worker_process_shutdown.connect
def end(**_: object) -> None:
    """What is being measured is still recorded."""
    drain_recorder()


def _start(location: str, batch: Batch) -> None:
    # Later than the lease it would find nothing to do.
    expires = (batch.leased_until - clock.now()).total_seconds()
    run_batch.apply_async((batch.lease,), queue=_queue(location), expires=expires)


def _call(location: str) -> None:
    """Ask whether somebody is there. It does not expire: whoever comes, however late, is seen at once."""
    report_location.apply_async((location,), queue=_queue(location))


def _queue(location: str) -> str:
    return f"probes.{location}"
