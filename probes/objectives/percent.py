"""Percentages: read exactly, floored when shown, compared as integers."""

import re
from decimal import Decimal

from components.uptime import floored_percentage

PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s?%", re.ASCII)
HUNDRED = Decimal(100)
# Percentages have four places at most: as whole numbers of this size they compare exactly.
SCALE = 10_000

__all__ = ["HUNDRED", "floored_percentage", "is_at_least", "parse_percent", "say_percent", "scaled"]


def parse_percent(text: str) -> Decimal:
    """`"99.9%"` → 99.9, exactly. Raises ValueError for what is none, or not above 0 and at most 100."""
    match = PERCENT.fullmatch(text.strip())
    percent = Decimal(match[1]) if match else Decimal(0)
    if not 0 < percent <= HUNDRED:
        raise ValueError('a percentage above 0 and at most 100, such as "99.9%"')
    return percent


def say_percent(percent: Decimal) -> str:
    """`99.9 %`, without zeros that say nothing: 99.9000 → "99.9 %", 100 → "100 %"."""
    text = format(percent, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}\N{NO-BREAK SPACE}%"


def scaled(percent: Decimal) -> int:
    """The percentage in millionths of the whole: 99.9 → 999 000. Exact for up to four places."""
    number = percent * SCALE
    if number != int(number):
        raise ValueError(f"{percent} has more than four places")
    return int(number)


def is_at_least(good: int, measured: int, target: Decimal) -> bool:
    """Whether good of measured reaches the target, in whole numbers: nothing is rounded before it is compared."""
    return good * 100 * SCALE >= scaled(target) * measured
