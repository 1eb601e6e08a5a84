"""Adding up the slots of many components or probes over one window."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from django.db.models import Q

from components.uptime import EMPTY_DAY, SLOT, SlotCounts, SlotState, first_known, slot_index, slots_between
from probes.series_span import Span, midnight

NOTHING = SlotCounts()
STATES = (SlotState.GOOD, SlotState.BAD, SlotState.DEGRADED, SlotState.MAINTENANCE, SlotState.EXCLUDED)
NO_SLOTS = (0, 0, 0, 0, 0)
# A day of a component in which something is known.
MEASURED = Q(good__gt=0) | Q(degraded__gt=0) | Q(bad__gt=0) | Q(maintenance__gt=0) | Q(excluded__gt=0)


class Tallies:
    """Counts of many keys over one span: sums of whole days, and of the other days the bytes.

    A thousand components are counted for each page: plain tuples of good, bad, degraded, maintenance and excluded.
    `measured_before` has those that the bytes show to have been measured before the span begins: when they began is
    nobody's question any more.
    """

    def __init__(self, span: Span) -> None:
        self.span = span
        self.sums: dict[int, tuple[int, ...]] = {}
        self.measured_before: set[int] = set()
        self._days: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        self._knows_running: set[int] = set()
        self._parts = span.parts
        self._possible = slots_between(span.begin, span.end)
        self._seen: dict[bytes, tuple[int, ...]] = {}

    def add(self, keys: Collection[int], day: date, slots: bytes) -> None:
        """A day that is the same of all of these keys."""
        begin, end = self._parts.get(day) or self.span.of_day(day)
        part = slots[begin:end]
        counts = self._seen.get(part)
        if counts is None:
            counts = self._seen[part] = tuple(part.count(state) for state in STATES)
        days = self._days
        for key in keys:
            days[key].append(counts)
        if knows_earlier(self.span, day, slots):
            self.measured_before.update(keys)
        running = self.span.running
        if running is not None and day == running.date() and slots[slot_index(running)]:
            self._knows_running.update(keys)

    def total(self, key: int, start: datetime | None) -> SlotCounts:
        """With every slot that nobody measured, also on days without any row. `start` is the first measurement."""
        if start is None or start >= self.span.end:
            return NOTHING
        possible = self._possible if start <= self.span.begin else slots_between(start, self.span.end)
        if self.span.running is not None and key not in self._knows_running:
            possible -= 1
        good, bad, degraded, maintenance, excluded = self.sums.get(key, NO_SLOTS)
        for day in self._days.get(key, ()):
            good, bad, degraded = good + day[0], bad + day[1], degraded + day[2]
            maintenance, excluded = maintenance + day[3], excluded + day[4]
        return SlotCounts(
            good=good,
            bad=bad,
            degraded=degraded,
            maintenance=maintenance,
            excluded=excluded,
            unknown=max(0, possible - good - bad - degraded - maintenance - excluded),
        )


def knows_earlier(span: Span, day: date, slots: bytes) -> bool:
    """Whether these 288 bytes of a day know anything of the time before the span, on the day on which it begins."""
    return day == span.begin.date() and any(slots[: slot_index(span.begin)])


def starts_of(
    first_days: Mapping[int, date | None], slots: Iterable[tuple[int, date, bytes | memoryview]]
) -> dict[int, datetime]:
    """When each key's first measured slot begins, exactly where `slots` has that day, else at its midnight.

    Keys that were never measured are left out.
    """
    found = {key: midnight(day) for key, day in first_days.items() if day is not None}
    first_slots: dict[int, bytes] = {}
    for key, day, states in slots:
        if day == first_days[key]:
            # Of several locations: the first that any of them measured.
            first_slots[key] = bytes(map(max, first_slots.get(key, EMPTY_DAY), bytes(states)))
    for key, states in first_slots.items():
        found[key] += first_known(states) * SLOT
    return found


def begin_inside(first_days: Mapping[int, date | None], span: Span) -> dict[int, date]:
    """The keys whose first day is in the span, so that it matters when on that day they begin."""
    since, until = span.begin.date(), span.end.date()
    return {key: day for key, day in first_days.items() if day is not None and since <= day <= until}
