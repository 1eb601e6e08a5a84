"""An incident's row, locked in the order that all writers keep, and written so that no other writer is lost."""

from collections.abc import Iterable
from datetime import datetime

from components.models import Component
from components.services import lock_components
from incidents.cadence import Due, Rung
from incidents.enums import DueReason
from incidents.models import AffectedComponent, Incident, SeverityPolicy
from statuspage.core.errors import NotFound, StaleRevision


def lock_incident(incident: Incident, components: Iterable[Component], expected_revision: int | None) -> Incident:
    """The row as it is now, after its components and these. Raises NotFound and StaleRevision."""
    row = lock_incidents([incident], components)[0]
    check_revision(row, expected_revision)
    return row


def lock_incidents(incidents: Iterable[Incident], components: Iterable[Component] = ()) -> list[Incident]:
    """Components first, then the incidents by id. In the order they were asked for; raises NotFound."""
    wanted = [incident.pk for incident in incidents]
    affected = AffectedComponent.objects.filter(incident__in=wanted).select_related("component")
    lock_components([*(row.component for row in affected), *components])
    rows = Incident.objects.select_for_update(of=("self",)).select_related("severity").filter(pk__in=wanted)
    found = {row.pk: row for row in rows.order_by("pk")}
    if len(found) < len(set(wanted)):
        raise NotFound("This incident is not here any more.")
    return [found[pk] for pk in wanted]


def check_revision(row: Incident, expected: int | None) -> None:
    if expected is not None and row.revision != expected:
        raise StaleRevision(
            f"Somebody else changed {row.reference} in the meantime. Nothing was posted: look at what is new, "
            "then post again if it still fits."
        )


def save_incident(row: Incident, now: datetime, *fields: str) -> None:
    """These fields of a locked row, and the next revision."""
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=[*fields, "revision", "updated_at"])


def rung_of(severity: SeverityPolicy) -> Rung:
    return Rung(first_update=severity.first_update, update_every=severity.update_every)


DUE_FIELDS = ("next_update_due_at", "due_reason")


def set_due(row: Incident, due: Due | None) -> None:
    """What it owes next; save `DUE_FIELDS`."""
    row.next_update_due_at = None if due is None else due.at
    row.due_reason = "" if due is None else due.reason


def owed(row: Incident) -> Due | None:
    if row.next_update_due_at is None:
        return None
    # Written by an earlier version without its reason.
    return Due(at=row.next_update_due_at, reason=DueReason(row.due_reason or DueReason.CADENCE))
