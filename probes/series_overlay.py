"""What corrections leave out of which days. They lie over what was measured and never change it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from components.uptime import SLOTS_A_DAY, SlotState, slot_index
from probes.enums import CorrectionKind
from probes.models import Correction
from probes.models.corrections import STATES
from probes.series_span import midnight
from probes.series_writing import any_of

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
    rows = (
        Correction.objects.valid()
        .filter(starts_at__lt=end, ends_at__gt=begin, components__in=any_of(component_ids))
        .order_by("pk")
        .values_list("components", "kind", "starts_at", "ends_at")
    )
    found: dict[int, list[tuple[datetime, datetime, SlotState]]] = defaultdict(list)
    for component_id, kind, starts_at, ends_at in rows:
        found[component_id].append((starts_at, ends_at, STATES[CorrectionKind(kind)]))
    return Overlays(dict(found))
