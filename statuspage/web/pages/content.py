"""The pages that staff write: `/pages/<slug>/`."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from components.models import Page
from incidents.models import ContentPage
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.web.facts import Facts
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import SiteInfo
from statuspage.web.selectors import reader_of, site_of

DESCRIPTION = 200
# More are rendered when they are asked for.
MOST_HOT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentView:
    """`body` is sanitised HTML, its headings begin at h3; `title` and `description` are plain text."""

    site: SiteInfo
    path: str
    title: str
    body: SafeString
    description: str
    updated_at: datetime


def content_views(facts: Facts) -> tuple[ContentView, ...]:
    """The first forty that are published. One query."""
    site, reader = site_of(facts.page, facts.now), reader_of(facts)
    rows = ContentPage.objects.filter(is_published=True).order_by("position", "slug")[:MOST_HOT]
    return tuple(_view(row, site, reader) for row in rows)


def content_view(slug: str) -> ContentView | None:
    """One that is published. Two queries."""
    row = ContentPage.objects.filter(slug=slug, is_published=True).first()
    if row is None:
        return None
    page, now = Page.current(), clock.now()
    return _view(row, site_of(page, now), Reader(now=now, zone=page.zone))


def _view(row: ContentPage, site: SiteInfo, reader: Reader) -> ContentView:
    return ContentView(
        site=site,
        path=row.get_absolute_url(),
        title=row.title,
        body=cards.markdown(row.body),
        description=markdown_to_text(row.body)[:DESCRIPTION],
        updated_at=reader.local(row.updated_at),
    )
