"""The feeds as documents, by path. Those of the page are hot; those of components are kept once asked for."""

from collections.abc import Iterable

from statuspage.web.facts import FEED_ENTRIES, read_facts
from statuspage.web.feeds.calendar import CALENDAR_TYPE, calendar
from statuspage.web.feeds.json_feed import JSON_FEED_TYPE, json_feed
from statuspage.web.feeds.sources import Feeds, component_feeds, page_feeds
from statuspage.web.feeds.xml import ATOM_TYPE, RSS_TYPE, atom, rss
from statuspage.web.pages.entries import incident_pages
from statuspage.web.rendered import RenderedDocument, document

NAMES = r"(?:history\.atom|history\.rss|feed\.json|calendar\.ics)"
FORMATS = {
    "history.atom": lambda feeds: (ATOM_TYPE, atom(feeds.channel, feeds.entries)),
    "history.rss": lambda feeds: (RSS_TYPE, rss(feeds.channel, feeds.entries)),
    "feed.json": lambda feeds: (JSON_FEED_TYPE, json_feed(feeds.channel, feeds.entries)),
    "calendar.ics": lambda feeds: (CALENDAR_TYPE, calendar(feeds.channel, feeds.events)),
}


def feed_documents(feeds: Feeds) -> Iterable[RenderedDocument]:
    """All formats of one channel."""
    for name in FORMATS:
        yield _document(feeds, name)


def render_feed(path: str) -> RenderedDocument:
    """One of the page's own."""
    facts = read_facts()
    incidents = incident_pages(facts, facts.incidents[:FEED_ENTRIES])
    return _document(page_feeds(facts, incidents), path.removeprefix("/"))


def render_component_feed(path: str, slug: str) -> RenderedDocument | None:
    """None where the component is not shown. The queries of `component_feeds`."""
    feeds = component_feeds(slug)
    return None if feeds is None else _document(feeds, path.rpartition("/")[2])


def _document(feeds: Feeds, name: str) -> RenderedDocument:
    content_type, body = FORMATS[name](feeds)
    return document(f"{feeds.channel.folder}{name}", content_type, body)
