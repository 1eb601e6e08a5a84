"""Several components counted as one, without reading the days on which all went well.

A thousand components have thirty thousand days a month, and nearly all are good from end to end. Only the others are
read; that the good ones are there at all is known by counting them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count

from components.uptime import EMPTY_DAY, SLOT, SLOTS_A_DAY, SlotState, first_known, slot_index
from probes.models import ComponentDay
from probes.objectives.arithmetic import Counts, sum_counts
from probes.objectives.combining import NOT_THERE, count_together
from probes.objectives.members import FirstDays, Member
from probes.series_span import Span, midnight, span_of

GOOD_DAY = bytes([SlotState.GOOD]) * SLOTS_A_DAY
GONE = bytes([NOT_THERE])
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """`days` has each day that was not all good, by date and component; `absent` the days without any row."""

    days: Mapping[date, Mapping[int, bytes]]
    absent: Mapping[int, frozenset[date]]
    first_days: FirstDays
    members: Mapping[int, Member]
    now: datetime

    @classmethod
    def read(
        cls, ids: Collection[int], span: Span, *, first_days: FirstDays, members: Mapping[int, Member], now: datetime
    ) -> "Together":
        """Two queries; one more where days are absent."""
        since, until = span.begin.date(), (span.end - SLOT).date()
        rows = ComponentDay.objects.filter(component_id__in=ids, date__gte=since, date__lte=until).order_by()
        days: dict[date, dict[int, bytes]] = defaultdict(dict)
        found: dict[int, int] = defaultdict(int)
        uneven = rows.exclude(good=SLOTS_A_DAY).values_list("component_id", "date", "slots")
        for pk, day, slots in uneven:
            days[day][pk] = bytes(slots)
            first_day = first_days.get(pk)
            # A day can have a row from before anything was measured.
            found[pk] += first_day is not None and day >= first_day
        for pk, number in rows.filter(good=SLOTS_A_DAY).values_list("component_id").annotate(Count("pk")):
            found[pk] += number
        gaps = [pk for pk in ids if found[pk] < _days_within(first_days.get(pk), since, until)]
        there: dict[int, set[date]] = {pk: set() for pk in gaps}
        if gaps:
            for pk, day in rows.filter(component_id__in=gaps).values_list("component_id", "date"):
                there[pk].add(day)
        possible = frozenset(span.dates())
        absent = {pk: possible - known for pk, known in there.items()}
        return cls(days=dict(days), absent=absent, first_days=first_days, members=members, now=now)

    def count(self, ids: Collection[int], begin: datetime, end: datetime) -> Counts:
        """The intervals of the window up to now, each once: good when it was good for all components there were.

        Nothing of a component counts before its first measurement or after it was retired, nor the running interval
        while nothing is known of it.
        """
        span = span_of(begin, end, self.now)
        if span.is_empty:
            return Counts()
        special = [pk for pk in ids if self._is_special(pk, span)]
        plain = set(ids).difference(special)
        return sum_counts(self._count_day(day, plain, special, span) for day in span.dates())

    def _is_special(self, pk: int, span: Span) -> bool:
        """Not simply there from the first to the last interval."""
        first_day, retired_at = self.first_days.get(pk), self.members[pk].retired_at
        return (
            first_day is None
            or first_day >= span.begin.date()
            or (retired_at is not None and retired_at < span.end)
            or pk in self.absent
        )

    def _count_day(self, day: date, plain: Collection[int], special: Iterable[int], span: Span) -> Counts:
        rows = self.days.get(day, {})
        uneven = [slots for pk, slots in rows.items() if pk in plain]
        # Days that are alike say the same: each is looked at once.
        states = set(uneven)
        if len(uneven) < len(plain):
            states.add(GOOD_DAY)
        states.update(self._special_day(pk, day) for pk in special)
        first, last = span.of_day(day)
        running = slot_index(span.running) if span.running is not None and span.running.date() == day else None
        return count_together([_cut(one, first, last, running) for one in states])

    def _special_day(self, pk: int, day: date) -> bytes:
        first_day, retired_at = self.first_days.get(pk), self.members[pk].retired_at
        if first_day is None or day < first_day:
            return GONE * SLOTS_A_DAY
        is_absent = day in self.absent.get(pk, ())
        states = EMPTY_DAY if is_absent else self.days.get(day, {}).get(pk, GOOD_DAY)
        if day == first_day:
            begin = first_known(states)
            states = GONE * begin + states[begin:]
        if retired_at is not None and retired_at < midnight(day) + ONE_DAY:
            # Up to the interval in which it was retired.
            kept = max(0, -((midnight(day) - retired_at) // SLOT))
            states = states[:kept] + GONE * (SLOTS_A_DAY - kept)
        return states


def _cut(states: bytes, first: int, last: int, running: int | None) -> bytes:
    if running is not None and not states[running]:
        states = states[:running] + GONE + states[running + 1 :]
    return states[first:last]


def _days_within(first_day: date | None, since: date, until: date) -> int:
    """How many days a component that began then can have."""
    return 0 if first_day is None else max(0, (until - max(since, first_day)).days + 1)
