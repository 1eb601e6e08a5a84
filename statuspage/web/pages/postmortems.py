"""Published postmortems: part of their incident's page, a page of their own, entries of the feeds.

Every read begins with `Postmortem.objects.published()`: what is a draft does not get as far as a read model.
"""

from collections.abc import Iterable, Sequence

from components.models import Page
from incidents.models import Incident, IncidentQuerySet, Postmortem, PostmortemQuerySet
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.web.facts import FEED_ENTRIES, Facts, read_affected
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import IncidentPage, PostmortemPage, PostmortemSection, PostmortemView
from statuspage.web.selectors import reader_of, site_of

DESCRIPTION = 200


def read_postmortems(incidents: Iterable[Incident], reader: Reader) -> dict[int, PostmortemView]:
    """Those of these incidents, by incident. One query."""
    by_pk = {incident.pk: incident for incident in incidents}
    rows = Postmortem.objects.published().filter(incident__in=list(by_pk))
    return {row.incident_id: _view(row, by_pk[row.incident_id], reader) for row in rows}


def postmortem_page(reference: str) -> PostmortemPage | None:
    """However old; None where none was published. Three queries."""
    row = _with_incident().filter(incident__reference=reference).first()
    if row is None:
        return None
    page, now = Page.current(), clock.now()
    return _pages([row], Reader(now=now, zone=page.zone), page)[0]


def newest_postmortems(facts: Facts) -> list[PostmortemPage]:
    """For the feeds, the newest first, however old their incidents; none of a duplicate.

    Two queries, one where there are none.
    """
    return newest_postmortems_of(Incident.objects.shown(), reader_of(facts), facts.page)


def newest_postmortems_of(incidents: IncidentQuerySet, reader: Reader, page: Page) -> list[PostmortemPage]:
    """The same of these incidents alone. Two queries, one where there are none."""
    shown = _with_incident().filter(incident__in=incidents)
    rows = list(shown.order_by("-published_at", "-pk")[:FEED_ENTRIES])
    return _pages(rows, reader, page) if rows else []


def page_of(page: IncidentPage) -> PostmortemPage | None:
    """The postmortem's own page, from its incident's. No query."""
    if page.postmortem is None:
        return None
    return PostmortemPage(
        site=page.site, card=page.card, postmortem=page.postmortem, description=_description(page.postmortem)
    )


def _with_incident() -> PostmortemQuerySet:
    return Postmortem.objects.published().select_related("incident__severity")


def _pages(rows: Sequence[Postmortem], reader: Reader, page: Page) -> list[PostmortemPage]:
    """One query."""
    site, affected = site_of(page, reader.now), read_affected([row.incident_id for row in rows])
    found = []
    for row in rows:
        incident, view = row.incident, _view(row, row.incident, reader)
        card = cards.incident_card(incident, reader, updates=[], affected=affected.get(incident.pk, []))
        found.append(PostmortemPage(site=site, card=card, postmortem=view, description=_description(view)))
    return found


def _view(row: Postmortem, incident: Incident, reader: Reader) -> PostmortemView:
    published_at = reader.maybe(row.published_at)
    if published_at is None:
        raise AssertionError("a draft is not shown")
    return PostmortemView(
        path=f"{incident.get_absolute_url()}postmortem/",
        published_at=published_at,
        edited_at=reader.maybe(row.edited_at),
        sections=()
        if incident.private
        else tuple(
            PostmortemSection(key=key, title=title, markdown=text, body=cards.markdown(text))
            for key, title, text in row.sections
            if text
        ),
    )


def _description(view: PostmortemView) -> str:
    said = {section.key: section.markdown for section in view.sections}
    return markdown_to_text(said.get("summary") or said.get("root_cause", ""))[:DESCRIPTION]
