"""Who may send on a lane now: so many senders on each machine, however many workers there are.

A lane that waits for servers of others would otherwise take every worker's place in turn, and with them what mails
and probes need. The lock ends with the process that holds it, however that ends.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from django.conf import settings
from django.db import connection

type Turn = Callable[[], AbstractContextManager[bool]]


def anybody() -> AbstractContextManager[bool]:
    """As many senders as there are workers."""
    return nullcontext(enter_result=True)


def one_sender(lane: str) -> Turn:
    """Gives whether this lane is ours: not while another thread or process of this machine sends on it."""
    return some_senders(lane, lambda: 1)


def some_senders(lane: str, at_most: Callable[[], int]) -> Turn:
    """Gives whether we may send on this lane: not while so many others of this machine do."""

    @contextmanager
    def turn() -> Iterator[bool]:
        # Of this database: another page on the same machine may share our folder, as tests do.
        database = "/".join(str(connection.settings_dict[key]) for key in ("HOST", "PORT", "NAME"))
        name = f"{lane}-{hashlib.sha256(database.encode()).hexdigest()[:12]}"
        # With PostgreSQL and Redis nothing else may have needed the folder yet.
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for number in range(at_most()):
                file = stack.enter_context((settings.DATA_DIR / f"{name}-{number}.lock").open("a"))
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield True
                return
            yield False

    return turn
