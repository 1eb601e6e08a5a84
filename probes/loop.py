"""One asyncio loop for each worker process, in a thread of its own, for as long as the process lives.

Celery's workers are plain threads or forked processes: a loop made for each batch would make a client and a TLS
context (20 ms) for each batch. The loop is made at the first check, so a fork never inherits one.
"""

import asyncio
import atexit
import os
import resource
import sys
import threading
from collections.abc import Coroutine
from typing import Any

from probes.checkers import CheckContext

# Another thread that computes gives way to the loop after so long, so that its pauses are not taken for latency.
SWITCH_SECONDS = 0.001
# Checks in flight at once, of the well and of the doubtful each.
MOST_IN_A_LANE = 2000
# Descriptors for everything else: database, broker, logs.
KEPT_FREE = 200


class CheckLoop:
    """The running loop with what its checks share."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        sys.setswitchinterval(SWITCH_SECONDS)
        self.context = CheckContext()
        # Apart, so that thousands of targets that hang until their timeout leave room for those that answer.
        places = places_in_a_lane()
        self._well = asyncio.Semaphore(places)
        self._doubtful = asyncio.Semaphore(places)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="checks", daemon=True)
        self._thread.start()
        self.run(self.context.open())

    def lane(self, *, is_doubtful: bool) -> asyncio.Semaphore:
        """The places for checks that were well the last time, or for those that were not."""
        return self._doubtful if is_doubtful else self._well

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this on the loop and do not wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def run[Result](self, work: Coroutine[Any, Any, Result], *, timeout: float | None = None) -> Result:
        """Run this on the loop and wait for it. Raises TimeoutError, and cancels it, after `timeout` seconds."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """Close what is shared and stop the thread. Checks in flight are cancelled: their leases run out."""
        self.run(self._end(), timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    async def _end(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.context.aclose()


def places_in_a_lane() -> int:
    """As many as the descriptors of this process allow, after asking for all that it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_IN_A_LANE + KEPT_FREE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = wanted if soft == resource.RLIM_INFINITY else soft
    return max(10, min(MOST_IN_A_LANE, (allowed - KEPT_FREE) // 2))


_lock = threading.Lock()
_current: CheckLoop | None = None


def check_loop() -> CheckLoop:
    """The loop of this process, made at first use."""
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = CheckLoop()
        return _current


def close_check_loop() -> None:
    """Stop the loop of this process, if there is one; the next check starts a new one."""
    global _current
    with _lock:
        if _current is not None and _current.pid == os.getpid():
            _current.close()
        _current = None


def _forget_after_fork() -> None:
    # The thread is not in the child, and the lock may have been held at that moment.
    global _current, _lock
    _current = None
    _lock = threading.Lock()


# A thread pool's process ends like any program; a forked worker's ends without this and needs none.
atexit.register(close_check_loop)
os.register_at_fork(after_in_child=_forget_after_fork)
