"""What pages, mails and the command line say of a window, in the same words. Pure.

Sentences end with a full stop; phrases, which stand in a line with others, do not.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from incidents.enums import MaintenanceImpact, ServiceState
from statuspage.core.durations import brief_duration

HOUR = timedelta(hours=1)
DAYS_SAID_IN_HOURS = 7


def downtime_sentence(expects_downtime: bool | None) -> str:  # noqa: FBT001 -- the column's three values
    """Whether something will be down, if anything is said about it."""
    if expects_downtime is None:
        return ""
    return "Downtime is expected." if expects_downtime else "No downtime is expected."


def impact_phrase(level: str, note: str) -> str:
    """`low: read-only mode`, `low`, `read-only mode`; empty where nothing is said."""
    word = str(MaintenanceImpact(level).label).lower() if level else ""
    return ": ".join(part for part in (word, note) if part)


def announced_phrase(announced_at: datetime, begins_at: datetime) -> str:
    """`announced 76 hours ahead`, rounded down, so that never more is said than was."""
    if begins_at <= announced_at:
        return "announced after it had begun"
    return f"announced {hours_said(begins_at - announced_at)} ahead"


def hours_said(duration: timedelta) -> str:
    """Rounded down: `76 hours`, `45 minutes`, from a week on `9 days`."""
    hours = duration // HOUR
    if hours >= DAYS_SAID_IN_HOURS * 24:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} hour{'' if hours == 1 else 's'}"
    minutes = duration // timedelta(minutes=1)
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else "less than a minute"


def is_running_over(now: datetime, scheduled_until: datetime) -> bool:
    return now > scheduled_until


def progress_phrase(
    now: datetime, *, scheduled_until: datetime, estimated_until: datetime | None, zone: tzinfo
) -> str:
    """Of a window that runs: `on schedule`, `runs over by 12 min, expected to end at 15:20`.

    An estimate that has passed is no longer said. Another day than today's is named.
    """
    expected = estimated_until if estimated_until is not None and estimated_until > now else None
    parts = []
    if is_running_over(now, scheduled_until):
        parts.append(f"runs over by {brief_duration(now - scheduled_until)}")
    else:
        parts.append("on schedule" if expected is None or expected <= scheduled_until else "expected to run over")
    if expected is not None:
        end, today = expected.astimezone(zone), now.astimezone(zone).date()
        day = "" if end.date() == today else f" on {end.day} {end:%B}"
        parts.append(f"expected to end at {end:%H:%M}{day}")
    return ", ".join(parts)


def expected_end(now: datetime, *, scheduled_until: datetime, estimated_until: datetime | None) -> datetime | None:
    """When a running window is expected to be over; None: it runs over, and nobody has said until when."""
    if estimated_until is not None and estimated_until > now:
        return estimated_until
    return scheduled_until if scheduled_until > now else None


def down_and_healthy(states: Iterable[str]) -> tuple[int, int]:
    """How many services are down, and how many can be used."""
    down = [ServiceState(state).is_down for state in states]
    return sum(down), len(down) - sum(down)


def moved_sentence(begins_at: datetime, ends_at: datetime, zone: tzinfo) -> str:
    """What is posted when a window is moved and nobody wrote a word about it."""
    begin, end = begins_at.astimezone(zone), ends_at.astimezone(zone)
    return f"The window was moved. It now runs from {_moment(begin)} until {_moment(end)}."


def extended_sentence(ends_at: datetime, zone: tzinfo) -> str:
    return f"The maintenance takes longer. It is now planned until {_moment(ends_at.astimezone(zone))}."


def _moment(at: datetime) -> str:
    """`24 November 2026, 02:00 GMT`."""
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname() or ''}".strip()
