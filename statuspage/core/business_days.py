"""Business days, in a zone: the days that are no weekend and no holiday.

Whose weekend and holidays count is a code as in ISO 3166: a country (`GB`) or a part of one (`GB-ENG`, `DE-BY`).
Without a code Saturdays and Sundays alone are left out. The days come from the package `holidays`: public holidays,
with those that are held on another day. Weekends on Friday and Saturday, and Saturdays that are worked, it knows too.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo

from statuspage.core.errors import ValidationFailed
from statuspage.core.wall_clock import moment_at

SATURDAY = 5
ALPHA_2 = 2
# The last second of a day: what is due "on Monday" may come at any time of it.
LAST_SECOND = time(23, 59, 59)
ONE_DAY = timedelta(days=1)

type IsBusinessDay = Callable[[date], bool]


def is_weekday(day: date) -> bool:
    return day.weekday() < SATURDAY


def end_of_business_day(
    start: datetime, days: int, zone: ZoneInfo, is_business_day: IsBusinessDay = is_weekday
) -> datetime:
    """When the `days`-th business day after `start` ends: 23:59:59 of the zone's clocks, as a UTC moment.

    The day of `start` itself does not count. With no days it is the end of that day, or of the next business day where
    it is none.
    """
    day = start.astimezone(zone).date()
    left = days
    while left > 0 or not is_business_day(day):
        day += ONE_DAY
        if is_business_day(day):
            left -= 1
    return moment_at(datetime.combine(day, LAST_SECOND), zone)


def business_days_of(code: str) -> IsBusinessDay:
    """Which days are business days where `code` says; weekdays without a code. Raises ValidationFailed for one that
    nobody knows."""
    return _of(code) if code else is_weekday


def check_country(code: str) -> None:
    """Raises ValidationFailed, with what is known instead, unless it is empty or a country or a part of one."""
    if not code:
        return
    country, _, part = code.partition("-")
    parts = _countries().get(country)
    if parts is None:
        near = get_close_matches(country.upper(), _countries(), n=1)
        known = f"did you mean {near[0]}?" if near else "expected one such as GB, or a part of one such as DE-BY."
        raise ValidationFailed("holidays", f"{code} is no country whose holidays are known; {known}")
    if part and part not in parts:
        known = f"expected one of: {', '.join(f'{country}-{name}' for name in parts)}." if parts else "it has none."
        raise ValidationFailed("holidays", f"{code} is no part of {country} whose holidays are known; {known}")
    if code.endswith("-"):
        raise ValidationFailed("holidays", f"{code} has nothing after the hyphen; expected {country}.")


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    # Imported here because it takes most of a second and a few deadlines a month need it.
    from holidays import list_supported_countries

    return {code: list(parts) for code, parts in list_supported_countries().items() if len(code) == ALPHA_2}


@lru_cache(maxsize=8)
def _of(code: str) -> IsBusinessDay:
    check_country(code)
    # Imported here for the same reason as above.
    from holidays import country_holidays

    country, _, part = code.partition("-")
    return country_holidays(country, subdiv=part or None).is_working_day
