"""The page of one component: its days, how fast it was, how it is measured, what happened to it. No query but in
`component_page`."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from components.enums import ClaimSource, ComponentStatus
from components.models import Component
from statuspage.web.component_facts import ComponentFacts, read_component_facts
from statuspage.web.facts import Facts, read_facts
from statuspage.web.pages import bars
from statuspage.web.pages.latency import LatencyView, latency_view
from statuspage.web.pages.probe_lines import ProbeLine, probe_lines
from statuspage.web.readmodels import ComponentRow, HomePage, IncidentCard, SiteInfo
from statuspage.web.selectors import home_of, incident_cards, reader_of

SHOWN_CHANGES = 30
SAID_BY: dict[str, str] = {
    ClaimSource.STAFF: "our staff",
    ClaimSource.INCIDENT: "an incident",
    ClaimSource.MAINTENANCE: "maintenance",
    ClaimSource.PROBE: "measured",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A line of a component's history."""

    at: datetime
    old: ComponentStatus
    new: ComponentStatus
    said_by: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentPage:
    """`latency` is None where nothing is measured; `bars` and `table` link each day to its page.

    `paused` are the names of probes that staff paused. `hides_incidents`: there are private ones, whichever components
    they are of: none listed is not none.
    """

    site: SiteInfo
    row: ComponentRow
    bars: SafeString
    table: SafeString
    latency: LatencyView | None
    probes: tuple[ProbeLine, ...]
    paused: tuple[str, ...]
    incidents: tuple[IncidentCard, ...]
    hides_incidents: bool
    changes: tuple[StateChange, ...]
    more_changes: int

    @property
    def feed_title(self) -> str:
        return f"{self.row.name}: {self.site.name}"


def component_pages(facts: Facts, more: ComponentFacts, home: HomePage) -> tuple[ComponentPage, ...]:
    """A page for every visible component."""
    reader = reader_of(facts)
    by_incident = {card.public_id: card for card in incident_cards(facts, reader)}
    pages = []
    for component, row in zip(facts.components, home.components, strict=True):
        changes = facts.changes.get(component.pk, [])
        drawn, table = bars.linked(row.days, summary=row.summary)
        pages.append(
            ComponentPage(
                site=home.site,
                row=row,
                bars=drawn,
                table=table,
                latency=_latency(component, facts, more),
                probes=probe_lines(
                    more.probes.get(component.pk, []), facts.places.get(component.pk, []), more.rules, reader
                ),
                paused=tuple(probe.name for probe in more.paused.get(component.pk, [])),
                incidents=_incidents_of(component, facts, by_incident),
                hides_incidents=any(incident.private for incident in facts.incidents),
                changes=tuple(
                    StateChange(
                        at=reader.local(change.at),
                        old=ComponentStatus(change.old_status),
                        new=ComponentStatus(change.new_status),
                        said_by=SAID_BY[change.source],
                        path=_cause_path(change.source, change.source_id, by_incident),
                    )
                    for change in reversed(changes[-SHOWN_CHANGES:])
                ),
                more_changes=max(len(changes) - SHOWN_CHANGES, 0),
            )
        )
    return tuple(pages)


def component_page(slug: str) -> ComponentPage | None:
    """The queries of the home page and six more: what is asked for here is hot."""
    facts = read_facts()
    more = read_component_facts([component.pk for component in facts.components], facts.now)
    return next((page for page in component_pages(facts, more, home_of(facts)) if page.row.slug == slug), None)


def _latency(component: Component, facts: Facts, more: ComponentFacts) -> LatencyView | None:
    series = more.latency[component.pk]
    if series.is_empty and not more.probes.get(component.pk):
        return None
    return latency_view(component.name, component.slug, series, more.limits[component.pk], facts.page.zone)


def _incidents_of(
    component: Component, facts: Facts, by_incident: dict[str, IncidentCard]
) -> tuple[IncidentCard, ...]:
    """A private incident names no components, so a component does not name it either."""
    return tuple(
        by_incident[incident.public_id]
        for incident in facts.incidents
        if not incident.private
        and any(row.component_id == component.pk for row in facts.affected.get(incident.pk, []))
    )


def _cause_path(source: str, source_id: str, by_incident: dict[str, IncidentCard]) -> str:
    card = by_incident.get(source_id) if source == ClaimSource.INCIDENT else None
    return card.path if card is not None and not card.private else ""
