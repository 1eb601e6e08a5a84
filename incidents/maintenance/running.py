"""Beginning, ending and calling off by hand."""

from django.db import transaction

from components.services import touch_page
from incidents.enums import MaintenanceStatus
from incidents.input import body_text
from incidents.maintenance.rows import begin, check_step, end, lock, say
from incidents.models import Maintenance
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict


@retry_on_conflict
@transaction.atomic
def start_maintenance(
    *, maintenance: Maintenance, message: str = "The maintenance has begun.", author: str | None = None
) -> None:
    """It begins now, whatever was announced."""
    row, now = lock(maintenance), clock.now()
    check_step(row, MaintenanceStatus.IN_PROGRESS)
    begin(row, at=now, now=now)
    say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def complete_maintenance(
    *, maintenance: Maintenance, message: str = "The maintenance is complete.", author: str | None = None
) -> None:
    """It is over now; from here on what is measured counts again."""
    row, now = lock(maintenance), clock.now()
    check_step(row, MaintenanceStatus.COMPLETED)
    end(row, at=now, now=now)
    say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def cancel_maintenance(*, maintenance: Maintenance, message: str, author: str | None = None) -> None:
    """It will not take place."""
    row, now = lock(maintenance), clock.now()
    check_step(row, MaintenanceStatus.CANCELLED)
    Maintenance.objects.filter(pk=row.pk).update(status=MaintenanceStatus.CANCELLED, updated_at=now)
    row.status = MaintenanceStatus.CANCELLED
    say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()
