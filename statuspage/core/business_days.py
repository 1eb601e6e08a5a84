"""Business days: Monday to Friday in the page's zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def add_business_days(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time `days` business days later, in the zone; the day of `start` itself does not count."""
    local = start.astimezone(zone)
    left = days
    while left > 0:
        local += timedelta(days=1)
        if local.weekday() < SATURDAY:
            left -= 1
    return local
