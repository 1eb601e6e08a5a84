"""Moving in with years of history: all of it is readable at once, and nobody is told a word of it."""

import json
from collections import Counter
from typing import Any

import feedparser
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack, eventually
from tests.real_history import HISTORY, needs_real_history

pytestmark = needs_real_history

INCIDENTS = 801
WINDOWS = 18
UPDATES = 4_570


@pytest.fixture(scope="module")
def moved_in(stack: Stack) -> Stack:
    said = stack.manage("import_statuspage", HISTORY)
    assert f"incidents: {INCIDENTS} added" in said
    assert f"maintenance windows: {WINDOWS} added" in said
    assert f"updates: {UPDATES:,} added" in said
    return stack


def test_all_of_it_is_there_and_a_second_time_changes_nothing(moved_in: Stack) -> None:
    assert "nothing changed" in moved_in.manage("import_statuspage", HISTORY)
    counts = (
        "SELECT (SELECT count(*) FROM incidents_incident), (SELECT count(*) FROM incidents_maintenance), "
        "(SELECT count(*) FROM incidents_incidentupdate) + (SELECT count(*) FROM incidents_maintenanceupdate)"
    )
    assert moved_in.query(counts) == [(INCIDENTS, WINDOWS, UPDATES)]


def test_the_history_shows_every_month(moved_in: Stack) -> None:
    began = [row["started_at"][:7] for row in rows() if row["impact"] != "maintenance"]
    months = sorted(set(began))
    assert months[0] == "2022-03"
    assert len(months) == 54
    index = eventually(lambda: text_with(moved_in, "/history/", months[0]))

    assert [month for month in months if f"/history/{month}/" not in index] == []
    busiest, number = Counter(began).most_common(1)[0]
    page = moved_in.get(f"/history/{busiest}/")
    assert page.status_code == 200
    assert page.text.count('href="/incidents/INC-') >= number


def test_a_month_and_an_incident_of_long_ago_are_read_in_the_browser(moved_in: Stack, page: Page) -> None:
    oldest = min((row for row in rows() if row["impact"] != "maintenance"), key=lambda row: str(row["started_at"]))
    page.goto("/history/")
    page.get_by_role("link", name="March").last.click()
    page.get_by_role("link", name=oldest["title"]).first.click()

    expect(page.get_by_role("heading", name=oldest["title"])).to_be_visible()
    for update in oldest["updates"]:
        expect(page.get_by_text(update["message"][:60]).first).to_be_visible()


@pytest.mark.parametrize("path", ["/history.atom", "/history.rss"])
def test_the_feeds_parse(moved_in: Stack, path: str) -> None:
    feed = eventually(lambda: feed_with_entries(moved_in, path))

    assert not feed.bozo, feed.get("bozo_exception")
    newest = max(rows(), key=lambda row: str(row["started_at"]))
    assert newest["title"] in {entry.title for entry in feed.entries}
    assert len({entry.id for entry in feed.entries}) == len(feed.entries)
    assert all(entry.link.startswith("http") for entry in feed.entries)


def test_the_addresses_of_the_old_page_are_kept(moved_in: Stack) -> None:
    kept = dict(moved_in.query("SELECT public_id, external_url FROM incidents_incident"))
    kept |= dict(moved_in.query("SELECT public_id, external_url FROM incidents_maintenance"))

    assert kept == {row["url"][-12:]: row["url"] for row in rows()}


def test_nobody_is_told(moved_in: Stack) -> None:
    assert moved_in.query("SELECT count(*) FROM incidents_notice") == [(0,)]
    assert moved_in.mails.messages == []


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in HISTORY.read_text(encoding="utf-8").splitlines()]


def text_with(stack: Stack, path: str, words: str) -> str:
    text = stack.get(path).text
    assert words in text
    return text


def feed_with_entries(stack: Stack, path: str) -> feedparser.FeedParserDict:
    feed = feedparser.parse(stack.get(path).content)
    assert feed.entries
    return feed
