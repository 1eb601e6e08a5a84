"""From slots to days: what is read by the page is made ready here, each minute.

The state of a slot is shown in its day as soon as it changes. Once the slot is over it is folded: its checks and
latencies are added to the day's. A result that comes after that makes its day dirty, and the day is made anew from its
slots; once those are gone, the day is closed and what comes late is added to it. Twice in a row changes nothing.

Each step works on a part at a time, in transactions of its own, so that nobody who records results waits for long.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from components.uptime import SLOT
from probes.models import Probe, ProbeDay, Slot
from probes.series_days import remake_days_of_probes
from probes.series_folding import (
    GRACE,
    OpenDay,
    SlotRow,
    day_rows,
    is_over,
    locked,
    open_days,
    read_slots,
    write_days,
    write_states,
)
from probes.series_writing import any_of
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict

CHANGED_A_STEP = 2_000
# With more probes than this, each has its slots folded a few at a time.
PROBES_A_RUN = 1_000
SLOTS_A_RUN = 20_000
DIRTY_A_RUN = 300


def roll_up() -> int:
    """Bring the days up to date with the slots. Returns how many days of components were written.

    A fixed number of queries for every two thousand slots, and one for each day that is made anew.
    """
    now = clock.now()
    return _remake_dirty_days(now) + _fold(now) + _show_changes(now)


def _show_changes(now: datetime) -> int:
    """Put the states of slots that changed into their days."""
    written = after = 0
    while True:
        last, more = _show_some(after, now)
        written += more
        if last == after:
            return written
        after = last


@retry_on_conflict
@transaction.atomic
def _show_some(after: int, now: datetime) -> tuple[int, int]:
    """Returns the key of the last slot that was looked at and how many days of components were written."""
    changed = Slot.objects.filter(is_changed=True, pk__gt=after).order_by("pk")
    slots = read_slots(locked(changed)[:CHANGED_A_STEP])
    if not slots:
        return after, 0
    thresholds = _thresholds(slots)
    days = open_days(day_rows(slots), with_blobs=False)
    shown = []
    for slot in slots:
        day = days[slot.key]
        # What is added to a closed day shows when it is folded, and a dirty one is made anew.
        if not day.is_closed and not day.is_dirty:
            day.show(slot, thresholds.get(slot.probe_id, 1), now)
            shown.append(slot.pk)
    changed_days = [day for day in days.values() if day.has_changed]
    write_states(changed_days)
    Slot.objects.filter(pk__in=any_of(shown)).update(is_changed=False)
    return slots[-1].pk, remake_days_of_probes({(day.probe_id, day.date) for day in changed_days}, now)


@retry_on_conflict
@transaction.atomic
def _fold(now: datetime) -> int:
    """Add slots that are over to their days, of those probes that wait the longest."""
    over = Slot.objects.filter(is_folded=False, starts_at__lte=now - SLOT - GRACE).order_by()
    waiting = over.values_list("probe_id").annotate(oldest=Min("starts_at")).order_by("oldest", "probe_id")
    probe_ids = [probe_id for probe_id, _ in waiting[:PROBES_A_RUN]]
    if not probe_ids:
        return 0
    rows = locked(over.filter(probe_id__in=any_of(probe_ids)).order_by("pk"))[:SLOTS_A_RUN]
    slots = read_slots(rows, with_histograms=True)
    thresholds = _thresholds(slots)
    days = open_days(day_rows(slots), with_blobs=True)
    folded: list[int] = []
    added: list[int] = []
    for slot in slots:
        day = days[slot.key]
        if not day.is_dirty:
            day.fold(slot, thresholds.get(slot.probe_id, 1))
            (added if day.is_closed else folded).append(slot.pk)
    write_days(day for day in days.values() if day.has_folded)
    Slot.objects.filter(pk__in=any_of(folded)).update(is_folded=True, is_changed=False)
    Slot.objects.filter(pk__in=any_of(added)).delete()
    return remake_days_of_probes({(day.probe_id, day.date) for day in days.values() if day.has_changed}, now)


@retry_on_conflict
@transaction.atomic
def _remake_dirty_days(now: datetime) -> int:
    """Make each dirty day anew from its slots, the newest first."""
    dirty = ProbeDay.objects.filter(is_dirty=True).order_by("-date", "pk")
    keys = list(dirty.values_list("probe_id", "location", "date")[:DIRTY_A_RUN])
    days = open_days(keys, with_blobs=False) if keys else {}
    remade: list[OpenDay] = []
    for day in days.values():
        if day.is_dirty and not day.is_closed:
            _remake(day, now)
            remade.append(day)
    write_days(remade)
    ProbeDay.objects.filter(pk__in=[day.pk for day in days.values()]).update(is_dirty=False)
    return remake_days_of_probes({(day.probe_id, day.date) for day in remade}, now)


def _remake(day: OpenDay, now: datetime) -> None:
    day.forget()
    rows = Slot.objects.filter(
        probe_id=day.probe_id, location=day.location, starts_at__gte=day.begin, starts_at__lt=day.begin + 288 * SLOT
    )
    slots = read_slots(rows.order_by("pk").select_for_update(), with_histograms=True)
    threshold = _thresholds(slots).get(day.probe_id, 1)
    folded = [slot for slot in slots if slot.is_folded or is_over(slot.starts_at, now)]
    for slot in slots:
        day.show(slot, threshold, now)
    for slot in folded:
        day.fold(slot, threshold)
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(is_changed=False)
    Slot.objects.filter(pk__in=[slot.pk for slot in folded]).update(is_folded=True)


def _thresholds(slots: Iterable[SlotRow]) -> dict[int, int]:
    ids = {slot.probe_id for slot in slots}
    return dict(Probe.objects.filter(pk__in=any_of(ids)).values_list("pk", "failure_threshold"))
