"""The intervals behind a figure, one by one, so that whoever doubts it can count them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from components.uptime import EMPTY_DAY, SLOT, SlotState, first_known
from probes.models import ComponentDay, ProbeDay, Slot
from probes.series import Checks, DayChecks, unpack_checks
from probes.series_span import Span, midnight, span_of
from probes.series_tally import MEASURED
from statuspage.core import clock

NO_CHECKS = Checks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Five minutes of a component: what they count as, and the checks of all of its probes in them."""

    starts_at: datetime
    state: SlotState
    ok: int
    fail: int
    errors: int


def component_intervals(component_id: int, begin: datetime, end: datetime) -> Iterator[Interval]:
    """Every slot that is counted in `component_counts` of the same window, oldest first. Four queries.

    Days from before checks were kept by the slot have none.
    """
    span = span_of(begin, end, clock.now())
    days = ComponentDay.objects.filter(component_id=component_id)
    first_day = days.filter(MEASURED).order_by("date").values_list("date", "slots").first()
    if first_day is None or span.is_empty:
        return
    start = midnight(first_day[0]) + first_known(bytes(first_day[1])) * SLOT
    last = (span.end - SLOT).date()
    states = dict(days.filter(date__gte=span.begin.date(), date__lte=last).values_list("date", "slots"))
    unfolded = _unfolded(component_id, span)
    checks = _checks_by_day(component_id, span.begin.date(), last)
    for day in span.dates():
        slots, made = bytes(states.get(day, EMPTY_DAY)), checks.get(day, [])
        for index in range(*span.of_day(day)):
            at = midnight(day) + index * SLOT
            if at < start or (at == span.running and not slots[index]):
                continue
            total = sum((one.at(index) for one in made), unfolded.get(at, NO_CHECKS))
            yield Interval(
                starts_at=at, state=SlotState(slots[index]), ok=total.ok, fail=total.down, errors=total.error
            )


def _unfolded(component_id: int, span: Span) -> dict[datetime, Checks]:
    slots = Slot.objects.filter(
        probe__component_id=component_id, is_folded=False, starts_at__gte=span.begin, starts_at__lt=span.end
    )
    sums = slots.order_by().values_list("starts_at").annotate(Sum("up"), Sum("degraded"), Sum("down"), Sum("error"))
    return {at: Checks(up=up, degraded=slow, down=down, error=error) for at, up, slow, down, error in sums}


def _checks_by_day(component_id: int, since: date, last: date) -> dict[date, list[DayChecks]]:
    rows = ProbeDay.objects.filter(probe__component_id=component_id, date__gte=since, date__lte=last)
    found: dict[date, list[DayChecks]] = defaultdict(list)
    for day, packed in rows.order_by().values_list("date", "checks"):
        found[day].append(unpack_checks(bytes(packed)))
    return found
