"""The feeds as programs read them: asked for over HTTP, again and again, from the server that visitors have."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import httpx
import icalendar
import pytest

from tests.journeys.stack import Stack, eventually

CONFIGURATION = """
[page]
name = "Example, and friends"
url = "https://status.example.com"
time_zone = "Europe/Berlin"

[[components]]
slug = "api"
name = "API"

[[components]]
slug = "mail"
name = "Mail"

[[components]]
slug = "secret"
name = "Nobody sees this"
"""
TYPES: Mapping[str, str] = {
    "history.atom": "application/atom+xml; charset=utf-8",
    "history.rss": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json",
    "calendar.ics": "text/calendar; charset=utf-8",
}
FOLDERS = ("/", "/components/api/", "/components/mail/")
PATHS = [f"{folder}{name}" for folder in FOLDERS for name in TYPES]
XML = [path for path in PATHS if path.endswith((".atom", ".rss"))]
CODINGS = ("identity", "gzip", "br")
BEGIN = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)


@pytest.fixture(scope="module")
def told(stack: Stack) -> Stack:
    """An incident of the API, a private one, and a window of each component."""
    stack.load_config(CONFIGURATION)
    stack.query("UPDATE components_component SET is_visible = false WHERE slug = 'secret'")
    shown = ("--title", "Requests fail ]]>", "--severity", "critical", "--message", "We look at [them](/pages/them/).")
    stack.manage("incident", "open", *shown, "--component", "api=major_outage")
    hidden = ("--title", "qqsecret", "--severity", "major", "--message", "qqsecret", "--private")
    stack.manage("incident", "open", *hidden, "--component", "api=partial_outage")
    for slug in ("api", "mail"):
        schedule(stack, f"Move {slug}", slug)
    eventually(lambda: "Move mail" in stack.get("/calendar.ics").text)
    return stack


def schedule(stack: Stack, title: str, slug: str) -> str:
    times = ("--from", BEGIN.isoformat(), "--until", (BEGIN + timedelta(hours=2)).isoformat())
    said = stack.manage(
        "maintenance", "schedule", "--title", title, *times, "--message", "We move.", "--component", slug
    )
    return said.split()[0]


def expected(path: str) -> set[str]:
    slugs = ["api", "mail"] if path.count("/") == 1 else [path.split("/")[2]]
    found = {f"Maintenance: Move {slug}" for slug in slugs}
    if path.endswith(".ics"):
        return found
    found |= {"Requests fail ]]>"} if "api" in slugs else set()
    return found | ({"Major incident"} if len(slugs) == 2 else set())


def events(text: str) -> list[Any]:
    calendar: Any = icalendar.Calendar.from_ical(text)
    return list(calendar.events)


def titles(path: str, response: httpx.Response) -> list[str]:
    if path.endswith(".ics"):
        return [str(event["SUMMARY"]) for event in events(response.text)]
    if path.endswith(".json"):
        return [item["title"] for item in json.loads(response.text)["items"]]
    feed = feedparser.parse(response.content, response_headers={"content-type": response.headers["Content-Type"]})
    assert not feed.bozo, feed.get("bozo_exception")
    return [entry.title for entry in feed.entries]


@pytest.mark.parametrize("path", PATHS)
def test_a_reader_finds_what_concerns_it_and_nothing_private(told: Stack, path: str) -> None:
    response = told.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == TYPES[path.rpartition("/")[2]]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age=0" in response.headers["Cache-Control"]
    assert set(titles(path, response)) == expected(path)
    assert "qqsecret" not in response.text


@pytest.mark.parametrize("path", XML)
def test_a_feed_reader_fetches_it_once(told: Stack, path: str) -> None:
    first = feedparser.parse(told.url + path)
    assert (first.status, bool(first.bozo)) == (200, False)
    assert {entry.title for entry in first.entries} == expected(path)
    assert all(entry.link.startswith("https://status.example.com/") for entry in first.entries)
    again = feedparser.parse(told.url + path, etag=first.etag)
    assert (again.status, again.entries) == (304, [])


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", PATHS)
def test_what_did_not_change_is_not_sent_again(told: Stack, path: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    first = eventually(lambda: coded(told, path, coding))
    again = told.get(path, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def coded(told: Stack, path: str, coding: str) -> httpx.Response:
    """From the gateway: what is not hot is rendered by Django the first time, and not compressed."""
    response = told.get(path, headers={"Accept-Encoding": coding})
    assert response.headers.get("Content-Encoding", "identity") == coding
    return response


@pytest.mark.parametrize("path", PATHS)
def test_head_says_the_same_without_a_body(told: Stack, path: str) -> None:
    told.get(path)
    asked = {"Accept-Encoding": "identity"}
    head, get = (told.client.request(method, path, headers=asked) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers[name] == get.headers[name]
    assert told.client.options(path).headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("slug", ["secret", "nothing"])
def test_a_component_that_is_not_shown_has_none(told: Stack, slug: str, name: str) -> None:
    response = told.get(f"/components/{slug}/{name}")
    assert response.status_code == 404
    assert "Nobody sees this" not in response.text


@pytest.mark.parametrize("path", ["/", "/history/", "/components/api/"])
def test_pages_name_feeds_that_are_there(told: Stack, path: str) -> None:
    named = feedparser.parse(told.get(path).content).feed.links
    found = [link for link in named if link.rel == "alternate"]
    assert len(found) == (8 if "components" in path else 4)
    for link in found:
        response = told.get(link.href)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith(link.type)


def test_a_calendar_program_follows_a_window_until_it_is_called_off(told: Stack) -> None:
    reference = schedule(told, "Turn around", "mail")
    path, seen = "/components/mail/calendar.ics", []

    def look(summary: str) -> Any:
        found = [row for row in events(told.get(path).text) if str(row["SUMMARY"]) == summary]
        assert len(found) == 1
        event = found[0]
        seen.append((str(event["UID"]), int(event["SEQUENCE"])))
        return event

    announced = eventually(lambda: look("Maintenance: Turn around"))
    assert (announced.start, announced.end) == (BEGIN, BEGIN + timedelta(hours=2))
    assert str(announced["STATUS"]) == "CONFIRMED"
    later = (BEGIN + timedelta(hours=1)).isoformat()
    told.manage("maintenance", "edit", reference, "--from", later)
    eventually(lambda: look("Maintenance: Turn around").start > BEGIN)
    told.manage("maintenance", "cancel", reference, "--message", "Not now.")
    cancelled = eventually(lambda: look("Cancelled: Turn around"))
    assert str(cancelled["STATUS"]) == "CANCELLED"
    assert len({uid for uid, _ in seen}) == 1
    assert [sequence for _, sequence in seen] == sorted(sequence for _, sequence in seen)
    assert seen[-1][1] > seen[0][1]


def test_a_change_elsewhere_leaves_a_reader_of_one_component_with_what_it_has(told: Stack) -> None:
    path = "/components/api/feed.json"
    first = eventually(lambda: coded(told, path, "br"))
    words = ("--title", "Letters wait", "--severity", "minor", "--message", "We look.")
    told.manage("incident", "open", *words, "--component", "mail=degraded_performance")
    eventually(lambda: "Letters wait" in told.get("/feed.json").text)
    # The one that was kept is not current any more: Django renders it anew, and finds the same.
    asked = {"Accept-Encoding": "br", "If-None-Match": first.headers["ETag"]}
    again = told.get(path, headers=asked)
    assert (again.status_code, again.content) == (304, b"")
