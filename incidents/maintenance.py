"""Windows in which something is worked on: announced, begun and ended, by themselves or by hand.

While a window runs it claims *under maintenance* of its components, what is measured of them counts as maintenance,
and probes conclude nothing from it. Each service is one transaction and locks in the order of `incidents.services`.

Errors: `ValidationFailed`, `InvalidTransition`.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page
from components.services import claim_status, lock_components, touch_page, withdraw_claim
from incidents.enums import MAINTENANCE_TRANSITIONS, MaintenanceStatus, Origin
from incidents.input import EARLIEST, body_text, title_line
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.references import MAINTENANCE_PREFIX, next_reference
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, InvalidTransition, NotFound, ValidationFailed
from statuspage.core.text import clean_line

REFERENCE_TRIES = 20
NOTE_LENGTH = 300
LONGEST_WINDOW = timedelta(days=31)
FURTHEST_AHEAD = timedelta(days=3 * 366)


@retry_on_conflict
@transaction.atomic
def schedule_maintenance(
    *,
    title: str,
    message: str,
    components: Collection[Component],
    scheduled_for: datetime,
    scheduled_until: datetime,
    impact_note: str = "",
    author: str | None = None,
) -> Maintenance:
    """Announce a window. One that has begun already runs at once; one that is over is written down as it was.

    For a window in the past, what was measured is for the caller to correct: `probes.corrections`.
    """
    now = clock.now()
    body = body_text(message)
    _check_window(scheduled_for, scheduled_until, now)
    if not components:
        raise ValidationFailed("components", "Name at least one component that is worked on.")
    lock_components(components)
    maintenance = _insert(
        Maintenance(
            title=title_line(title),
            impact_note=clean_line(impact_note)[:NOTE_LENGTH],
            scheduled_for=scheduled_for,
            scheduled_until=scheduled_until,
            created_at=now,
            updated_at=now,
        )
    )
    maintenance.components.set(components)
    _say(maintenance, body, at=min(now, scheduled_for), author=author)
    if scheduled_until <= now:
        _write_down(maintenance, now=now)
    elif scheduled_for <= now:
        _begin(maintenance, at=scheduled_for, now=now)
    touch_page(at=now)
    return maintenance


@retry_on_conflict
@transaction.atomic
def start_maintenance(
    *, maintenance: Maintenance, message: str = "The maintenance has begun.", author: str | None = None
) -> None:
    """It begins now, whatever was announced."""
    row, now = _lock(maintenance), clock.now()
    _check_step(row, MaintenanceStatus.IN_PROGRESS)
    _begin(row, at=now, now=now)
    _say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def complete_maintenance(
    *, maintenance: Maintenance, message: str = "The maintenance is complete.", author: str | None = None
) -> None:
    """It is over now; from here on what is measured counts again."""
    row, now = _lock(maintenance), clock.now()
    _check_step(row, MaintenanceStatus.COMPLETED)
    _end(row, at=now, now=now)
    _say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def cancel_maintenance(*, maintenance: Maintenance, message: str, author: str | None = None) -> None:
    """It will not take place."""
    row, now = _lock(maintenance), clock.now()
    _check_step(row, MaintenanceStatus.CANCELLED)
    Maintenance.objects.filter(pk=row.pk).update(status=MaintenanceStatus.CANCELLED, updated_at=now)
    row.status = MaintenanceStatus.CANCELLED
    _say(row, body_text(message), at=now, author=author)
    touch_page(at=now)
    maintenance.refresh_from_db()


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
    row, now = _lock(maintenance), clock.now()
    if status is MaintenanceStatus.IN_PROGRESS:
        if row.status != MaintenanceStatus.SCHEDULED or row.scheduled_for > now:
            return False
        if row.scheduled_until <= now:
            _write_down(row, now=now)
            _say(row, "The window is over.", at=now, author=None)
        else:
            _begin(row, at=now, now=now)
            _say(row, "The maintenance has begun.", at=now, author=None)
    else:
        if row.status not in {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING} or row.scheduled_until > now:
            return False
        _end(row, at=now, now=now)
        _say(row, "The maintenance is complete.", at=now, author=None)
    touch_page(at=now)
    return True


def _check_window(scheduled_for: datetime, scheduled_until: datetime, now: datetime) -> None:
    if scheduled_until <= scheduled_for:
        raise ValidationFailed("scheduled_until", "The window ends before it begins: choose a later end.")
    if scheduled_until - scheduled_for > LONGEST_WINDOW:
        raise ValidationFailed("scheduled_until", f"A window lasts at most {LONGEST_WINDOW.days} days.")
    if scheduled_for < EARLIEST:
        raise ValidationFailed("scheduled_for", "That time is too long ago: choose one after the year 2000.")
    if scheduled_for > now + FURTHEST_AHEAD:
        raise ValidationFailed("scheduled_for", "That is more than three years ahead: choose an earlier time.")


def _check_step(row: Maintenance, status: MaintenanceStatus) -> None:
    current = MaintenanceStatus(row.status)
    if status not in MAINTENANCE_TRANSITIONS[current]:
        raise InvalidTransition(
            f"{row.reference} is {current.label.lower()} and cannot become {status.label.lower()}."
        )


def _lock(maintenance: Maintenance) -> Maintenance:
    lock_components(maintenance.components.all())
    row = Maintenance.objects.select_for_update().filter(pk=maintenance.pk).first()
    if row is None:
        raise NotFound("This maintenance window is not here any more.")
    return row


def _begin(row: Maintenance, *, at: datetime, now: datetime) -> None:
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


def _end(row: Maintenance, *, at: datetime, now: datetime) -> None:
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


def _write_down(row: Maintenance, *, now: datetime) -> None:
    """It is over before we knew of it, or while we slept: as announced, and no component changes its state for it."""
    row.status, row.updated_at = MaintenanceStatus.COMPLETED, now
    row.started_at, row.completed_at = row.scheduled_for, row.scheduled_until
    row.save(update_fields=["status", "started_at", "completed_at", "updated_at"])


def _say(row: Maintenance, body: str, *, at: datetime, author: str | None) -> None:
    MaintenanceUpdate.objects.create(
        maintenance=row, status=row.status, body=body, display_at=at, author=author or "", notify=False
    )


def _insert(maintenance: Maintenance) -> Maintenance:
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
