"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): the entries of the other feeds, with the same ids."""

import json
from typing import Any

from statuspage.web.feeds.entries import Channel, FeedEntry
from statuspage.web.feeds.xml import iso

JSON_FEED_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(channel: Channel, entries: tuple[FeedEntry, ...]) -> bytes:
    feed = {
        "version": VERSION,
        "title": channel.title,
        "home_page_url": channel.url,
        "feed_url": channel.address("feed.json"),
        "description": channel.description,
        "language": "en",
        "authors": [{"name": channel.site.name, "url": channel.site.absolute_url("/")}],
        "items": [_item(entry) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _item(entry: FeedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": iso(entry.published),
        "date_modified": iso(entry.updated),
        "tags": list(entry.tags),
    }
