"""A day of a probe while slots are put into it: read, added to and written without the ORM's instances.

Thousands of these are handled each minute, and an instance of the model costs more than all that is done with it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from components.uptime import EMPTY_DAY, SLOT, SlotState, slot_index, slot_state
from probes.histogram import decode, encode
from probes.models import ProbeDay, Slot
from probes.series import SLOTS_AN_HOUR, Checks, DayChecks, pack_checks, pack_hours, unpack_checks, unpack_hours
from probes.series_span import midnight
from probes.series_writing import any_of, update_values

DayKey = tuple[int, str, date]
# Checks that were due at the end of a slot are still under way for a while.
GRACE = timedelta(minutes=2)
STATES = ("slots", "good_slots", "degraded_slots", "bad_slots", "maintenance_slots")
SUMS = ("checks", "up", "degraded", "down", "error", "last_failure_at", "histogram", "hours")


@dataclass(frozen=True, slots=True)
class SlotRow:
    pk: int
    probe_id: int
    location: str
    starts_at: datetime
    checks: Checks
    in_maintenance: bool
    is_folded: bool
    last_failure_at: datetime | None = None
    histogram: bytes = b""

    @property
    def key(self) -> DayKey:
        return self.probe_id, self.location, self.starts_at.date()


@dataclass(slots=True, kw_only=True)
class OpenDay:
    """Without its blobs it can be shown states only, and must not be written whole."""

    pk: int
    probe_id: int
    location: str
    date: date
    slots: bytearray
    is_closed: bool
    is_dirty: bool
    made: DayChecks = field(default_factory=DayChecks)
    sums: Checks = field(default_factory=Checks)
    last_failure_at: datetime | None = None
    histogram: Counter[int] = field(default_factory=Counter)
    hours: list[Counter[int]] = field(default_factory=lambda: unpack_hours(b""))
    has_changed: bool = False
    has_folded: bool = False

    @property
    def begin(self) -> datetime:
        return midnight(self.date)

    def forget(self) -> None:
        """Everything but what day it is."""
        self.slots = bytearray(EMPTY_DAY)
        self.made, self.sums, self.last_failure_at = DayChecks(), Checks(), None
        self.histogram, self.hours = Counter(), unpack_hours(b"")

    def show(self, slot: SlotRow, failure_threshold: int, now: datetime) -> None:
        """The state of a slot as far as it is known."""
        self._set(slot_index(slot.starts_at), _state(slot, slot.checks, failure_threshold, now=now))

    def fold(self, slot: SlotRow, failure_threshold: int) -> None:
        """Add a slot's checks to the day. Of a closed day its state is that of all that ever came."""
        index = slot_index(slot.starts_at)
        was = SlotState(self.slots[index])
        had_checks = self.made.at(index) != Checks()
        self.made.add(index, slot.checks)
        self.sums += slot.checks
        if slot.last_failure_at is not None:
            self.last_failure_at = max(slot.last_failure_at, self.last_failure_at or slot.last_failure_at)
        latencies = decode(slot.histogram)
        self.histogram.update(latencies)
        self.hours[index // SLOTS_AN_HOUR].update(latencies)
        state = _state(slot, self.made.at(index), failure_threshold)
        if self.is_closed and was is SlotState.MAINTENANCE:
            state = was
        if self.is_closed and was and not had_checks:
            # A day from before checks were kept by the slot: what is known of it stays.
            state = max(state, was)
        self._set(index, state)
        self.has_folded = True

    def _set(self, index: int, state: SlotState) -> None:
        if self.slots[index] != state:
            self.slots[index] = state
            self.has_changed = True


def is_over(starts_at: datetime, now: datetime) -> bool:
    """Whether all checks of this slot have been made and recorded, as far as we can know."""
    return starts_at + SLOT + GRACE <= now


def _state(slot: SlotRow, checks: Checks, failure_threshold: int, *, now: datetime | None = None) -> SlotState:
    """`now` None: it is over."""
    return slot_state(
        up=checks.up,
        degraded=checks.degraded,
        down=checks.down,
        failure_threshold=failure_threshold,
        in_maintenance=slot.in_maintenance,
        is_running=now is not None and not is_over(slot.starts_at, now),
    )


def locked(slots: QuerySet[Slot]) -> QuerySet[Slot]:
    """Those that nobody is adding to at this moment: the others can wait a minute."""
    return slots.select_for_update(skip_locked=True) if connection.features.has_select_for_update else slots


def read_slots(slots: QuerySet[Slot], *, with_histograms: bool = False) -> list[SlotRow]:
    """One query. What only folding needs is left in the database otherwise."""
    columns = ["pk", "probe_id", "location", "starts_at", "up", "degraded", "down", "error"]
    columns += ["in_maintenance", "is_folded"]
    if with_histograms:
        columns += ["last_failure_at", "histogram"]
    found = []
    for (
        pk,
        probe_id,
        location,
        starts_at,
        up,
        degraded,
        down,
        error,
        in_maintenance,
        is_folded,
        *more,
    ) in slots.values_list(*columns):
        checks = Checks(up=up, degraded=degraded, down=down, error=error)
        row = SlotRow(pk, probe_id, location, starts_at, checks, in_maintenance, is_folded)
        if more:
            row = SlotRow(
                *(pk, probe_id, location, starts_at, checks, in_maintenance, is_folded, more[0], bytes(more[1]))
            )
        found.append(row)
    return found


def day_rows(slots: Iterable[SlotRow]) -> list[DayKey]:
    """The days of these slots, each once."""
    return list({slot.key: None for slot in slots})


def open_days(keys: list[DayKey], *, with_blobs: bool) -> dict[DayKey, OpenDay]:
    """These days, locked; those that are not there are made. Two queries at most four."""
    found = _locked(keys, with_blobs=with_blobs)
    missing = [key for key in keys if key not in found]
    if missing:
        ProbeDay.objects.bulk_create(
            [ProbeDay(probe_id=pk, location=location, date=day, slots=EMPTY_DAY) for pk, location, day in missing],
            ignore_conflicts=True,
        )
        found |= _locked(missing, with_blobs=with_blobs)
    return found


def _locked(keys: list[DayKey], *, with_blobs: bool) -> dict[DayKey, OpenDay]:
    wanted = set(keys)
    rows = ProbeDay.objects.select_for_update().filter(
        probe_id__in=any_of({pk for pk, _, _ in keys}), date__in={day for _, _, day in keys}
    )
    columns = ["pk", "probe_id", "location", "date", "slots", "is_closed", "is_dirty"]
    found = {}
    for pk, probe_id, location, day, slots, is_closed, is_dirty, *more in rows.order_by("pk").values_list(
        *columns, *(SUMS if with_blobs else ())
    ):
        key = probe_id, location, day
        if key not in wanted:
            continue
        found[key] = row = OpenDay(
            pk=pk,
            probe_id=probe_id,
            location=location,
            date=day,
            slots=bytearray(slots),
            is_closed=is_closed,
            is_dirty=is_dirty,
        )
        if more:
            packed, *sums, row.last_failure_at, histogram, hours = more
            row.made = unpack_checks(bytes(packed))
            row.sums = Checks(**dict(zip(("up", "degraded", "down", "error"), sums, strict=True)))
            row.histogram, row.hours = decode(bytes(histogram)), unpack_hours(bytes(hours))
    return found


def write_states(days: Iterable[OpenDay]) -> None:
    update_values(ProbeDay, STATES, [(day.pk, *_states(day)) for day in days])


def write_days(days: Iterable[OpenDay]) -> None:
    """Everything, of days that were read with their blobs or forgotten before they were filled."""
    update_values(ProbeDay, (*STATES, *SUMS), [(day.pk, *_states(day), *_sums(day)) for day in days])


def _states(day: OpenDay) -> tuple[object, ...]:
    counts = (SlotState.GOOD, SlotState.DEGRADED, SlotState.BAD, SlotState.MAINTENANCE)
    return bytes(day.slots), *(day.slots.count(state) for state in counts)


def _sums(day: OpenDay) -> tuple[object, ...]:
    sums = day.sums
    return (
        *(pack_checks(day.made), sums.up, sums.degraded, sums.down, sums.error),
        *(day.last_failure_at, encode(day.histogram), pack_hours(day.hours)),
    )
