"""Which pages of staff's own are linked where: at the foot of every page, and beside an incident."""

from functools import lru_cache

from components.models import Page
from incidents.models import ContentPage
from statuspage.web.saidmodels import ContentLinks, PageLink

# A row of links is read by nobody beyond this.
MOST_LINKS = 12


def content_links(page: Page) -> ContentLinks:
    """One query a version of the page: whoever changes a page of theirs makes a new version."""
    return _links(page.public_id, page.version)


@lru_cache(maxsize=2)
def _links(_page: str, _version: int) -> ContentLinks:
    rows = ContentPage.objects.filter(is_published=True).exclude(places=[]).order_by("position", "slug")
    found = list(rows.only("slug", "title", "places"))

    def at(place: str) -> tuple[PageLink, ...]:
        linked = [row for row in found if place in row.places]
        return tuple(PageLink(title=row.title, path=row.get_absolute_url()) for row in linked[:MOST_LINKS])

    return ContentLinks(footer=at("footer"), incident=at("incident"))


def forget() -> None:
    """For tests, whose databases share versions."""
    _links.cache_clear()
