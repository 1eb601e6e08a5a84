"""The rows that the public documents of one moment are made of, read together once.

Sixteen queries, twenty with a window to come, whatever the history: what is open, the last 90 days, and the newest 25
for the feeds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Case, F, Q, QuerySet, When, Window
from django.db.models.functions import RowNumber

from components.models import Component, Page, StatusChange
from components.uptime import days_between
from incidents.enums import MaintenanceStatus
from incidents.models import (
    AffectedComponent,
    Evidence,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceQuerySet,
    MaintenanceUpdate,
    UpdateImpact,
)
from probes.metrics.selectors import Tile, tiles
from probes.objectives.report import Miss
from probes.selectors import (
    ComponentAvailability,
    Freshness,
    Measurement,
    availability,
    measurements,
    monitoring_freshness,
)
from probes.selectors_locations import LocationRow, location_rows
from statuspage.core import clock
from statuspage.web.misses import last_months_misses
from statuspage.web.plans import Plan, read_plans

DAYS = 90
PAST_DAYS = 14
FEED_ENTRIES = 25
MOST_HOT = 200
# A component that flaps for weeks must not make every page slow.
CHANGES_A_COMPONENT = 200
# The same for an incident that probes find more and more of.
EVIDENCE_SHOWN = 20
# Windows that are still to come or run.
COMING = frozenset({MaintenanceStatus.SCHEDULED, MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentName:
    """A component as an incident or a window names it: it may be retired or hidden by now."""

    pk: int
    slug: str
    name: str
    is_visible: bool
    is_retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`incidents` and `maintenances` are newest first, and more than have their updates here: see `hot_incidents`."""

    now: datetime
    page: Page
    components: Sequence[Component]
    measurements: dict[int, Measurement]
    availability: dict[int, ComponentAvailability]
    freshness: Freshness
    changes: dict[int, list[StatusChange]]
    incidents: Sequence[Incident]
    updates: dict[int, list[IncidentUpdate]]
    affected: dict[int, list[AffectedComponent]]
    maintenances: Sequence[Maintenance]
    maintenance_updates: dict[int, list[MaintenanceUpdate]]
    maintenance_components: dict[int, list[ComponentName]] = field(default_factory=dict)
    tiles: tuple[Tile, ...] = ()
    plans: dict[int, Plan] = field(default_factory=dict)
    places: dict[int, tuple[LocationRow, ...]] = field(default_factory=dict)
    misses: tuple[Miss, ...] = ()

    @property
    def dates(self) -> list[date]:
        return window_dates(self.now)


def window_dates(now: datetime) -> list[date]:
    """The 90 UTC days that end today."""
    today = now.astimezone(UTC).date()
    return days_between(today - timedelta(days=DAYS - 1), today)


def first_moment(now: datetime) -> datetime:
    """The beginning of those 90 days."""
    return datetime.combine(window_dates(now)[0], time.min, tzinfo=UTC)


def read_facts() -> Facts:
    """Sixteen queries, fifteen where no metric is defined, and four more where a window runs or is to come: its
    services, steps and regions. The report of last month, where something was promised, once an hour."""
    now = clock.now()
    page = Page.current()
    since = first_moment(now)
    components = list(Component.objects.visible().select_related("group"))
    ids = [component.pk for component in components]
    dates = window_dates(now)
    incidents = list(_incidents(since))
    hot = [incident.pk for incident in hot_incidents(incidents, now)]
    maintenances, maintenance_components = read_maintenances(recent_maintenances(Maintenance.objects.all(), since))
    return Facts(
        now=now,
        page=page,
        components=components,
        measurements=measurements(),
        availability=availability(ids, dates[0], dates[-1]),
        freshness=monitoring_freshness(),
        changes=_changes(ids, since),
        incidents=incidents,
        updates=read_updates(hot),
        affected=read_affected([incident.pk for incident in incidents]),
        maintenances=maintenances,
        maintenance_updates=read_maintenance_updates([row.pk for row in maintenances]),
        maintenance_components=maintenance_components,
        plans=read_plans([row.pk for row in maintenances if row.status in COMING]),
        tiles=tiles(now),
        places=location_rows(ids),
        misses=last_months_misses(page, now),
    )


def hot_incidents(incidents: Sequence[Incident], now: datetime) -> list[Incident]:
    """Those that are asked for all the time, and those of the feeds: open, of the last 14 days, and the newest 25.

    In the order given, newest first. Where a storm made more than 200, open ones come first and the rest are not hot.
    """
    chosen = sorted(
        (incident for incident in incidents if is_hot(incident, now)), key=lambda incident: not incident.is_open
    )[:MOST_HOT]
    keys = {incident.pk for incident in [*chosen, *incidents[:FEED_ENTRIES]]}
    return [incident for incident in incidents if incident.pk in keys]


def is_hot(incident: Incident, now: datetime) -> bool:
    """Open, or of the last 14 days."""
    if incident.is_open:
        return True
    return max(incident.started_at, incident.resolved_at or incident.started_at) >= now - timedelta(days=PAST_DAYS + 1)


def _incidents(since: datetime) -> QuerySet[Incident]:
    newest = Incident.objects.shown().newest_first().values("pk")[:FEED_ENTRIES]
    recent = Q(started_at__gte=since) | Q(resolved_at__gte=since) | Q(resolved_at__isnull=True)
    rows = Incident.objects.shown().filter(recent | Q(pk__in=newest)).with_postmortem()
    return rows.select_related("severity").newest_first()


def recent_maintenances(rows: MaintenanceQuerySet, since: datetime) -> MaintenanceQuerySet:
    """Of these windows those to come, those since then and the newest 25. Newest first."""
    newest = rows.newest_first().values("pk")[:FEED_ENTRIES]
    recent = Q(status__in=COMING) | Q(scheduled_until__gte=since) | Q(completed_at__gte=since)
    return rows.filter(recent | Q(pk__in=newest)).newest_first()


def read_maintenances(rows: QuerySet[Maintenance]) -> tuple[list[Maintenance], dict[int, list[ComponentName]]]:
    """The windows and the components of each, joined: one query."""
    joined = rows.select_related("kind", "series").annotate(
        component_pk=F("components__pk"),
        component_slug=F("components__slug"),
        component_name=F("components__name"),
        component_is_visible=F("components__is_visible"),
        component_retired_at=F("components__retired_at"),
    )
    found: dict[int, Maintenance] = {}
    components: dict[int, list[ComponentName]] = defaultdict(list)
    for row in joined:
        found.setdefault(row.pk, row)
        if row.component_pk is not None:
            components[row.pk].append(
                ComponentName(
                    pk=row.component_pk,
                    slug=row.component_slug,
                    name=row.component_name,
                    is_visible=row.component_is_visible,
                    is_retired=row.component_retired_at is not None,
                )
            )
    return list(found.values()), dict(components)


def _changes(component_ids: Sequence[int], since: datetime) -> dict[int, list[StatusChange]]:
    """Oldest first, the newest 200 of each component."""
    numbered = StatusChange.objects.filter(component_id__in=component_ids, at__gte=since).annotate(
        number=Window(RowNumber(), partition_by=[F("component_id")], order_by=[F("at").desc(), F("pk").desc()])
    )
    rows = numbered.filter(number__lte=CHANGES_A_COMPONENT).order_by("at", "pk").defer("cause")
    found: dict[int, list[StatusChange]] = defaultdict(list)
    for row in rows:
        found[row.component_id].append(row)
    return dict(found)


def read_updates(incident_ids: Iterable[int]) -> dict[int, list[IncidentUpdate]]:
    """Newest first. One query."""
    found: dict[int, list[IncidentUpdate]] = defaultdict(list)
    for row in IncidentUpdate.objects.filter(incident_id__in=list(incident_ids)).order_by("-display_at", "-pk"):
        found[row.incident_id].append(row)
    return dict(found)


def read_maintenance_updates(maintenance_ids: Iterable[int]) -> dict[int, list[MaintenanceUpdate]]:
    """Newest first. One query."""
    found: dict[int, list[MaintenanceUpdate]] = defaultdict(list)
    rows = MaintenanceUpdate.objects.filter(maintenance_id__in=list(maintenance_ids))
    for row in rows.order_by("-display_at", "-pk"):
        found[row.maintenance_id].append(row)
    return dict(found)


def read_affected(incident_ids: Iterable[int]) -> dict[int, list[AffectedComponent]]:
    """By incident. One query."""
    found: dict[int, list[AffectedComponent]] = defaultdict(list)
    rows = AffectedComponent.objects.filter(incident_id__in=list(incident_ids)).select_related("component")
    for row in rows.order_by("component__position", "pk"):
        found[row.incident_id].append(row)
    return dict(found)


def read_impacts(incident_ids: Iterable[int]) -> dict[int, list[UpdateImpact]]:
    """By update. One query."""
    found: dict[int, list[UpdateImpact]] = defaultdict(list)
    rows = UpdateImpact.objects.filter(update__incident_id__in=list(incident_ids)).select_related("component")
    for row in rows.order_by("pk"):
        found[row.update_id].append(row)
    return dict(found)


def read_duplicates(incident_ids: Iterable[int]) -> dict[int, list[str]]:
    """The references of what was merged into each, as they were made. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Incident.objects.filter(merged_into__in=list(incident_ids)).order_by("pk")
    for into, reference in rows.values_list("merged_into_id", "reference"):
        if into is not None:
            found[into].append(reference)
    return dict(found)


def read_evidence(incident_ids: Iterable[int]) -> dict[int, list[Evidence]]:
    """What machines found, oldest first, the first 20 of each; of duplicates with the incident they belong to.

    Nothing where either of the two is private. One query.
    """
    ids = list(incident_ids)
    belongs = Case(When(incident__merged_into__isnull=False, then="incident__merged_into"), default="incident_id")
    rows = (
        Evidence.objects.filter(Q(incident__in=ids) | Q(incident__merged_into__in=ids), incident__private=False)
        .exclude(incident__merged_into__private=True)
        .annotate(belongs=belongs)
        .annotate(number=Window(RowNumber(), partition_by=[F("belongs")], order_by=[F("at").asc(), F("pk").asc()]))
        .filter(number__lte=EVIDENCE_SHOWN)
    )
    found: dict[int, list[Evidence]] = defaultdict(list)
    for row in rows.order_by("at", "pk"):
        found[row.belongs].append(row)
    return dict(found)
