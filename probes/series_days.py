"""The days of components, made from the days of their probes and from what corrections leave out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from components.uptime import (
    SLOT,
    SLOTS_A_DAY,
    SlotCounts,
    SlotState,
    by_quorum,
    combine,
    count_slots,
    first_known,
    left_out,
    slot_index,
    worst_of_day,
)
from probes.models import ComponentDay, Probe, ProbeDay
from probes.series_overlay import Overlays, overlays_of
from probes.series_reading import among, day_of, fetch
from probes.series_span import midnight
from probes.series_writing import any_of, upsert_values

CHUNK = 2_000
DAY = timedelta(days=1)
# As `series_tally.MEASURED`.
KNOWN = "(good > 0 OR degraded > 0 OR bad > 0 OR maintenance > 0 OR excluded > 0)"

ComponentDate = tuple[int, date]
COLUMNS = ("component", "date", "good", "degraded", "bad", "maintenance", "excluded", "unknown", "worst", "slots")


@dataclass(frozen=True, slots=True)
class Remade:
    """A component's day as it is now."""

    component_id: int
    date: date
    counts: SlotCounts
    states: bytes

    @property
    def values(self) -> tuple[object, ...]:
        """As `COLUMNS`."""
        one = self.counts
        return (
            *(self.component_id, self.date, one.good, one.degraded, one.bad, one.maintenance, one.excluded),
            *(one.unknown, worst_of_day(one).value, self.states),
        )


def remake_days_of_probes(touched: Iterable[tuple[int, date]], now: datetime) -> int:
    """Write the days of the components of these probes. Returns how many. Six queries for two thousand."""
    pairs = set(touched)
    if not pairs:
        return 0
    component_ids = dict(
        Probe.objects.filter(pk__in=any_of({pk for pk, _ in pairs})).values_list("pk", "component_id")
    )
    return len(remake_days({(component_ids[pk], day) for pk, day in pairs if pk in component_ids}, now))


def remake_days(keys: Collection[ComponentDate], now: datetime) -> list[Remade]:
    """Write these days of components, each from all of its probes, and return them. Five queries for two thousand.

    Days before the first measurement are not made. The days of the probes are locked before corrections are read, and
    whoever writes a correction remakes its days after it: so neither misses the other.
    """
    ordered, made = sorted(keys, key=lambda key: (key[1], key[0])), []
    for start in range(0, len(ordered), CHUNK):
        part = ordered[start : start + CHUNK]
        first_days = first_days_of({component_id for component_id, _ in part})
        made += _remake(part, first_days, now)
        follow = _left_out_since(part, first_days, now)
        if follow:
            made += _remake(follow, first_days_of({component_id for component_id, _ in follow}), now)
    return made


def _left_out_since(
    keys: list[ComponentDate], first_days: Mapping[int, date | None], now: datetime
) -> list[ComponentDate]:
    """Days of components that have just begun, or begun earlier than was known: left out before they could count.

    Also days that were written just now, as it was not known yet that they come after the beginning.
    """
    began: dict[int, date] = {}
    for component_id, day in keys:
        first_day = first_days.get(component_id)
        if first_day is None or day < first_day:
            began.setdefault(component_id, day)
    if not began:
        return []
    overlays = overlays_of(began, midnight(min(began.values())), now)
    found = {
        (component_id, day)
        for component_id, first in began.items()
        for day in overlays.dates(component_id)
        if first < day <= now.date()
    }
    return sorted(found, key=lambda key: (key[1], key[0]))


def _remake(keys: list[ComponentDate], first_days: Mapping[int, date | None], now: datetime) -> list[Remade]:
    ids = {component_id for component_id, _ in keys}
    states = _states(keys)
    overlays = overlays_of(ids, midnight(keys[0][1]), midnight(keys[-1][1]) + DAY)
    rows = [
        _component_day(component_id, day, states.get((component_id, day), {}), overlays, first_days[component_id], now)
        for component_id, day in keys
        if (component_id, day) in states or _is_after(day, first_days.get(component_id))
    ]
    upsert_values(ComponentDay, COLUMNS, ("component", "date"), [row.values for row in rows])
    return rows


def _is_after(day: date, first_day: date | None) -> bool:
    return first_day is not None and day > first_day


def first_days_of(component_ids: Collection[int]) -> dict[int, date | None]:
    """The first day of each component on which anything is known. One query."""
    some, keys = among("component.id", component_ids)
    sql = (
        f"SELECT component.id, (SELECT date FROM probes_componentday WHERE component_id = component.id AND {KNOWN} "  # noqa: S608 -- our own names
        f"ORDER BY date LIMIT 1) FROM components_component component WHERE {some}"
    )
    return {pk: None if day is None else day_of(day) for pk, day in fetch(sql, keys)}


def _states(keys: list[ComponentDate]) -> dict[ComponentDate, dict[int, tuple[int | None, list[bytes]]]]:
    """By component and date, by probe: its quorum and the day of each of its locations."""
    wanted = set(keys)
    found: dict[ComponentDate, dict[int, tuple[int | None, list[bytes]]]] = defaultdict(dict)
    rows = ProbeDay.objects.filter(
        probe__component_id__in=any_of({component_id for component_id, _ in keys}), date__in={day for _, day in keys}
    )
    for component_id, day, probe_id, quorum, slots in (
        rows.select_for_update(of=("self",))
        .order_by("pk")
        .values_list("probe__component_id", "date", "probe_id", "probe__quorum", "slots")
    ):
        if (component_id, day) in wanted:
            found[component_id, day].setdefault(probe_id, (quorum, []))[1].append(bytes(slots))
    return found


def _component_day(
    component_id: int,
    day: date,
    probes: dict[int, tuple[int | None, list[bytes]]],
    overlays: Overlays,
    first_day: date | None,
    now: datetime,
) -> Remade:
    states = combine(by_quorum(days, quorum) for quorum, days in probes.values())
    begin = first_known(states) if first_day is None or day <= first_day else 0
    parts = overlays.of(component_id, day, since=midnight(day) + begin * SLOT)
    if parts:
        states = left_out(states, parts)
    counts = count_slots(states, begin=begin, end=elapsed_slots(day, states, now))
    return Remade(component_id, day, counts, states)


def elapsed_slots(day: date, states: bytes, now: datetime) -> int:
    """How many slots of the day count by now: those that are over, and the running one if something is known of it."""
    if day < now.date():
        return SLOTS_A_DAY
    running = slot_index(now) if day == now.date() else 0
    return running if states[running] == SlotState.UNKNOWN else running + 1
