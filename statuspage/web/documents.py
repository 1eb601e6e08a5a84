"""Rendered documents: read models in, bytes and headers out. What the publisher keeps and what the views answer."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from incidents.enums import MaintenanceStatus
from incidents.models import Incident
from probes.objectives.sla_feed import sla_feed
from statuspage.web import feeds
from statuspage.web.api.documents import SLA_PATH, sla_json
from statuspage.web.component_facts import read_component_facts
from statuspage.web.facts import FEED_ENTRIES, Facts, is_hot, read_facts
from statuspage.web.pages.components import ComponentPage, component_page, component_pages
from statuspage.web.pages.day import DayPage, day_page
from statuspage.web.pages.entries import incident_page, incident_pages, maintenance_page, maintenance_pages
from statuspage.web.pages.history import HistoryPage, history_page
from statuspage.web.pages.how_it_works import HowItWorksPage, how_it_works, how_it_works_page, read_promises
from statuspage.web.pages.latency import LatencyPage, latency_page
from statuspage.web.pages.slo import SloPage, running_slo_page, slo_page
from statuspage.web.readmodels import HomePage, IncidentPage, MaintenancePage
from statuspage.web.selectors import home_of, home_page
from statuspage.web.status_json import status_json

HTML = "text/html; charset=utf-8"
JSON = "application/json"
# Asked for again at every look, answered with 304 where nothing changed; what is old is better than an error.
REVALIDATE = "public, max-age=0, stale-if-error=86400"
NO_STORE = "no-store"
ICON_COLOURS = {
    "ok": "2b9655",
    "slow": "b57d00",
    "part": "d2600f",
    "down": "d3313f",
    "work": "3f7fe0",
    "none": "7d8590",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDocument:
    """One public document, the same for everybody. `last_modified` is aware, None where there is no telling."""

    path: str
    status: int
    content_type: str
    body: bytes
    cache_control: str
    last_modified: datetime | None


def render_hot_documents() -> list[RenderedDocument]:
    """Everything visitors ask for all the time, rendered from one read model of one moment.

    No history moves the number of its queries.
    """
    facts = read_facts()
    more = read_component_facts([component.pk for component in facts.components], facts.now)
    home = home_of(facts)
    incidents, maintenances = _hot_incidents(facts), facts.maintenances[: FEED_ENTRIES * 2]
    incident_models = incident_pages(facts, incidents)
    maintenance_models = maintenance_pages(facts, maintenances)
    open_or_recent = {incident.public_id for incident in incidents if is_hot(incident, facts.now)}
    history, slo = history_page(), running_slo_page()
    return [
        *_home(home),
        *_feeds(home, incident_models, maintenance_models),
        *([_history(history, "/history/")] if history else []),
        _render_sla(SLA_PATH),
        *(_component(page) for page in component_pages(facts, more, home)),
        _how_it_works(how_it_works(facts, more, read_promises())),
        *([_slo(slo)] if slo else []),
        *(_incident(page) for page in incident_models if page.card.public_id in open_or_recent),
        *(_maintenance(page) for page in maintenance_models if page.card.status in COMING),
    ]


COMING = {MaintenanceStatus.SCHEDULED, MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING}


def _hot_incidents(facts: Facts) -> list[Incident]:
    """Those whose updates were read: what is hot, and what the feeds hold."""
    newest = {incident.pk for incident in facts.incidents[:FEED_ENTRIES]}
    return [incident for incident in facts.incidents if incident.pk in newest or is_hot(incident, facts.now)]


def render_document(path: str) -> RenderedDocument | None:
    """One document by its path, hot or not; None where there is no such page."""
    for pattern, render in ROUTES:
        match = pattern.fullmatch(path)
        if match is not None:
            return render(path, *match.groups())
    return None


def _render_home_part(path: str) -> RenderedDocument | None:
    return next((document for document in _home(home_page()) if document.path == path), None)


def _render_feed(path: str) -> RenderedDocument | None:
    facts = read_facts()
    incidents = incident_pages(facts, _hot_incidents(facts))
    documents = _feeds(home_of(facts), incidents, maintenance_pages(facts, facts.maintenances))
    return next((document for document in documents if document.path == path), None)


def _render_incident(_path: str, reference: str) -> RenderedDocument | None:
    page = incident_page(reference)
    return None if page is None else _incident(page)


def _render_maintenance(_path: str, reference: str) -> RenderedDocument | None:
    page = maintenance_page(reference)
    return None if page is None else _maintenance(page)


def _render_component(_path: str, slug: str) -> RenderedDocument | None:
    page = component_page(slug)
    return None if page is None else _component(page)


def _render_day(_path: str, slug: str, day: str) -> RenderedDocument | None:
    page = day_page(slug, day)
    return None if page is None else _day(page)


def _render_slo(_path: str, month: str) -> RenderedDocument | None:
    page = slo_page(month)
    return None if page is None else _slo(page)


def _render_how_it_works(_path: str) -> RenderedDocument:
    return _how_it_works(how_it_works_page())


def _render_latency(_path: str, slug: str, key: str) -> RenderedDocument | None:
    page = latency_page(slug, key)
    return None if page is None else _latency(page)


def _render_history(path: str, key: str | None = None) -> RenderedDocument | None:
    page = history_page(key)
    return None if page is None else _history(page, path)


def _render_sla(path: str) -> RenderedDocument:
    return _document(path, JSON, sla_json(sla_feed()))


Renderer = Callable[..., RenderedDocument | None]
ROUTES: tuple[tuple[re.Pattern[str], Renderer], ...] = (
    (re.compile(r"/|/fragments/home/|/status\.json"), _render_home_part),
    (re.compile(r"/history\.(?:atom|rss)"), _render_feed),
    (re.compile(r"/history/"), _render_history),
    (re.compile(re.escape(SLA_PATH)), _render_sla),
    (re.compile(r"/history/(\d{4}-\d{2})/", re.ASCII), _render_history),
    (re.compile(r"/slo/(\d{4}-\d{2})/", re.ASCII), _render_slo),
    (re.compile(r"/how-it-works/"), _render_how_it_works),
    (re.compile(r"/incidents/([A-Za-z0-9-]{1,40})/"), _render_incident),
    (re.compile(r"/maintenance/([A-Za-z0-9-]{1,40})/"), _render_maintenance),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/"), _render_component),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/latency/(\w{2,3})/", re.ASCII), _render_latency),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/(\d{4}-\d{2}-\d{2})/", re.ASCII), _render_day),
)


def _home(home: HomePage) -> Iterable[RenderedDocument]:
    context = {"home": home, "site": home.site, "icon": _icon(home.banner.state.css)}
    yield _html("/", "pages/home.html", context)
    yield _html("/fragments/home/", "pages/home.html#live", context)
    yield _document("/status.json", JSON, status_json(home), cache_control=NO_STORE)


def _feeds(
    home: HomePage, incidents: Iterable[IncidentPage], maintenances: Iterable[MaintenancePage]
) -> Iterable[RenderedDocument]:
    entries = feeds.feed_entries(home.site, incidents, maintenances, limit=FEED_ENTRIES)
    yield _document("/history.atom", feeds.ATOM_TYPE, feeds.atom(home.site, entries))
    yield _document("/history.rss", feeds.RSS_TYPE, feeds.rss(home.site, entries))


def _incident(page: IncidentPage) -> RenderedDocument:
    return _html(page.card.path, "pages/incident.html", {"page": page, "card": page.card, "site": page.site})


def _maintenance(page: MaintenancePage) -> RenderedDocument:
    return _html(page.card.path, "pages/maintenance.html", {"page": page, "card": page.card, "site": page.site})


def _component(page: ComponentPage) -> RenderedDocument:
    return _html(page.row.path, "pages/component.html", {"page": page, "row": page.row, "site": page.site})


def _slo(page: SloPage) -> RenderedDocument:
    return _html(page.path, "pages/slo.html", {"page": page, "site": page.site})


def _how_it_works(page: HowItWorksPage) -> RenderedDocument:
    return _html(page.path, "pages/how_it_works.html", {"page": page, "site": page.site})


def _day(page: DayPage) -> RenderedDocument:
    return _html(page.path, "pages/day.html", {"page": page, "site": page.site})


def _latency(page: LatencyPage) -> RenderedDocument:
    return _html(page.path, "pages/latency.html", {"page": page, "site": page.site})


def _history(page: HistoryPage, path: str) -> RenderedDocument:
    context = {
        "history": page,
        "site": page.site,
        "is_index": path == "/history/",
        "has_maintenance": any(month.maintenances for month in page.months),
    }
    return _html(path, "pages/history.html", context)


def _html(path: str, template: str, context: dict[str, Any]) -> RenderedDocument:
    return _document(path, HTML, render_to_string(template, context).encode())


def _document(path: str, content_type: str, body: bytes, *, cache_control: str = REVALIDATE) -> RenderedDocument:
    return RenderedDocument(
        path=path,
        status=200,
        content_type=content_type,
        body=body,
        cache_control=cache_control,
        last_modified=None,
    )


def _icon(css: str) -> str:
    """The tab's icon says the state too."""
    return mark_safe(  # noqa: S308 -- one of six colours of ours
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E"
        f"%3Ccircle cx='10' cy='10' r='9' fill='%23{ICON_COLOURS[css]}'/%3E%3C/svg%3E"
    )
