"""Times in mails: in the page's zone by name, with UTC beside it if that is another time."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from statuspage.core.durations import say_duration


def moment(text: str | None) -> datetime | None:
    """A time of a payload: RFC 3339."""
    return None if text is None else datetime.fromisoformat(text)


def written(at: datetime | None, zone: ZoneInfo) -> str:
    """`21 November 2026, 15:30 CET (14:30 UTC)`. Another day in UTC is named."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{_day(local)}, {_clock(local, zone)}"


def soon(at: datetime | None, zone: ZoneInfo, *, said_at: datetime | None) -> str:
    """`15:30 CET (14:30 UTC)` on the day on which it is said, else as `written`."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    if said_at is None or said_at.astimezone(zone).date() != local.date():
        return written(at, zone)
    return _clock(local, zone)


def window(begins: datetime, ends: datetime, zone: ZoneInfo) -> str:
    """`Tuesday 24 November 2026, 02:00 to 04:00 GMT (02:00 to 04:00 UTC), 2 hours`.

    A window over midnight, or over a change of clocks, has both of its ends in full.
    """
    first, last = begins.astimezone(zone), ends.astimezone(zone)
    lasts = say_duration(ends - begins)
    if first.date() != last.date() or first.utcoffset() != last.utcoffset():
        return f"{first:%A} {written(begins, zone)} until {last:%A} {written(ends, zone)}, {lasts}"
    text = f"{first:%A} {_day(first)}, {first:%H:%M} to {last:%H:%M} {_name(first, zone)}"
    if _name(first, zone) != "UTC":
        text += f" ({_utc_window(first, last)} UTC)"
    return f"{text}, {lasts}"


def in_subject(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov 02:00 GMT`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M} {_name(local, zone)}"


def _day(local: datetime) -> str:
    return f"{local.day} {local:%B %Y}"


def _clock(local: datetime, zone: ZoneInfo) -> str:
    name = _name(local, zone)
    text = f"{local:%H:%M} {name}"
    return text if name == "UTC" else f"{text} ({_other_day(local)}{_utc(local)} UTC)"


def _name(local: datetime, zone: ZoneInfo) -> str:
    """Zones without an abbreviation of their own call themselves +03."""
    name = local.tzname() or ""
    return name if name.isalpha() else zone.key


def _utc(at: datetime) -> str:
    return f"{at.astimezone(_UTC):%H:%M}"


def _other_day(local: datetime) -> str:
    there = local.astimezone(_UTC)
    return "" if there.date() == local.date() else f"{there.day} {there:%B}, "


def _utc_window(first: datetime, last: datetime) -> str:
    if first.astimezone(_UTC).date() == last.astimezone(_UTC).date():
        return f"{_other_day(first)}{_utc(first)} to {_utc(last)}"
    ends = (f"{there.day} {there:%B}, {there:%H:%M}" for there in (first.astimezone(_UTC), last.astimezone(_UTC)))
    return " until ".join(ends)


_UTC: tzinfo = ZoneInfo("UTC")
