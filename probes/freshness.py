"""How old a measurement may be before it says nothing any more."""

from datetime import datetime, timedelta

STALE_INTERVALS = 3
# Of the whole engine: nothing at all from any probe. The second result may come a moment late.
SILENT_INTERVALS = 2
SILENT_GRACE = timedelta(seconds=10)
# Short intervals: a worker that restarts is not yet a silence.
STALE_AT_LEAST = timedelta(seconds=60)


def stale_after(interval: timedelta) -> timedelta:
    return max(STALE_INTERVALS * interval, STALE_AT_LEAST)


def silent_after(interval: timedelta) -> timedelta:
    """After so long without any result monitoring itself is stale, `interval` being the shortest of the probes."""
    return max(SILENT_INTERVALS * interval + SILENT_GRACE, STALE_AT_LEAST)


def is_stale(last_result_at: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether there was a result, but too long ago."""
    return last_result_at is not None and now - last_result_at > stale_after(interval)
