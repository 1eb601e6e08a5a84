"""Time in whole minutes. Pure."""

from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minute_of(at: datetime) -> int:
    """The minute an aware time is in, counted from 1970."""
    return (at - EPOCH) // MINUTE


def time_of(minute: int) -> datetime:
    """When the minute began, UTC."""
    return EPOCH + minute * MINUTE
