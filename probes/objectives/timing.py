"""Over which time a promise is judged. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from components.uptime import first_slot_from, slots_between
from probes.enums import ObjectiveWindow

ROLLING = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The window as promised, `begin` to `end`, and the part of it in which the promise held, `since` to `until`.

    `since` ≤ t < `until`; nothing after `now` is in it yet where the window `is_running`. All four are where an
    interval begins, so that the intervals of `since` to `until` are those that count: no more, and no fewer.
    """

    begin: datetime
    end: datetime
    since: datetime
    until: datetime
    is_running: bool
    now: datetime

    @property
    def begins_late(self) -> bool:
        return self.since > self.begin

    @property
    def ends_early(self) -> bool:
        return self.until < self.end

    @property
    def still_to_come(self) -> int:
        """Intervals that begin from now on."""
        return slots_between(first_slot_from(self.now), self.until) if self.is_running else 0


def frame_of(
    window: ObjectiveWindow,
    *,
    month: tuple[datetime, datetime],
    started_at: datetime,
    ended_at: datetime | None,
    now: datetime,
) -> Frame:
    """The window of a promise in a month: the month itself, or the thirty days that end with it, or now.

    A promise that begins or ends within an interval counts from the next one, or up to and with it.
    """
    begin, end = month
    is_running = now < end
    if window is ObjectiveWindow.ROLLING_30D:
        end = min(end, now)
        begin = end - ROLLING
    begin, end = _interval_from(begin), _interval_from(end)
    since = max(begin, _interval_from(started_at))
    until = end if ended_at is None else min(end, _interval_from(ended_at))
    return Frame(begin=begin, end=end, since=since, until=max(since, until), is_running=is_running, now=now)


def _interval_from(moment: datetime) -> datetime:
    """When the first interval begins that begins then or later, in UTC."""
    return first_slot_from(moment.astimezone(UTC))


def month_of(moment: datetime, zone: tzinfo) -> str:
    """`"2026-10"`: the calendar month of this moment in the zone."""
    return f"{moment.astimezone(zone):%Y-%m}"


def month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04}-12" if number == 1 else f"{year:04}-{number - 1:02}"


def month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04}-01" if number == 12 else f"{year:04}-{number + 1:02}"
