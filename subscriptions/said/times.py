"""Times in mails: in the reader's zone by name, with UTC beside it if that is another time."""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from subscriptions.languages import say, say_count, to_be_said

MONTHS = [
    to_be_said("January"),
    to_be_said("February"),
    to_be_said("March"),
    to_be_said("April"),
    to_be_said("May"),
    to_be_said("June"),
    to_be_said("July"),
    to_be_said("August"),
    to_be_said("September"),
    to_be_said("October"),
    to_be_said("November"),
    to_be_said("December"),
]
BRIEF_MONTHS = [
    to_be_said("Jan"),
    to_be_said("Feb"),
    to_be_said("Mar"),
    to_be_said("Apr"),
    to_be_said("May"),
    to_be_said("Jun"),
    to_be_said("Jul"),
    to_be_said("Aug"),
    to_be_said("Sep"),
    to_be_said("Oct"),
    to_be_said("Nov"),
    to_be_said("Dec"),
]
WEEKDAYS = [
    to_be_said("Monday"),
    to_be_said("Tuesday"),
    to_be_said("Wednesday"),
    to_be_said("Thursday"),
    to_be_said("Friday"),
    to_be_said("Saturday"),
    to_be_said("Sunday"),
]
BRIEF_WEEKDAYS = [
    to_be_said("Mon"),
    to_be_said("Tue"),
    to_be_said("Wed"),
    to_be_said("Thu"),
    to_be_said("Fri"),
    to_be_said("Sat"),
    to_be_said("Sun"),
]
_UTC: tzinfo = ZoneInfo("UTC")


def moment(text: str | None) -> datetime | None:
    """A time of a payload: RFC 3339."""
    return None if text is None else datetime.fromisoformat(text)


def written(at: datetime | None, zone: ZoneInfo) -> str:
    """`21 November 2026, 15:30 CET (14:30 UTC)`. Another day in UTC is named."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return say("%(date)s, %(time)s", date=_date(local), time=_clock(local, zone))


def written_with_weekday(at: datetime, zone: ZoneInfo) -> str:
    """`Tuesday 24 November 2026, 02:00 GMT (02:00 UTC)`."""
    local = at.astimezone(zone)
    return say("%(date)s, %(time)s", date=_long_date(local), time=_clock(local, zone))


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
    lasts = lasting(ends - begins)
    if first.date() != last.date() or first.utcoffset() != last.utcoffset():
        whole = {"begins": written_with_weekday(begins, zone), "ends": written_with_weekday(ends, zone)}
        return say("%(begins)s until %(ends)s, %(duration)s", **whole, duration=lasts)
    hours = say("%(begins)s to %(ends)s", begins=f"{first:%H:%M}", ends=f"{last:%H:%M}")
    time = f"{hours} {_name(first, zone)}"
    if _name(first, zone) != "UTC":
        time += f" ({_utc_window(first, last)} UTC)"
    return say("%(date)s, %(time)s, %(duration)s", date=_long_date(first), time=time, duration=lasts)


def in_subject(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov 02:00 GMT`."""
    local = at.astimezone(zone)
    day = say(
        "%(weekday)s %(day)s %(month)s",
        weekday=say(BRIEF_WEEKDAYS[local.weekday()]),
        day=_number(local),
        month=say(BRIEF_MONTHS[local.month - 1]),
    )
    return f"{day} {local:%H:%M} {_name(local, zone)}"


def month_of(year: int, month: int) -> str:
    """`October 2026`."""
    return say("%(month)s %(year)d", month=say(MONTHS[month - 1]), year=year)


def lasting(duration: timedelta) -> str:
    """To the minute: `34 minutes`, `2 hours 5 minutes`, `3 days 4 hours`."""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 1:
        return say("less than a minute")
    days, hours = minutes // 1440, minutes % 1440 // 60
    parts = []
    if days:
        parts.append(say_count("%(number)d day", "%(number)d days", days))
    if hours:
        parts.append(say_count("%(number)d hour", "%(number)d hours", hours))
    if minutes % 60:
        parts.append(say_count("%(number)d minute", "%(number)d minutes", minutes % 60))
    return " ".join(parts[:2])


def _number(local: datetime) -> str:
    """The day of the month. Some languages have a form of their own for the first."""
    return say("1") if local.day == 1 else str(local.day)


def _date(local: datetime) -> str:
    month = say(MONTHS[local.month - 1])
    return say("%(day)s %(month)s %(year)d", day=_number(local), month=month, year=local.year)


def _long_date(local: datetime) -> str:
    return say("%(weekday)s %(date)s", weekday=say(WEEKDAYS[local.weekday()]), date=_date(local))


def _day_and_month(local: datetime) -> str:
    return say("%(day)s %(month)s", day=_number(local), month=say(MONTHS[local.month - 1]))


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
    return "" if there.date() == local.date() else f"{_day_and_month(there)}, "


def _utc_window(first: datetime, last: datetime) -> str:
    begins, ends = first.astimezone(_UTC), last.astimezone(_UTC)
    if begins.date() == ends.date():
        hours = say("%(begins)s to %(ends)s", begins=_utc(first), ends=_utc(last))
        return f"{_other_day(first)}{hours}"
    both = {"begins": f"{_day_and_month(begins)}, {_utc(first)}", "ends": f"{_day_and_month(ends)}, {_utc(last)}"}
    return say("%(begins)s until %(ends)s", **both)
