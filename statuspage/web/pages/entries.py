"""The page of one incident and of one window, hot or old; and where a duplicate leads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from components.models import Page
from incidents.models import (
    AffectedComponent,
    Evidence,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    UpdateImpact,
)
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.web.facts import (
    ComponentName,
    Facts,
    read_affected,
    read_duplicates,
    read_evidence,
    read_impacts,
    read_maintenance_updates,
    read_maintenances,
    read_updates,
)
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.postmortems import read_postmortems
from statuspage.web.readmodels import IncidentPage, MaintenancePage, PostmortemView, SiteInfo
from statuspage.web.saidmodels import EvidenceLine, Redirect
from statuspage.web.selectors import reader_of, site_of

DESCRIPTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rows of incidents beside their updates, by what they belong to."""

    impacts: dict[int, list[UpdateImpact]]
    postmortems: dict[int, PostmortemView]
    evidence: dict[int, list[Evidence]]
    duplicates: dict[int, list[str]]


def _read_parts(incidents: Sequence[Incident], reader: Reader) -> Parts:
    """Four queries."""
    ids = [incident.pk for incident in incidents]
    return Parts(
        impacts=read_impacts(ids),
        postmortems=read_postmortems(incidents, reader),
        evidence=read_evidence(ids),
        duplicates=read_duplicates(ids),
    )


def incident_pages(facts: Facts, incidents: Sequence[Incident]) -> tuple[IncidentPage, ...]:
    """The pages of incidents whose updates are in the facts. Four queries."""
    site, reader = site_of(facts.page, facts.now), reader_of(facts)
    parts = _read_parts(incidents, reader)
    return tuple(
        _incident_page(
            incident,
            site,
            reader,
            updates=facts.updates.get(incident.pk, []),
            affected=facts.affected.get(incident.pk, []),
            parts=parts,
        )
        for incident in incidents
    )


def incident_page(reference: str) -> IncidentPage | None:
    """Any incident, however old; None also of a duplicate, see `duplicate_of`. Eight queries."""
    incidents = Incident.objects.shown().with_postmortem().select_related("severity")
    incident = incidents.filter(reference=reference).first()
    if incident is None:
        return None
    page = Page.current()
    return incident_pages_of([incident], page, Reader(now=clock.now(), zone=page.zone))[0]


def incident_pages_of(incidents: Sequence[Incident], page: Page, reader: Reader) -> tuple[IncidentPage, ...]:
    """Incidents read with their severity, whatever the facts have of them. Six queries."""
    ids = [incident.pk for incident in incidents]
    updates, affected, parts = read_updates(ids), read_affected(ids), _read_parts(incidents, reader)
    site = site_of(page, reader.now)
    return tuple(
        _incident_page(
            incident,
            site,
            reader,
            updates=updates.get(incident.pk, []),
            affected=affected.get(incident.pk, []),
            parts=parts,
        )
        for incident in incidents
    )


def duplicate_of(reference: str) -> Redirect | None:
    """Where a duplicate leads, None of any other reference. One query."""
    row = Incident.objects.filter(reference=reference, merged_into__isnull=False).select_related("merged_into").first()
    if row is None or row.merged_into is None:
        return None
    return Redirect(path=row.get_absolute_url(), location=row.merged_into.get_absolute_url())


def duplicates_of(pages: Iterable[IncidentPage]) -> Iterable[Redirect]:
    """Where the addresses of these incidents' duplicates lead. No query."""
    for page in pages:
        for reference in page.also_reported_as:
            yield Redirect(path=f"/incidents/{reference}/", location=page.card.path)


def _incident_page(
    incident: Incident,
    site: SiteInfo,
    reader: Reader,
    *,
    updates: Sequence[IncidentUpdate],
    affected: Sequence[AffectedComponent],
    parts: Parts,
) -> IncidentPage:
    card = cards.incident_card(incident, reader, updates=updates, affected=affected)
    return IncidentPage(
        site=site,
        card=card,
        timeline=cards.timeline(incident, reader, updates, parts.impacts),
        root_cause=cards.NOTHING if incident.private else cards.markdown(incident.root_cause_summary),
        remediation=cards.NOTHING if incident.private else cards.markdown(incident.remediation),
        description=card.excerpt[:DESCRIPTION],
        is_summed_up_inline=cards.is_summed_up_inline(incident),
        postmortem=parts.postmortems.get(incident.pk),
        evidence=() if incident.private else _evidence(parts.evidence.get(incident.pk, []), reader),
        also_reported_as=tuple(parts.duplicates.get(incident.pk, ())),
    )


def _evidence(rows: Iterable[Evidence], reader: Reader) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(at=reader.local(row.at), what=row.what, detail=row.detail, path=row.path) for row in rows
    )


def maintenance_pages(facts: Facts, rows: Sequence[Maintenance]) -> tuple[MaintenancePage, ...]:
    """No query."""
    return maintenance_pages_of(
        rows,
        facts.page,
        reader_of(facts),
        updates=facts.maintenance_updates,
        components=facts.maintenance_components,
    )


def maintenance_pages_of(
    rows: Sequence[Maintenance],
    page: Page,
    reader: Reader,
    *,
    updates: Mapping[int, Sequence[MaintenanceUpdate]],
    components: Mapping[int, Sequence[ComponentName]],
) -> tuple[MaintenancePage, ...]:
    """No query."""
    site = site_of(page, reader.now)
    return tuple(
        _maintenance_page(row, site, reader, updates=updates.get(row.pk, []), components=components.get(row.pk, []))
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
