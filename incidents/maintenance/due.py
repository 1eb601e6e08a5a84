"""What happens to windows by itself.

A jump of the clock, or an hour of ours without a worker, makes no burst: of several reminders that are due at once the
last one is sent, a window that we slept through is written down without a mail, and what has happened does not happen
again when the clock goes back.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from components.services import touch_page
from incidents.enums import MaintenanceStatus, NoticeKind, Origin, ServiceState, SignalSource, StepState
from incidents.maintenance.rows import begin, end, lock, say, write_down
from incidents.maintenance.running import BEGUN, ENDED
from incidents.models import (
    Maintenance,
    MaintenanceQuerySet,
    MaintenanceReminder,
    MaintenanceService,
    MaintenanceStep,
    Signal,
)
from incidents.notices_maintenance import write_maintenance_notice
from incidents.one_by_one import one_by_one
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict

OVERSLEPT = "The window is over."
UNDONE = (StepState.PENDING, StepState.RUNNING)
DOWN = [state for state in ServiceState if state.is_down]
LATE_START = "late-maintenance:"
LATE_AFTER = timedelta(minutes=5)


def run_due() -> int:
    """Begin and end the windows whose time has come, and remind of those to come. Returns how many things were done.

    Harmless at any time, and by several at once. A window that we slept through is written down as it was announced,
    unless it may not end by itself. Imported windows belong to the page they came from until staff take them over.
    """
    now = clock.now()
    own = Maintenance.objects.exclude(origin=Origin.IMPORT)
    due = own.filter(status=MaintenanceStatus.SCHEDULED, scheduled_for__lte=now)
    to_begin = due.filter(starts_itself=True).order_by("scheduled_for", "pk")
    to_end = _may_end(own.active().filter(scheduled_until__lte=now)).order_by("scheduled_until", "pk")
    done = one_by_one(to_begin, _begin_due) + one_by_one(to_end, _end_due)
    reminders = MaintenanceReminder.objects.filter(
        sent_at__isnull=True, due_at__lte=now, maintenance__in=own.filter(status=MaintenanceStatus.SCHEDULED)
    )
    to_remind = own.filter(pk__in=reminders.values("maintenance")).order_by("scheduled_for", "pk")
    done += one_by_one(to_remind, _remind)
    return done + _report_late_starts(due, now)


def _may_end(rows: MaintenanceQuerySet) -> MaintenanceQuerySet:
    """Those that end by themselves: no step left, no service down. One begun after its end waits for a hand."""
    undone = MaintenanceStep.objects.filter(maintenance=OuterRef("pk"), state__in=UNDONE)
    down = MaintenanceService.objects.filter(maintenance=OuterRef("pk"), state__in=DOWN)
    ended = rows.filter(ends_itself=True).exclude(started_at__gte=F("scheduled_until"))
    return ended.exclude(Exists(undone)).exclude(Exists(down))


@retry_on_conflict
@transaction.atomic
def _begin_due(maintenance: Maintenance) -> bool:
    """Begin it, if that is still due once the rows are ours."""
    row, now = lock(maintenance), clock.now()
    if row.status != MaintenanceStatus.SCHEDULED or row.scheduled_for > now or not row.starts_itself:
        return False
    if row.scheduled_until <= now and _may_end(Maintenance.objects.filter(pk=row.pk)).exists():
        write_down(row, now=now)
        say(row, OVERSLEPT, at=now, author=None)
    else:
        begin(row, at=now, now=now)
        say(row, BEGUN, at=now, author=None, tell=NoticeKind.MAINTENANCE_STARTED if row.notify_start else None)
    touch_page(at=now)
    return True


@retry_on_conflict
@transaction.atomic
def _end_due(maintenance: Maintenance) -> bool:
    row, now = lock(maintenance), clock.now()
    if not row.is_active or row.scheduled_until > now or not _may_end(Maintenance.objects.filter(pk=row.pk)).exists():
        return False
    end(row, now=now)
    say(row, ENDED, at=now, author=None, tell=NoticeKind.MAINTENANCE_COMPLETED if row.notify_end else None)
    touch_page(at=now)
    return True


@retry_on_conflict
@transaction.atomic
def _remind(maintenance: Maintenance) -> bool:
    """One notice, whatever number of reminders is due: the one nearest to the beginning."""
    row, now = lock(maintenance), clock.now()
    due = row.reminders.filter(sent_at__isnull=True, due_at__lte=now)
    nearest = due.order_by("before").first()
    if row.status != MaintenanceStatus.SCHEDULED or nearest is None:
        return False
    due.update(sent_at=now)
    if row.scheduled_for <= now:
        # It waits for somebody to begin it: nothing to remind of.
        return False
    write_maintenance_notice(kind=NoticeKind.MAINTENANCE_REMINDER, maintenance=row, before=nearest.before)
    return True


def _report_late_starts(due: MaintenanceQuerySet, now: datetime) -> int:
    """Wake somebody, once a window, for one that waits for a hand and is late; the signal ends when it is begun."""
    late = due.filter(starts_itself=False, scheduled_for__lte=now - LATE_AFTER)
    titles = {LATE_START + row.reference: row for row in late}
    known = set(
        Signal.objects.unresolved().filter(fingerprint__startswith=LATE_START).values_list("fingerprint", flat=True)
    )
    for fingerprint in known - titles.keys():
        resolve_signal(fingerprint=fingerprint)
    for fingerprint in titles.keys() - known:
        row = titles[fingerprint]
        raise_signal(
            source=SignalSource.DEADLINE,
            fingerprint=fingerprint,
            title=f"{row.reference} should have begun and waits for somebody to begin it",
            detail=f"{row.title}: begin it, move it or cancel it.",
        )
    return len(titles.keys() - known)
