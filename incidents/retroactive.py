"""An incident that is written down afterwards, or half-way. The contract is that of `incidents.services`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import IntegrityError, transaction

from components.enums import ComponentStatus
from components.services import lock_components, touch_page
from incidents.cadence import next_due
from incidents.enums import TRANSITIONS, IncidentStatus, NoticeKind, Origin, Promise
from incidents.impacts import Impacts, affected_components, claim_impact, keep_impacts
from incidents.input import body_text, past_moment, promised_interval, severity_policy, title_line
from incidents.locking import rung_of, set_due
from incidents.models import Incident, IncidentUpdate, SeverityPolicy, UpdateImpact
from incidents.notices import write_notice
from incidents.opening import DuplicateIncident, insert_incident, is_private
from incidents.postmortems import owe_postmortem
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, InvalidTransition, ValidationFailed
from statuspage.core.text import clean_text

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastUpdate:
    """A word that was said then. `promised_in` None: nothing but what the severity promises."""

    status: IncidentStatus
    message: str
    at: datetime
    impacts: Impacts = field(default_factory=dict)
    author: str = ""
    promised_in: timedelta | None = None
    promise: Promise = Promise.BY


@retry_on_conflict
@transaction.atomic
def record_incident(
    *,
    title: str,
    severity: SeverityPolicy | str,
    started_at: datetime,
    updates: Sequence[PastUpdate],
    private: bool | None = None,
    data_impact: bool = False,
    root_cause_summary: str = "",
    remediation: str = "",
    origin: Origin = Origin.STAFF,
    reference: str | None = None,
    author: str | None = None,
    notify: bool = False,
) -> Incident:
    """Write an incident down with all of its words at their times.

    The updates are in the order of time, none in the future, none before `started_at`, each status one that may follow
    the one before it. If the last one resolves it, it is over: marked as retroactive, and never claimed anything. Else
    it is open from here on, with its claims and the deadline that follows from its last word. `author` stands for the
    updates that name none. `notify` tells subscribers the last word, once. `reference` None is the next free one of
    the day; one that is taken raises Duplicate. Else ValidationFailed and InvalidTransition.
    """
    now = clock.now()
    updates = [_checked(update, now) for update in updates]
    began = past_moment("started_at", started_at, now)
    _check_story(began, updates)
    components = {component.pk: component for update in updates for component in update.impacts}
    lock_components(components.values())
    policy, last = severity_policy(severity), updates[-1]
    is_over = last.status is IncidentStatus.RESOLVED
    incident = Incident(
        title=title_line(title),
        severity=policy,
        status=last.status,
        impact=policy.impact,
        private=is_private(private),
        data_impact=data_impact,
        started_at=began,
        contained_at=next((word.at for word in updates if word.status is IncidentStatus.MONITORING), None),
        resolved_at=last.at if is_over else None,
        root_cause_summary=clean_text(root_cause_summary),
        remediation=clean_text(remediation),
        origin=origin,
        promise=policy.promise if last.promised_in is None else last.promise,
        is_retroactive=is_over,
        created_at=now,
        updated_at=now,
    )
    due = next_due(posted_at=last.at, status=last.status, rung=rung_of(policy), promised=last.promised_in)
    set_due(incident, due)
    _insert(incident, reference)
    rows = _write_updates(incident, updates, now=now, author=author or "", notify=notify)
    if is_over:
        owe_postmortem(incident)
    else:
        _claim(incident)
    if notify:
        kind = NoticeKind.INCIDENT_RESOLVED if is_over else NoticeKind.INCIDENT_CREATED
        write_notice(kind=kind, incident=incident, update=rows[-1])
    touch_page(at=now)
    return incident


@retry_on_conflict
@transaction.atomic
def record_once(*, title: str, severity: SeverityPolicy, started_at: datetime, **said: Any) -> Incident:
    """As `record_incident`, for a form whose button may be pressed twice, or by two people at once.

    One of the same title, severity and beginning that is there already is raised as DuplicateIncident.
    """
    # Whoever writes down at the same moment waits here, and nobody else: the rung stays as it is.
    SeverityPolicy.objects.select_for_update(no_key=True).get(pk=severity.pk)
    same = Incident.objects.filter(title=title_line(title), severity=severity, started_at=started_at, merged_into=None)
    twin = same.order_by("pk").first()
    if twin is not None:
        raise DuplicateIncident(twin)
    return record_incident(title=title, severity=severity, started_at=started_at, **said)


def _checked(update: PastUpdate, now: datetime) -> PastUpdate:
    return PastUpdate(
        status=IncidentStatus(update.status),
        message=body_text(update.message),
        at=past_moment("at", update.at, now),
        impacts=update.impacts,
        author=update.author,
        promised_in=promised_interval(update.promised_in),
        promise=Promise(update.promise),
    )


def _check_story(began: datetime, updates: Sequence[PastUpdate]) -> None:
    if not updates:
        raise ValidationFailed("updates", "Write down at least one update.")
    if updates[0].at < began:
        raise ValidationFailed("started_at", "The first update is older than the beginning: choose an earlier time.")
    for before, after in pairwise(updates):
        if after.at < before.at:
            raise ValidationFailed("at", "An update is older than the one before it: put them in the order of time.")
        if after.status not in TRANSITIONS[before.status]:
            raise InvalidTransition(
                f"An update that says {after.status.label.lower()} cannot follow one that says "
                f"{before.status.label.lower()}."
            )


def _insert(incident: Incident, reference: str | None) -> None:
    if reference is None:
        insert_incident(incident)
        return
    if not REFERENCE.fullmatch(reference):
        raise ValidationFailed("reference", "A reference is letters, digits and hyphens, like INC-2026-0814-a.")
    incident.reference = reference
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
    except IntegrityError:
        raise Duplicate(f"There is an incident {reference} already.") from None


def _write_updates(
    incident: Incident, updates: Sequence[PastUpdate], *, now: datetime, author: str, notify: bool
) -> list[IncidentUpdate]:
    rows: list[IncidentUpdate] = []
    for number, said in enumerate(updates, start=1):
        row = IncidentUpdate.objects.create(
            incident=incident,
            status=said.status,
            is_repeat=bool(rows) and rows[-1].status == said.status,
            body=said.message,
            display_at=said.at,
            author=said.author or author,
            notify=notify and number == len(updates),
            promised_in=said.promised_in,
            promise=said.promise if said.promised_in is not None else incident.severity.promise,
            created_at=now,
            updated_at=now,
        )
        keep_impacts(incident, row, said.impacts)
        rows.append(row)
    return rows


def _claim(incident: Incident) -> None:
    """What it says of each component now, since it has said so."""
    for affected in affected_components(incident):
        status = ComponentStatus(affected.status)
        if status is not ComponentStatus.OPERATIONAL:
            claim_impact(incident, affected.component, status, at=_said_since(incident, affected.component_id))


def _said_since(incident: Incident, component_id: int) -> datetime:
    """The time of the word that changed it last; of the first word, the beginning."""
    impacts = UpdateImpact.objects.filter(update__incident=incident, component_id=component_id)
    changes = [impact for impact in impacts.select_related("update") if impact.old_status != impact.new_status]
    first = incident.updates.order_by("display_at", "pk").first()
    newest = max(changes, key=lambda impact: (impact.update.display_at, impact.update_id)).update
    return incident.started_at if newest == first else newest.display_at
