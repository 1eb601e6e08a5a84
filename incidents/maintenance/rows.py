"""What the services of maintenance share: a window's row, locked, moved and spoken of."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from components.models import Component, Page
from components.services import lock_components
from incidents.enums import MAINTENANCE_TRANSITIONS, MaintenanceStatus, NoticeKind, ServiceState, StepState
from incidents.maintenance.claims import state_claims_of
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.notices_maintenance import write_maintenance_notice
from incidents.references import MAINTENANCE_PREFIX, next_reference
from statuspage.core.errors import Duplicate, InvalidTransition, NotFound, StaleRevision, ValidationFailed

REFERENCE = re.compile(r"MNT-[0-9]{4}-[0-9]{4}-[a-z]{1,4}", re.ASCII)
REFERENCE_TRIES = 20


def insert(maintenance: Maintenance, *, reference: str | None = None) -> Maintenance:
    """With its own reference, or the next free one of the day: the constraints decide between writers at one moment.

    Raises Duplicate when the reference is taken, or the series has this occurrence already.
    """
    if reference is not None and not REFERENCE.fullmatch(reference):
        raise ValidationFailed("reference", f"{reference!r} is no reference: write it like MNT-2026-1201-a.")
    zone = Page.current().zone
    for _ in range(REFERENCE_TRIES):
        maintenance.reference = reference or next_reference(MAINTENANCE_PREFIX, maintenance.scheduled_for, zone)
        try:
            with transaction.atomic():
                maintenance.save(force_insert=True)
        except IntegrityError:
            _refuse_second(maintenance, reference)
            maintenance.pk = None
        else:
            return maintenance
    raise Duplicate("No free reference was found for this day: try again.")


def _refuse_second(maintenance: Maintenance, reference: str | None) -> None:
    if reference is not None and Maintenance.objects.filter(reference=reference).exists():
        raise Duplicate(f"There is a window {reference} already.")
    if maintenance.series is None or maintenance.occurs_at is None:
        return
    if Maintenance.objects.filter(series=maintenance.series, occurs_at=maintenance.occurs_at).exists():
        raise Duplicate("This window of the series is announced already.")


def lock(
    maintenance: Maintenance, *, also: Iterable[Component] = (), expected_revision: int | None = None
) -> Maintenance:
    """The row as it is now, its components held before it.

    Raises NotFound, and StaleRevision if somebody changed it since the form with that revision was shown.
    """
    lock_components([*maintenance.components.all(), *also])
    row = Maintenance.objects.select_for_update(of=("self",)).filter(pk=maintenance.pk).first()
    if row is None:
        raise NotFound("This maintenance window is not here any more.")
    if expected_revision is not None and row.revision != expected_revision:
        raise StaleRevision(
            f"Somebody else changed {row.reference} in the meantime. Nothing was done: look at what is new, "
            "then do it again if it still fits."
        )
    return row


def check_step(row: Maintenance, status: MaintenanceStatus) -> None:
    current = MaintenanceStatus(row.status)
    if status not in MAINTENANCE_TRANSITIONS[current]:
        raise InvalidTransition(
            f"{row.reference} is {current.label.lower()} and cannot become {status.label.lower()}."
        )


def save(row: Maintenance, now: datetime, *fields: str) -> None:
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=[*fields, "revision", "updated_at"])


def begin(row: Maintenance, *, at: datetime, now: datetime) -> None:
    row.status, row.started_at = MaintenanceStatus.IN_PROGRESS, at
    save(row, now, "status", "started_at")
    state_claims_of(row, at=at, cause=row.reference)


def end(row: Maintenance, *, now: datetime) -> None:
    """Nothing is worked on any more: its services are back, the step that ran is done, the others are skipped."""
    # A clock that was set back does not end a window before it began.
    at = max(now, row.started_at or now)
    row.status, row.completed_at, row.estimated_until, row.phase = MaintenanceStatus.COMPLETED, at, None, ""
    save(row, now, "status", "completed_at", "estimated_until", "phase")
    row.services.exclude(state=ServiceState.OPERATIONAL).update(state=ServiceState.OPERATIONAL, eta_at=None)
    row.steps.filter(state=StepState.RUNNING).update(state=StepState.DONE, finished_at=at)
    row.steps.filter(state=StepState.PENDING).update(state=StepState.SKIPPED)
    state_claims_of(row, at=at, cause=f"{row.reference} completed")


def write_down(row: Maintenance, *, now: datetime) -> None:
    """It is over before we knew of it, or while we slept: as announced, and no component changes its state for it."""
    row.status = MaintenanceStatus.COMPLETED
    row.started_at, row.completed_at = row.started_at or row.scheduled_for, row.scheduled_until
    save(row, now, "status", "started_at", "completed_at")
    row.services.exclude(state=ServiceState.OPERATIONAL).update(state=ServiceState.OPERATIONAL, eta_at=None)
    row.steps.filter(state__in=[StepState.PENDING, StepState.RUNNING]).update(state=StepState.DONE)


def say(
    row: Maintenance,
    body: str,
    *,
    at: datetime,
    author: str | None,
    tell: NoticeKind | None = None,
    is_repeat: bool = False,
) -> MaintenanceUpdate:
    """A public word. `tell` is the notice that subscribers get of it; None tells nobody."""
    update = MaintenanceUpdate.objects.create(
        maintenance=row,
        status=row.status,
        is_repeat=is_repeat,
        body=body,
        display_at=at,
        author=author or "",
        notify=tell is not None,
    )
    if tell is not None:
        write_maintenance_notice(kind=tell, maintenance=row, update=update)
    return update
