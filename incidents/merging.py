"""Two incidents about one trouble become one. The contract is that of `incidents.services`."""

from django.db import transaction

from components.enums import ComponentStatus
from components.models import Component
from components.services import touch_page
from incidents.enums import IncidentStatus
from incidents.impacts import Impacts, affected_components, withdraw_impacts
from incidents.locking import DUE_FIELDS, check_revision, lock_incidents, save_incident, set_due
from incidents.models import AffectedComponent, Incident, IncidentUpdate
from incidents.postmortems import release_postmortem
from incidents.updating import add_update, post_update
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed

OPERATIONAL = ComponentStatus.OPERATIONAL


@retry_on_conflict
@transaction.atomic
def merge_incident(
    *,
    duplicate: Incident,
    into: Incident,
    author: str | None = None,
    message: str = "",
    expected_revision: int | None = None,
) -> IncidentUpdate | None:
    """End the duplicate as another incident, which takes over its components with the worse of both words.

    Subscribers are told once, about `into`, and only where its components changed or there is a `message`: that update
    is returned. `expected_revision` is the duplicate's. What was reported about the duplicate, and what was merged
    into it, moves along. A duplicate that is over leaves its components' names and no claim.

    Raises ValidationFailed (the same incident; a private one into a public one, which would publish it; a message on
    one that is over) and InvalidTransition (one of them was merged already; an open one into one that is over).
    """
    now = clock.now()
    old, kept = lock_incidents([duplicate, into])
    check_revision(old, expected_revision)
    _check(old, kept, message)
    impacts = taken_over(old, kept)
    update = None
    said = message or (
        f"{old.reference} is about the same trouble and goes on here."
        if old.is_open
        else f"{old.reference} was about the same trouble."
    )
    if kept.is_open and (impacts or message):
        # Another row object of its own: this one is written below.
        update = post_update(
            incident=Incident.objects.get(pk=kept.pk),
            status=kept.state,
            message=said,
            impacts=impacts,
            author=author,
        )
    elif impacts:
        _name_components(kept, impacts)
    _end(old, kept, author)
    old.duplicates.update(merged_into=kept)
    old.reports.update(incident=kept)
    touch_page(at=now)
    duplicate.refresh_from_db()
    into.refresh_from_db()
    return update


def _check(old: Incident, kept: Incident, message: str) -> None:
    if old.pk == kept.pk:
        raise ValidationFailed("into", "An incident cannot be merged into itself: choose another one.")
    for row in (old, kept):
        if row.merged_into is not None:
            raise InvalidTransition(f"{row.reference} was merged into {row.merged_into.reference} already.")
    if old.private and not kept.private:
        raise ValidationFailed(
            "into",
            f"{old.reference} is private and {kept.reference} is not: its components would be published. Make "
            f"{kept.reference} private, or {old.reference} public, and merge then.",
        )
    if old.is_open and not kept.is_open:
        raise InvalidTransition(f"{kept.reference} is over and {old.reference} is not: reopen {kept.reference} first.")
    if message and not kept.is_open:
        raise ValidationFailed("message", f"{kept.reference} is over: nothing can be said on it without reopening it.")


def taken_over(old: Incident, kept: Incident) -> dict[Component, ComponentStatus]:
    """What changes on the one that is kept. Nothing is broken any more for a duplicate that is over."""
    said = {row.component_id: ComponentStatus(row.status) for row in affected_components(kept)}
    changes = {}
    for row in affected_components(old):
        status = ComponentStatus(row.status) if old.is_open or not kept.is_open else OPERATIONAL
        known = said.get(row.component_id)
        if known is None or (old.is_open and status.rank > known.rank):
            changes[row.component] = status
    return changes


def _name_components(kept: Incident, impacts: Impacts) -> None:
    """On one that is over: nothing is claimed."""
    AffectedComponent.objects.bulk_create(
        AffectedComponent(incident=kept, component=component, status=status) for component, status in impacts.items()
    )
    save_incident(kept, clock.now())


def _end(old: Incident, kept: Incident, author: str | None) -> None:
    now = clock.now()
    was_open = old.is_open
    old.status, old.merged_into = IncidentStatus.RESOLVED, kept
    old.resolved_at = max(now, old.started_at) if was_open else old.resolved_at
    set_due(old, None)
    save_incident(old, now, "status", "merged_into", "resolved_at", *DUE_FIELDS)
    release_postmortem(old)
    if not was_open:
        return
    body = f"This is the same trouble as [{kept.reference}]({kept.get_absolute_url()}) and goes on there."
    last = old.updates.order_by("-display_at").values_list("display_at", flat=True).first()
    update = add_update(old, body, is_repeat=False, at=max(now, last or now), now=now, author=author, notify=False)
    withdraw_impacts(old, update, at=now)
