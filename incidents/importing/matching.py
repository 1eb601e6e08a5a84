"""Which updates of a record are new here, and which say something else than before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.enums import IncidentStatus, MaintenanceStatus
from incidents.importing.records import UpdateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUpdate:
    """An update that is here already."""

    pk: int
    public_id: str
    body: str
    display_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan[S: (IncidentStatus, MaintenanceStatus)]:
    new: tuple[UpdateRecord[S], ...]
    changed: tuple[tuple[int, UpdateRecord[S]], ...]


def plan_updates[S: (IncidentStatus, MaintenanceStatus)](
    known: Sequence[KnownUpdate], records: Sequence[UpdateRecord[S]]
) -> UpdatePlan[S]:
    """Known by id, else by the same words in the same minute.

    One kind of file has no ids and cuts times to the minute; the same history may come from both. A record with an id
    of its own then gives the row its id and its exact time; the other way round nothing is lost.
    """
    by_id = {update.public_id: update for update in known}
    listed = {record.public_id for record in records}
    by_words = {
        (_minute(update.display_at), update.body): update for update in known if update.public_id not in listed
    }
    new: list[UpdateRecord[S]] = []
    changed: list[tuple[int, UpdateRecord[S]]] = []
    for record in records:
        same = by_id.get(record.public_id) or by_words.pop((_minute(record.display_at), record.body), None)
        if same is None:
            new.append(record)
        elif record.has_own_id and (same.public_id != record.public_id or record.updated_at > same.updated_at):
            changed.append((same.pk, record))
    return UpdatePlan(new=tuple(new), changed=tuple(changed))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
