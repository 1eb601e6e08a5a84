"""A window of time cut into the slots it holds: whole UTC days, and at most two days in part. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from components.uptime import SLOT, SLOTS_A_DAY, first_slot_from, slot_index, slot_of
from statuspage.core.errors import ValidationFailed

DAY = timedelta(days=1)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The slots that begin in `begin` ≤ t < `end`, both in UTC and where a slot begins.

    `running` is the last one of them if it is not over yet: it counts only when something is known of it.
    """

    begin: datetime
    end: datetime
    running: datetime | None

    @property
    def is_empty(self) -> bool:
        return self.begin >= self.end

    @property
    def whole_days(self) -> tuple[date, date]:
        """First date of which all slots are in it and are over, and the date after the last such."""
        since = self.begin.date() if self.begin == midnight(self.begin.date()) else self.begin.date() + DAY
        until = self.end.date()
        if self.running is not None:
            until = min(until, self.running.date())
        return since, max(since, until)

    @property
    def parts(self) -> dict[date, tuple[int, int]]:
        """The other dates, each with its slots `begin` ≤ i < `end`."""
        if self.is_empty:
            return {}
        since, until = self.whole_days
        last = (self.end - SLOT).date()
        return {day: self.of_day(day) for day in {self.begin.date(), last} if not since <= day < until}

    def of_day(self, day: date) -> tuple[int, int]:
        """The slots of a date that are in it."""
        if not self.begin.date() <= day <= self.end.date():
            return 0, 0
        begin = slot_index(self.begin) if day == self.begin.date() else 0
        end = slot_index(self.end) if day == self.end.date() else SLOTS_A_DAY
        return begin, end

    def dates(self) -> Iterator[date]:
        """Every date with a slot in it, oldest first."""
        day = self.begin.date()
        while midnight(day) < self.end:
            yield day
            day += DAY


def span_of(begin: datetime, end: datetime, now: datetime) -> Span:
    """The slots of any aware window up to `now`."""
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    if end < now:
        return Span(begin=first_slot_from(begin), end=first_slot_from(end), running=_running(end, now))
    running = slot_of(now)
    return Span(begin=first_slot_from(begin), end=running + SLOT, running=running)


def _running(end: datetime, now: datetime) -> datetime | None:
    """The slot that runs now, if it began before `end`."""
    return slot_of(now) if slot_of(now) < end else None


@lru_cache(maxsize=1024)
def midnight(day: date) -> datetime:
    """When this UTC day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def month_window(year_month: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a calendar month such as "2026-10" begins and ends in a zone, in UTC. Raises ValidationFailed.

    Where the clock jumps over midnight, the day begins when it jumps.
    """
    found = _MONTH.fullmatch(year_month)
    if found is None or not 1 < int(found[1]) < 9999:
        raise ValidationFailed("month", f"{year_month[:20]!r} is no month: write it like 2026-11.")
    year, month = int(found[1]), int(found[2])
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    begin, end = (datetime(*first, 1, tzinfo=zone).astimezone(UTC) for first in ((year, month), following))
    return begin, end


def rolling(days: int, now: datetime) -> tuple[datetime, datetime]:
    """The last `days` times 24 hours, in UTC."""
    return now.astimezone(UTC) - timedelta(days=days), now.astimezone(UTC)
