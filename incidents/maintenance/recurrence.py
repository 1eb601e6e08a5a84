"""The days of a recurring window, after RFC 5545 (RRULE), and the moments at which it begins. Pure.

A rule counts days, never hours: the wall-clock time at which each window begins belongs to the series. Where clocks
change it is what RFC 5545, section 3.3.5, makes of it: a time that no clock shows is as long after the jump as it was
meant to be after the old hour, one that comes twice is its first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from statuspage.core.errors import ValidationFailed
from statuspage.core.wall_clock import moment_at

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
NUMBERS = ("INTERVAL", "COUNT")
KEYS = frozenset(
    {"FREQ", *NUMBERS, "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO", "WKST"}
)
ALLOWED = {
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
    "BYYEARDAY": ("YEARLY",),
    "BYWEEKNO": ("YEARLY",),
    "BYSETPOS": ("WEEKLY", "MONTHLY", "YEARLY"),
}
LENGTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
LARGEST_NUMBER = 1000
# RFC 5545, section 3.3.10: each of these is a list of numbers up to this, in most of them also counted from the end.
LARGEST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
# A rule is walked from its first day on; near the end of the calendar there is no moment for a window's end.
FIRST_YEAR, LAST_YEAR = 2000, 2999
LONGEST_RULE = 500
# A leap day comes again after eight years at most (1896, 1904); no rule that people write rests longer.
LONGEST_REST = timedelta(days=8 * 366)
EXAMPLE = "write it like FREQ=MONTHLY;BYDAY=1TU,3TU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """`day` is the page's, the moments are UTC."""

    day: date
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A rule, the day from which it counts, the wall-clock time and how long a window lasts."""

    rule: str
    first_date: date
    begins: time
    duration: timedelta

    def days(self) -> Iterator[date]:
        for moment in _rule(self.rule, self.first_date):
            yield moment.date()

    def occurrences(self, *, zone: ZoneInfo, after: datetime, count: int) -> list[Occurrence]:
        """The next windows that begin after that moment, at most so many."""
        # A day less: what is after a moment here may begin on the day before elsewhere.
        earliest = after.astimezone(zone).date() - timedelta(days=1)
        days = takewhile(lambda day: day.year <= LAST_YEAR, self.days())
        coming = (self._on(day, zone) for day in days if day >= earliest)
        return list(islice((found for found in coming if found.begins_at > after), count))

    def _on(self, day: date, zone: ZoneInfo) -> Occurrence:
        begins_at = moment_at(datetime.combine(day, self.begins.replace(tzinfo=None)), zone)
        return Occurrence(day=day, begins_at=begins_at, ends_at=begins_at + self.duration)


def check_rule(text: str, first_date: date) -> str:
    """The rule as it is kept: upper case, without `RRULE:`. Raises ValidationFailed("rrule") with what is wrong.

    Also on "first_date". Of RFC 5545 it takes what speaks of days: no hours and minutes, and UNTIL as a day.
    """
    if not FIRST_YEAR <= first_date.year <= LAST_YEAR:
        raise ValidationFailed("first_date", f"Choose a first day from the year {FIRST_YEAR} to {LAST_YEAR}.")
    rule = "".join(text.split()).upper().removeprefix("RRULE:").strip(";")
    if len(rule) > LONGEST_RULE:
        raise ValidationFailed("rrule", f"A rule has at most {LONGEST_RULE} characters.")
    parts = [part.partition("=") for part in rule.split(";")]
    names = [name for name, _, _ in parts]
    for name, _, value in parts:
        _check_part(name, value)
    if names.count("FREQ") != 1 or len(set(names)) < len(names):
        raise ValidationFailed("rrule", f"A rule says FREQ and everything else at most once: {EXAMPLE}.")
    _check_together({name: value for name, _, value in parts})
    try:
        found = next(iter(_rule(rule, first_date)), None)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ValidationFailed("rrule", f"This rule cannot be read ({error}): {EXAMPLE}.") from None
    if found is None or found.date() - first_date > LONGEST_REST:
        raise ValidationFailed("rrule", "This rule never comes true within eight years: choose other days.")
    return rule


def _check_part(name: str, value: str) -> None:
    if name not in KEYS or not value:
        raise ValidationFailed("rrule", f"{name or 'An empty part'} is not part of a rule of days: {EXAMPLE}.")
    if name == "FREQ" and value not in FREQUENCIES:
        raise ValidationFailed("rrule", f"FREQ is one of {', '.join(FREQUENCIES)}.")
    if name in NUMBERS and not (value.isascii() and value.isdigit() and 1 <= int(value) <= LARGEST_NUMBER):
        raise ValidationFailed("rrule", f"{name} is a number from 1 to {LARGEST_NUMBER}.")
    if name in LARGEST and not all(1 <= _from_begin(name, number) <= LARGEST[name] for number in _numbers(value)):
        raise ValidationFailed("rrule", f"{name} is made of numbers from 1 to {LARGEST[name]}.")
    if name == "UNTIL":
        try:
            datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            raise ValidationFailed("rrule", "UNTIL is a day, such as 20271231.") from None


def _check_together(parts: dict[str, str]) -> None:
    """What RFC 5545, section 3.3.10, leaves out; dateutil would search such a rule's first day until the year 9999."""
    frequency = parts["FREQ"]
    for name, allowed in ALLOWED.items():
        if name in parts and frequency not in allowed:
            raise ValidationFailed("rrule", f"{name} does not go with FREQ={frequency}.")
    if any(letter.isdigit() for letter in parts.get("BYDAY", "")) and frequency not in {"MONTHLY", "YEARLY"}:
        raise ValidationFailed("rrule", f"With FREQ={frequency} a day of the week has no number.")
    months, days = _numbers(parts.get("BYMONTH", "")), _numbers(parts.get("BYMONTHDAY", ""))
    longest = max((LENGTHS.get(month, 31) for month in months), default=31)
    if days and min(abs(day) for day in days) > longest:
        raise ValidationFailed("rrule", "No such month has that day: choose another.")


def _from_begin(name: str, number: int) -> int:
    return number if name == "BYMONTH" else abs(number)


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part]
    except ValueError:
        raise ValidationFailed("rrule", f"{text} are no numbers: {EXAMPLE}.") from None


def _rule(rule: str, first_date: date) -> rrule:
    # At midnight, so that UNTIL, which is a day, has that whole day.
    made = rrulestr(rule, dtstart=datetime.combine(first_date, time()))
    if not isinstance(made, rrule):
        raise TypeError("more than one rule")
    return made
