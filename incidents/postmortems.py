"""Postmortems: owed when an incident resolves, written by staff, published once and for good.

Each service is one transaction. The incident's row is locked first, then the postmortem is read, then the page is
touched: the order of all writers. A draft changes nothing that is public.

Errors: `ValidationFailed` (a section is too long, or there is nothing to publish), `StaleRevision` (somebody else
wrote since `expected_revision`), `InvalidTransition` (the incident is not over, or goes on as another), `NotFound`.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from components.models import Page
from components.services import touch_page
from incidents.enums import Origin, PostmortemState
from incidents.input import past_moment
from incidents.models import Incident, IncidentUpdate, Postmortem, PostmortemRule
from incidents.models.postmortem import SECTIONS
from incidents.notices_postmortem import write_postmortem_notice
from incidents.postmortem_deadlines import Deadline, Facts, deadline
from incidents.postmortem_prefill import SECTION_LENGTH, appended, resolution_of, timeline_of
from statuspage.core import clock
from statuspage.core.business_days import IsBusinessDay, business_days_of, is_weekday
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, NotFound, StaleRevision, ValidationFailed
from statuspage.core.text import clean_text

logger = logging.getLogger(__name__)

LONGEST_AUTHOR = 150


@retry_on_conflict
@transaction.atomic
def owe_postmortem(incident: Incident) -> Postmortem | None:
    """Call it when an incident was resolved, or when what decides about it changed: makes the draft and its deadline.

    None where none is owed, unless staff began one. A published one stays as it is; in a draft the timeline gets what
    was said since, and a cause that was empty is filled. Doing it twice changes nothing more.
    """
    row = _lock(incident)
    existing = Postmortem.objects.filter(incident=row).first()
    if existing is not None and existing.is_published:
        return existing
    owed = _deadline(row)
    if existing is None:
        return None if owed is None else _begin(row, owed)
    _set_due(existing, owed)
    if not row.is_open:
        _add_what_was_said(existing, row)
    return existing


@retry_on_conflict
@transaction.atomic
def release_postmortem(incident: Incident) -> None:
    """Call it when an incident was reopened or merged into another: until it is over again nothing is due.

    A draft stays, without its deadline.
    """
    row = _lock(incident)
    draft = Postmortem.objects.filter(incident=row, state=PostmortemState.DRAFT).first()
    if draft is not None:
        _set_due(draft, None)


@retry_on_conflict
@transaction.atomic
def start_postmortem(*, incident: Incident) -> Postmortem:
    """Staff begin one, owed or not: the draft that is there, or a new one, prefilled."""
    row = _lock(incident)
    if row.merged_into_id is not None:
        raise InvalidTransition(f"{row.reference} was merged into another incident: write the postmortem of that one.")
    existing = Postmortem.objects.filter(incident=row).first()
    return existing or _begin(row, _deadline(row))


@retry_on_conflict
@transaction.atomic
def edit_postmortem(
    *, postmortem: Postmortem, sections: Mapping[str, str], expected_revision: int | None = None
) -> Postmortem:
    """Write these sections (Markdown, by `SECTIONS`); the others stay.

    Of a published one the page says from then on that it was edited, and when. Nobody is told.
    """
    row, incident = _lock_postmortem(postmortem, expected_revision)
    changed = [name for name, text in _cleaned(sections).items() if getattr(row, name) != text]
    if not changed:
        return row
    now = clock.now()
    for name in changed:
        setattr(row, name, _cleaned(sections)[name])
    if row.is_published:
        _check_says_something(row)
        row.edited_at = now
    _save(row, *changed, "edited_at")
    if row.is_published:
        touch_page(at=now)
    _refresh(postmortem, incident)
    return row


@retry_on_conflict
@transaction.atomic
def publish_postmortem(
    *,
    postmortem: Postmortem,
    notify: bool = True,
    author: str = "",
    at: datetime | None = None,
    expected_revision: int | None = None,
) -> Postmortem:
    """Put it on the page for good, under `/incidents/<reference>/postmortem/`, and tell those who want to hear of it.

    `at`: it was published then, and is written down afterwards; None is now. Publishing it again changes nothing and
    tells nobody.
    """
    row, incident = _lock_postmortem(postmortem, None)
    if row.is_published:
        _refresh(postmortem, incident)
        return row
    _check_revision(row, incident, expected_revision)
    if incident.merged_into_id is not None:
        raise InvalidTransition(f"{incident.reference} was merged into another incident: publish that one's.")
    if incident.is_open:
        raise InvalidTransition(f"{incident.reference} is not over yet: resolve it, then publish its postmortem.")
    _check_says_something(row)
    now = clock.now()
    published_at = past_moment("published_at", at, now)
    row.state, row.published_at, row.published_by = PostmortemState.PUBLISHED, published_at, author[:LONGEST_AUTHOR]
    _save(row, "state", "published_at", "published_by")
    if notify:
        write_postmortem_notice(postmortem=row, incident=incident)
    touch_page(at=now)
    _refresh(postmortem, incident)
    return row


def _lock(incident: Incident) -> Incident:
    rows = Incident.objects.select_for_update(of=("self",)).select_related("severity")
    row = rows.filter(pk=incident.pk).first()
    if row is None:
        raise NotFound("This incident is not here any more.")
    return row


def _lock_postmortem(postmortem: Postmortem, expected_revision: int | None) -> tuple[Postmortem, Incident]:
    incident = _lock(Incident(pk=postmortem.incident_id))
    row = Postmortem.objects.select_related("incident").filter(pk=postmortem.pk).first()
    if row is None:
        raise NotFound("This postmortem is not here any more.")
    _check_revision(row, incident, expected_revision)
    return row, incident


def _check_revision(row: Postmortem, incident: Incident, expected: int | None) -> None:
    if expected is not None and row.revision != expected:
        raise StaleRevision(
            f"Somebody else wrote on the postmortem of {incident.reference} in the meantime. Nothing was saved: look "
            "at what is new, put it together with yours, then save again."
        )


def _check_says_something(row: Postmortem) -> None:
    if not row.summary and not row.root_cause:
        raise ValidationFailed("root_cause", "Say at least what caused it, or sum it up, before everybody reads it.")


def _cleaned(sections: Mapping[str, str]) -> dict[str, str]:
    cleaned = {}
    for name, text in sections.items():
        if name not in SECTIONS:
            raise ValidationFailed(name, f"There is no section {name!r}; there are: {', '.join(SECTIONS)}.")
        cleaned[name] = clean_text(text)
        if len(cleaned[name]) > SECTION_LENGTH:
            raise ValidationFailed(
                name, f"The text has {len(cleaned[name])} characters; at most {SECTION_LENGTH} fit."
            )
    return cleaned


def _begin(incident: Incident, owed: Deadline | None) -> Postmortem:
    updates, zone = list(IncidentUpdate.objects.filter(incident=incident)), Page.current().zone
    return Postmortem.objects.create(
        incident=incident,
        timeline=timeline_of(incident, updates, zone),
        root_cause=incident.root_cause_summary[:SECTION_LENGTH],
        resolution=resolution_of(incident, updates),
        timeline_until=max(updates, key=lambda update: update.pk, default=None),
        due_at=owed.due_at if owed else None,
        due_because=owed.because if owed else "",
        created_at=clock.now(),
        updated_at=clock.now(),
    )


def _add_what_was_said(draft: Postmortem, incident: Incident) -> None:
    """What staff wrote stays; what was said on the incident since is added."""
    new = list(IncidentUpdate.objects.filter(incident=incident, pk__gt=draft.timeline_until_id or 0))
    if not new:
        return
    draft.timeline = appended(draft.timeline, new, Page.current().zone)
    draft.root_cause = draft.root_cause or incident.root_cause_summary[:SECTION_LENGTH]
    draft.resolution = draft.resolution or resolution_of(incident, new)
    draft.timeline_until = max(new, key=lambda update: update.pk)
    _save(draft, "timeline", "root_cause", "resolution", "timeline_until")


def _set_due(draft: Postmortem, owed: Deadline | None) -> None:
    """No new revision: whoever writes at this moment writes other fields."""
    draft.due_at, draft.due_because = (owed.due_at, owed.because) if owed else (None, "")
    draft.save(update_fields=["due_at", "due_because"])


def _save(row: Postmortem, *fields: str) -> None:
    row.revision += 1
    row.updated_at = clock.now()
    row.save(update_fields=[*fields, "revision", "updated_at"])


def _refresh(postmortem: Postmortem, incident: Incident) -> None:
    postmortem.refresh_from_db()
    postmortem.incident = incident


def _deadline(incident: Incident) -> Deadline | None:
    """None also for what was written down afterwards, came from another page, or goes on as another incident."""
    if incident.resolved_at is None or incident.merged_into_id is not None:
        return None
    if incident.is_retroactive or incident.origin == Origin.IMPORT:
        return None
    page = Page.current()
    facts = Facts(
        severity=incident.severity.name,
        severity_days=incident.severity.postmortem_business_days,
        data_impact=incident.data_impact,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
    )
    rules = list(PostmortemRule.objects.all())
    return deadline(facts, rules, zone=page.zone, is_business_day=_business_days(page))


def _business_days(page: Page) -> IsBusinessDay:
    """Checked when it is set; a newer list of countries may lack one, and that must not keep an incident open."""
    try:
        return business_days_of(page.holidays)
    except ValidationFailed as error:
        logger.warning("Deadlines are counted without holidays: %s", error.sentence)
        return is_weekday
