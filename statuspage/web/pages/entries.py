"""The page of one incident and of one window, hot or old."""

from collections.abc import Sequence

from components.models import Page
from incidents.models import AffectedComponent, Incident, IncidentUpdate, Maintenance, MaintenanceUpdate, UpdateImpact
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.web.facts import (
    ComponentName,
    Facts,
    read_affected,
    read_impacts,
    read_maintenance_updates,
    read_maintenances,
    read_updates,
)
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.postmortems import read_postmortems
from statuspage.web.readmodels import IncidentPage, MaintenancePage, PostmortemView, SiteInfo
from statuspage.web.selectors import reader_of, site_of

DESCRIPTION = 200


def incident_pages(facts: Facts, incidents: Sequence[Incident]) -> tuple[IncidentPage, ...]:
    """The pages of incidents whose updates are in the facts. Two queries."""
    site, reader = site_of(facts.page, facts.now), reader_of(facts)
    impacts = read_impacts([incident.pk for incident in incidents])
    postmortems = read_postmortems(incidents, reader)
    return tuple(
        _incident_page(
            incident,
            site,
            reader,
            updates=facts.updates.get(incident.pk, []),
            affected=facts.affected.get(incident.pk, []),
            impacts=impacts,
            postmortem=postmortems.get(incident.pk),
        )
        for incident in incidents
    )


def incident_page(reference: str) -> IncidentPage | None:
    """Any incident, however old. Six queries."""
    incident = Incident.objects.with_postmortem().select_related("severity").filter(reference=reference).first()
    if incident is None:
        return None
    page, now = Page.current(), clock.now()
    reader = Reader(now=now, zone=page.zone)
    return _incident_page(
        incident,
        site_of(page, now),
        reader,
        updates=read_updates([incident.pk]).get(incident.pk, []),
        affected=read_affected([incident.pk]).get(incident.pk, []),
        impacts=read_impacts([incident.pk]),
        postmortem=read_postmortems([incident], reader).get(incident.pk),
    )


def _incident_page(
    incident: Incident,
    site: SiteInfo,
    reader: Reader,
    *,
    updates: Sequence[IncidentUpdate],
    affected: Sequence[AffectedComponent],
    impacts: dict[int, list[UpdateImpact]],
    postmortem: PostmortemView | None,
) -> IncidentPage:
    card = cards.incident_card(incident, reader, updates=updates, affected=affected)
    return IncidentPage(
        site=site,
        card=card,
        timeline=cards.timeline(incident, reader, updates, impacts),
        root_cause=cards.NOTHING if incident.private else cards.markdown(incident.root_cause_summary),
        remediation=cards.NOTHING if incident.private else cards.markdown(incident.remediation),
        description=card.excerpt[:DESCRIPTION],
        is_summed_up_inline=cards.is_summed_up_inline(incident),
        postmortem=postmortem,
    )


def maintenance_pages(facts: Facts, rows: Sequence[Maintenance]) -> tuple[MaintenancePage, ...]:
    """No query."""
    site, reader = site_of(facts.page, facts.now), reader_of(facts)
    return tuple(
        _maintenance_page(
            row,
            site,
            reader,
            updates=facts.maintenance_updates.get(row.pk, []),
            components=facts.maintenance_components.get(row.pk, []),
        )
        for row in rows
    )


def maintenance_page(reference: str) -> MaintenancePage | None:
    """Any window, however old. Three queries."""
    rows, components = read_maintenances(Maintenance.objects.filter(reference=reference))
    if not rows:
        return None
    page, now, row = Page.current(), clock.now(), rows[0]
    return _maintenance_page(
        row,
        site_of(page, now),
        Reader(now=now, zone=page.zone),
        updates=read_maintenance_updates([row.pk]).get(row.pk, []),
        components=components.get(row.pk, []),
    )


def _maintenance_page(
    row: Maintenance,
    site: SiteInfo,
    reader: Reader,
    *,
    updates: Sequence[MaintenanceUpdate],
    components: Sequence[ComponentName],
) -> MaintenancePage:
    text = markdown_to_text(updates[0].body) if updates else row.impact_note
    return MaintenancePage(
        site=site,
        card=cards.maintenance_card(row, reader, updates=updates, components=components),
        timeline=cards.maintenance_timeline(updates, reader),
        description=text[:DESCRIPTION],
    )
