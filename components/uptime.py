"""Uptime arithmetic: pure, from 5-minute slots to percentages a hostile reader can check.

A day is 288 slots of five minutes, UTC, kept as 288 bytes of `SlotState`. Availability is the share of the measured
slots that were not bad. Maintenance, what was left out by a correction, and unmeasured slots are in neither part of
that fraction; how much was measured at all is said beside it, as coverage. Percentages are floored to two decimals:
99.999 is never shown as 100.

A window of time holds the slots that begin in it, so that windows that follow each other share none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import IntEnum
from functools import lru_cache

from components.enums import ComponentStatus

SLOT = timedelta(minutes=5)
SLOTS_A_DAY = 288
# An hour of bad slots, in sum, makes the day's bar red.
MAJOR_DAY_SLOTS = 12
EMPTY_DAY = bytes(SLOTS_A_DAY)
HUNDREDTH = Decimal("0.01")


class SlotState(IntEnum):
    """In the order in which one wins over another when several probes speak of the same component."""

    UNKNOWN = 0
    GOOD = 1
    DEGRADED = 2
    BAD = 3
    MAINTENANCE = 4
    # Left out by a correction: what failed was not the component.
    EXCLUDED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotCounts:
    """How many slots of some time were in each state. `good` leaves out the degraded ones."""

    good: int = 0
    bad: int = 0
    degraded: int = 0
    maintenance: int = 0
    unknown: int = 0
    excluded: int = 0

    def __add__(self, other: "SlotCounts") -> "SlotCounts":
        return SlotCounts(
            good=self.good + other.good,
            bad=self.bad + other.bad,
            degraded=self.degraded + other.degraded,
            maintenance=self.maintenance + other.maintenance,
            unknown=self.unknown + other.unknown,
            excluded=self.excluded + other.excluded,
        )

    @property
    def available(self) -> int:
        """Slots that count as good for availability: slow is available."""
        return self.good + self.degraded

    @property
    def measured(self) -> int:
        return self.available + self.bad

    @property
    def left_out(self) -> int:
        return self.maintenance + self.excluded


def slot_of(moment: datetime) -> datetime:
    """When the slot that holds this aware UTC moment begins."""
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)


def first_slot_from(moment: datetime) -> datetime:
    """The first slot that begins at this aware UTC moment or later."""
    begin = slot_of(moment)
    return begin if begin == moment else begin + SLOT


def slots_between(begin: datetime, end: datetime) -> int:
    """How many slots begin in the time from `begin` to `end`, not included; 0 when that is empty."""
    return max(0, (first_slot_from(end) - first_slot_from(begin)) // SLOT)


def slot_index(moment: datetime) -> int:
    """The slot's place in its UTC day, 0 to 287."""
    return moment.hour * 12 + moment.minute // 5


def slot_state(
    *,
    up: int,
    degraded: int,
    down: int,
    failure_threshold: int,
    in_maintenance: bool = False,
    is_running: bool = False,
) -> SlotState:
    """What five minutes of results amount to. Errors of our own are not given: they measure nothing.

    As many failures as prove an outage make a slot bad; where fewer checks than that were made in it, all must have
    failed. Until it is over more may come, so that one that runs is not bad by fewer: it is unknown.
    """
    if in_maintenance:
        return SlotState.MAINTENANCE
    checks = up + degraded + down
    if not checks:
        return SlotState.UNKNOWN
    needed = min(failure_threshold, checks)
    if down >= needed:
        return SlotState.UNKNOWN if is_running and down < failure_threshold else SlotState.BAD
    return SlotState.DEGRADED if degraded + down >= needed else SlotState.GOOD


def combine(days: Iterable[bytes]) -> bytes:
    """Several probes' days as one component's: slot by slot the state that wins. No days: nothing known."""
    combined = EMPTY_DAY
    for day in days:
        combined = day if combined == EMPTY_DAY else bytes(map(max, combined, day))
    return combined


def by_quorum(days: Sequence[bytes], quorum: int | None) -> bytes:
    """One probe's day out of its locations'. No locations: nothing known.

    A slot is bad when at least `quorum` of the locations that measured it say so, degraded when as many say bad or
    degraded; None is the majority of those. With fewer locations than the quorum all of them must say so.
    """
    if len(days) < 2:
        return days[0] if days else EMPTY_DAY
    if all(day == days[0] for day in days):
        return days[0]
    return bytes(_verdict(states, quorum) for states in zip(*days, strict=True))


@lru_cache(maxsize=4096)
def _verdict(states: tuple[int, ...], quorum: int | None) -> SlotState:
    if max(states) >= SlotState.MAINTENANCE:
        return SlotState(max(states))
    measured = sum(state != SlotState.UNKNOWN for state in states)
    if not measured:
        return SlotState.UNKNOWN
    needed = measured // 2 + 1 if quorum is None else min(max(quorum, 1), measured)
    bad = states.count(SlotState.BAD)
    if bad >= needed:
        return SlotState.BAD
    return SlotState.DEGRADED if bad + states.count(SlotState.DEGRADED) >= needed else SlotState.GOOD


def left_out(day: bytes, spans: Iterable[tuple[int, int, SlotState]]) -> bytes:
    """The day with the slots of each span (begin ≤ i < end, state) left out; of two that meet the higher state stays.

    All slots of a span are, measured or not: it says of a time that it does not count.
    """
    states = bytearray(day)
    for begin, end, state in spans:
        states[begin:end] = bytes(max(one, state) for one in states[begin:end])
    return bytes(states)


def count_slots(day: bytes, *, begin: int = 0, end: int = SLOTS_A_DAY) -> SlotCounts:
    """Count the states in slots `begin` ≤ i < `end` of a day."""
    part = day[begin:end]
    return SlotCounts(
        good=part.count(SlotState.GOOD),
        bad=part.count(SlotState.BAD),
        degraded=part.count(SlotState.DEGRADED),
        maintenance=part.count(SlotState.MAINTENANCE),
        unknown=part.count(SlotState.UNKNOWN),
        excluded=part.count(SlotState.EXCLUDED),
    )


def first_known(day: bytes) -> int:
    """The first slot with any state but unknown; 288 if there is none."""
    return next((index for index, state in enumerate(day) if state), SLOTS_A_DAY)


def worst_of_day(counts: SlotCounts) -> ComponentStatus:
    """The colour of the day's bar."""
    if counts.bad >= MAJOR_DAY_SLOTS:
        return ComponentStatus.MAJOR_OUTAGE
    if counts.bad:
        return ComponentStatus.PARTIAL_OUTAGE
    if counts.degraded:
        return ComponentStatus.DEGRADED_PERFORMANCE
    if counts.good:
        return ComponentStatus.OPERATIONAL
    return ComponentStatus.UNDER_MAINTENANCE if counts.maintenance else ComponentStatus.UNKNOWN


def floored_percentage(part: int, whole: int) -> Decimal | None:
    """100 × part / whole, floored to two decimals; None of nothing."""
    if not whole:
        return None
    return (Decimal(10_000 * part // whole) / 100).quantize(HUNDREDTH, rounding=ROUND_FLOOR)


def availability(counts: SlotCounts) -> Decimal | None:
    """Available of measured, per cent, floored; None when nothing was measured."""
    return floored_percentage(counts.available, counts.measured)


def coverage(counts: SlotCounts) -> Decimal | None:
    """Measured of what could have been measured, per cent, floored; None when there was nothing to measure."""
    return floored_percentage(counts.measured, counts.measured + counts.unknown)


def days_between(since: date, until: date) -> list[date]:
    """Every date from `since` to `until`, both included."""
    return [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
