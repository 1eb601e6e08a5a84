"""What feeds are made of: everything on the page, from its facts, or what concerns one component, read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.models import Component, Page
from incidents.models import AffectedComponent, Incident, Maintenance, MaintenanceUpdate
from statuspage.core import clock
from statuspage.web.facts import (
    FEED_ENTRIES,
    ComponentName,
    Facts,
    first_moment,
    read_maintenance_updates,
    read_maintenances,
    recent_maintenances,
)
from statuspage.web.feeds.calendar import CalendarEvent, calendar_events
from statuspage.web.feeds.entries import Channel, FeedEntry, component_channel, feed_entries, page_channel
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.entries import incident_pages_of, maintenance_pages_of
from statuspage.web.pages.postmortems import newest_postmortems, newest_postmortems_of
from statuspage.web.readmodels import IncidentPage, PostmortemPage
from statuspage.web.selectors import reader_of, site_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """One channel in all its formats. `entries` are newest first, `events` in their order."""

    channel: Channel
    entries: tuple[FeedEntry, ...]
    events: tuple[CalendarEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """Windows with what was said of each, newest first, and the components of each."""

    rows: Sequence[Maintenance]
    updates: Mapping[int, Sequence[MaintenanceUpdate]]
    components: Mapping[int, Sequence[ComponentName]]

    def announced_last(self) -> list[Maintenance]:
        """As many as a feed holds: what was announced last is news, however far away it is."""

        def announced_at(row: Maintenance) -> datetime:
            return min([row.updated_at, *(update.display_at for update in self.updates.get(row.pk, ()))])

        return sorted(self.rows, key=lambda row: (announced_at(row), row.public_id), reverse=True)[:FEED_ENTRIES]


def page_feeds(facts: Facts, incidents: Sequence[IncidentPage]) -> Feeds:
    """`incidents` are newest first. The queries of `newest_postmortems`."""
    windows = _Windows(
        rows=facts.maintenances, updates=facts.maintenance_updates, components=facts.maintenance_components
    )
    reader = reader_of(facts)
    channel = page_channel(site_of(facts.page, facts.now))
    return _feeds(channel, facts.page, reader, incidents[:FEED_ENTRIES], windows, newest_postmortems(facts))


def component_feeds(slug: str) -> Feeds | None:
    """What concerns one component; None where there is none, or it is not shown.

    A private incident names no component: neither it nor its postmortem is here. Thirteen queries
    at most, and that of the page's links once a version.
    """
    component = Component.objects.visible().filter(slug=slug).first()
    if component is None:
        return None
    page, now = Page.current(), clock.now()
    reader = Reader(now=now, zone=page.zone)
    affected = AffectedComponent.objects.filter(component=component).values("incident")
    incidents = Incident.objects.shown().filter(private=False, pk__in=affected)
    newest = list(incidents.with_postmortem().select_related("severity").newest_first()[:FEED_ENTRIES])
    channel = component_channel(
        site_of(page, now), public_id=component.public_id, slug=component.slug, name=component.name
    )
    return _feeds(
        channel,
        page,
        reader,
        incident_pages_of(newest, page, reader),
        _windows_of(component, now),
        newest_postmortems_of(incidents, reader, page),
    )


def _windows_of(component: Component, now: datetime) -> _Windows:
    """Two queries."""
    worked_on = Maintenance.components.through._default_manager.filter(component=component).values("maintenance")
    concerned = Maintenance.objects.filter(pk__in=worked_on)
    rows, components = read_maintenances(recent_maintenances(concerned, first_moment(now)))
    return _Windows(rows=rows, updates=read_maintenance_updates([row.pk for row in rows]), components=components)


def _feeds(
    channel: Channel,
    page: Page,
    reader: Reader,
    incidents: Sequence[IncidentPage],
    windows: _Windows,
    postmortems: Sequence[PostmortemPage],
) -> Feeds:
    maintenances = maintenance_pages_of(
        windows.announced_last(), page, reader, updates=windows.updates, components=windows.components
    )
    return Feeds(
        channel=channel,
        entries=feed_entries(channel.site, incidents, maintenances, postmortems, limit=FEED_ENTRIES),
        events=calendar_events(
            channel.site, reader, windows.rows, updates=windows.updates, components=windows.components
        ),
    )
