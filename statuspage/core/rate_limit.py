"""Limits on what one address may ask of us."""

import hashlib
import logging
import time
from datetime import timedelta

from django.core.cache import cache

logger = logging.getLogger(__name__)


def allow(key: str, *, limit: int, per: timedelta) -> bool:
    """Count one more event for `key` in the current window; False when it is over the limit.

    A cache that is down lets everything through: in an emergency people must still be able to subscribe.
    """
    seconds = int(per.total_seconds())
    window = int(time.time()) // seconds
    hashed = hashlib.sha256(key.encode()).hexdigest()[:32]
    name = f"rate:{hashed}:{window}"
    try:
        cache.add(name, 0, timeout=seconds)
        return cache.incr(name) <= limit
    except ValueError:
        # It expired between the two calls: this event is the first of a new window.
        return True
    except Exception:  # noqa: BLE001 -- whatever the cache's client raises, the limit is not worth an outage
        logger.warning("rate limit not checked: the cache does not answer")
        return True
