"""Changing a window that is announced or runs: its words, its times, what is said of it meanwhile."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from django.db import transaction

from components.models import Component, Page, Region
from components.services import touch_page
from incidents.enums import MaintenanceImpact, MaintenanceStatus, NoticeKind
from incidents.input import body_text, title_line
from incidents.maintenance.claims import state_claims_of
from incidents.maintenance.plans import check_reminders, kind_named, worked_on, write_reminders
from incidents.maintenance.rows import lock, save, say
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
from incidents.maintenance.wording import moved_sentence
from incidents.models import Maintenance, MaintenanceKind
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.text import clean_line

FLAGS = ("expects_downtime", "takes_platform_down", "starts_itself", "ends_itself", "notify_start", "notify_end")
OVER = (MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED)


class Changes(TypedDict, total=False):
    """What `edit_maintenance` changes; what is not named stays."""

    title: str
    kind: MaintenanceKind | str | None
    reason: str
    expects_downtime: bool | None
    takes_platform_down: bool
    impact_level: MaintenanceImpact | str
    impact_note: str
    phase: str
    what_to_do: str
    starts_itself: bool
    ends_itself: bool
    notify_start: bool
    notify_end: bool
    scheduled_for: datetime
    scheduled_until: datetime
    components: Collection[Component]
    regions: Collection[Region]
    reminders: Collection[timedelta]


@retry_on_conflict
@transaction.atomic
def edit_maintenance(
    *,
    maintenance: Maintenance,
    message: str = "",
    notify: bool = False,
    expected_revision: int | None = None,
    author: str | None = None,
    **changes: Unpack[Changes],
) -> None:
    """Change what is named in `Changes`. Each change shows at once; a message is posted as an update.

    A window that is moved says so in an update of its own if there is no message, and its reminders move with it; the
    new time is announced now, and has to keep the kind's rule or say why. `notify`: subscribers are told, if an update
    is posted. One of a series does not follow its series any more. Once it has begun its times are for
    `extend_maintenance`; once it is over only words change.

    Raises ValidationFailed, InvalidTransition, StaleRevision.
    """
    alone = _change(maintenance, changes, message, notify=notify, expected_revision=expected_revision, author=author)
    if alone:
        Maintenance.objects.filter(pk=maintenance.pk, series__isnull=False).update(is_changed_alone=True)
    maintenance.refresh_from_db()


def follow_series(
    *, maintenance: Maintenance, message: str, notify: bool, occurs_at: datetime, author: str | None, changes: Changes
) -> None:
    """As `edit_maintenance`, because its series was changed, which it goes on following. Inside a transaction."""
    Maintenance.objects.filter(pk=maintenance.pk).update(occurs_at=occurs_at)
    _change(maintenance, changes, message, notify=notify, expected_revision=None, author=author, by_series=True)


def _change(
    maintenance: Maintenance,
    changes: Changes,
    message: str,
    *,
    notify: bool,
    expected_revision: int | None,
    author: str | None,
    by_series: bool = False,
) -> bool:
    now = clock.now()
    row = lock(maintenance, also=changes.get("components", ()), expected_revision=expected_revision)
    moved = _move(row, changes, now)
    fields = [*_words(row, changes), *moved]
    if row.status == MaintenanceStatus.SCHEDULED and not by_series and {"kind", "scheduled_for"} & {*fields}:
        check_reason(
            row.kind, row.reason, announced_at=row.announced_at or row.created_at, begins_at=row.scheduled_for
        )
    if "components" in changes:
        _refuse_if_over(row, "components")
        row.components.set(worked_on(changes["components"]))
        row.services.exclude(component__in=changes["components"]).delete()
        state_claims_of(row, at=now, cause=f"{row.reference} changed")
    if "regions" in changes:
        row.regions.set(changes["regions"])
    save(row, now, *fields)
    _renew_reminders(row, changes, now, moved="scheduled_for" in moved)
    body = body_text(message) if message else _said_by_itself(row, moved)
    if body:
        tell = NoticeKind.MAINTENANCE_UPDATED if notify else None
        say(row, body, at=now, author=author, is_repeat=True, tell=tell)
    touch_page(at=now)
    return bool(changes)


def _words(row: Maintenance, changes: Changes) -> list[str]:
    """Set what is said; returns the names of the columns."""
    given: dict[str, object] = {**changes}
    said = {name: given[name] for name in FLAGS if name in given}
    if "title" in changes:
        said["title"] = title_line(changes["title"])
    if "kind" in changes:
        said["kind"] = kind_named(changes["kind"])
    if "reason" in changes:
        said["reason"] = short_line("reason", changes["reason"], REASON_LENGTH)
    if "impact_level" in changes:
        said["impact_level"] = impact_of(changes["impact_level"])
    if "impact_note" in changes:
        said["impact_note"] = clean_line(changes["impact_note"])[:NOTE_LENGTH]
    if "phase" in changes:
        said["phase"] = short_line("phase", changes["phase"], PHASE_LENGTH)
    if "what_to_do" in changes:
        said["what_to_do"] = long_text("what_to_do", changes["what_to_do"])
    for name, value in said.items():
        setattr(row, name, value)
    return list(said)


def _move(row: Maintenance, changes: Changes, now: datetime) -> list[str]:
    """Set the times; returns the names of the columns that changed."""
    begins = changes.get("scheduled_for", row.scheduled_for)
    ends = changes.get("scheduled_until", row.scheduled_until)
    if (begins, ends) == (row.scheduled_for, row.scheduled_until):
        return []
    if row.status != MaintenanceStatus.SCHEDULED:
        raise ValidationFailed("scheduled_for", "Its times stand since it has begun; a window that runs is extended.")
    check_window(begins, ends, now)
    if begins <= now:
        raise ValidationFailed("scheduled_for", "That time has passed: choose a later one, or begin it now by hand.")
    fields = ["scheduled_until"]
    if begins != row.scheduled_for:
        row.announced_at = now
        fields += ["scheduled_for", "announced_at", "announced_until"]
        # A window at another time has an end of its own.
        row.announced_until = None
    row.scheduled_for, row.scheduled_until = begins, ends
    return fields


def _renew_reminders(row: Maintenance, changes: Changes, now: datetime, *, moved: bool) -> None:
    if "reminders" not in changes and not moved:
        return
    if row.status != MaintenanceStatus.SCHEDULED:
        raise ValidationFailed("reminders", "It has begun: there is nothing to remind of.")
    kept = row.reminders.values_list("before", flat=True)
    write_reminders(row, check_reminders(changes.get("reminders", list(kept))), now=now)


def _said_by_itself(row: Maintenance, moved: Collection[str]) -> str:
    return moved_sentence(row.scheduled_for, row.scheduled_until, Page.current().zone) if moved else ""


def _refuse_if_over(row: Maintenance, field: str) -> None:
    if row.status in OVER:
        raise InvalidTransition(f"{row.reference} is over: its {field} stand.")
