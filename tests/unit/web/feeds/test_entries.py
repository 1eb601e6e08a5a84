"""The entries of the feeds, read by a feed reader."""

import re
from datetime import timedelta
from typing import Any

import feedparser
import pytest

from incidents.enums import IncidentStatus
from incidents.models import Incident, IncidentUpdate, Maintenance
from incidents.services import edit_incident, post_update
from statuspage.web.documents import render_document
from tests.unit.web.conftest import MAJOR, NOON, MakeComponent, MakeIncident

BOTH = pytest.mark.parametrize("path", ["/history.atom", "/history.rss"])


def read(path: str) -> Any:
    document = render_document(path)
    assert document is not None
    feed = feedparser.parse(document.body, response_headers={"content-type": document.content_type})
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


@BOTH
def test_a_feed_without_entries_is_well_formed(page: object, path: str) -> None:
    feed = read(path)
    assert (feed.feed.title, feed.entries) == ("Example status", [])


@BOTH
def test_incidents_and_maintenance_are_entries_newest_first(make_incident: MakeIncident, path: str) -> None:
    make_incident(ago=timedelta(days=2), lasted=timedelta(minutes=5), title="Older")
    make_incident(title="Newer")
    Maintenance.objects.create(
        reference="MNT-2026-1122-a",
        title="Upgrade",
        scheduled_for=NOON + timedelta(days=1),
        scheduled_until=NOON + timedelta(days=1, hours=1),
        created_at=NOON - timedelta(days=1),
        updated_at=NOON - timedelta(days=1),
    )
    feed = read(path)
    assert [entry.title for entry in feed.entries[1:]] == ["Maintenance: Upgrade", "Older"]
    assert feed.entries[0].title.startswith("Newer")
    assert feed.entries[0].link == "https://status.example.com/incidents/INC-2026-1121-a/"
    assert "We are looking into it." in str(feed.entries[0])


@BOTH
def test_nothing_that_can_be_edited_changes_an_id(make_incident: MakeIncident, path: str) -> None:
    incident = make_incident()
    before = read(path).entries[0].id
    edit_incident(
        incident=incident,
        title="Another title",
        severity="minor",
        private=False,
        data_impact=False,
        root_cause_summary="",
        remediation="",
    )
    (entry,) = read(path).entries
    assert (entry.id, entry.title) == (before, "Another title")
    assert before == f"tag:abcdefghijkl.statuspage.invalid,2026:incident/{incident.public_id}"


@BOTH
def test_updated_is_when_the_newest_word_was_said(make_incident: MakeIncident, at_noon: Any, path: str) -> None:
    incident = make_incident(ago=timedelta(hours=2))
    at_noon.move_to(NOON - timedelta(minutes=7))
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Better.")
    at_noon.move_to(NOON)
    assert read(path).entries[0].updated == "2026-11-21T11:53:00Z"


@BOTH
def test_a_private_incident_is_an_entry_without_words(make_incident: MakeIncident, path: str) -> None:
    make_incident(title="Secret", message="Secret words", private=True, lasted=timedelta(minutes=4))
    document = render_document(path)
    assert document is not None
    assert b"Secret" not in document.body
    assert b"disk" not in document.body
    assert read(path).entries[0].title == "Critical incident"


@BOTH
def test_characters_that_would_break_xml_do_not(make_incident: MakeIncident, path: str) -> None:
    incident = make_incident()
    # Straight into the rows, as if nothing on the way had cleaned them.
    Incident.objects.filter(pk=incident.pk).update(title="A\x0bB ]]> <script>alert(1)</script> \ufffe")
    IncidentUpdate.objects.update(body="C\x1bD ]]> <script>alert(2)</script>")
    (entry,) = read(path).entries
    assert entry.title.startswith("AB ]]>")
    assert "<script>" not in entry.get("content", [{"value": entry.summary}])[0]["value"]


def test_no_more_than_25_entries(make_incident: MakeIncident) -> None:
    for number in range(30):
        make_incident(ago=timedelta(days=number, hours=1), lasted=timedelta(minutes=1))
    assert len(read("/history.atom").entries) == 25


@BOTH
def test_incidents_and_maintenance_together_are_no_more_than_25_entries(
    make_incident: MakeIncident, path: str
) -> None:
    for number in range(15):
        make_incident(ago=timedelta(days=number, hours=1), lasted=timedelta(minutes=1))
        begin = NOON - timedelta(days=number, hours=3)
        Maintenance.objects.create(
            reference=f"MNT-2026-1101-{number}",
            title="Upgrade",
            status="completed",
            scheduled_for=begin,
            scheduled_until=begin + timedelta(hours=1),
            created_at=begin,
            updated_at=begin,
        )
    assert len(read(path).entries) == 25


@BOTH
def test_an_entry_names_the_components_it_is_about(
    make_component: MakeComponent, make_incident: MakeIncident, path: str
) -> None:
    make_incident(
        impacts={make_component("api", name="API\x0b, v2"): MAJOR, make_component("mail", position=1): MAJOR}
    )
    (entry,) = read(path).entries
    assert [tag.term for tag in entry.tags] == ["Critical", "API, v2", "Mail"]


@BOTH
def test_a_link_within_the_page_leads_there_from_a_feed_reader(make_incident: MakeIncident, path: str) -> None:
    incident = make_incident(
        message="[Limits](/pages/limits/) [up](../) [theirs](https://a.example/?b=1&c=2) [mail](mailto:a@b.example)"
    )
    (entry,) = read(path).entries
    links = re.findall(r'href="([^"]*)"', html_of(entry))
    own = f"https://status.example.com/incidents/{incident.reference}/"
    assert links == [
        "https://status.example.com/pages/limits/",
        f"{own.rpartition('INC')[0]}",
        "https://a.example/?b=1&amp;c=2",
        "mailto:a@b.example",
    ]


@BOTH
def test_an_incident_with_endless_words_is_cut_and_says_where_the_rest_is(
    make_incident: MakeIncident, path: str
) -> None:
    incident = make_incident(message="first words")
    for number in range(20):
        post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message=f"word {number} " + "x" * 15_000)
    document = render_document(path)
    assert document is not None
    assert len(document.body) < 60_000
    html = html_of(read(path).entries[0])
    assert ("word 19" in html, "word 0 " in html, "first words" in html) == (True, False, False)
    assert f'<a href="https://status.example.com/incidents/{incident.reference}/">The rest is on its page.</a>' in html


@BOTH
def test_a_window_announced_today_for_next_year_is_the_newest_entry(make_incident: MakeIncident, path: str) -> None:
    make_incident(ago=timedelta(days=1), lasted=timedelta(minutes=5))
    for number in range(40):
        begin = NOON + timedelta(days=30 + number)
        Maintenance.objects.create(
            reference=f"MNT-2026-1201-{number}",
            title=f"Announced {number} hours ago",
            scheduled_for=begin,
            scheduled_until=begin + timedelta(hours=1),
            created_at=NOON - timedelta(hours=number),
            updated_at=NOON - timedelta(hours=number),
        )
    titles = [entry.title for entry in read(path).entries]
    assert titles[:2] == ["Maintenance: Announced 0 hours ago", "Maintenance: Announced 1 hours ago"]
    assert len(titles) == 25


def html_of(entry: Any) -> str:
    return str(entry.get("content", [{"value": entry.get("summary", "")}])[0]["value"])
