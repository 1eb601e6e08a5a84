"""What a file says, in our words. Times are aware and in UTC; texts are clean; nothing here touches the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from components.enums import ComponentStatus
from incidents.enums import Impact, IncidentStatus, MaintenanceStatus
from statuspage.core.errors import DomainError


class Unusable(DomainError):
    """This record, or this part of one, cannot be taken over; the sentence says why."""


class UnknownFormat(DomainError):
    """The file is none of the kinds we read."""

    title = "This file cannot be imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """`place` is `file:line` for JSON Lines, `file: incidents[3]` for a document."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    public_id: str | None
    name: str
    url: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    public_id: str
    name: str
    position: int | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRecord:
    """`public_id` is None where a file knows components by name only."""

    public_id: str | None
    name: str
    note: str = ""
    group_id: str | None = None
    position: int | None = None
    status: ComponentStatus | None = None
    showcase: bool = True
    only_show_if_degraded: bool = False
    start_date: date | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactRecord:
    """What an update said about one component: its id, its name at that time, and the two states."""

    code: str
    name: str
    old_status: ComponentStatus
    new_status: ComponentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecord[S: (IncidentStatus, MaintenanceStatus)]:
    """Oldest first in its record. `has_own_id` is False where the id was made from what the update says."""

    public_id: str
    has_own_id: bool
    status: S
    is_repeat: bool
    body: str
    display_at: datetime
    created_at: datetime
    updated_at: datetime
    notify: bool
    impacts: tuple[ImpactRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    place: str
    public_id: str
    external_url: str
    title: str
    status: IncidentStatus
    impact: Impact
    started_at: datetime
    contained_at: datetime | None
    resolved_at: datetime | None
    created_at: datetime
    updated_at: datetime
    updates: tuple[UpdateRecord[IncidentStatus], ...]
    components: tuple[ComponentRecord, ...]

    @property
    def said(self) -> Mapping[str, ComponentStatus]:
        """The newest state said of each component by its id; the last that was not operational once it is over."""
        states: dict[str, ComponentStatus] = {}
        for update in self.updates:
            for impact in update.impacts:
                back = impact.new_status is ComponentStatus.OPERATIONAL
                if not (back and self.status is IncidentStatus.RESOLVED and impact.code in states):
                    states[impact.code] = impact.new_status
        return states


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRecord:
    place: str
    public_id: str
    external_url: str
    title: str
    status: MaintenanceStatus
    scheduled_for: datetime
    scheduled_until: datetime
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    updates: tuple[UpdateRecord[MaintenanceStatus], ...]
    components: tuple[ComponentRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """One file, read. `kind` is what we take it for, in words."""

    name: str
    kind: str
    page: PageRecord | None = None
    groups: tuple[GroupRecord, ...] = ()
    components: tuple[ComponentRecord, ...] = ()
    incidents: tuple[IncidentRecord, ...] = ()
    maintenances: tuple[MaintenanceRecord, ...] = ()
    skipped: tuple[Skipped, ...] = ()
