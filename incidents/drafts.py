"""What is typed and not said yet: kept, published by hand or at its time, or thrown away.

A draft holds the form as it was filled in, so that publishing it is pressing the form's button: the same checks, the
same services, the same revision of the incident. Nothing public reads drafts, and saving one publishes nothing.

Errors: `ValidationFailed`, `NotFound` (it was published or thrown away meanwhile), `StaleRevision` (somebody else
wrote on it since `expected_revision`), and whatever the service of its kind refuses.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from incidents.chasing import JumpWatch
from incidents.enums import DraftKind, Origin, SignalSource
from incidents.forms_incident import (
    OpenIncidentForm,
    PostUpdateForm,
    ResolveForm,
    declare_form,
    resolve_form,
    update_form,
)
from incidents.forms_words import WordsForm, as_data
from incidents.models import Draft, Incident
from incidents.one_by_one import one_by_one
from incidents.publishing import declare, end, say
from incidents.reports.declaring import SEPARATOR, link_declared, reported
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import DomainError, InvalidTransition, NotFound, StaleRevision, ValidationFailed

LARGEST_FORM = 200_000
FURTHEST = timedelta(days=366)
# Later than that it is not said by itself: what it says may not be so any more.
LATEST = timedelta(hours=1)
PROBLEM_LENGTH = 500
AUTHOR_LENGTH = 150
FINGERPRINT = "draft-not-published:"

_watch = JumpWatch()


@retry_on_conflict
@transaction.atomic
def save_draft(
    *,
    kind: DraftKind,
    form: Mapping[str, Any],
    author: str,
    incident: Incident | None = None,
    publish_at: datetime | None = None,
    draft: Draft | None = None,
    expected_revision: int | None = None,
) -> Draft:
    """Keep what was typed (`WordsForm.typed`), as a new draft or in place of what `draft` held.

    Anything may be missing from it; with `publish_at` it has to be complete. What was wrong with it before is over.
    """
    if len(json.dumps(form)) > LARGEST_FORM:
        raise ValidationFailed("message", "This is too long to be kept: make it shorter.")
    now = clock.now()
    row = Draft(kind=kind, incident=incident, created_at=now) if draft is None else _lock(draft, expected_revision)
    row.form, row.author, row.publish_at = dict(form), author[:AUTHOR_LENGTH], publish_at
    row.problem, row.updated_at = "", now
    if publish_at is not None:
        _check_schedule(row, publish_at, now)
    if draft is None:
        row.save(force_insert=True)
    else:
        row.revision += 1
        row.save(update_fields=["form", "author", "publish_at", "problem", "updated_at", "revision"])
        resolve_signal(fingerprint=_fingerprint(row))
    return row


@retry_on_conflict
@transaction.atomic
def discard_draft(*, draft: Draft, expected_revision: int | None = None) -> None:
    """Throw it away. One that is gone already is no error."""
    try:
        row = _lock(draft, expected_revision)
    except NotFound:
        return
    row.delete()
    resolve_signal(fingerprint=_fingerprint(draft))


@retry_on_conflict
@transaction.atomic
def publish_draft(*, draft: Draft, author: str | None = None, expected_revision: int | None = None) -> Incident:
    """Say what it holds and delete it: both or neither. `author` None is who wrote it. Returns the incident."""
    return _publish(_lock(draft, expected_revision), author)


def publish_due() -> int:
    """Publish the drafts whose time has come; returns how many. One query at rest.

    One that is refused keeps its text and its time, gets the refusal as its `problem` and raises one signal. Nothing
    is concluded from a clock that was just moved. With two beats at once each is said once.
    """
    now = clock.now()
    if _watch.has_jumped(now, monotonic()):
        return 0
    due = Draft.objects.filter(publish_at__lte=now, problem="").order_by("publish_at", "pk")
    return one_by_one(due, lambda draft: _publish_at_its_time(draft, now))


def _publish_at_its_time(draft: Draft, now: datetime) -> bool:
    try:
        return _publish_scheduled(draft.pk, now)
    except DomainError as error:
        _refuse(draft, error.sentence)
        return False
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Tried again for ever it would never be said, and nobody would know.
        _refuse(draft, "An error of our own kept it from being published: the log says which. Publish it by hand.")
        raise


@retry_on_conflict
@transaction.atomic
def _publish_scheduled(pk: int, now: datetime) -> bool:
    """Whether it was this call that published it."""
    waiting = Draft.objects.filter(pk=pk, publish_at__lte=now, problem="")
    row = waiting.select_for_update(of=("self",)).select_related("incident__severity").first()
    if row is None or row.publish_at is None:
        return False
    if now - row.publish_at > LATEST:
        raise InvalidTransition(
            "Nothing could be published at its time, and now it is late: see whether it still fits."
        )
    _publish(row, None)
    return True


@retry_on_conflict
@transaction.atomic
def _refuse(draft: Draft, sentence: str) -> None:
    """Say so on the draft, unless somebody wrote on it or published it meanwhile."""
    waiting = Draft.objects.filter(pk=draft.pk, revision=draft.revision, problem="")
    if not waiting.update(problem=sentence[:PROBLEM_LENGTH]):
        return
    about = f"{draft.incident.reference}: its" if draft.incident else "A"
    what = DraftKind(draft.kind).label.lower()
    raise_signal(
        source=SignalSource.DEADLINE,
        fingerprint=_fingerprint(draft),
        title=f"{about} {what} was not published at {draft.publish_at:%H:%M} UTC, as {draft.author} had it scheduled.",
        detail=sentence,
        evidence={"draft": draft.public_id},
    )


def _publish(row: Draft, author: str | None) -> Incident:
    form = form_of(row)
    if not form.is_valid():
        raise ValidationFailed("", form.first_error)
    said_by = author or row.author
    incident = row.incident
    if isinstance(form, OpenIncidentForm):
        told = reported(form.cleaned_data["reports"].split(SEPARATOR))
        incident = declare(form, author=said_by, origin=Origin.REPORT if told.reports else Origin.STAFF)
        link_declared(reports=told.reports, incident=incident, author=said_by)
    elif incident is None:
        raise NotFound("The incident of this draft is not here any more.")
    elif isinstance(form, PostUpdateForm):
        say(form, incident=incident, author=said_by)
    elif isinstance(form, ResolveForm):
        end(form, incident=incident, author=said_by)
    fingerprint = _fingerprint(row)
    row.delete()
    resolve_signal(fingerprint=fingerprint)
    return incident


def form_of(draft: Draft) -> WordsForm:
    """Its form as it was filled in, with the revision of the incident as its writer saw it."""
    return form_for(DraftKind(draft.kind), draft.incident, kept=draft.form)


def form_for(
    kind: DraftKind, incident: Incident | None, data: Any = None, *, kept: Mapping[str, Any] | None = None
) -> WordsForm:
    """The form of that kind, filled with what a browser sent or with what a draft kept."""
    if kind is DraftKind.DECLARE or incident is None:
        return declare_form(as_data(kept, None) if kept is not None else data)
    if kind is DraftKind.UPDATE:
        return update_form(incident, as_data(kept, "update") if kept is not None else data)
    return resolve_form(incident, as_data(kept, "resolve") if kept is not None else data)


def _check_schedule(row: Draft, publish_at: datetime, now: datetime) -> None:
    if publish_at <= now:
        raise ValidationFailed("publish_at", "That time has been: choose one to come, or publish now.")
    if publish_at > now + FURTHEST:
        raise ValidationFailed("publish_at", "That is more than a year ahead: choose an earlier time.")
    form = form_of(row)
    if not form.is_valid():
        raise ValidationFailed("publish_at", f"It cannot be published like this. {form.first_error}")


def _lock(draft: Draft, expected_revision: int | None) -> Draft:
    rows = Draft.objects.select_for_update(of=("self",)).select_related("incident__severity")
    row = rows.filter(pk=draft.pk).first()
    if row is None:
        raise NotFound("This draft is not here any more: it was published or thrown away.")
    if expected_revision is not None and row.revision != expected_revision:
        raise StaleRevision(
            f"{row.author or 'Somebody else'} wrote on this draft in the meantime. Nothing was saved: look at what is "
            "new, then save again if yours still fits."
        )
    return row


def _fingerprint(draft: Draft) -> str:
    return f"{FINGERPRINT}{draft.public_id}"
