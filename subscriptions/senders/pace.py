"""Not more than so many messages a second, where the server at the other end wants that."""

import threading
import time
from collections.abc import Callable


class Pace:
    """For one process: two workers send twice as much. `limit` is asked each time; 0 is no limit."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self.limit = limit
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next message may go: evenly spread, after a second at most."""
        limit = self.limit()
        if limit <= 0:
            return
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._free_at)
            self._free_at = begin + 1 / limit
        if begin > now:
            time.sleep(begin - now)

    def cut(self, batch: int, seconds: float) -> int:
        """As many of a batch as may go in so much time, and at least one."""
        limit = self.limit()
        return batch if limit <= 0 else max(1, min(batch, int(limit * seconds)))
