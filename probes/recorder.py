"""Records what checks found as they end, about twice a second, whatever batch they came with.

A batch that waited for its slowest check would hold back all the others: of targets that hang, a handful in each
batch. Here a check's result goes to the database with whatever else ended at the same time, and nobody waits.
One recorder for each process; what it had not recorded when the process dies is lost, and its leases run out.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence

from django.db import close_old_connections

from probes.checking import Job, check_each
from probes.loop import CheckLoop, check_loop
from probes.measured import Measured
from probes.record import record_batch

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
# One transaction, and about so many statements' worth of parameters.
MOST_AT_ONCE = 1000
# Longer than almost every check; who stops the worker waits for it.
SECONDS_TO_END = 6.0


class Recorder:
    """A thread with a database connection of its own, fed by the loop that makes the checks."""

    def __init__(self, loop: CheckLoop) -> None:
        self.pid = os.getpid()
        self._loop = loop
        self._found: deque[tuple[str, Measured]] = deque()
        self._running = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._flushing = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def submit(self, location: str, jobs: Sequence[Job]) -> None:
        """Make these checks and record each soon after it ends. Does not block."""
        with self._lock:
            self._running += len(jobs)
        self._loop.start(self._make(location, jobs))

    def flush(self) -> int:
        """Record what has ended so far. Returns how many results were new."""
        with self._flushing:
            found = [self._found.popleft() for _ in range(len(self._found))]
            new = 0
            for location, part in parts_of(found):
                try:
                    new += record_batch(location=location, measured=part)
                except Exception:
                    # Their leases run out; the next turn measures anew.
                    logger.exception("%d results from %s could not be recorded.", len(part), location)
            return new

    def drain(self, timeout: float = SECONDS_TO_END) -> None:
        """Wait for the checks in flight, at most so many seconds, and record what they found."""
        deadline = time.monotonic() + timeout
        while self._running and time.monotonic() < deadline:
            time.sleep(0.05)
        self.flush()

    async def _make(self, location: str, jobs: Sequence[Job]) -> None:
        def ended(measured: Measured | None) -> None:
            if measured is not None:
                self._found.append((location, measured))
            with self._lock:
                self._running -= 1
            self._wake.set()

        await check_each(jobs, self._loop, ended)

    def _work(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(FLUSH_SECONDS)
            self._wake.clear()
            close_old_connections()
            self.flush()
            close_old_connections()


def parts_of(found: Sequence[tuple[str, Measured]]) -> list[tuple[str, list[Measured]]]:
    """By location, in parts of at most a thousand with at most one result a probe, in the order they came."""
    parts: dict[str, list[dict[int, Measured]]] = {}
    for location, one in found:
        of_location = parts.setdefault(location, [])
        for part in of_location:
            if one.probe_id not in part and len(part) < MOST_AT_ONCE:
                part[one.probe_id] = one
                break
        else:
            of_location.append({one.probe_id: one})
    return [(location, list(part.values())) for location, those in parts.items() for part in those]


_lock = threading.Lock()
_current: Recorder | None = None


def recorder() -> Recorder:
    """That of this process, made at first use."""
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = Recorder(check_loop())
        return _current


def drain_recorder() -> None:
    """Before the process ends: what is in flight is waited for and recorded."""
    if _current is not None and _current.pid == os.getpid():
        _current.drain()


def _forget_after_fork() -> None:
    global _current, _lock
    _current = None
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
