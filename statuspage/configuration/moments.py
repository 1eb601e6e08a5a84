"""Moments as a file says them: absolute, or relative to the moment at which it is loaded. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from statuspage.core.durations import parse_duration
from statuspage.core.wall_clock import moment_at

PART = r"\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d)"
RELATIVE = re.compile(rf"now(?:(?P<sign>[+-])(?P<parts>(?:{PART})+))?(?: (?P<wall>\d\d:\d\d))?", re.ASCII)
EXPECTED = (
    'a moment such as "2026-08-14T14:23Z", "2026-08-14 14:23" by the clocks of the page, "now-14m" or "now+4d 02:00"'
)
EXPECTED_DAY = 'a day such as 2026-01-06 or "now+4d"'


def parse_moment(value: object, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment that a value of the file means.

    With an offset it is that moment; without one, as text or as TOML writes it, what the clocks of `zone` show.
    `"now-2h30m"` counts from `now`; `"now+4d 02:00"` is the day of that moment in `zone`, at that time of its clocks.
    Raises ValueError with what was expected.
    """
    try:
        if isinstance(value, datetime):
            return _with_zone(value, zone)
        if isinstance(value, str):
            match = RELATIVE.fullmatch(value.strip())
            if match is not None:
                return _relative(match, now, zone)
            if len(value.strip()) > len("2026-08-14"):
                return _with_zone(datetime.fromisoformat(value.strip()), zone)
    except (ValueError, OverflowError):
        pass
    raise ValueError(EXPECTED)


def parse_day(value: object, *, now: datetime, zone: ZoneInfo) -> date:
    """A day as TOML or ISO 8601 writes it, or the one in `zone` of a relative moment. Raises ValueError."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            match = RELATIVE.fullmatch(value.strip())
            if match is not None and match["wall"] is None:
                return _relative(match, now, zone).astimezone(zone).date()
            return date.fromisoformat(value.strip())
    except (ValueError, OverflowError):
        pass
    raise ValueError(EXPECTED_DAY)


def _with_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment_at(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _relative(match: re.Match[str], now: datetime, zone: ZoneInfo) -> datetime:
    distance = sum((parse_duration(part) for part in re.findall(PART, match["parts"] or "")), timedelta())
    moment = now - distance if match["sign"] == "-" else now + distance
    if match["wall"] is None:
        return moment.astimezone(UTC)
    return moment_at(datetime.combine(moment.astimezone(zone).date(), time.fromisoformat(match["wall"])), zone)
