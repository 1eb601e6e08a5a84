"""The Celery application: `celery -A statuspage worker`, `celery -A statuspage beat`."""

import os

from celery import Celery
from celery.signals import beat_embedded_init, worker_shutting_down
from kombu.transport import TRANSPORT_ALIASES

from statuspage.core import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

# See there why kombu's own will not do.
TRANSPORT_ALIASES["filesystem"] = "statuspage.core.file_broker:Transport"

app = Celery("statuspage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_shutting_down.connect
def stop_soon(**_: object) -> None:
    """The worker waits for what its children do; here they learn that they are waited for."""
    stopping.ask()


@beat_embedded_init.connect
def end_with_the_worker(**_: object) -> None:
    """Beat inside a worker (`worker --beat`) is a process of its own: left alone it would wake nobody for ever."""
    from statuspage.management.processes import die_with_parent

    die_with_parent()
