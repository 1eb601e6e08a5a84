"""`GET /v1/status/incidents` and `GET /v1/status/incidents/{reference}`: built key by key from the read models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from components.models import Page
from incidents.models import Incident
from statuspage.core import clock
from statuspage.core.errors import NotFound
from statuspage.web.api.answers import JSON, encode, json_answer, public_api, rfc3339
from statuspage.web.api.incidents_asked import choose, cursor_after, read_asked
from statuspage.web.api.parameters import read_parameters, shown
from statuspage.web.facts import read_affected, read_impacts, read_updates
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.postmortems import read_postmortems
from statuspage.web.readmodels import (
    ImpactLine,
    IncidentCard,
    Named,
    PostmortemSection,
    PostmortemView,
    SiteInfo,
    TimelineEntry,
)
from statuspage.web.selectors import site_of

INCIDENTS_PATH = "/v1/status/incidents"
LONGEST_REFERENCE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An incident with everything that is public of it; the timeline is newest first."""

    card: IncidentCard
    timeline: tuple[TimelineEntry, ...]
    postmortem: PostmortemView | None


@public_api
def incidents(request: HttpRequest) -> HttpResponse:
    """Newest first. Nine queries at most, however many are listed."""
    page = Page.current()
    asked = read_asked(request, page.zone)
    rows = list(choose(asked)[: asked.limit + 1])
    listed, goes_on = rows[: asked.limit], len(rows) > asked.limit
    document = {
        "data": _documents(listed, page),
        "nextCursor": cursor_after(listed[-1]) if goes_on else None,
    }
    return HttpResponse(encode(document), content_type=JSON)


@public_api
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """However old. A duplicate answers 301 to the incident it was merged into. Raises NotFound."""
    read_parameters(request, ())
    # Whatever is no reference is not asked for: PostgreSQL refuses some of it.
    is_reference = len(reference) <= LONGEST_REFERENCE and reference.isascii() and reference.isprintable()
    rows = Incident.objects.filter(reference=reference).select_related("severity", "merged_into")
    row = rows.first() if is_reference else None
    if row is None:
        raise NotFound(f"There is no incident {shown(reference)}.")
    if row.merged_into is not None:
        return HttpResponsePermanentRedirect(f"{INCIDENTS_PATH}/{row.merged_into.reference}")
    return json_answer(_documents([row], Page.current())[0])


def _documents(rows: Sequence[Incident], page: Page) -> list[dict[str, Any]]:
    now = clock.now()
    site = site_of(page, now)
    return [incident_document(said, site) for said in _read(rows, Reader(now=now, zone=page.zone))]


def _read(rows: Sequence[Incident], reader: Reader) -> list[Said]:
    """Four queries."""
    ids = [row.pk for row in rows]
    updates, affected, impacts = read_updates(ids), read_affected(ids), read_impacts(ids)
    postmortems = read_postmortems(rows, reader)
    return [
        Said(
            card=cards.incident_card(row, reader, updates=updates.get(row.pk, []), affected=affected.get(row.pk, [])),
            timeline=cards.timeline(row, reader, updates.get(row.pk, []), impacts),
            postmortem=postmortems.get(row.pk),
        )
        for row in rows
    ]


def incident_document(said: Said, site: SiteInfo) -> dict[str, Any]:
    """In the contract's order. Of a private one severity, status, impact and times; words are null or empty."""
    card = said.card
    return {
        "id": card.public_id,
        "reference": card.reference,
        "title": None if card.private else card.title,
        "severity": card.severity,
        "status": card.status,
        "impact": card.impact,
        "components": [_component(component) for component in card.components],
        "startedAt": rfc3339(card.started_at),
        "containedAt": rfc3339(card.contained_at),
        "resolvedAt": rfc3339(card.resolved_at),
        "nextUpdateDueAt": rfc3339(card.next_update_due_at),
        "rootCauseSummary": card.root_cause or None,
        "remediation": card.remediation or None,
        "timeline": [] if card.private else [_entry(entry) for entry in said.timeline],
        "postmortem": None if said.postmortem is None else _postmortem(said.postmortem, site),
    }


def _component(component: Named) -> dict[str, Any]:
    return {"slug": component.slug, "name": component.name, "status": component.state.value}


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "id": entry.public_id,
        "status": entry.status,
        "bodyMarkdown": entry.markdown,
        "bodyHtml": str(entry.body),
        "postedAt": rfc3339(entry.at),
        "components": [_change(impact) for impact in entry.impacts],
    }


def _change(impact: ImpactLine) -> dict[str, Any]:
    """What the update changed about a component; `slug` is null where it was deleted since."""
    return {
        "slug": impact.slug or None,
        "name": impact.name,
        "oldStatus": impact.old.value,
        "newStatus": impact.new.value,
    }


def _postmortem(view: PostmortemView, site: SiteInfo) -> dict[str, Any]:
    return {
        "url": site.absolute_url(view.path),
        "publishedAt": rfc3339(view.published_at),
        "editedAt": rfc3339(view.edited_at),
        "sections": [_section(section) for section in view.sections],
    }


def _section(section: PostmortemSection) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "bodyMarkdown": section.markdown,
        "bodyHtml": str(section.body),
    }
