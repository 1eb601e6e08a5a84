"""What happens to windows by itself."""

from django.db import transaction

from components.services import touch_page
from incidents.enums import MaintenanceStatus, Origin
from incidents.maintenance.rows import begin, end, lock, say, write_down
from incidents.models import Maintenance
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict


def run_due() -> int:
    """Begin and end the windows whose time has come. Returns how many steps were taken; harmless at any time.

    A window that we slept through is written down as it was announced. Imported windows belong to the page they came
    from until staff take them over.
    """
    now = clock.now()
    own = Maintenance.objects.exclude(origin=Origin.IMPORT)
    steps = 0
    for row in own.filter(status=MaintenanceStatus.SCHEDULED, scheduled_for__lte=now).order_by("scheduled_for", "pk"):
        steps += _step(row, MaintenanceStatus.IN_PROGRESS)
    for row in own.active().filter(scheduled_until__lte=now).order_by("scheduled_until", "pk"):
        steps += _step(row, MaintenanceStatus.COMPLETED)
    return steps


@retry_on_conflict
@transaction.atomic
def _step(maintenance: Maintenance, status: MaintenanceStatus) -> bool:
    """One due step, if it is still due once the rows are ours."""
    row, now = lock(maintenance), clock.now()
    if status is MaintenanceStatus.IN_PROGRESS:
        if row.status != MaintenanceStatus.SCHEDULED or row.scheduled_for > now:
            return False
        if row.scheduled_until <= now:
            write_down(row, now=now)
            say(row, "The window is over.", at=now, author=None)
        else:
            begin(row, at=now, now=now)
            say(row, "The maintenance has begun.", at=now, author=None)
    else:
        if row.status not in {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING} or row.scheduled_until > now:
            return False
        end(row, at=now, now=now)
        say(row, "The maintenance is complete.", at=now, author=None)
    touch_page(at=now)
    return True
