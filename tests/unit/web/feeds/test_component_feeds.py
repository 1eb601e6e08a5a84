"""The feeds of one component: what concerns it, and nothing else."""

import json
from datetime import timedelta
from typing import Any

import feedparser
import icalendar
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component
from incidents.maintenance.announcing import schedule_maintenance
from incidents.models import Incident
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from incidents.services import merge_incident
from statuspage.web.documents import render_document
from tests.unit.web.conftest import MAJOR, NOON, MakeComponent, MakeIncident

NAMES = ("history.atom", "history.rss", "feed.json", "calendar.ics")
EACH = pytest.mark.parametrize("name", NAMES)
HOUR = timedelta(hours=1)


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    return make_component("api", name="API")


@pytest.fixture
def mail(make_component: MakeComponent) -> Component:
    return make_component("mail", position=1)


def body(name: str, slug: str = "api") -> bytes:
    document = render_document(f"/components/{slug}/{name}")
    assert document is not None
    assert document.path == f"/components/{slug}/{name}"
    return document.body


def titles(slug: str = "api") -> list[str]:
    """Those of the feed, which all formats agree on."""
    atom, rss = (feedparser.parse(body(name, slug)) for name in ("history.atom", "history.rss"))
    assert not atom.bozo
    assert not rss.bozo
    items = json.loads(body("feed.json", slug))["items"]
    assert [entry.id for entry in atom.entries] == [entry.id for entry in rss.entries] == [row["id"] for row in items]
    return [entry.title for entry in atom.entries]


def events(slug: str = "api") -> list[str]:
    calendar: Any = icalendar.Calendar.from_ical(body("calendar.ics", slug))
    return [str(event["SUMMARY"]) for event in calendar.events]


def announce(component: Component, title: str, days: int = 1) -> None:
    begin = NOON + timedelta(days=days)
    schedule_maintenance(
        title=title, message="We move.", components=[component], scheduled_for=begin, scheduled_until=begin + HOUR
    )


def publish(incident: Incident) -> None:
    draft = start_postmortem(incident=incident)
    sections = ("summary", "timeline", "root_cause", "resolution", "prevention")
    edit_postmortem(postmortem=draft, sections=dict.fromkeys(sections, "So it was."))
    publish_postmortem(postmortem=draft)


def test_they_hold_what_concerns_the_component(api: Component, mail: Component, make_incident: MakeIncident) -> None:
    over = make_incident(ago=timedelta(days=300), lasted=HOUR, title="Long ago", impacts={api: MAJOR})
    make_incident(title="API fails", impacts={api: MAJOR})
    make_incident(title="Mail fails", impacts={mail: MAJOR})
    announce(api, "Move the API")
    announce(mail, "Move the mail")
    publish(over)
    assert titles() == ["Postmortem: Long ago", "Maintenance: Move the API", "API fails", "Long ago"]
    assert titles("mail") == ["Maintenance: Move the mail", "Mail fails"]
    assert events() == ["Maintenance: Move the API"]
    assert events("mail") == ["Maintenance: Move the mail"]


def test_an_entry_has_the_same_id_as_in_the_feed_of_the_page(api: Component, make_incident: MakeIncident) -> None:
    make_incident(impacts={api: MAJOR})
    announce(api, "Move")
    page = render_document("/feed.json")
    assert page is not None
    assert json.loads(body("feed.json"))["items"] == json.loads(page.body)["items"]


def test_they_say_which_component_they_are_of(api: Component) -> None:
    feed = feedparser.parse(body("history.atom")).feed
    assert feed.title == "API: Example status"
    assert feed.id == f"tag:abcdefghijkl.statuspage.invalid,2026:component/{api.public_id}/history"
    links = {link.rel: link.href for link in feed.links}
    assert links == {
        "alternate": "https://status.example.com/components/api/",
        "self": "https://status.example.com/components/api/history.atom",
    }
    calendar: Any = icalendar.Calendar.from_ical(body("calendar.ics"))
    assert str(calendar["NAME"]) == "API: Example status: maintenance"
    assert str(calendar["SOURCE"]) == "https://status.example.com/components/api/calendar.ics"


@EACH
def test_a_private_incident_names_no_component_so_it_is_in_no_feed_of_one(
    api: Component, make_incident: MakeIncident, name: str
) -> None:
    before = body(name)
    incident = make_incident(lasted=HOUR, private=True, title="Secret", impacts={api: MAJOR})
    publish(incident)
    assert body(name) == before


def test_a_duplicate_is_not_an_entry(api: Component, make_incident: MakeIncident) -> None:
    first = make_incident(title="First", impacts={api: MAJOR})
    second = make_incident(title="Second", impacts={api: MAJOR})
    merge_incident(duplicate=second, into=first)
    assert titles() == ["First"]


@EACH
@pytest.mark.parametrize("slug", ["hidden", "retired", "nothing", "api%20", "api/mail"])
def test_without_a_component_that_is_shown_there_is_no_feed(
    make_component: MakeComponent, slug: str, name: str
) -> None:
    make_component("hidden", is_visible=False)
    make_component("retired", position=1, retired_at=NOON)
    assert render_document(f"/components/{slug}/{name}") is None


@EACH
def test_no_history_makes_it_more_queries(
    api: Component, mail: Component, make_incident: MakeIncident, name: str
) -> None:
    publish(make_incident(lasted=HOUR, impacts={api: MAJOR, mail: MAJOR}))
    announce(api, "Move")
    with CaptureQueriesContext(connection) as few:
        small = len(body(name))
    for number in range(40):
        title = f"Number {number}"
        publish(make_incident(ago=timedelta(days=number), lasted=HOUR, title=title, impacts={api: MAJOR, mail: MAJOR}))
        announce(api, title, days=number + 2)
    with CaptureQueriesContext(connection) as many:
        assert len(body(name)) > small
    assert len(few) == len(many) == 14


def test_there_are_no_more_than_25_entries(api: Component, make_incident: MakeIncident) -> None:
    for number in range(30):
        make_incident(ago=timedelta(days=number, hours=1), lasted=timedelta(minutes=1), impacts={api: MAJOR})
    assert len(titles()) == 25
