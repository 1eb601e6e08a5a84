"""Short sentences about time, for people. Pure; datetimes are aware and in the zone they are to be read in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from statuspage.core.durations import brief_duration, say_duration


def day_name(day: date) -> str:
    """`21 November`."""
    return f"{day.day} {day:%B}"


def short_day(day: date) -> str:
    """`21 Nov`."""
    return f"{day.day} {day:%b}"


def days_name(first: date, last: date) -> str:
    """A run of days, older first: `14 to 19 November`, `28 October to 2 November`."""
    if first == last:
        return day_name(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_name(last)}"
    return f"{day_name(first)} to {day_name(last)}"


def clock_time(at: datetime) -> str:
    """`14:45 GMT`."""
    return f"{at:%H:%M} {zone_name(at)}"


def full_time(at: datetime) -> str:
    """`21 Nov 2026, 14:45 GMT`."""
    return f"{short_day(at)} {at.year}, {clock_time(at)}"


def near_time(at: datetime, now: datetime) -> str:
    """As much of it as is needed from today: the time; with the day; with the year."""
    if at.date() == now.date():
        return clock_time(at)
    if abs(now - at) < timedelta(days=180):
        return f"{short_day(at)}, {clock_time(at)}"
    return full_time(at)


def zone_name(at: datetime) -> str:
    """`GMT`, `CEST`; `UTC+03` where the zone has no letters of its own."""
    name = at.tzname() or "UTC"
    return f"UTC{name}" if name[:1] in "+-" else name


def utc_time(at: datetime) -> str:
    """`2026-11-21 14:45:12 UTC`, for who hovers."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def window(begin: datetime, end: datetime) -> str:
    """`Tue 24 November, 02:00 to 03:00 GMT`; both days are named where they differ."""
    first = f"{begin:%a} {day_name(begin)}"
    start = f"{begin:%H:%M}" if zone_name(begin) == zone_name(end) else clock_time(begin)
    if begin.date() == end.date():
        return f"{first}, {start} to {clock_time(end)}"
    return f"{first}, {start} to {end:%a} {day_name(end)}, {clock_time(end)}"


def how_soon(delta: timedelta) -> str:
    """`13 min`, `2 h 5 min`, `3 d 4 h`, rounded down to the minute; `less than a minute`."""
    return brief_duration(delta)


def lasted(begin: datetime, end: datetime) -> str:
    """`34 minutes`."""
    return say_duration(max(end - begin, timedelta()))


def per_cent(value: Decimal) -> str:
    """`99.91 %` with a blank that does not break; a whole hundred without decimals. The value is floored already."""
    return "100\N{NO-BREAK SPACE}%" if value == 100 else f"{value:.2f}\N{NO-BREAK SPACE}%"


def per_cent_or_dash(value: Decimal | None) -> str:
    """What was not measured is a dash, never a zero."""
    return "–" if value is None else per_cent(value)


def counted(number: int, word: str) -> str:
    """`1 update`, `4 updates`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def exactly(duration: timedelta, after: str = "") -> str:
    """A setting in words: `30 seconds`, `1 hour`, `500 ms`, `1.5 seconds`. `after` "every", one has no number."""
    for seconds, word in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        number = duration.total_seconds() / seconds
        if number >= 1 and (number.is_integer() or seconds == 1):
            text = f"{number:.3f}".rstrip("0").rstrip(".")
            if text == "1":
                return word if after == "every" else f"1 {word}"
            return f"{text} {word}s"
    return f"{duration.total_seconds() * 1000:.0f}\N{NO-BREAK SPACE}ms"
