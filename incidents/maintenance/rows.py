"""What the services of maintenance share: a window's row, locked, moved and spoken of."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page
from components.services import claim_status, lock_components, withdraw_claim
from incidents.enums import MAINTENANCE_TRANSITIONS, MaintenanceStatus
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.references import MAINTENANCE_PREFIX, next_reference
from statuspage.core.errors import Duplicate, InvalidTransition, NotFound

REFERENCE_TRIES = 20


def insert(maintenance: Maintenance) -> Maintenance:
    """With the next free reference of the day: the unique constraint decides between writers at the same moment."""
    zone = Page.current().zone
    for _ in range(REFERENCE_TRIES):
        maintenance.reference = next_reference(MAINTENANCE_PREFIX, maintenance.scheduled_for, zone)
        try:
            with transaction.atomic():
                maintenance.save(force_insert=True)
        except IntegrityError:
            maintenance.pk = None
        else:
            return maintenance
    raise Duplicate("No free reference was found for this day: try again.")


def lock(maintenance: Maintenance, *, also: Iterable[Component] = ()) -> Maintenance:
    """The row as it is now, its components held before it."""
    lock_components([*maintenance.components.all(), *also])
    row = Maintenance.objects.select_for_update().filter(pk=maintenance.pk).first()
    if row is None:
        raise NotFound("This maintenance window is not here any more.")
    return row


def check_step(row: Maintenance, status: MaintenanceStatus) -> None:
    current = MaintenanceStatus(row.status)
    if status not in MAINTENANCE_TRANSITIONS[current]:
        raise InvalidTransition(
            f"{row.reference} is {current.label.lower()} and cannot become {status.label.lower()}."
        )


def begin(row: Maintenance, *, at: datetime, now: datetime) -> None:
    row.status, row.started_at, row.updated_at = MaintenanceStatus.IN_PROGRESS, at, now
    row.save(update_fields=["status", "started_at", "updated_at"])
    for component in row.components.order_by("pk"):
        claim_status(
            component=component,
            status=ComponentStatus.UNDER_MAINTENANCE,
            source=ClaimSource.MAINTENANCE,
            source_id=row.public_id,
            cause=row.reference,
            at=at,
        )


def end(row: Maintenance, *, at: datetime, now: datetime) -> None:
    row.status, row.completed_at, row.updated_at = MaintenanceStatus.COMPLETED, at, now
    row.save(update_fields=["status", "completed_at", "updated_at"])
    for component in row.components.order_by("pk"):
        withdraw_claim(
            component=component,
            source=ClaimSource.MAINTENANCE,
            source_id=row.public_id,
            cause=f"{row.reference} completed",
            at=at,
        )


def write_down(row: Maintenance, *, now: datetime) -> None:
    """It is over before we knew of it, or while we slept: as announced, and no component changes its state for it."""
    row.status, row.updated_at = MaintenanceStatus.COMPLETED, now
    row.started_at, row.completed_at = row.scheduled_for, row.scheduled_until
    row.save(update_fields=["status", "started_at", "completed_at", "updated_at"])


def say(row: Maintenance, body: str, *, at: datetime, author: str | None) -> None:
    MaintenanceUpdate.objects.create(
        maintenance=row, status=row.status, body=body, display_at=at, author=author or "", notify=False
    )
