"""Atlassian Statuspage's public documents: summary, components, incidents and scheduled maintenances.

A document is one object; what it holds is told by its keys, so that a summary is simply all of them at once.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from components.enums import ComponentStatus
from incidents.enums import Impact, IncidentStatus, MaintenanceStatus
from incidents.importing import fields
from incidents.importing.json_lines import NAME_LENGTH, TITLE_LENGTH
from incidents.importing.records import (
    ComponentRecord,
    GroupRecord,
    ImpactRecord,
    ImportFile,
    IncidentRecord,
    MaintenanceRecord,
    PageRecord,
    Skipped,
    Unusable,
)
from incidents.importing.timeline import INCIDENT_WORDS, MAINTENANCE_WORDS, Draft, in_order
from incidents.importing.windows import incident_times, maintenance_times

LISTS = ("components", "incidents", "scheduled_maintenances")
NOTE_LENGTH = 300
GROUP_NAME_LENGTH = 120
IMPACT_NAME_LENGTH = 300
COMPONENT_WORDS = {status.value: status for status in ComponentStatus}
# An incident may carry "maintenance" after it was turned into one; it is none for customers.
IMPACTS = {**{impact.value: impact for impact in Impact}, "maintenance": Impact.NONE}

Row = Mapping[str, Any]


def is_document(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(key), list) for key in LISTS)


def read_document(document: Row, *, name: str) -> ImportFile:
    """Every record of it that can be taken over, and a sentence for every other."""
    skipped: list[Skipped] = []

    def each[R](key: str, read: Callable[[Row, str], R]) -> list[R]:
        records = []
        rows = document.get(key)
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            place = f"{name}: {key}[{index}]"
            try:
                records.append(read(fields.as_object(row, "the entry"), place))
            except Unusable as error:
                skipped.append(Skipped(place=place, sentence=error.sentence))
        return records

    listed = each("components", lambda row, _: _group(row) if row.get("group") is True else _component(row))
    return ImportFile(
        name=name,
        kind=_kind(document),
        page=_page(document, name, skipped),
        groups=tuple(record for record in listed if isinstance(record, GroupRecord)),
        components=tuple(record for record in listed if isinstance(record, ComponentRecord)),
        incidents=tuple(each("incidents", lambda row, place: _incident(row, place, skipped))),
        maintenances=tuple(each("scheduled_maintenances", lambda row, place: _maintenance(row, place, skipped))),
        skipped=tuple(skipped),
    )


def _kind(document: Row) -> str:
    present = [key for key in LISTS if isinstance(document.get(key), list)]
    return "a summary" if len(present) == len(LISTS) else " and ".join(present).replace("_", " ")


def _page(document: Row, name: str, skipped: list[Skipped]) -> PageRecord | None:
    if document.get("page") is None:
        return None
    try:
        row = fields.as_object(document["page"], "page")
        return PageRecord(
            public_id=fields.public_id(row.get("id")),
            name=fields.line(row, "name", limit=GROUP_NAME_LENGTH),
            url=fields.url(row, "url"),
            time_zone=fields.line(row, "time_zone", limit=64),
        )
    except Unusable as error:
        skipped.append(Skipped(place=f"{name}: page", sentence=error.sentence))
        return None


def _identified(row: Row) -> str:
    """Statuspage's id as it is; one made from it when it has another form."""
    known = fields.public_id(row.get("id"))
    if known:
        return known
    value = row.get("id")
    if not isinstance(value, str | int) or value == "":
        raise Unusable("it has no id: it could not be known again.")
    return fields.derived_id(str(value))


def _group(row: Row) -> GroupRecord:
    return GroupRecord(
        public_id=_identified(row),
        name=fields.required_line(row, "name", limit=GROUP_NAME_LENGTH),
        position=fields.position(row),
        created_at=fields.moment(row, "created_at"),
        updated_at=fields.moment(row, "updated_at"),
    )


def _component(row: Row) -> ComponentRecord:
    status = row.get("status")
    return ComponentRecord(
        public_id=_identified(row),
        name=fields.required_line(row, "name", limit=NAME_LENGTH),
        note=fields.line(row, "description", limit=NOTE_LENGTH),
        group_id=_group_id(row),
        position=fields.position(row),
        status=None if status is None else fields.choice(status, COMPONENT_WORDS, "status"),
        showcase=fields.flag(row, "showcase", default=True),
        only_show_if_degraded=fields.flag(row, "only_show_if_degraded", default=False),
        start_date=fields.day(row, "start_date"),
        created_at=fields.moment(row, "created_at"),
        updated_at=fields.moment(row, "updated_at"),
    )


def _group_id(row: Row) -> str | None:
    value = row.get("group_id")
    return None if value is None else _identified({"id": value})


def _incident(row: Row, place: str, skipped: list[Skipped]) -> IncidentRecord:
    public_id = _identified(row)
    status = fields.choice(row.get("status"), INCIDENT_WORDS, "status")
    updates = in_order(
        _drafts(row, INCIDENT_WORDS, place, skipped), owner_id=public_id, first=IncidentStatus.INVESTIGATING
    )
    updated_at = fields.moment(row, "updated_at")
    times = incident_times(
        status=status,
        updates=updates,
        started_at=fields.moment(row, "started_at") or fields.moment(row, "created_at"),
        contained_at=fields.moment(row, "monitoring_at"),
        resolved_at=fields.moment(row, "resolved_at"),
        updated_at=updated_at,
    )
    return IncidentRecord(
        place=place,
        public_id=public_id,
        external_url=fields.url(row, "shortlink", "url"),
        title=fields.required_line(row, "name", limit=TITLE_LENGTH),
        status=status,
        impact=fields.choice(row.get("impact") or "none", IMPACTS, "impact"),
        started_at=times.started_at,
        contained_at=times.contained_at,
        resolved_at=times.resolved_at,
        created_at=fields.moment(row, "created_at") or times.started_at,
        updated_at=updated_at or _last_word(updates, times.started_at),
        updates=updates,
        components=_involved(row, place, skipped),
    )


def _maintenance(row: Row, place: str, skipped: list[Skipped]) -> MaintenanceRecord:
    public_id = _identified(row)
    status = fields.choice(row.get("status"), MAINTENANCE_WORDS, "status")
    updates = in_order(
        _drafts(row, MAINTENANCE_WORDS, place, skipped), owner_id=public_id, first=MaintenanceStatus.SCHEDULED
    )
    created_at = fields.moment(row, "created_at")
    over = status is MaintenanceStatus.COMPLETED
    times = maintenance_times(
        updates=updates,
        scheduled_for=fields.moment(row, "scheduled_for"),
        scheduled_until=fields.moment(row, "scheduled_until"),
        announced_at=created_at,
        completed_at=fields.moment(row, "resolved_at") if over else None,
    )
    return MaintenanceRecord(
        place=place,
        public_id=public_id,
        external_url=fields.url(row, "shortlink", "url"),
        title=fields.required_line(row, "name", limit=TITLE_LENGTH),
        status=status,
        scheduled_for=times.scheduled_for,
        scheduled_until=times.scheduled_until,
        started_at=times.started_at,
        completed_at=times.completed_at,
        created_at=created_at or times.scheduled_for,
        updated_at=fields.moment(row, "updated_at") or _last_word(updates, created_at or times.scheduled_for),
        updates=updates,
        components=_involved(row, place, skipped),
    )


def _last_word[S: (IncidentStatus, MaintenanceStatus)](updates: tuple[Any, ...], otherwise: datetime) -> datetime:
    return fields.latest(update.updated_at for update in updates) or otherwise


def _involved(row: Row, place: str, skipped: list[Skipped]) -> tuple[ComponentRecord, ...]:
    """The components of an incident: whole rows, of which the group rows are left out."""
    records = []
    for index, value in enumerate(fields.objects(row, "components")):
        try:
            entry = fields.as_object(value, "the component")
            if entry.get("group") is not True:
                records.append(_component(entry))
        except Unusable as error:
            skipped.append(Skipped(place=place, sentence=f"components[{index}] left out: {error.sentence}"))
    return tuple(records)


def _drafts[S: (IncidentStatus, MaintenanceStatus)](
    row: Row, words: Mapping[str, S], place: str, skipped: list[Skipped]
) -> list[Draft[S]]:
    drafts = []
    entries = fields.objects(row, "incident_updates")
    # Newest first in the file; of two at the same moment the later one stands first.
    for index, entry in reversed(list(enumerate(entries))):
        try:
            drafts.append(_draft(fields.as_object(entry, "the update"), words))
        except Unusable as error:
            skipped.append(Skipped(place=place, sentence=f"incident_updates[{index}] left out: {error.sentence}"))
    return drafts


def _draft[S: (IncidentStatus, MaintenanceStatus)](entry: Row, words: Mapping[str, S]) -> Draft[S]:
    created_at = fields.moment(entry, "created_at")
    display_at = fields.moment(entry, "display_at") or created_at
    if display_at is None:
        raise Unusable("display_at is missing.")
    return Draft(
        public_id=fields.public_id(entry.get("id")),
        status=fields.choice(entry.get("status"), words, "status"),
        body=fields.text(entry, "body"),
        display_at=display_at,
        created_at=created_at or display_at,
        updated_at=fields.moment(entry, "updated_at") or created_at or display_at,
        notify=fields.flag(entry, "deliver_notifications", default=False),
        impacts=tuple(_impact(fields.as_object(value, "affected")) for value in _affected(entry)),
    )


def _affected(entry: Row) -> list[Any]:
    return fields.objects(entry, "affected_components")


def _impact(row: Row) -> ImpactRecord:
    return ImpactRecord(
        code=_identified({"id": row.get("code")}),
        name=fields.required_line(row, "name", limit=IMPACT_NAME_LENGTH),
        old_status=fields.choice(row.get("old_status"), COMPONENT_WORDS, "old_status"),
        new_status=fields.choice(row.get("new_status"), COMPONENT_WORDS, "new_status"),
    )
