"""Celery's consumer, with a shorter patience for a broker that is gone.

Celery waits two seconds longer after each attempt, up to half a minute: after an outage probes and mails would stand
still that much longer than the broker did.
"""

from functools import partial
from typing import Any

from celery.worker import consumer

LONGEST_WAIT_SECONDS = 2


class Consumer(consumer.Consumer):
    def ensure_connected(self, conn: Any) -> Any:
        """The connection, as soon as the broker is there."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=1, interval_step=1, interval_max=LONGEST_WAIT_SECONDS
        )
        return super().ensure_connected(conn)
