"""Rendered documents: read models in, bytes and headers out. What the publisher keeps and what the views answer."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from probes.objectives.sla_feed import sla_feed
from statuspage.web.api.documents import SLA_PATH, sla_json
from statuspage.web.component_facts import read_component_facts
from statuspage.web.facts import COMING, hot_incidents, is_hot, read_facts
from statuspage.web.feeds.documents import NAMES as FEEDS
from statuspage.web.feeds.documents import feed_documents, render_component_feed, render_feed
from statuspage.web.feeds.sources import page_feeds
from statuspage.web.pages.components import ComponentPage, component_page, component_pages
from statuspage.web.pages.content import ContentView, content_view, content_views
from statuspage.web.pages.day import DayPage, day_page
from statuspage.web.pages.entries import duplicate_of, duplicates_of, incident_page, incident_pages
from statuspage.web.pages.history import HistoryPage, history_page
from statuspage.web.pages.how_it_works import HowItWorksPage, how_it_works, how_it_works_page, read_promises
from statuspage.web.pages.latency import LatencyPage, latency_page
from statuspage.web.pages.postmortems import page_of, postmortem_page
from statuspage.web.pages.slo import SloPage, running_slo_page, slo_page
from statuspage.web.pages.windows import window_page, window_pages
from statuspage.web.publication.edition import Special
from statuspage.web.readmodels import HomePage, IncidentPage, PostmortemPage
from statuspage.web.rendered import HTML, JSON, NO_STORE, RenderedDocument, document, html
from statuspage.web.saidmodels import Redirect
from statuspage.web.search import PARAMETERS as SEARCH_PARAMETERS
from statuspage.web.search import PATH as SEARCH_PATH
from statuspage.web.selectors import home_of, home_page, site_info
from statuspage.web.status_json import status_json
from statuspage.web.window_documents import platform, window

ICON_COLOURS = {
    "ok": "2b9655",
    "slow": "b57d00",
    "part": "d2600f",
    "down": "d3313f",
    "work": "3f7fe0",
    "none": "7d8590",
}


def render_hot_documents() -> list[RenderedDocument]:
    """Everything visitors ask for all the time, rendered from one read model of one moment.

    No history moves the number of its queries.
    """
    facts = read_facts()
    more = read_component_facts([component.pk for component in facts.components], facts.now)
    home = home_of(facts)
    incidents = hot_incidents(facts.incidents, facts.now)
    incident_models = incident_pages(facts, incidents)
    windows = window_pages(facts, [row for row in facts.maintenances if row.status in COMING])
    open_or_recent = {incident.public_id for incident in incidents if is_hot(incident, facts.now)}
    postmortems = [page_of(page) for page in incident_models if page.card.public_id in open_or_recent]
    history, slo = history_page(), running_slo_page()
    return [
        *_home(home),
        *feed_documents(page_feeds(facts, incident_models)),
        *([_history(history, "/history/")] if history else []),
        _render_sla(SLA_PATH),
        *(_component(page) for page in component_pages(facts, more, home)),
        _how_it_works(how_it_works(facts, more, read_promises())),
        *([_slo(slo)] if slo else []),
        *(_incident(page) for page in incident_models if page.card.public_id in open_or_recent),
        *(_redirect(found) for found in duplicates_of(incident_models)),
        *(_postmortem(page) for page in postmortems if page),
        *(_content(page) for page in content_views(facts)),
        *(found for page in windows for found in window(page)),
        *platform(home.site, windows),
    ]


def render_document(path: str) -> RenderedDocument | None:
    """One document by its path, hot or not; None where there is no such page."""
    for pattern, render in ROUTES:
        match = pattern.fullmatch(path)
        if match is not None:
            return render(path, *match.groups())
    return None


def _render_home_part(path: str) -> RenderedDocument | None:
    return _at(path, _home(home_page()))


def _render_incident(_path: str, reference: str) -> RenderedDocument | None:
    page = incident_page(reference)
    if page is not None:
        return _incident(page)
    found = duplicate_of(reference)
    return None if found is None else _redirect(found)


def _render_postmortem(_path: str, reference: str) -> RenderedDocument | None:
    page = postmortem_page(reference)
    return None if page is None else _postmortem(page)


def _render_content(_path: str, slug: str) -> RenderedDocument | None:
    page = content_view(slug)
    return None if page is None else _content(page)


def _render_window(path: str, reference: str) -> RenderedDocument | None:
    page = window_page(reference)
    return None if page is None else _at(path, window(page))


def _render_platform_window(path: str) -> RenderedDocument | None:
    facts = read_facts()
    running = window_pages(facts, [row for row in facts.maintenances if row.is_active])
    return _at(path, platform(site_info(), running))


def _at(path: str, documents: Iterable[RenderedDocument]) -> RenderedDocument | None:
    return next((found for found in documents if found.path == path), None)


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
    return document(path, JSON, sla_json(sla_feed()))


Renderer = Callable[..., RenderedDocument | None]
ROUTES: tuple[tuple[re.Pattern[str], Renderer], ...] = (
    (re.compile(r"/|/fragments/home/|/status\.json"), _render_home_part),
    (re.compile(rf"/{FEEDS}"), render_feed),
    (re.compile(r"/history/"), _render_history),
    (re.compile(re.escape(SLA_PATH)), _render_sla),
    (re.compile(r"/history/(\d{4}-\d{2})/", re.ASCII), _render_history),
    (re.compile(r"/slo/(\d{4}-\d{2})/", re.ASCII), _render_slo),
    (re.compile(r"/how-it-works/"), _render_how_it_works),
    (re.compile(r"/incidents/([A-Za-z0-9-]{1,40})/"), _render_incident),
    (re.compile(r"/incidents/([A-Za-z0-9-]{1,40})/postmortem/"), _render_postmortem),
    (re.compile(r"/pages/([-a-zA-Z0-9_]{1,80})/"), _render_content),
    (re.compile(r"/maintenance/(?:offline\.html)?(?:#problem)?"), _render_platform_window),
    (re.compile(r"/maintenance/([A-Za-z0-9-]{1,40})/(?:offline\.html)?"), _render_window),
    (re.compile(r"/fragments/maintenance/([A-Za-z0-9-]{1,40})/"), _render_window),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/"), _render_component),
    (re.compile(rf"/components/([-a-zA-Z0-9_]{{1,80}})/{FEEDS}"), render_component_feed),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/latency/(\w{2,3})/", re.ASCII), _render_latency),
    (re.compile(r"/components/([-a-zA-Z0-9_]{1,80})/(\d{4}-\d{2}-\d{2})/", re.ASCII), _render_day),
)


def _home(home: HomePage) -> Iterable[RenderedDocument]:
    context = {"home": home, "site": home.site, "icon": _icon(home.banner.state.css)}
    yield html("/", "pages/home.html", context)
    yield html("/fragments/home/", "pages/home.html#live", context)
    yield document("/status.json", JSON, status_json(home), cache_control=NO_STORE)


def _incident(page: IncidentPage) -> RenderedDocument:
    return html(page.card.path, "pages/incident.html", {"page": page, "card": page.card, "site": page.site})


def _redirect(found: Redirect) -> RenderedDocument:
    """For good; who remembers it asks again, like for any other page."""
    words = format_html('<!doctype html><title>Moved</title><a href="{0}">It goes on at {0}</a>\n', found.location)
    special = Special(location=found.location)
    return document(found.path, HTML, words.encode(), status=HTTPStatus.MOVED_PERMANENTLY, special=special)


def _postmortem(page: PostmortemPage) -> RenderedDocument:
    return html(page.postmortem.path, "pages/postmortem.html", {"page": page, "card": page.card, "site": page.site})


def _content(page: ContentView) -> RenderedDocument:
    return html(page.path, "pages/content_page.html", {"page": page, "site": page.site})


def _component(page: ComponentPage) -> RenderedDocument:
    return html(page.row.path, "pages/component.html", {"page": page, "row": page.row, "site": page.site})


def _slo(page: SloPage) -> RenderedDocument:
    return html(page.path, "pages/slo.html", {"page": page, "site": page.site})


def _how_it_works(page: HowItWorksPage) -> RenderedDocument:
    return html(page.path, "pages/how_it_works.html", {"page": page, "site": page.site})


def _day(page: DayPage) -> RenderedDocument:
    return html(page.path, "pages/day.html", {"page": page, "site": page.site})


def _latency(page: LatencyPage) -> RenderedDocument:
    return html(page.path, "pages/latency.html", {"page": page, "site": page.site})


def _history(page: HistoryPage, path: str) -> RenderedDocument:
    context = {
        "history": page,
        "form": page.form,
        "site": page.site,
        "is_index": path == "/history/",
        "has_maintenance": any(month.maintenances for month in page.months),
    }
    # The newest month alone: with a query its address is a search.
    special = Special(takes_query=SEARCH_PARAMETERS) if path == SEARCH_PATH else None
    return document(path, HTML, render_to_string("pages/history.html", context).encode(), special=special)


def _icon(css: str) -> str:
    """The tab's icon says the state too."""
    return mark_safe(  # noqa: S308 -- one of six colours of ours
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E"
        f"%3Ccircle cx='10' cy='10' r='9' fill='%23{ICON_COLOURS[css]}'/%3E%3C/svg%3E"
    )
