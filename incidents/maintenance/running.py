"""Beginning, ending and calling off by hand; taking over what was imported."""

from django.db import transaction

from components.services import touch_page
from incidents.enums import MaintenanceStatus, NoticeKind, Origin
from incidents.input import body_text
from incidents.maintenance.claims import state_claims_of
from incidents.maintenance.rows import begin, check_step, end, lock, save, say
from incidents.models import Maintenance
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition

BEGUN = "The maintenance has begun."
ENDED = "The maintenance is complete."


@retry_on_conflict
@transaction.atomic
def start_maintenance(
    *,
    maintenance: Maintenance,
    message: str = BEGUN,
    notify: bool | None = None,
    author: str | None = None,
    expected_revision: int | None = None,
) -> None:
    """It begins now, whatever was announced. `notify` None: as the window's own setting says."""
    body = body_text(message)
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    check_step(row, MaintenanceStatus.IN_PROGRESS)
    if row.is_active:
        # Back from verifying is an update: it does not begin twice.
        raise InvalidTransition(f"{row.reference} has begun already.")
    begin(row, at=now, now=now)
    tell = row.notify_start if notify is None else notify
    say(row, body, at=now, author=author, tell=NoticeKind.MAINTENANCE_STARTED if tell else None)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def complete_maintenance(
    *,
    maintenance: Maintenance,
    message: str = ENDED,
    notify: bool | None = None,
    author: str | None = None,
    expected_revision: int | None = None,
) -> None:
    """It is over now; from here on what is measured counts again.

    All its services are operational then; the step that ran is done, and those to come are skipped. `notify` None: as
    the window's own setting says.
    """
    body = body_text(message)
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    check_step(row, MaintenanceStatus.COMPLETED)
    end(row, now=now)
    tell = row.notify_end if notify is None else notify
    say(row, body, at=now, author=author, tell=NoticeKind.MAINTENANCE_COMPLETED if tell else None)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def cancel_maintenance(
    *,
    maintenance: Maintenance,
    message: str,
    notify: bool = True,
    author: str | None = None,
    expected_revision: int | None = None,
) -> None:
    """It will not take place. One of a series does not come back; the others do."""
    body = body_text(message)
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    check_step(row, MaintenanceStatus.CANCELLED)
    row.status = MaintenanceStatus.CANCELLED
    save(row, now, "status")
    row.reminders.filter(sent_at__isnull=True).delete()
    say(row, body, at=now, author=author, tell=NoticeKind.MAINTENANCE_CANCELLED if notify else None)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def take_over(*, maintenance: Maintenance, expected_revision: int | None = None) -> None:
    """An imported window is ours from now on: it claims its components if it runs, and begins and ends by itself.

    Raises InvalidTransition for one that was not imported. Nobody is told.
    """
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    if row.origin != Origin.IMPORT:
        raise InvalidTransition(f"{row.reference} is ours already.")
    row.origin = Origin.STAFF
    save(row, now, "origin")
    state_claims_of(row, at=now, cause=row.reference)
    touch_page(at=now)
    maintenance.refresh_from_db()
