"""Celery's way into the engine: each task calls one service, and running it twice changes nothing more."""

from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings

from probes import engine, flapping, heartbeats, leases, retention, rollup, services
from probes.leases import Batch
from statuspage.core import clock

# Beat asks every 10 seconds.
WORKER_MAY_BE_SILENT = timedelta(seconds=15)


@shared_task(name="probes.tick")
def tick() -> None:
    """Claim what is due and start its batches. A broker that is gone costs a turn: the leases run out.

    After a time without broker or database our own silence would be the first thing measured, so that ends first.
    """
    heartbeats.report_worker_heartbeat(if_silent_for=WORKER_MAY_BE_SILENT)
    engine.tick(settings.PROBE_LOCATION, _start)


@shared_task(name="probes.run_batch")
def run_batch(lease: str) -> None:
    engine.run_batch(lease)


@shared_task(name="probes.roll_up")
def roll_up() -> None:
    leases.resync()
    services.expire_stale()
    flapping.sweep()
    rollup.roll_up()


@shared_task(name="probes.apply_retention")
def apply_retention() -> None:
    retention.apply_retention()


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


def _start(batch: Batch) -> None:
    # Later than the lease it would find nothing to do.
    expires = (batch.leased_until - clock.now()).total_seconds()
    run_batch.apply_async((batch.lease,), queue=f"probes.{settings.PROBE_LOCATION}", expires=expires)
