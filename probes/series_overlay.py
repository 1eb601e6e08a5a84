"""What corrections leave out of which days. They lie over what was measured and never change it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from components.uptime import SLOTS_A_DAY, SlotState, slot_index
from probes.enums import CorrectionKind
from probes.models.corrections import STATES
from probes.series_reading import among, fetch, moment_of
from probes.series_span import midnight

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
Part = tuple[int, int, SlotState]


@dataclass(frozen=True, slots=True)
class Overlays:
    """Valid corrections by component, each from where a slot begins to where one begins."""

    corrections: dict[int, list[tuple[datetime, datetime, SlotState]]] = field(default_factory=dict)

    def touches(self, component_id: int) -> bool:
        return component_id in self.corrections

    def dates(self, component_id: int) -> set[date]:
        """The UTC days of which anything is left out."""
        return {
            starts_at.date() + number * DAY
            for starts_at, ends_at, _ in self.corrections.get(component_id, ())
            for number in range(((ends_at - INSTANT).date() - starts_at.date()).days + 1)
        }

    def of(self, component_id: int, day: date, *, since: datetime) -> list[Part]:
        """The slots `begin` ≤ i < `end` of a UTC day that are left out, and what they become.

        Nothing is before `since`, the first measurement: what does not count cannot be left out.
        """
        found: list[Part] = []
        first = max(midnight(day), since)
        for starts_at, ends_at, state in self.corrections.get(component_id, ()):
            begin, end = max(starts_at, first), min(ends_at, midnight(day) + DAY)
            if begin < end:
                found.append((slot_index(begin), slot_index(end) or SLOTS_A_DAY, state))
        return found


def overlays_of(component_ids: Collection[int], begin: datetime, end: datetime) -> Overlays:
    """What is left out of these components' time from `begin` to `end`. One query."""
    some, keys = among("named.component_id", component_ids)
    sql = (
        "SELECT named.component_id, made.kind, made.starts_at, made.ends_at FROM probes_correction made "  # noqa: S608 -- our own names
        "JOIN probes_correction_components named ON named.correction_id = made.id "
        f"WHERE made.withdrawn_at IS NULL AND made.starts_at < %s AND made.ends_at > %s AND {some} ORDER BY made.id"
    )
    found: dict[int, list[tuple[datetime, datetime, SlotState]]] = defaultdict(list)
    for component_id, kind, starts_at, ends_at in fetch(sql, end, begin, keys):
        found[component_id].append((moment_of(starts_at), moment_of(ends_at), STATES[CorrectionKind(kind)]))
    return Overlays(dict(found))
