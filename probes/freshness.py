"""How old a measurement may be before it says nothing any more."""

from datetime import datetime, timedelta

STALE_INTERVALS = 2
# The second result may be on its way: it was due, is waited for until its timeout, and recorded.
ON_ITS_WAY = timedelta(seconds=10)
# Short intervals: a worker that restarts is not yet a silence.
STALE_AT_LEAST = timedelta(seconds=60)


def stale_after(interval: timedelta) -> timedelta:
    return max(STALE_INTERVALS * interval + ON_ITS_WAY, STALE_AT_LEAST)


def is_stale(last_result_at: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether there was a result, but too long ago."""
    return last_result_at is not None and now - last_result_at > stale_after(interval)
