"""Who changes the state of a component, and how: by claims, the worst of which the public sees."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from components.enums import ClaimSource, ComponentStatus, worst
from components.models import Component, Page, StatusChange, StatusClaim
from statuspage.core import clock


def touch_page(*, at: datetime | None = None) -> None:
    """Tell every web process, from inside the transaction of the change, that visitors should see something new."""
    changed = Page.objects.filter(pk=1).update(version=F("version") + 1, changed_at=at or clock.now())
    if not changed:
        Page.current()


@transaction.atomic
def claim_status(
    *,
    component: Component,
    status: ComponentStatus,
    source: ClaimSource,
    source_id: str = "",
    cause: str = "",
    at: datetime | None = None,
) -> StatusChange | None:
    """Make or change the source's claim and recompute the component. Returns the change of public status, if any.

    `since` of a claim is kept while its status stays the same.
    """
    at = at or clock.now()
    _lock(component)
    claim, is_new = StatusClaim.objects.get_or_create(
        component=component,
        source=source,
        source_id=source_id,
        defaults={"status": status, "cause": cause[:300], "since": at},
    )
    if not is_new and (claim.status != status or claim.cause != cause[:300]):
        since = claim.since if claim.status == status else at
        StatusClaim.objects.filter(pk=claim.pk).update(status=status, cause=cause[:300], since=since)
    return _recompute(component, source=source, source_id=source_id, cause=cause, at=at)


@transaction.atomic
def withdraw_claim(
    *,
    component: Component,
    source: ClaimSource,
    source_id: str = "",
    cause: str = "",
    at: datetime | None = None,
) -> StatusChange | None:
    """Take the source's claim back, if it holds one, and recompute the component."""
    _lock(component)
    StatusClaim.objects.filter(component=component, source=source, source_id=source_id).delete()
    return _recompute(component, source=source, source_id=source_id, cause=cause, at=at or clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one source says of one component; no status takes back what it said."""

    component: Component
    source_id: str
    status: ComponentStatus | None
    cause: str


@transaction.atomic
def state_claims(claims: Sequence[Claim], *, source: ClaimSource) -> list[StatusChange]:
    """As `claim_status` and `withdraw_claim` for many at once. Returns the changes of public status.

    At most ten queries, however many.
    """
    now = clock.now()
    lock_components(claim.component for claim in claims)
    components = {claim.component.pk: claim.component for claim in claims}
    held = {
        (row.component_id, row.source_id): row
        for row in StatusClaim.objects.filter(
            component__in=components, source=source, source_id__in={claim.source_id for claim in claims}
        )
    }
    made, changed, taken_back = [], [], []
    for claim in claims:
        row, cause = held.get((claim.component.pk, claim.source_id)), claim.cause[:300]
        if claim.status is None:
            taken_back += [row.pk] if row is not None else []
        elif row is None:
            what = {"source": source, "source_id": claim.source_id, "status": claim.status, "cause": cause}
            made.append(StatusClaim(component=claim.component, since=now, **what))
        elif (row.status, row.cause) != (claim.status, cause):
            row.since = row.since if row.status == claim.status else now
            row.status, row.cause = claim.status, cause
            changed.append(row)
    if taken_back:
        StatusClaim.objects.filter(pk__in=taken_back).delete()
    for row in changed:
        # Found by what it is about, not by its key.
        row.pk = None
    StatusClaim.objects.bulk_create(
        [*made, *changed],
        update_conflicts=True,
        unique_fields=["component", "source", "source_id"],
        update_fields=["status", "cause", "since"],
    )
    return _recompute_many(components, {claim.component.pk: claim for claim in claims}, source=source, at=now)


def set_staff_status(
    *, component: Component, status: ComponentStatus | None, actor: str, at: datetime | None = None
) -> StatusChange | None:
    """Staff say what state it is in; None or unknown takes their word back and leaves it to the other sources."""
    if status is None or status is ComponentStatus.UNKNOWN:
        return withdraw_claim(
            component=component,
            source=ClaimSource.STAFF,
            cause=f"status left to measurement by {actor}",
            at=at,
        )
    return claim_status(
        component=component, status=status, source=ClaimSource.STAFF, cause=f"status set by {actor}", at=at
    )


def lock_components(components: Iterable[Component]) -> None:
    """Lock these rows for the rest of the transaction, always in the same order.

    Whoever changes several components calls this before the first claim: every change also writes the page's row, and
    a transaction that held the page while waiting for a component could wait for one that waits for the page.
    On SQLite the immediate transaction is the lock.
    """
    ids = sorted({component.pk for component in components})
    list(Component.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def _lock(component: Component) -> None:
    lock_components([component])


def _recompute(
    component: Component, *, source: ClaimSource, source_id: str, cause: str, at: datetime
) -> StatusChange | None:
    claims = StatusClaim.objects.filter(component=component).values_list("status", flat=True)
    new = worst(ComponentStatus(status) for status in claims)
    old = ComponentStatus(Component.objects.values_list("status", flat=True).get(pk=component.pk))
    component.status = new
    if new is old:
        return None
    Component.objects.filter(pk=component.pk).update(status=new, status_since=at, updated_at=clock.now())
    component.status_since = at
    change = StatusChange.objects.create(
        component=component,
        old_status=old,
        new_status=new,
        source=source,
        source_id=source_id,
        cause=cause[:300],
        at=at,
    )
    touch_page()
    return change


def _recompute_many(
    components: dict[int, Component], reasons: dict[int, Claim], *, source: ClaimSource, at: datetime
) -> list[StatusChange]:
    said: dict[int, list[ComponentStatus]] = {}
    for pk, status in StatusClaim.objects.filter(component__in=components).values_list("component_id", "status"):
        said.setdefault(pk, []).append(ComponentStatus(status))
    changes = []
    for pk, before in Component.objects.filter(pk__in=components).order_by("pk").values_list("pk", "status"):
        component, old, new = components[pk], ComponentStatus(before), worst(said.get(pk, ()))
        component.status = new
        if new is old:
            continue
        component.status_since = component.updated_at = at
        changes.append(
            StatusChange(
                component=component,
                old_status=old,
                new_status=new,
                source=source,
                source_id=reasons[pk].source_id,
                cause=reasons[pk].cause[:300],
                at=at,
            )
        )
    if changes:
        for status in {change.new_status for change in changes}:
            changed = [change.component_id for change in changes if change.new_status == status]
            Component.objects.filter(pk__in=changed).update(status=status, status_since=at, updated_at=at)
        StatusChange.objects.bulk_create(changes)
        touch_page()
    return changes
