"""What became of notices, for lists: one that is over is not counted again each time somebody looks.

Counting reads each delivery of a notice, some 40 ms for 100,000 of them; most notices of a list are long over.
"""

import time
from collections.abc import Collection

from subscriptions.selectors import Progress, notice_progress

KEEP_SECONDS = 60.0
MOST_KEPT = 1000


class SettledProgress:
    """Remembers, for a minute and in this process alone, the counts of notices that nothing waits for."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, Progress]] = {}

    def forget(self) -> None:
        """For tests: their databases share keys."""
        self._kept.clear()

    def of(self, notice_ids: Collection[int]) -> dict[int, Progress]:
        """One query at most. A notice with nobody to tell is asked about anew: it may not be fanned out yet."""
        now = time.monotonic()
        fresh = {pk: kept[1] for pk in notice_ids if (kept := self._kept.get(pk)) and now - kept[0] < KEEP_SECONDS}
        asked = [pk for pk in notice_ids if pk not in fresh]
        counted = notice_progress(asked) if asked else {}
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        self._kept.update({pk: (now, progress) for pk, progress in counted.items() if progress.is_over})
        return fresh | counted


settled = SettledProgress()
