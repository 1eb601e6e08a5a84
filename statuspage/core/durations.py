"""Durations as people write them: a number with ms, s, m, h or d; business days as a number with bd."""

import re
from datetime import timedelta

UNITS = {"ms": timedelta(milliseconds=1), "s": timedelta(seconds=1), "m": timedelta(minutes=1)}
UNITS |= {"h": timedelta(hours=1), "d": timedelta(days=1)}
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", re.ASCII)
BUSINESS_DAYS = re.compile(r"(\d{1,3})bd", re.ASCII)
LONGEST = timedelta(days=3660)
# How people write units when they are in a hurry.
UNITS_IN_WORDS = {"min": "m", "mins": "m", "minute": "m", "minutes": "m"}
UNITS_IN_WORDS |= {"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d"}
NUMBER_AND_WORD = re.compile(r"([0-9.]+)\s*([a-z]+)", re.ASCII | re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """`"90s"` → 90 seconds. Raises ValueError with what was expected."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("a duration such as 500ms, 30s, 15m, 2h or 7d")
    duration = float(match[1]) * UNITS[match[2]]
    if duration > LONGEST:
        raise ValueError("a duration of at most ten years")
    return duration


def read_duration(text: str) -> timedelta:
    """As people type it: `parse_duration`, and `"20 min"`, `"1 hour"`, `"2 H"`. Raises ValueError as that does."""
    said = NUMBER_AND_WORD.fullmatch(text.strip())
    if said is None:
        return parse_duration(text)
    unit = said[2].lower()
    return parse_duration(said[1] + UNITS_IN_WORDS.get(unit, unit))


def parse_business_days(text: str) -> int:
    """`"7bd"` → 7. Raises ValueError with what was expected."""
    match = BUSINESS_DAYS.fullmatch(text.strip())
    if match is None:
        raise ValueError("a number of business days such as 7bd")
    return int(match[1])


def format_duration(duration: timedelta) -> str:
    """The shortest exact way to write it: 90 seconds → `"90s"`, 15 minutes → `"15m"`."""
    milliseconds = round(duration / UNITS["ms"])
    for unit in ("d", "h", "m", "s"):
        size = round(UNITS[unit] / UNITS["ms"])
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def say_duration(duration: timedelta) -> str:
    """For people, to the minute: `"34 minutes"`, `"2 hours 5 minutes"`, `"3 days 4 hours"`."""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    parts = [(minutes // 1440, "day"), (minutes % 1440 // 60, "hour"), (minutes % 60, "minute")]
    said = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts if number]
    return " ".join(said[:2])


def brief_duration(duration: timedelta) -> str:
    """For a narrow place, rounded down to the minute: `"13 min"`, `"2 h 5 min"`, `"3 d 4 h"`."""
    minutes = int(duration / timedelta(minutes=1))
    if minutes < 1:
        return "less than a minute"
    parts = [(minutes // 1440, "d"), (minutes % 1440 // 60, "h"), (minutes % 60, "min")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2])
