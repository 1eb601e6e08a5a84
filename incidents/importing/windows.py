"""When an incident or a window began and ended, from the fields and else from what its updates say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.enums import IncidentStatus, MaintenanceStatus
from incidents.importing.records import Unusable, UpdateRecord

IncidentUpdates = Sequence[UpdateRecord[IncidentStatus]]
MaintenanceUpdates = Sequence[UpdateRecord[MaintenanceStatus]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTimes:
    started_at: datetime
    contained_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceTimes:
    scheduled_for: datetime
    scheduled_until: datetime
    started_at: datetime | None
    completed_at: datetime | None


def first_at[S: (IncidentStatus, MaintenanceStatus)](
    updates: Sequence[UpdateRecord[S]], *states: S
) -> datetime | None:
    """When one of the states was said first; any update when none is named."""
    return next((update.display_at for update in updates if not states or update.status in states), None)


def incident_times(
    *,
    status: IncidentStatus,
    updates: IncidentUpdates,
    started_at: datetime | None,
    contained_at: datetime | None,
    resolved_at: datetime | None,
    updated_at: datetime | None,
) -> IncidentTimes:
    """Raises Unusable when nothing in the record says when it was."""
    began = started_at or first_at(updates) or resolved_at
    if began is None:
        raise Unusable("neither the record nor an update says when it was.")
    ended = None
    if status is IncidentStatus.RESOLVED:
        ended = resolved_at or _resolved_said(updates) or updated_at or began
        # Some histories were entered afterwards with the end before the beginning.
        began = min(began, ended)
    return IncidentTimes(
        started_at=began,
        contained_at=contained_at or first_at(updates, IncidentStatus.MONITORING),
        resolved_at=ended,
    )


def _resolved_said(updates: IncidentUpdates) -> datetime | None:
    """The moment of the last change to resolved: what is said after it (a postmortem) does not move the end."""
    said = [u.display_at for u in updates if u.status is IncidentStatus.RESOLVED and not u.is_repeat]
    return said[-1] if said else None


def maintenance_times(
    *,
    updates: MaintenanceUpdates,
    scheduled_for: datetime | None,
    scheduled_until: datetime | None,
    announced_at: datetime | None,
    completed_at: datetime | None,
) -> MaintenanceTimes:
    """A window without fields runs from "in progress" to its end. Raises Unusable when nothing says when it was."""
    started = first_at(updates, MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING)
    ended = first_at(updates, MaintenanceStatus.COMPLETED) or completed_at
    begins = scheduled_for or started or announced_at or first_at(updates)
    if begins is None:
        raise Unusable("neither the record nor an update says when the window is.")
    until = scheduled_until or ended or begins
    return MaintenanceTimes(
        scheduled_for=begins, scheduled_until=max(begins, until), started_at=started, completed_at=ended
    )
