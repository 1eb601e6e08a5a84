"""The updates of one record in order: what each says, and whether it repeats the state before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from incidents.enums import IncidentStatus, MaintenanceStatus
from incidents.importing.fields import derived_id
from incidents.importing.records import ImpactRecord, UpdateRecord

INCIDENT_WORDS: Mapping[str, IncidentStatus] = {
    **{status.value: status for status in IncidentStatus},
    # What comes after the end does not open it again.
    "postmortem": IncidentStatus.RESOLVED,
}
MAINTENANCE_WORDS: Mapping[str, MaintenanceStatus] = {
    **{status.value: status for status in MaintenanceStatus},
    "canceled": MaintenanceStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft[S: (IncidentStatus, MaintenanceStatus)]:
    """An update as the file has it.

    `status` is None where it only says "Update"; `is_repeat` is None where that has to be seen from the update before.
    """

    public_id: str | None
    status: S | None
    is_repeat: bool | None = None
    body: str
    display_at: datetime
    created_at: datetime
    updated_at: datetime
    notify: bool
    impacts: tuple[ImpactRecord, ...] = ()


def in_order[S: (IncidentStatus, MaintenanceStatus)](
    drafts: Iterable[Draft[S]], *, owner_id: str, first: S
) -> tuple[UpdateRecord[S], ...]:
    """Oldest first; those of the same moment as they were given. `first` is the state before anything was said."""
    updates: list[UpdateRecord[S]] = []
    taken: set[str] = set()
    before: S | None = None
    for draft in sorted(drafts, key=lambda draft: draft.display_at):
        status = draft.status or before or first
        own_id = draft.public_id if draft.public_id not in taken else None
        public_id = own_id or _derived(draft, owner_id, taken)
        taken.add(public_id)
        updates.append(
            UpdateRecord(
                public_id=public_id,
                has_own_id=own_id is not None,
                status=status,
                is_repeat=status == before if draft.is_repeat is None else draft.is_repeat,
                body=draft.body,
                display_at=draft.display_at,
                created_at=draft.created_at,
                updated_at=draft.updated_at,
                notify=draft.notify,
                impacts=draft.impacts,
            )
        )
        before = status
    return tuple(updates)


def _derived[S: (IncidentStatus, MaintenanceStatus)](draft: Draft[S], owner_id: str, taken: set[str]) -> str:
    parts = (owner_id, draft.display_at.isoformat(), draft.body)
    public_id, copy = derived_id(*parts), 1
    while public_id in taken:
        copy += 1
        public_id = derived_id(*parts, str(copy))
    return public_id
