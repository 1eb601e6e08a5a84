"""Round numbers for axes, and latencies with their units. Pure."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from statuspage.web import wording

MOST_TICKS = 5
ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
SECOND_MS, MINUTE_MS = 1000.0, 60_000.0
# Beyond this no latency is believed: a timeout is at most a minute.
LARGEST_MS = 1e9
NARROW = "\N{NO-BREAK SPACE}"


def ticks(top: float) -> list[float]:
    """Round values from 0 to the first one at or above `top` (> 0): three to six of them."""
    top = min(max(top, 0.1), LARGEST_MS)
    magnitude = 10.0 ** math.floor(math.log10(top / MOST_TICKS))
    step = next(magnitude * factor for factor in ROUND if magnitude * factor * MOST_TICKS >= top * (1 - 1e-9))
    count = max(math.ceil(top / step - 1e-9), 1)
    return [step * number for number in range(count + 1)]


def say_ms(value: float) -> str:
    """`0.4 ms`, `4.2 ms`, `412 ms`, `1.24 s`, `75 s`: as many digits as mean something."""
    if value >= MINUTE_MS:
        return f"{value / SECOND_MS:.0f}{NARROW}s"
    if value >= SECOND_MS - 0.5:
        return f"{_plain(value / SECOND_MS, 2)}{NARROW}s"
    return f"{_plain(value, 1 if value < 10 else 0)}{NARROW}ms"


def say_tick(value: float, *, top: float) -> str:
    """A tick in the unit of the whole axis: `0`, `500 ms`, `1.5 s`."""
    if not value:
        return "0"
    if top > SECOND_MS:
        return f"{_plain(value / SECOND_MS, 3)}{NARROW}s"
    return f"{_plain(value, 3)}{NARROW}ms"


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_ticks(begin: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Clock times or days of the zone between two aware moments, four to eight, with their labels."""
    length = end - begin
    if length <= timedelta(hours=36):
        return list(_hours(begin, end, zone, every=6 if length > timedelta(hours=12) else 2))
    days = length / timedelta(days=1)
    return list(_days(begin, end, zone, every=max(round(days / 6), 1)))


def _hours(begin: datetime, end: datetime, zone: ZoneInfo, *, every: int) -> Iterator[tuple[datetime, str]]:
    for day in _dates(begin, end, zone):
        for hour in range(0, 24, every):
            at = datetime.combine(day, time(hour), tzinfo=zone)
            if begin <= at <= end:
                yield at, wording.short_day(day) if hour == 0 else f"{hour:02}:00"


def _days(begin: datetime, end: datetime, zone: ZoneInfo, *, every: int) -> Iterator[tuple[datetime, str]]:
    # Counted from the end, so that the newest day is always named; a day that begins at the end is not in it.
    dates = list(_dates(begin, end - timedelta(microseconds=1), zone))
    for day in reversed(dates[::-1][::every]):
        at = datetime.combine(day, time.min, tzinfo=zone)
        if begin <= at <= end:
            yield at, wording.short_day(day)


def _dates(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[date]:
    day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def share_of(at: datetime, begin: datetime, end: datetime) -> float:
    """Where a moment lies between two others, 0 to 1."""
    whole = (end.astimezone(UTC) - begin.astimezone(UTC)).total_seconds()
    return 0.0 if whole <= 0 else min(max((at.astimezone(UTC) - begin.astimezone(UTC)).total_seconds() / whole, 0), 1)
