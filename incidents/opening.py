"""Declaring an incident. The contract is that of `incidents.services`."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from components.models import Page
from components.services import lock_components, touch_page
from incidents.cadence import next_due
from incidents.enums import IncidentStatus, NoticeKind, Origin, Promise
from incidents.impacts import Impacts, apply_impacts
from incidents.input import body_text, past_moment, promised_interval, severity_policy, title_line
from incidents.locking import rung_of, set_due
from incidents.models import Incident, IncidentUpdate, SeverityPolicy
from incidents.notices import write_notice
from incidents.references import INCIDENT_PREFIX, next_reference
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, ValidationFailed

REFERENCE_TRIES = 20
MACHINES = frozenset({Origin.PROBE, Origin.API})


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
    promise: Promise | None = None,
) -> Incident:
    """Declare an incident with its first public word.

    `author` empty means we ourselves said it; `private` None, that the page's setting decides; `promise` None, that
    the next update is promised as the severity does.
    """
    now = clock.now()
    policy = severity_policy(severity)
    body = body_text(message)
    promised = promised_interval(next_update_in)
    if status is IncidentStatus.RESOLVED:
        raise ValidationFailed("status", "An incident is opened before it is resolved: choose another status.")
    lock_components(impacts)
    incident = Incident(
        title=title_line(title),
        severity=policy,
        status=status,
        impact=policy.impact,
        private=is_private(private),
        data_impact=data_impact,
        started_at=past_moment("started_at", started_at, now),
        contained_at=now if status is IncidentStatus.MONITORING else None,
        origin=origin,
        dedupe_key=dedupe_key,
        promise=promise or policy.promise,
        created_at=now,
        updated_at=now,
    )
    by_machine = is_word_of_a_machine(incident, author)
    due = next_due(posted_at=now, status=status, rung=rung_of(policy), promised=promised, awaits_first_word=by_machine)
    set_due(incident, due)
    insert_incident(incident)
    update = IncidentUpdate.objects.create(
        incident=incident,
        status=status,
        body=body,
        display_at=now,
        author=author or "",
        notify=notify,
        promised_in=promised,
        promise=incident.promise,
        created_at=now,
        updated_at=now,
    )
    apply_impacts(incident, update, impacts, at=incident.started_at)
    if notify:
        write_notice(kind=NoticeKind.INCIDENT_CREATED, incident=incident, update=update)
    touch_page(at=now)
    return incident


def is_private(said: bool | None) -> bool:  # noqa: FBT001 -- one value, and it is the answer
    return Page.current().private_incidents if said is None else said


def is_word_of_a_machine(incident: Incident, author: str | None) -> bool:
    """Said by a machine on an incident that a machine opened."""
    return not author and incident.origin in MACHINES


def insert_incident(incident: Incident) -> None:
    """Insert with the next free reference: the unique constraints decide between writers at the same moment."""
    zone = Page.current().zone
    for _ in range(REFERENCE_TRIES):
        incident.reference = next_reference(INCIDENT_PREFIX, incident.started_at, zone)
        try:
            with transaction.atomic():
                incident.save(force_insert=True)
        except IntegrityError:
            existing = open_with(incident.dedupe_key)
            if existing is not None:
                raise DuplicateIncident(existing) from None
            incident.pk = None
        else:
            return
    raise Duplicate("No free reference was found for this day: try again.")


def open_with(dedupe_key: str) -> Incident | None:
    """The incident that is open with this key; none has the empty one."""
    if not dedupe_key:
        return None
    return Incident.objects.open().filter(dedupe_key=dedupe_key).first()
