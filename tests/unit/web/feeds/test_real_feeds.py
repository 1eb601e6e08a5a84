"""The feeds of a real history, where it is at hand."""

import json
from datetime import datetime
from typing import Any

import feedparser
import icalendar
import pytest
import time_machine

from components.models import Component
from incidents.importing.reading import read_file
from incidents.importing.services import import_file
from statuspage.web.documents import render_document
from tests.real_history import HISTORY, needs_real_history

pytestmark = [pytest.mark.django_db, needs_real_history]


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in HISTORY.read_text().splitlines()]


def body(path: str) -> bytes:
    document = render_document(path)
    assert document is not None
    return document.body


@pytest.fixture
def history() -> list[dict[str, Any]]:
    import_file(read_file(HISTORY))
    return rows()


def test_every_format_reads_and_says_the_same(history: list[dict[str, Any]]) -> None:
    atom, rss = (feedparser.parse(body(path)) for path in ("/history.atom", "/history.rss"))
    items = json.loads(body("/feed.json"))["items"]
    assert not atom.bozo
    assert not rss.bozo
    said = [[(entry.id, entry.title, entry.updated) for entry in feed.entries] for feed in (atom, rss)]
    assert said[0] == said[1] == [(item["id"], item["title"], item["date_modified"]) for item in items]
    published = [item["date_published"] for item in items]
    assert published == sorted(published, reverse=True)
    newest = max(history, key=lambda row: str(row["started_at"]))
    assert newest["title"] in items[0]["title"]
    assert newest["url"][-12:] in items[0]["id"]


def test_each_component_has_feeds_that_read(history: list[dict[str, Any]]) -> None:
    slugs = list(Component.objects.visible().values_list("slug", flat=True))
    assert len(slugs) >= 5
    for slug in slugs:
        feed = feedparser.parse(body(f"/components/{slug}/history.atom"))
        assert not feed.bozo, slug
        icalendar.Calendar.from_ical(body(f"/components/{slug}/calendar.ics"))


def test_the_calendar_has_the_windows_of_the_90_days_before(history: list[dict[str, Any]]) -> None:
    windows = [row for row in history if row["impact"] == "maintenance"]
    last = max(windows, key=lambda row: str(row["resolved_at"]))
    with time_machine.travel(datetime.fromisoformat(last["resolved_at"]), tick=False):
        calendar: Any = icalendar.Calendar.from_ical(body("/calendar.ics"))
    found = {str(event["UID"]).split("@")[0]: event for event in calendar.events}
    event = found[f"maintenance-{last['url'][-12:]}"]
    assert str(event["SUMMARY"]) == f"Maintenance: {' '.join(last['title'].split())}"
    assert event.end == datetime.fromisoformat(last["resolved_at"])
    assert len(found) < len(windows)
