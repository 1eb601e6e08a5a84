"""From slots to days: what is read by the page is made ready here, each minute.

A slot is patched into its day while it is still growing, and folded, its counts and latencies added to the day's, once
it is over. A result that comes after that makes its day dirty, and the day is made anew from its slots. Twice in a row
changes nothing.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Min

from components.models import Component
from components.uptime import (
    EMPTY_DAY,
    SLOT,
    SLOTS_A_DAY,
    SlotState,
    combine,
    count_slots,
    first_known,
    slot_index,
    slot_state,
    worst_of_day,
)
from probes.histogram import decode, encode
from probes.models import ComponentDay, Probe, ProbeDay, Slot
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict

# Checks that were due at the end of a slot are still under way for a while.
GRACE = timedelta(minutes=2)
CHUNK = 5_000

DayKey = tuple[int, str, date]


@retry_on_conflict
@transaction.atomic
def roll_up() -> int:
    """Bring the days up to date with the slots. Returns how many days of components were written.

    A fixed number of queries for every five thousand slots that are not folded yet.
    """
    now = clock.now()
    slots = list(Slot.objects.select_for_update().filter(is_folded=False).order_by("pk"))
    thresholds = dict(
        Probe.objects.filter(pk__in={slot.probe_id for slot in slots}).values_list("pk", "failure_threshold")
    )
    days = _days_of(slots)
    folded = []
    for slot in slots:
        day = days[_key(slot)]
        _patch(day, slot, thresholds.get(slot.probe_id, 1))
        if slot.starts_at + SLOT + GRACE <= now:
            _fold(day, slot)
            folded.append(slot.pk)
    _write_days(days.values())
    for start in range(0, len(folded), CHUNK):
        Slot.objects.filter(pk__in=folded[start : start + CHUNK]).update(is_folded=True)
    touched = [*days.values(), *_remake_dirty_days()]
    return _roll_up_components({(day.probe_id, day.date) for day in touched}, now)


def _key(slot: Slot) -> DayKey:
    return slot.probe_id, slot.location, slot.starts_at.date()


def _days_of(slots: Iterable[Slot]) -> dict[DayKey, ProbeDay]:
    keys = {_key(slot) for slot in slots}
    known = ProbeDay.objects.select_for_update().filter(
        probe_id__in={probe_id for probe_id, _, _ in keys}, date__in={day for _, _, day in keys}
    )
    days = {(day.probe_id, day.location, day.date): day for day in known.order_by("pk")}
    for key in keys:
        if key not in days:
            days[key] = ProbeDay(probe_id=key[0], location=key[1], date=key[2], slots=EMPTY_DAY)
    return {key: days[key] for key in keys}


def _patch(day: ProbeDay, slot: Slot, failure_threshold: int) -> None:
    state = slot_state(
        up=slot.up,
        degraded=slot.degraded,
        down=slot.down,
        failure_threshold=failure_threshold,
        in_maintenance=slot.in_maintenance,
    )
    states = bytearray(day.slots)
    states[slot_index(slot.starts_at)] = state
    day.slots = bytes(states)


def _fold(day: ProbeDay, slot: Slot) -> None:
    day.up += slot.up
    day.degraded += slot.degraded
    day.down += slot.down
    day.error += slot.error
    if slot.histogram:
        day.histogram = encode(decode(bytes(day.histogram)) + decode(bytes(slot.histogram)))


def _write_days(days: Iterable[ProbeDay]) -> None:
    rows = list(days)
    for row in rows:
        row.pk = None
    ProbeDay.objects.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["probe", "location", "date"],
        update_fields=["up", "degraded", "down", "error", "histogram", "slots"],
    )


def _remake_dirty_days() -> list[ProbeDay]:
    """Make each dirty day anew from its slots, the folded ones for the sums and all of them for the states."""
    days = list(ProbeDay.objects.select_for_update().filter(is_dirty=True).select_related("probe").order_by("pk"))
    for day in days:
        begin = datetime.combine(day.date, time.min, tzinfo=UTC)
        day.up = day.degraded = day.down = day.error = 0
        day.slots, latencies = EMPTY_DAY, Counter[int]()
        for slot in Slot.objects.filter(
            probe=day.probe, location=day.location, starts_at__gte=begin, starts_at__lt=begin + timedelta(days=1)
        ):
            _patch(day, slot, day.probe.failure_threshold)
            if slot.is_folded:
                day.up += slot.up
                day.degraded += slot.degraded
                day.down += slot.down
                day.error += slot.error
                latencies += decode(bytes(slot.histogram))
        day.histogram = encode(latencies)
        day.is_dirty = False
        day.save(update_fields=["up", "degraded", "down", "error", "histogram", "slots", "is_dirty"])
    return days


def _roll_up_components(touched: set[tuple[int, date]], now: datetime) -> int:
    """Write the days of the components of these probes, each from all of its probes. Four queries."""
    if not touched:
        return 0
    component_ids = dict(
        Probe.objects.filter(pk__in={probe_id for probe_id, _ in touched}).values_list("pk", "component_id")
    )
    keys = {(component_ids[probe_id], day) for probe_id, day in touched if probe_id in component_ids}
    states: dict[tuple[int, date], list[bytes]] = {key: [] for key in keys}
    rows = ProbeDay.objects.filter(
        probe__component_id__in={component_id for component_id, _ in keys}, date__in={day for _, day in keys}
    ).values_list("probe__component_id", "date", "slots")
    for component_id, day, slots in rows:
        if (component_id, day) in states:
            states[component_id, day].append(bytes(slots))
    first_days = dict(
        Component.objects.filter(pk__in={component_id for component_id, _ in keys})
        .annotate(first_day=Min("days__date"))
        .values_list("pk", "first_day")
    )
    ComponentDay.objects.bulk_create(
        [
            _component_day(component_id, day, combine(parts), now, first_days.get(component_id))
            for (component_id, day), parts in sorted(states.items())
        ],
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["component", "date"],
        update_fields=["good", "bad", "degraded", "maintenance", "unknown", "worst", "slots"],
    )
    return len(keys)


def _component_day(component_id: int, day: date, states: bytes, now: datetime, first_day: date | None) -> ComponentDay:
    is_first = first_day is None or day <= first_day
    counts = count_slots(states, begin=first_known(states) if is_first else 0, end=elapsed_slots(day, states, now))
    return ComponentDay(
        component_id=component_id,
        date=day,
        good=counts.good,
        bad=counts.bad,
        degraded=counts.degraded,
        maintenance=counts.maintenance,
        unknown=counts.unknown,
        worst=worst_of_day(counts),
        slots=states,
    )


def elapsed_slots(day: date, states: bytes, now: datetime) -> int:
    """How many slots of the day count by now: those that are over, and the running one if something is known of it."""
    if day < now.date():
        return SLOTS_A_DAY
    running = slot_index(now) if day == now.date() else 0
    return running if states[running] == SlotState.UNKNOWN else running + 1
