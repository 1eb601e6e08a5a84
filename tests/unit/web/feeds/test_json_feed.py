"""JSON Feed, held against the rules of its version 1.1, and against the Atom feed."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest

from incidents.models import Incident, IncidentUpdate
from statuspage.web.documents import render_document
from tests.unit.web.conftest import MAJOR, MakeComponent, MakeIncident

FEED = {"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "items"}
ITEM = {"id", "url", "title", "content_html", "date_published", "date_modified", "tags"}
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def read(path: str = "/feed.json") -> Any:
    document = render_document(path)
    assert document is not None
    assert document.content_type == "application/feed+json"
    feed = json.loads(document.body)
    check(feed)
    return feed


def check(feed: Any) -> None:
    """What https://www.jsonfeed.org/version/1.1/ asks for, of the keys that we use."""
    assert set(feed) <= FEED
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    assert feed["title"]
    for key in ("home_page_url", "feed_url"):
        assert feed[key].startswith("https://")
    assert all(isinstance(author, dict) and set(author) & {"name", "url", "avatar"} for author in feed["authors"])
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    for item in feed["items"]:
        assert set(item) <= ITEM
        assert isinstance(item["id"], str)
        assert isinstance(item["content_html"], str)
        assert all(isinstance(tag, str) for tag in item["tags"])
        for key in ("date_published", "date_modified"):
            assert RFC_3339.fullmatch(item[key])
            datetime.fromisoformat(item[key])


def test_without_entries_it_is_a_feed_that_names_itself(page: object) -> None:
    feed = read()
    assert (feed["title"], feed["items"]) == ("Example status", [])
    assert feed["feed_url"] == "https://status.example.com/feed.json"
    assert feed["home_page_url"] == "https://status.example.com/"


def test_entries_are_those_of_the_atom_feed_with_the_same_ids(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    make_incident(ago=timedelta(days=2), lasted=timedelta(minutes=5), title="Older")
    make_incident(title="Newer <b>", impacts={make_component(): MAJOR})
    document = render_document("/history.atom")
    assert document is not None
    atom = feedparser.parse(document.body)
    said = [(entry.id, entry.link, entry.published, entry.updated) for entry in atom.entries]
    items = read()["items"]
    assert [(row["id"], row["url"], row["date_published"], row["date_modified"]) for row in items] == said
    assert items[0]["title"] == "Newer <b>"
    assert items[0]["tags"] == ["Critical", "Api"]
    assert "<p>We are looking into it.</p>" in items[0]["content_html"]


def test_a_private_incident_is_an_item_without_words(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    make_incident(
        title="Secret",
        message="Secret words",
        private=True,
        lasted=timedelta(minutes=4),
        impacts={make_component(): MAJOR},
    )
    (item,) = read()["items"]
    assert (item["title"], item["tags"]) == ("Critical incident", ["Critical"])
    assert "Secret" not in str(item)
    assert "disk" not in str(item)


# No NUL: PostgreSQL takes none.
@pytest.mark.parametrize("character", ["\x0b", "\x1b", "\u202e", "\ufffe"])
def test_control_characters_do_not_come_as_far_as_the_reader(make_incident: MakeIncident, character: str) -> None:
    make_incident()
    Incident.objects.update(title=f"A{character}B\r\nC")
    IncidentUpdate.objects.update(body=f"A{character}B")
    (item,) = read()["items"]
    assert item["title"] == "AB C"
    assert "AB" in item["content_html"]
