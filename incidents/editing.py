"""Correcting what was said: nobody is told, the page shows it at once. The contract: `incidents.services`."""

from datetime import datetime

from django.db import transaction

from components.services import touch_page
from incidents.cadence import due_on_another_rung
from incidents.enums import DueReason, IncidentStatus
from incidents.input import body_text, past_moment, severity_policy, title_line
from incidents.locking import DUE_FIELDS, lock_incident, owed, rung_of, save_incident, set_due
from incidents.models import Incident, IncidentUpdate, SeverityPolicy, UpdateRevision
from incidents.notices import hide_words
from incidents.postmortems import owe_postmortem
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_text


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
    """Correct what is said about the incident itself.

    Another severity promises other times: `incidents.cadence.due_on_another_rung` says what is owed then.
    """
    now = clock.now()
    row = lock_incident(incident, {}, expected_revision)
    before = row.severity
    row.title = title_line(title)
    row.severity = severity_policy(severity)
    row.impact = row.severity.impact
    becomes_private = private and not row.private
    row.private = private
    row.data_impact = data_impact
    row.root_cause_summary = clean_text(root_cause_summary)
    row.remediation = clean_text(remediation)
    if before != row.severity and row.is_open:
        _move_to_rung(row, now)
    said = ("title", "severity", "impact", "private", "data_impact", "root_cause_summary", "remediation")
    save_incident(row, now, *said, "promise", *DUE_FIELDS)
    if becomes_private:
        hide_words(row)
    if not row.is_open:
        owe_postmortem(row)
    touch_page(at=now)
    incident.refresh_from_db()


def _move_to_rung(row: Incident, now: datetime) -> None:
    last = row.updates.order_by("-display_at").values_list("display_at", flat=True).first()
    due = due_on_another_rung(
        owed=owed(row),
        rung=rung_of(row.severity),
        opened_at=row.created_at,
        last_word_at=last or row.created_at,
        now=now,
    )
    if due is None or due.reason is not DueReason.PROMISE:
        row.promise = row.severity.promise
    set_due(row, due)


@retry_on_conflict
@transaction.atomic
def edit_update(
    *,
    update: IncidentUpdate,
    message: str,
    display_at: datetime | None = None,
    author: str | None = None,
    expected_revision: int | None = None,
) -> UpdateRevision | None:
    """Correct one word, or its time; how it read before is kept, and the page says that it was edited.

    `display_at` None leaves its time; it stays between the words before and after it. What hangs on that time (the end
    of the incident, its containment, the next update) moves with it. `expected_revision` is the incident's. Returns
    how it read, or None where nothing differs.
    """
    now = clock.now()
    body = body_text(message)
    incident = lock_incident(update.incident, {}, expected_revision)
    row = IncidentUpdate.objects.select_for_update(of=("self",)).filter(pk=update.pk).first()
    if row is None:
        raise NotFound("This update is not here any more.")
    shown_at = row.display_at if display_at is None else past_moment("display_at", display_at, now)
    if (body, shown_at) == (row.body, row.display_at):
        return None
    if shown_at != row.display_at:
        _check_order(incident, row, shown_at)
    revision = UpdateRevision.objects.create(
        update=row, body=row.body, display_at=row.display_at, edited_by=author or "", edited_at=now
    )
    _move_times(incident, row, shown_at)
    row.body, row.display_at, row.edited_at, row.updated_at = body, shown_at, now, now
    row.save(update_fields=["body", "display_at", "edited_at", "updated_at"])
    save_incident(incident, now, "resolved_at", "contained_at", *DUE_FIELDS)
    touch_page(at=now)
    update.refresh_from_db()
    return revision


def _check_order(incident: Incident, row: IncidentUpdate, at: datetime) -> None:
    """Raises ValidationFailed where it would pass another word."""
    words = list(incident.updates.order_by("display_at", "pk"))
    place = words.index(row)
    if place and at < words[place - 1].display_at:
        raise ValidationFailed("display_at", "The word before it was said later than that: choose a later time.")
    if place + 1 < len(words) and at > words[place + 1].display_at:
        raise ValidationFailed("display_at", "The word after it was said before that: choose an earlier time.")
    if row.status == IncidentStatus.RESOLVED and at < incident.started_at:
        raise ValidationFailed("display_at", "It cannot be over before it began: choose a later time.")


def _move_times(incident: Incident, row: IncidentUpdate, at: datetime) -> None:
    if row.status == IncidentStatus.RESOLVED and incident.resolved_at == row.display_at:
        incident.resolved_at = at
    if row.status == IncidentStatus.MONITORING and incident.contained_at == row.display_at:
        incident.contained_at = at
    due, newest = owed(incident), incident.updates.order_by("-display_at", "-pk").first()
    if due is not None and due.reason is not DueReason.FIRST_UPDATE and newest == row:
        incident.next_update_due_at = due.at + (at - row.display_at)
