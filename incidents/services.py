"""Saying that something is broken, what is being done, and that it is over.

Every write path (admin, command line, probes, import, API) goes through here. Each service is one transaction: the
state, the update, the claims on components, the notice and the page's version become true together or not at all.
Rows are locked in one order, components before the incident before the page, so that two writers wait and never
block each other.

Errors: `ValidationFailed` (a text is empty or too long, a time lies in the future), `InvalidTransition`,
`StaleRevision` (somebody else changed the incident since `expected_revision`), `DuplicateIncident`.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from components.enums import ComponentStatus
from components.models import Page
from components.services import lock_components, touch_page
from incidents.cadence import next_update_due
from incidents.enums import IncidentStatus, NoticeKind, Origin
from incidents.impacts import Impacts, affected_components, apply_impacts, withdraw_impacts
from incidents.input import body_text, past_moment, severity_policy, title_line
from incidents.models import Incident, IncidentUpdate, SeverityPolicy
from incidents.notices import write_notice
from incidents.references import INCIDENT_PREFIX, next_reference
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, NotFound, StaleRevision, ValidationFailed
from statuspage.core.text import clean_text

REFERENCE_TRIES = 20


class DuplicateIncident(Duplicate):
    """An incident with this dedupe key is open already: it is in `existing`."""

    def __init__(self, existing: Incident) -> None:
        super().__init__(f"{existing.reference} is open about this already.")
        self.existing = existing


@retry_on_conflict
@transaction.atomic
def open_incident(
    *,
    title: str,
    severity: SeverityPolicy | str,
    message: str,
    impacts: Impacts,
    status: IncidentStatus = IncidentStatus.INVESTIGATING,
    private: bool | None = None,
    started_at: datetime | None = None,
    origin: Origin = Origin.STAFF,
    dedupe_key: str = "",
    author: str | None = None,
    notify: bool = True,
    data_impact: bool = False,
    next_update_in: timedelta | None = None,
) -> Incident:
    """Declare an incident with its first public word.

    `author` empty means we ourselves said it; `private` None, that the page's setting decides.
    """
    now = clock.now()
    policy = severity_policy(severity)
    body = body_text(message)
    if status is IncidentStatus.RESOLVED:
        raise ValidationFailed("status", "An incident is opened before it is resolved: choose another status.")
    lock_components(impacts)
    incident = _insert(
        Incident(
            title=title_line(title),
            severity=policy,
            status=status,
            impact=policy.impact,
            private=Page.current().private_incidents if private is None else private,
            data_impact=data_impact,
            started_at=past_moment("started_at", started_at, now),
            contained_at=now if status is IncidentStatus.MONITORING else None,
            origin=origin,
            dedupe_key=dedupe_key,
            next_update_due_at=next_update_due(
                posted_at=now, status=status, update_every=policy.update_every, promised=next_update_in
            ),
            created_at=now,
            updated_at=now,
        )
    )
    update = IncidentUpdate.objects.create(
        incident=incident,
        status=status,
        body=body,
        display_at=now,
        author=author or "",
        notify=notify,
        created_at=now,
        updated_at=now,
    )
    apply_impacts(incident, update, impacts, at=incident.started_at)
    if notify:
        write_notice(kind=NoticeKind.INCIDENT_CREATED, incident=incident, update=update)
    touch_page(at=now)
    return incident


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
) -> IncidentUpdate:
    """The next public word. With status resolved it is `resolve_incident`; from resolved it reopens the incident."""
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
    shown_at = past_moment("display_at", display_at, now)
    row = _lock(incident, impacts or {}, expected_revision)
    row.check_transition(status)
    reopened = not row.is_open
    is_repeat = row.status == status
    row.status = status
    row.resolved_at = None
    if status is IncidentStatus.MONITORING and row.contained_at is None:
        row.contained_at = shown_at
    row.next_update_due_at = next_update_due(
        posted_at=shown_at, status=status, update_every=row.severity.update_every, promised=next_update_in
    )
    _save(row, now, "status", "resolved_at", "contained_at", "next_update_due_at")
    update = _add_update(row, body, is_repeat=is_repeat, at=shown_at, now=now, author=author, notify=notify)
    said = (
        {affected.component: ComponentStatus(affected.status) for affected in affected_components(row)}
        if reopened
        else {}
    )
    apply_impacts(row, update, {**said, **(impacts or {})}, at=shown_at)
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
    """It is over: the last word, what caused it and what we do about it; its claims on components are taken back."""
    now = clock.now()
    body = body_text(message)
    row = _lock(incident, {}, expected_revision)
    row.check_transition(IncidentStatus.RESOLVED)
    over_at = past_moment("resolved_at", resolved_at, now)
    if over_at < row.started_at:
        raise ValidationFailed("resolved_at", "It cannot be over before it began: choose a later time.")
    row.status = IncidentStatus.RESOLVED
    row.resolved_at = over_at
    row.next_update_due_at = None
    row.root_cause_summary = clean_text(root_cause_summary) or row.root_cause_summary
    row.remediation = clean_text(remediation) or row.remediation
    _save(row, now, "status", "resolved_at", "next_update_due_at", "root_cause_summary", "remediation")
    update = _add_update(row, body, is_repeat=False, at=over_at, now=now, author=author, notify=notify)
    withdraw_impacts(row, update, at=over_at)
    if notify:
        write_notice(kind=NoticeKind.INCIDENT_RESOLVED, incident=row, update=update)
    touch_page(at=now)
    incident.refresh_from_db()
    return update


@retry_on_conflict
@transaction.atomic
def edit_incident(
    *,
    incident: Incident,
    title: str,
    severity: SeverityPolicy | str,
    private: bool,
    data_impact: bool,
    root_cause_summary: str,
    remediation: str,
    expected_revision: int | None = None,
) -> None:
    """Correct what is said about the incident itself. Nobody is told; the page shows it at once."""
    now = clock.now()
    row = _lock(incident, {}, expected_revision)
    row.title = title_line(title)
    row.severity = severity_policy(severity)
    row.impact = row.severity.impact
    row.private = private
    row.data_impact = data_impact
    row.root_cause_summary = clean_text(root_cause_summary)
    row.remediation = clean_text(remediation)
    _save(row, now, "title", "severity", "impact", "private", "data_impact", "root_cause_summary", "remediation")
    touch_page(at=now)
    incident.refresh_from_db()


def _insert(incident: Incident) -> Incident:
    """Insert with the next free reference: the unique constraints decide between writers at the same moment."""
    zone = Page.current().zone
    for _ in range(REFERENCE_TRIES):
        incident.reference = next_reference(INCIDENT_PREFIX, incident.started_at, zone)
        try:
            with transaction.atomic():
                incident.save(force_insert=True)
        except IntegrityError:
            existing = _open_with(incident.dedupe_key)
            if existing is not None:
                raise DuplicateIncident(existing) from None
            incident.pk = None
        else:
            return incident
    raise Duplicate("No free reference was found for this day: try again.")


def _open_with(dedupe_key: str) -> Incident | None:
    if not dedupe_key:
        return None
    return Incident.objects.open().filter(dedupe_key=dedupe_key).first()


def _lock(incident: Incident, impacts: Impacts, expected_revision: int | None) -> Incident:
    lock_components([*(affected.component for affected in affected_components(incident)), *impacts])
    row = Incident.objects.select_for_update(of=("self",)).select_related("severity").filter(pk=incident.pk).first()
    if row is None:
        raise NotFound("This incident is not here any more.")
    if expected_revision is not None and row.revision != expected_revision:
        raise StaleRevision(
            f"Somebody else changed {row.reference} in the meantime. Nothing was posted: look at what is new, "
            "then post again if it still fits."
        )
    return row


def _save(row: Incident, now: datetime, *fields: str) -> None:
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=[*fields, "revision", "updated_at"])


def _add_update(
    row: Incident, body: str, *, is_repeat: bool, at: datetime, now: datetime, author: str | None, notify: bool
) -> IncidentUpdate:
    return IncidentUpdate.objects.create(
        incident=row,
        status=row.status,
        is_repeat=is_repeat,
        body=body,
        display_at=at,
        author=author or "",
        notify=notify,
        created_at=now,
        updated_at=now,
    )
