"""JSON Lines: one incident or maintenance a line, as scrapers of status pages write them.

Keys: id, title, url (its last part is the public id), started_at, resolved_at, updated_at, impact, components
[names], updates [{at, status, message}]; all but the title may be null. Times are whole minutes or seconds;
rows are in no order.
"""

from collections.abc import Mapping
from typing import Any

from incidents.enums import Impact, IncidentStatus, MaintenanceStatus
from incidents.importing import fields
from incidents.importing.records import ComponentRecord, IncidentRecord, MaintenanceRecord, Skipped, Unusable
from incidents.importing.timeline import INCIDENT_WORDS, MAINTENANCE_WORDS, Draft, in_order
from incidents.importing.windows import incident_times, maintenance_times

TITLE_LENGTH = 250
NAME_LENGTH = 160
MAINTENANCE = "maintenance"
REPEAT = "update"
IMPACTS = {impact.value: impact for impact in Impact}

Row = Mapping[str, Any]


def is_row(value: object) -> bool:
    """Whether it looks like a row of this kind."""
    return isinstance(value, dict) and "title" in value and "updates" in value


def read_row(value: object, *, place: str, skipped: list[Skipped]) -> IncidentRecord | MaintenanceRecord:
    """Raises Unusable when the row cannot be taken over; an update that cannot be is left out and noted."""
    row = fields.as_object(value, "the line")
    return _maintenance(row, place, skipped) if _is_maintenance(row) else _incident(row, place, skipped)


def _is_maintenance(row: Row) -> bool:
    if row.get("impact") == MAINTENANCE:
        return True
    words = [entry.get("status") for entry in fields.objects(row, "updates") if isinstance(entry, dict)]
    only_maintenance = set(MAINTENANCE_WORDS) - set(INCIDENT_WORDS)
    return any(isinstance(word, str) and word.lower().replace(" ", "_") in only_maintenance for word in words)


def _incident(row: Row, place: str, skipped: list[Skipped]) -> IncidentRecord:
    public_id = _public_id(row)
    updates = in_order(
        _drafts(row, INCIDENT_WORDS, place, skipped), owner_id=public_id, first=IncidentStatus.INVESTIGATING
    )
    resolved_at = fields.moment(row, "resolved_at")
    # A row without its last update, but with an end, is over.
    over = resolved_at is not None or (bool(updates) and updates[-1].status is IncidentStatus.RESOLVED)
    status = IncidentStatus.RESOLVED if over else updates[-1].status if updates else IncidentStatus.INVESTIGATING
    times = incident_times(
        status=status,
        updates=updates,
        started_at=fields.moment(row, "started_at"),
        contained_at=None,
        resolved_at=resolved_at,
        updated_at=fields.moment(row, "updated_at"),
    )
    return IncidentRecord(
        place=place,
        public_id=public_id,
        external_url=fields.url(row, "url"),
        title=fields.required_line(row, "title", limit=TITLE_LENGTH),
        status=status,
        impact=fields.choice(row.get("impact") or "none", IMPACTS, "impact"),
        started_at=times.started_at,
        contained_at=times.contained_at,
        resolved_at=times.resolved_at,
        created_at=times.started_at,
        updated_at=_updated_at(row, [times.started_at, times.resolved_at, *(u.display_at for u in updates)]),
        updates=updates,
        components=_components(row),
    )


def _maintenance(row: Row, place: str, skipped: list[Skipped]) -> MaintenanceRecord:
    public_id = _public_id(row)
    updates = in_order(
        _drafts(row, MAINTENANCE_WORDS, place, skipped), owner_id=public_id, first=MaintenanceStatus.SCHEDULED
    )
    announced_at = fields.moment(row, "started_at")
    times = maintenance_times(
        updates=updates,
        scheduled_for=fields.moment(row, "scheduled_for"),
        scheduled_until=fields.moment(row, "scheduled_until"),
        announced_at=announced_at,
        completed_at=fields.moment(row, "resolved_at"),
    )
    return MaintenanceRecord(
        place=place,
        public_id=public_id,
        external_url=fields.url(row, "url"),
        title=fields.required_line(row, "title", limit=TITLE_LENGTH),
        status=_maintenance_status(updates[-1].status if updates else None, over=times.completed_at is not None),
        scheduled_for=times.scheduled_for,
        scheduled_until=times.scheduled_until,
        started_at=times.started_at,
        completed_at=times.completed_at,
        created_at=announced_at or times.scheduled_for,
        updated_at=_updated_at(row, [announced_at, times.completed_at, *(u.display_at for u in updates)]),
        updates=updates,
        components=_components(row),
    )


def _maintenance_status(said: MaintenanceStatus | None, *, over: bool) -> MaintenanceStatus:
    if said is MaintenanceStatus.CANCELLED:
        return said
    return MaintenanceStatus.COMPLETED if over else said or MaintenanceStatus.SCHEDULED


def _public_id(row: Row) -> str:
    """The id of the page the row was read from stands at the end of its address; `id` may be a number."""
    address = row.get("url")
    at_end = address.rstrip("/").rsplit("/", 1)[-1] if isinstance(address, str) else None
    known = fields.public_id(at_end) or fields.public_id(row.get("id"))
    if known:
        return known
    name = row.get("id") or address
    if not isinstance(name, str | int) or name == "":
        raise Unusable("it has neither an id nor an address: it could not be known again.")
    return fields.derived_id(str(name))


def _drafts[S: (IncidentStatus, MaintenanceStatus)](
    row: Row, words: Mapping[str, S], place: str, skipped: list[Skipped]
) -> list[Draft[S]]:
    drafts = []
    for index, entry in enumerate(fields.objects(row, "updates")):
        try:
            drafts.append(_draft(fields.as_object(entry, "the update"), words))
        except Unusable as error:
            skipped.append(Skipped(place=place, sentence=f"updates[{index}] left out: {error.sentence}"))
    return drafts


def _draft[S: (IncidentStatus, MaintenanceStatus)](entry: Row, words: Mapping[str, S]) -> Draft[S]:
    at = fields.moment(entry, "at")
    if at is None:
        raise Unusable("at is missing.")
    word = entry.get("status")
    repeats = isinstance(word, str) and word.strip().lower() == REPEAT
    return Draft(
        public_id=None,
        status=None if repeats else fields.choice(word, words, "status"),
        is_repeat=repeats,
        body=fields.text(entry, "message"),
        display_at=at,
        created_at=at,
        updated_at=at,
        notify=False,
    )


def _components(row: Row) -> tuple[ComponentRecord, ...]:
    names: dict[str, None] = {}
    for value in fields.objects(row, "components"):
        name = fields.line({"name": value}, "name", limit=NAME_LENGTH)
        if name:
            names[name] = None
    return tuple(ComponentRecord(public_id=None, name=name) for name in names)


def _updated_at(row: Row, moments: list[Any]) -> Any:
    return fields.moment(row, "updated_at") or fields.latest(moments)
