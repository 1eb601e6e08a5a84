"""Celery's door to the services. The rows are the queue: a task that is lost or doubled changes nothing."""

import time

from celery import shared_task

from statuspage.core import stopping
from subscriptions import choices, fanout, following, health, retention, sending, services
from subscriptions.importing import running as importing

# Nobody waits for a wake-up that has waited this long itself: the next sweep sends a new one.
WAKE_UP_EXPIRES_SECONDS = 10
SEND_FOR_SECONDS = 60.0
IMPORT_FOR_SECONDS = 20.0


@shared_task(name="subscriptions.sweep")
def sweep() -> None:
    """Find what waits: requests to subscribe, notices to fan out, mails to send."""
    services.accept_requests()
    fanout.fan_out_pending()
    for lane in sending.lanes_with_due():
        send_batch.apply_async((lane,), queue=lane, expires=WAKE_UP_EXPIRES_SECONDS)


@shared_task(name="subscriptions.send_batch")
def send_batch(lane: str = "mail") -> None:
    """Send batch after batch of a lane until none is due; hand over to the next task after a minute."""
    stop_at = time.monotonic() + SEND_FOR_SECONDS
    while not stopping.is_asked() and sending.send_batch(lane).handled and time.monotonic() < stop_at:
        continue


@shared_task(name="subscriptions.watch_deliveries")
def watch_deliveries() -> None:
    """Raise or resolve the signals about messages that wait too long or are not taken."""
    health.watch_deliveries()


@shared_task(name="subscriptions.run_imports")
def run_imports() -> None:
    """Find imports that nobody works on."""
    for key in importing.waiting_imports():
        run_import.apply_async((key,), expires=WAKE_UP_EXPIRES_SECONDS)


@shared_task(name="subscriptions.run_import")
def run_import(import_id: int) -> None:
    """Bring in one list, for a while, then let others have the worker before it goes on."""
    row = importing.run_import(import_id=import_id, seconds=IMPORT_FOR_SECONDS)
    if row is not None and row.is_running:
        run_import.apply_async((import_id,), expires=WAKE_UP_EXPIRES_SECONDS)


@shared_task(name="subscriptions.apply_retention")
def apply_retention() -> None:
    choices.take_in_new_members()
    following.end_idle()
    retention.apply_retention()
