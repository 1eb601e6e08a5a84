"""Announcing a window."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from components.models import Component, Region
from components.services import lock_components, touch_page
from incidents.enums import MaintenanceImpact, NoticeKind
from incidents.input import body_text, past_moment, title_line
from incidents.maintenance.plans import (
    ServicePlan,
    StepPlan,
    check_reminders,
    check_steps,
    kind_named,
    worked_on,
    write_reminders,
    write_services,
    write_steps,
)
from incidents.maintenance.rows import begin, insert, say, write_down
from incidents.maintenance.rules import (
    NOTE_LENGTH,
    PHASE_LENGTH,
    REASON_LENGTH,
    check_reason,
    check_window,
    impact_of,
    long_text,
    short_line,
)
from incidents.models import Maintenance, MaintenanceKind, MaintenanceSeries, MaintenanceUpdate
from incidents.notices_maintenance import write_maintenance_notice
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.text import clean_line


@retry_on_conflict
@transaction.atomic
def schedule_maintenance(
    *,
    title: str,
    message: str,
    components: Collection[Component],
    scheduled_for: datetime,
    scheduled_until: datetime,
    kind: MaintenanceKind | str | None = None,
    reason: str = "",
    expects_downtime: bool | None = None,
    takes_platform_down: bool = False,
    impact_level: MaintenanceImpact | str = "",
    impact_note: str = "",
    phase: str = "",
    regions: Collection[Region] = (),
    services: Sequence[ServicePlan] = (),
    steps: Sequence[StepPlan] = (),
    reminders: Collection[timedelta] = (),
    what_to_do: str = "",
    starts_itself: bool = True,
    ends_itself: bool = True,
    notify: bool = True,
    notify_start: bool = True,
    notify_end: bool = True,
    series: MaintenanceSeries | None = None,
    occurs_at: datetime | None = None,
    reference: str | None = None,
    started_at: datetime | None = None,
    author: str | None = None,
) -> Maintenance:
    """Announce a window. One that has begun already runs at once; one that is over is written down as it was.

    `components` are those worked on; those of `services` are added. `reminders` are times before the beginning; one
    whose time has passed is left out. `started_at`: it began then, whatever is announced. Subscribers hear of it if
    `notify` says so and it is not over; of one that runs already they hear that it has begun.

    Raises ValidationFailed, on "reason" when the window breaks its kind's lead time, or its kind asks for one, and
    none is given; a window that is over, or one of a series, needs none. Raises Duplicate if the reference is taken.

    For a window in the past, what was measured is for the caller to correct: `probes.corrections`.
    """
    now = clock.now()
    body = body_text(message)
    check_window(scheduled_for, scheduled_until, now)
    is_over = scheduled_until <= now
    begun_at = _begun_at(scheduled_for, started_at, now)
    chosen = worked_on(components, services)
    plan = check_steps(steps, may_be_begun=begun_at is not None)
    policy, said_reason = kind_named(kind), short_line("reason", reason, REASON_LENGTH)
    before = check_reminders(reminders)
    if not is_over and series is None:
        check_reason(policy, said_reason, announced_at=now, begins_at=scheduled_for)
    lock_components(chosen)
    maintenance = insert(
        Maintenance(
            title=title_line(title),
            kind=policy,
            reason=said_reason,
            expects_downtime=expects_downtime,
            takes_platform_down=takes_platform_down,
            impact_level=impact_of(impact_level),
            impact_note=clean_line(impact_note)[:NOTE_LENGTH],
            phase=short_line("phase", phase, PHASE_LENGTH),
            what_to_do=long_text("what_to_do", what_to_do),
            scheduled_for=scheduled_for,
            scheduled_until=scheduled_until,
            started_at=begun_at if is_over else None,
            starts_itself=starts_itself,
            ends_itself=ends_itself,
            notify_start=notify_start,
            notify_end=notify_end,
            series=series,
            occurs_at=occurs_at,
            announced_at=now,
            created_at=now,
            updated_at=now,
        ),
        reference=reference,
    )
    maintenance.components.set(chosen)
    maintenance.regions.set(regions)
    write_services(maintenance, services)
    write_steps(maintenance, plan, now=now)
    if not is_over and begun_at is None:
        write_reminders(maintenance, before, now=now)
    _announce(maintenance, body, begun_at=begun_at, is_over=is_over, now=now, notify=notify, author=author)
    touch_page(at=now)
    return maintenance


def _begun_at(scheduled_for: datetime, started_at: datetime | None, now: datetime) -> datetime | None:
    if started_at is not None:
        return past_moment("started_at", started_at, now)
    return scheduled_for if scheduled_for <= now else None


def _announce(
    row: Maintenance,
    body: str,
    *,
    begun_at: datetime | None,
    is_over: bool,
    now: datetime,
    notify: bool,
    author: str | None,
) -> None:
    if begun_at is None:
        say(row, body, at=now, author=author, tell=NoticeKind.MAINTENANCE_SCHEDULED if notify else None)
        return
    # The word is as old as the window itself.
    update = say(row, body, at=min(begun_at, row.scheduled_for, now), author=author)
    if is_over:
        write_down(row, now=now)
        return
    begin(row, at=begun_at, now=now)
    if notify and row.notify_start:
        MaintenanceUpdate.objects.filter(pk=update.pk).update(notify=True)
        write_maintenance_notice(kind=NoticeKind.MAINTENANCE_STARTED, maintenance=row, update=update)
