"""Living with other writers."""

import functools
import logging
import random
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/errcodes-appendix.html, class 40
CONFLICTS = frozenset({"40001", "40P01"})
TRIES = 4
CUT_OFF_PATIENCE_SECONDS = 20.0
CUT_OFF_PAUSE_SECONDS = 0.5


def is_conflict(error: OperationalError) -> bool:
    """Whether the database refused because of another transaction, so that the same again may well work."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in CONFLICTS or "database is locked" in str(error)


def retry_on_conflict[**P, R](service: Callable[P, R]) -> Callable[P, R]:
    """Run the service again after a deadlock or serialization failure, unless it is part of a larger transaction.

    Inside a transaction of the caller there is nothing to repeat: the whole of it was rolled back, and its owner tries
    again.
    """

    @functools.wraps(service)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not connection.in_atomic_block
        for attempt in range(1, TRIES + 1):
            try:
                return service(*args, **kwargs)
            except OperationalError as error:
                if not outermost or attempt == TRIES or not is_conflict(error):
                    raise
                logger.info("%s met another writer, trying again (%d)", service.__name__, attempt)
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 -- jitter, not a secret
        raise AssertionError("unreachable")

    return wrapper


def retry_when_cut_off[**P, R](service: Callable[P, R]) -> Callable[P, R]:
    """Run the service again on a new connection when the old one was cut, for 20 seconds.

    For what must be written down because it has happened already, and does no harm when it is written twice: nobody
    knows whether the database did the first before it went. Inside a transaction of the caller nothing is repeated.
    """

    @functools.wraps(service)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not connection.in_atomic_block
        give_up_at = time.monotonic() + CUT_OFF_PATIENCE_SECONDS
        while True:
            try:
                return service(*args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                if not outermost or time.monotonic() > give_up_at or connection.is_usable():
                    raise
                logger.warning("%s was cut off from the database, trying again: %s", service.__name__, error)
                connection.close()
            time.sleep(CUT_OFF_PAUSE_SECONDS)

    return wrapper
