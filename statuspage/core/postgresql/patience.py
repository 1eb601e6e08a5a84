"""How long a query waits for a database that accepts it and never answers.

The network cannot tell: a frozen server's kernel keeps acknowledging. A query that is merely slow must be left alone,
so somebody has to know whether the database is silent. In a web process that is its publisher, whose thread asks the
database something trivial every second; everyone else gives up once it says so, and while it says so does not ask.
Worker processes and management commands have no such watch and wait, as they should.
"""

import threading
from collections.abc import Callable
from time import monotonic

# For the watching thread's own questions.
WATCH_SECONDS = 1.5
# For everybody else's, once the database is known to be silent.
REQUEST_SECONDS = 1.0


class _Watch(threading.local):
    is_watching = False


_watch = _Watch()
_is_silent: Callable[[], bool] | None = None


def watch_database(is_silent: Callable[[], bool] | None) -> None:
    """Have this process give up on a database that `is_silent` calls silent; None: wait for ever, as before.

    `is_silent` is called often and from any thread; it must be quick and must not raise.
    """
    global _is_silent
    _is_silent = is_silent


def this_thread_watches() -> None:
    """This thread finds out whether the database answers: for it the limit is a time, not what it itself said."""
    _watch.is_watching = True


def is_limited() -> bool:
    return _is_silent is not None


def is_known_silent() -> bool:
    """Whether there is no use in asking."""
    return _is_silent is not None and not _watch.is_watching and _is_silent()


def is_over(started: float) -> bool:
    """Whether a wait that began at `started` (monotonic seconds) has lasted long enough."""
    if _is_silent is None:
        return False
    if _watch.is_watching:
        return monotonic() - started > WATCH_SECONDS
    return monotonic() - started > REQUEST_SECONDS and _is_silent()
