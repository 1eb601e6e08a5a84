"""The one clock. Everything that needs the time asks here, so that a test can stop it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(tz=UTC)
