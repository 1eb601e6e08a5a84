"""Times as people say them ("Sunday 02:30"), as moments, also where clocks are put forward or back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moment_at(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment at which the clocks of the zone show this naive time.

    A time that comes twice, when clocks are put back, is its first; one that no clock shows, when they are put
    forward, is as long after the jump as it was meant to be after the old hour (02:30 becomes 03:30), which is what
    RFC 5545, section 3.3.5, makes of both.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall-clock time has no offset of its own")
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of the zone ever show this naive time."""
    return moment_at(wall, zone).astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0)
