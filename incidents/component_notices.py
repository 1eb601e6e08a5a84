"""Component changes as notices: what those who want to hear of every component are told, and when.

A change is told once it has stood for `COMPONENT_NOTICE_AFTER_SECONDS`: several within that time are one, and a
component that is back to what was told last is not spoken of. The state that was last told is kept in `ToldState` and
compared with the state now; it moves in the transaction that writes the notice, under the component's lock. So no
change is lost, and none is told twice, by however many sweeps at once, and whenever one of them dies.

Not told are *unknown* (nobody measures: our own trouble), the first *operational* of a new component, what is hidden,
and what only a private incident says of a component: that would name it.

Payload (times RFC 3339 UTC, or null):

    page         see `incidents.notices_page`
    component    id, slug, name, group (its name, or empty), url, status, status_label, old_status, old_status_label,
                 since, created_at
    change       id, created_at: of this word
    cause        a sentence, or empty
    incident     id, reference, title, url; or null: there is none, or it is private
    maintenance  id, reference, title, url; or null
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from components.enums import ClaimSource, ComponentStatus, worst
from components.models import Component, Page, StatusChange, StatusClaim
from incidents.enums import NoticeKind
from incidents.models import Incident, Maintenance, Notice, ToldState
from incidents.notices import rfc3339
from incidents.notices_page import page_payload
from incidents.one_by_one import one_by_one
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.identifiers import new_public_id

UNKNOWN, OPERATIONAL = ComponentStatus.UNKNOWN, ComponentStatus.OPERATIONAL
CAUSES = {
    ClaimSource.PROBE: "Found by our monitoring.",
    ClaimSource.STAFF: "Set by our staff.",
    ClaimSource.INCIDENT: "Said in an incident.",
    ClaimSource.MAINTENANCE: "Because of maintenance.",
}
# Of several who say the same: what was measured is the reason for what is said. When each began does not tell, since
# an incident is dated back to the first failure.
WHO_IS_NAMED = (ClaimSource.PROBE, ClaimSource.INCIDENT, ClaimSource.MAINTENANCE, ClaimSource.STAFF)
OVER = {
    ClaimSource.INCIDENT: "The incident is over.",
    ClaimSource.MAINTENANCE: "The maintenance is over.",
}


class Step(Enum):
    """What a sweep does about one component."""

    NOTHING = auto()
    WAIT = auto()  # seen just now: it has to stand for a while
    FORGET = auto()  # nothing waits any more
    TAKE_AS_TOLD = auto()  # nobody has to be told
    TELL = auto()


def next_step(*, told: ToldState, status: ComponentStatus, is_shown: bool, now: datetime, after: timedelta) -> Step:
    """Pure, but for the row it reads. A clock that went back lets the time begin anew."""
    if status == told.status or (status is UNKNOWN and is_shown):
        return Step.FORGET if told.pending else Step.NOTHING
    if not is_shown or (told.status == UNKNOWN and status is OPERATIONAL):
        return Step.TAKE_AS_TOLD
    if told.pending != status or told.pending_since is None or told.pending_since > now:
        return Step.WAIT
    return Step.TELL if now - told.pending_since >= after else Step.NOTHING


def tell_component_changes() -> int:
    """Write the notices whose time has come. Returns how many. Two queries at rest, however many components."""
    return one_by_one(list(_to_look_at()), _look_at)


@transaction.atomic
def take_as_told(component_ids: Iterable[int]) -> None:
    """The states of these now are nobody's news: an import wrote them. Call it in the import's transaction."""
    now = clock.now()
    rows = Component.objects.filter(pk__in=list(component_ids)).order_by("pk").values_list("pk", "status")
    ToldState.objects.bulk_create(
        [ToldState(component_id=pk, status=status, at=now) for pk, status in rows],
        update_conflicts=True,
        unique_fields=["component"],
        update_fields=["status", "at", "pending", "pending_since"],
    )


def _to_look_at() -> QuerySet[Component]:
    differs = ~Q(told__status=F("status")) & ~Q(status=UNKNOWN, retired_at__isnull=True, is_visible=True)
    hidden = _claims_of_private_incidents().values("component_id")
    return Component.objects.filter(Q(told__isnull=True) | differs | ~Q(told__pending="") | Q(pk__in=hidden)).order_by(
        "pk"
    )


def _claims_of_private_incidents() -> QuerySet[StatusClaim]:
    private = Incident.objects.filter(private=True).values("public_id")
    return StatusClaim.objects.filter(source=ClaimSource.INCIDENT, source_id__in=private)


@retry_on_conflict
@transaction.atomic
def _look_at(component: Component) -> bool:
    """Whether something was told of it."""
    row = Component.objects.select_for_update(of=("self",)).select_related("group").get(pk=component.pk)
    now, status = clock.now(), _public_status(row)
    told, is_new = ToldState.objects.get_or_create(component=row, defaults={"status": status, "at": now})
    if is_new:
        return False
    after = timedelta(seconds=settings.COMPONENT_NOTICE_AFTER_SECONDS)
    is_shown = row.is_visible and row.retired_at is None
    step = next_step(told=told, status=status, is_shown=is_shown, now=now, after=after)
    if step is Step.TELL:
        _write_notice(row, told, status)
    _keep(told, step, status, now)
    return step is Step.TELL


def _keep(told: ToldState, step: Step, status: ComponentStatus, now: datetime) -> None:
    if step is Step.NOTHING:
        return
    told.pending, told.pending_since = (status, now) if step is Step.WAIT else ("", None)
    if step in {Step.TELL, Step.TAKE_AS_TOLD}:
        told.status, told.at = status, now
    told.save(update_fields=["status", "at", "pending", "pending_since"])


def _public_claims(component: Component) -> QuerySet[StatusClaim]:
    hidden = _claims_of_private_incidents().values("pk")
    return StatusClaim.objects.filter(component=component).exclude(pk__in=hidden)


def _public_status(component: Component) -> ComponentStatus:
    """The worst of what is said of it in public. One query."""
    return worst(ComponentStatus(status) for status in _public_claims(component).values_list("status", flat=True))


def _write_notice(component: Component, told: ToldState, status: ComponentStatus) -> None:
    page, now = Page.current(), clock.now()
    cause, incident, maintenance = _cause(component, told, status)
    old = ComponentStatus(told.status)
    since = component.status_since if component.state is status else told.pending_since
    notice = Notice.objects.create(
        kind=NoticeKind.COMPONENT_UPDATED,
        created_at=now,
        payload={
            "page": page_payload(page),
            "component": {
                "id": component.public_id,
                "slug": component.slug,
                "name": component.name,
                "group": component.group.name if component.group else "",
                "url": page.absolute_url(component.get_absolute_url()),
                "status": status.value,
                "status_label": str(status.label),
                "old_status": old.value,
                "old_status_label": str(old.label),
                "since": rfc3339(since),
                "created_at": rfc3339(component.created_at),
            },
            "change": {"id": new_public_id(), "created_at": rfc3339(now)},
            "cause": cause,
            "incident": _reference(incident, page) if incident else None,
            "maintenance": _reference(maintenance, page) if maintenance else None,
        },
    )
    notice.components.set([component])


def _cause(
    component: Component, told: ToldState, status: ComponentStatus
) -> tuple[str, Incident | None, Maintenance | None]:
    """In public words: never those of the log, which name people. At most three queries."""
    source, source_id = _source(component, status)
    incident = _incident_behind(component, told, source, source_id, status)
    if source is None or (source is ClaimSource.INCIDENT and incident is None):
        return "", incident, None
    maintenance = None
    if source is ClaimSource.MAINTENANCE:
        maintenance = Maintenance.objects.filter(public_id=source_id).first()
    over = OVER if status is OPERATIONAL else {}
    return over.get(source, CAUSES[source]), incident, maintenance


def _source(component: Component, status: ComponentStatus) -> tuple[ClaimSource | None, str]:
    """Whoever says so; of a component that is well, whoever ended what it was before."""
    said: StatusClaim | StatusChange | None
    if status is OPERATIONAL:
        said = StatusChange.objects.filter(component=component, new_status=status).order_by("-at", "-pk").first()
    else:
        claims = _public_claims(component).filter(status=status).order_by("pk")
        said = min(claims, key=lambda claim: WHO_IS_NAMED.index(ClaimSource(claim.source)), default=None)
    return (None, "") if said is None else (ClaimSource(said.source), said.source_id)


def _incident_behind(
    component: Component, told: ToldState, source: ClaimSource | None, source_id: str, status: ComponentStatus
) -> Incident | None:
    """The public incident that says so, or is about it; of a component that is well again, the one that ended."""
    public = Incident.objects.shown().filter(private=False).select_related("severity").newest_first()
    if source is ClaimSource.INCIDENT:
        return public.filter(public_id=source_id).first()
    about_it = public.filter(affected__component=component)
    if status is OPERATIONAL:
        return about_it.filter(resolved_at__gte=told.at).first()
    return about_it.open().first()


def _reference(row: Incident | Maintenance, page: Page) -> Mapping[str, Any]:
    return {
        "id": row.public_id,
        "reference": row.reference,
        "title": row.public_title if isinstance(row, Incident) else row.title,
        "url": page.absolute_url(row.get_absolute_url()),
    }
