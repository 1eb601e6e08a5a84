"""What each probe found last at each of its locations."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from components.enums import ComponentStatus
from probes.models import ProbeLocation
from statuspage.core import clock

UNKNOWN = ComponentStatus.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRow:
    """A probe at one location. `state` is unknown where there is no fresh result; the rest is of the last one."""

    probe_slug: str
    probe_name: str
    location: str
    state: ComponentStatus
    latency_ms: float | None
    last_checked_at: datetime | None
    detail: str
    is_fresh: bool


def location_rows(component_ids: Collection[int]) -> dict[int, tuple[LocationRow, ...]]:
    """By component, its active probes in their order at each location by name; nothing where none is. One query."""
    now = clock.now()
    rows = ProbeLocation.objects.active().filter(probe__component_id__in=component_ids).select_related("probe")
    found: dict[int, list[LocationRow]] = {}
    for row in rows.order_by("probe_id", "location"):
        found.setdefault(row.probe.component_id, []).append(_row(row, now))
    return {component_id: tuple(those) for component_id, those in found.items()}


def _row(row: ProbeLocation, now: datetime) -> LocationRow:
    standing = row.standing(now)
    return LocationRow(
        probe_slug=row.probe.slug,
        probe_name=row.probe.name,
        location=row.location,
        state=(standing.track.verdict or UNKNOWN) if standing.is_fresh else UNKNOWN,
        latency_ms=row.last_latency_ms,
        last_checked_at=row.last_result_at,
        detail=row.last_detail,
        is_fresh=standing.is_fresh,
    )
