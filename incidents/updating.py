"""The next public word, and the last. The contract is that of `incidents.services`."""

from datetime import datetime, timedelta

from django.db import transaction

from components.enums import ComponentStatus
from components.services import touch_page
from incidents.cadence import Due, next_due
from incidents.enums import DueReason, IncidentStatus, NoticeKind, Promise
from incidents.impacts import Impacts, affected_components, apply_impacts, withdraw_impacts
from incidents.input import body_text, past_moment, promised_interval
from incidents.locking import DUE_FIELDS, lock_incident, owed, rung_of, save_incident, set_due
from incidents.models import Incident, IncidentUpdate
from incidents.notices import write_notice
from incidents.opening import DuplicateIncident, is_word_of_a_machine, open_with
from incidents.postmortems import owe_postmortem, release_postmortem
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.text import clean_text


@retry_on_conflict
@transaction.atomic
def post_update(
    *,
    incident: Incident,
    status: IncidentStatus,
    message: str,
    impacts: Impacts | None = None,
    notify: bool = True,
    author: str | None = None,
    display_at: datetime | None = None,
    expected_revision: int | None = None,
    next_update_in: timedelta | None = None,
    promise: Promise | None = None,
) -> IncidentUpdate:
    """The next public word. With status resolved it is `resolve_incident`; from resolved it reopens the incident.

    It cannot be dated before the word it follows. What it promises replaces what was owed; only the word of a machine
    does not do for the first word that people owe. Raises DuplicateIncident where it would be reopened beside another
    one about the same.
    """
    if status is IncidentStatus.RESOLVED:
        return resolve_incident(
            incident=incident,
            message=message,
            notify=notify,
            author=author,
            resolved_at=display_at,
            expected_revision=expected_revision,
        )
    now = clock.now()
    body = body_text(message)
    promised = promised_interval(next_update_in)
    shown_at = past_moment("display_at", display_at, now)
    row = lock_incident(incident, impacts or {}, expected_revision)
    check_step(row, status)
    shown_at = _after_the_last_word(row, shown_at, is_said=display_at is not None)
    reopened = not row.is_open
    twin = open_with(row.dedupe_key) if reopened else None
    if twin is not None:
        raise DuplicateIncident(twin)
    is_repeat = row.status == status
    row.promise = promise or row.severity.promise
    set_due(row, _due(row, status, shown_at, promised, author))
    row.status = status
    row.resolved_at = None
    if status is IncidentStatus.MONITORING and row.contained_at is None:
        row.contained_at = shown_at
    save_incident(row, now, "status", "resolved_at", "contained_at", "promise", *DUE_FIELDS)
    update = add_update(
        row, body, is_repeat=is_repeat, at=shown_at, now=now, author=author, notify=notify, promised=promised
    )
    said = (
        {affected.component: ComponentStatus(affected.status) for affected in affected_components(row)}
        if reopened
        else {}
    )
    apply_impacts(row, update, {**said, **(impacts or {})}, at=shown_at, reopened=reopened)
    if reopened:
        release_postmortem(row)
    if notify:
        write_notice(kind=NoticeKind.INCIDENT_UPDATED, incident=row, update=update)
    touch_page(at=now)
    incident.refresh_from_db()
    return update


@retry_on_conflict
@transaction.atomic
def resolve_incident(
    *,
    incident: Incident,
    message: str,
    root_cause_summary: str = "",
    remediation: str = "",
    notify: bool = True,
    author: str | None = None,
    resolved_at: datetime | None = None,
    expected_revision: int | None = None,
) -> IncidentUpdate:
    """It is over: the last word, what caused it and what we do about it; its claims on components are taken back.

    It may have been over before the word ahead of this one was said: then this one is shown with that word's time.
    """
    now = clock.now()
    body = body_text(message)
    row = lock_incident(incident, {}, expected_revision)
    check_step(row, IncidentStatus.RESOLVED)
    # A clock that was set back does not end it before it began.
    over_at = past_moment("resolved_at", resolved_at or max(now, row.started_at), max(now, row.started_at))
    if over_at < row.started_at:
        raise ValidationFailed("resolved_at", "It cannot be over before it began: choose a later time.")
    row.status = IncidentStatus.RESOLVED
    row.resolved_at = over_at
    set_due(row, None)
    row.root_cause_summary = clean_text(root_cause_summary) or row.root_cause_summary
    row.remediation = clean_text(remediation) or row.remediation
    save_incident(row, now, "status", "resolved_at", "root_cause_summary", "remediation", *DUE_FIELDS)
    shown_at = _after_the_last_word(row, over_at, is_said=False)
    update = add_update(row, body, is_repeat=False, at=shown_at, now=now, author=author, notify=notify)
    withdraw_impacts(row, update, at=over_at)
    owe_postmortem(row)
    if notify:
        write_notice(kind=NoticeKind.INCIDENT_RESOLVED, incident=row, update=update)
    touch_page(at=now)
    incident.refresh_from_db()
    return update


def check_step(row: Incident, status: IncidentStatus) -> None:
    """Raises InvalidTransition: the state machine has no such step, or the incident goes on as another one."""
    if row.merged_into is not None:
        raise InvalidTransition(f"{row.reference} was merged into {row.merged_into.reference}: go on there.")
    row.check_transition(status)


def add_update(
    row: Incident,
    body: str,
    *,
    is_repeat: bool,
    at: datetime,
    now: datetime,
    author: str | None,
    notify: bool,
    promised: timedelta | None = None,
) -> IncidentUpdate:
    return IncidentUpdate.objects.create(
        incident=row,
        status=row.status,
        is_repeat=is_repeat,
        body=body,
        display_at=at,
        author=author or "",
        notify=notify,
        promised_in=promised,
        promise=row.promise,
        created_at=now,
        updated_at=now,
    )


def _due(
    row: Incident, status: IncidentStatus, shown_at: datetime, promised: timedelta | None, author: str | None
) -> Due | None:
    before = owed(row)
    by_machine = is_word_of_a_machine(row, author)
    if by_machine and promised is None and before is not None and before.reason is DueReason.FIRST_UPDATE:
        return before
    awaits_first_word = by_machine and not row.updates.exclude(author="").exists()
    return next_due(
        posted_at=shown_at,
        status=status,
        rung=rung_of(row.severity),
        promised=promised,
        awaits_first_word=awaits_first_word,
    )


def _after_the_last_word(row: Incident, at: datetime, *, is_said: bool) -> datetime:
    """Not before the last word, also where our clock was set back. A time that was said is refused instead."""
    last = row.updates.order_by("-display_at").values_list("display_at", flat=True).first()
    if last is None or at >= last:
        return at
    if is_said:
        raise ValidationFailed(
            "display_at", f"The last word was said at {last:%H:%M} UTC on {last:%d %B %Y}: choose a time after it."
        )
    return last
