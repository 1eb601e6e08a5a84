"""What is said while a window runs: updates, a later end, an estimate, the state of each service."""

from datetime import datetime

from django.db import transaction

from components.models import Component, Page
from components.services import touch_page
from incidents.enums import MaintenanceStatus, NoticeKind, ServiceState
from incidents.input import body_text
from incidents.maintenance.claims import state_claims_of
from incidents.maintenance.rows import check_step, lock, save, say
from incidents.maintenance.rules import check_window
from incidents.maintenance.running import cancel_maintenance, complete_maintenance, start_maintenance
from incidents.maintenance.wording import extended_sentence
from incidents.models import Maintenance, MaintenanceService, MaintenanceUpdate
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed


@retry_on_conflict
@transaction.atomic
def post_maintenance_update(
    *,
    maintenance: Maintenance,
    message: str,
    status: MaintenanceStatus | None = None,
    notify: bool = True,
    author: str | None = None,
    expected_revision: int | None = None,
) -> MaintenanceUpdate:
    """The next public word, in any status. With another status it is that step too: begin, end, cancel, verify.

    Raises InvalidTransition, ValidationFailed, StaleRevision.
    """
    body = body_text(message)
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    is_repeat = status is None or status == row.status
    if status is not None and not is_repeat:
        check_step(row, status)
        if not (row.is_active and status in {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING}):
            return _step(maintenance, status, message=message, notify=notify, author=author)
        row.status = status
    save(row, now, "status")
    tell = NoticeKind.MAINTENANCE_UPDATED if notify else None
    update = say(row, body, at=now, author=author, is_repeat=is_repeat, tell=tell)
    touch_page(at=now)
    maintenance.refresh_from_db()
    return update


def _step(
    maintenance: Maintenance, status: MaintenanceStatus, *, message: str, notify: bool, author: str | None
) -> MaintenanceUpdate:
    if status is MaintenanceStatus.IN_PROGRESS:
        start_maintenance(maintenance=maintenance, message=message, notify=notify, author=author)
    elif status is MaintenanceStatus.COMPLETED:
        complete_maintenance(maintenance=maintenance, message=message, notify=notify, author=author)
    else:
        cancel_maintenance(maintenance=maintenance, message=message, notify=notify, author=author)
    return maintenance.updates.order_by("-pk")[0]


@retry_on_conflict
@transaction.atomic
def extend_maintenance(
    *,
    maintenance: Maintenance,
    until: datetime,
    message: str = "",
    notify: bool = True,
    author: str | None = None,
    expected_revision: int | None = None,
) -> None:
    """It takes longer than was announced: the end moves to `until`, and the one announced first stays known.

    What is measured goes on counting as maintenance. Without a message the new end is the update.
    """
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    _check_not_over(row)
    if until <= max(row.scheduled_until, now):
        raise ValidationFailed("until", "Choose an end that is later than the announced one, and still to come.")
    check_window(row.scheduled_for, until, now)
    row.announced_until = row.announced_until or row.scheduled_until
    row.scheduled_until, row.estimated_until = until, None
    row.is_changed_alone = row.is_changed_alone or row.series_id is not None
    save(row, now, "announced_until", "scheduled_until", "estimated_until", "is_changed_alone")
    body = body_text(message) if message else extended_sentence(until, Page.current().zone)
    say(
        row,
        body,
        at=now,
        author=author,
        is_repeat=True,
        tell=NoticeKind.MAINTENANCE_UPDATED if notify else None,
    )
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def estimate_end(*, maintenance: Maintenance, at: datetime | None, expected_revision: int | None = None) -> None:
    """When a window that runs is expected to be over; None takes that back. What was announced stays as it is."""
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    _check_active(row)
    if at is not None:
        if at <= now:
            raise ValidationFailed("estimated_until", "That time has passed: choose one that is to come.")
        check_window(row.scheduled_for, at, now)
    row.estimated_until = at
    save(row, now, "estimated_until")
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def set_service(
    *,
    maintenance: Maintenance,
    component: Component,
    state: ServiceState,
    eta_at: datetime | None = None,
    expected_revision: int | None = None,
) -> None:
    """In what state a component is, and when it is expected back; one that was not part of the window becomes it.

    While the window runs an operational one is measured as always, all others are under maintenance.
    """
    row, now = lock(maintenance, also=[component], expected_revision=expected_revision), clock.now()
    _check_not_over(row)
    if eta_at is not None and (eta_at <= now or state is ServiceState.OPERATIONAL):
        raise ValidationFailed("eta_at", "Say when it is expected back: a time to come, of a service that is not.")
    row.components.add(component)
    MaintenanceService.objects.update_or_create(
        maintenance=row,
        component=component,
        defaults={"state": state, "eta_at": eta_at},
        create_defaults={"state": state, "eta_at": eta_at, "position": row.services.count()},
    )
    save(row, now)
    state_claims_of(row, at=now, cause=f"{row.reference}: {component.name} is {state.label.lower()}")
    touch_page(at=now)
    maintenance.refresh_from_db()


def _check_not_over(row: Maintenance) -> None:
    if row.status != MaintenanceStatus.SCHEDULED and not row.is_active:
        raise InvalidTransition(f"{row.reference} is over: nothing about it can be changed but words.")


def _check_active(row: Maintenance) -> None:
    if not row.is_active:
        raise InvalidTransition(f"{row.reference} does not run: begin it first.")
