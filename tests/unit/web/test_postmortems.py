"""Published postmortems: under their incident, on a page of their own, in lists and feeds. A draft is nowhere."""

from datetime import timedelta
from typing import Any

import feedparser
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Page
from incidents.enums import IncidentStatus
from incidents.models import FollowUpAction, Incident, Notice, Postmortem, SeverityPolicy
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from incidents.services import edit_incident, merge_incident, post_update
from statuspage.web.documents import render_document, render_hot_documents
from statuspage.web.pages.postmortems import postmortem_page
from statuspage.web.selectors import site_info
from tests.unit.web.conftest import MAJOR, NOON, MakeComponent, MakeIncident

BOTH = pytest.mark.parametrize("path", ["/history.atom", "/history.rss"])
UNIQUE = "Zanzibarquokka"


@pytest.fixture
def incident(make_component: MakeComponent, make_incident: MakeIncident) -> Incident:
    api = make_component("api")
    return make_incident(
        ago=timedelta(hours=5), lasted=timedelta(hours=1), title="Requests fail", impacts={api: MAJOR}
    )


def write(incident: Incident, **sections: str) -> Postmortem:
    draft = start_postmortem(incident=incident)
    edit_postmortem(postmortem=draft, sections={"summary": "A disk was **full**."} | sections)
    return draft


def publish(incident: Incident, **sections: str) -> Postmortem:
    return publish_postmortem(postmortem=write(incident, **sections))


def text_of(path: str) -> str:
    document = render_document(path)
    assert document is not None
    return document.body.decode()


def pages_of(incident: Incident) -> list[str]:
    """Everything that speaks of an incident of the 21st."""
    own = f"/incidents/{incident.reference}/"
    hot = [document.path for document in render_hot_documents()]
    return [*hot, own, f"{own}postmortem/", "/history/", "/history/2026-11/", "/components/api/2026-11-21/"]


def read(path: str) -> Any:
    document = render_document(path)
    assert document is not None
    feed = feedparser.parse(document.body, response_headers={"content-type": document.content_type})
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def test_it_is_the_newest_of_the_timeline_and_whole_under_the_incident(incident: Incident) -> None:
    publish(incident, prevention="* an alarm\n* another")
    page = text_of(incident.get_absolute_url())
    assert page.index("Postmortem</span>") < page.index("Resolved</span><a")
    assert f'<a href="/incidents/{incident.reference}/postmortem/">Read details</a>' in page
    assert "A disk was <strong>full</strong>." in page
    assert "<li>an alarm</li>" in page
    assert "21 Nov 2026, 13:00 CET" in page


def test_it_has_a_page_of_its_own_with_the_five_sections(incident: Incident) -> None:
    publish(incident, timeline="T", root_cause="C", resolution="R", prevention="P")
    page = text_of(f"/incidents/{incident.reference}/postmortem/")
    titles = ["Summary</h3>", "Timeline</h3>", "Root cause</h3>", "Resolution</h3>", "Prevention</h3>"]
    assert [page.index(title) for title in titles] == sorted(page.index(title) for title in titles)
    assert "<title>Postmortem: Requests fail" in page
    assert 'content="A disk was full."' in page
    assert (
        f'<link rel="canonical" href="https://status.example.com/incidents/{incident.reference}/postmortem/">' in page
    )


def test_a_section_without_words_has_no_title(incident: Incident) -> None:
    publish(incident, prevention="")
    assert "Prevention</h3>" not in text_of(f"/incidents/{incident.reference}/postmortem/")


def test_lists_link_it(incident: Incident) -> None:
    publish(incident)
    link = f'<a href="/incidents/{incident.reference}/postmortem/">Postmortem</a>'
    for path in ("/", "/fragments/home/", "/history/", "/history/2026-11/"):
        assert link in text_of(path)


def test_an_edit_is_said_with_its_time(incident: Incident, at_noon: Any) -> None:
    postmortem = publish(incident)
    own = f"/incidents/{incident.reference}/"
    assert "edited" not in text_of(f"{own}postmortem/")
    at_noon.move_to(NOON + timedelta(minutes=30))
    edit_postmortem(postmortem=postmortem, sections={"summary": "Two disks were full."})
    for path in (own, f"{own}postmortem/"):
        assert "21 Nov 2026, 13:30 CET" in text_of(path)
        assert "Two disks" in text_of(path)


@BOTH
def test_it_is_an_entry_of_its_own_with_an_id_that_stays(incident: Incident, at_noon: Any, path: str) -> None:
    at_noon.move_to(NOON + timedelta(hours=1))
    postmortem = publish(incident)
    entry, other = read(path).entries
    assert (entry.title, other.title) == ("Postmortem: Requests fail", "Requests fail")
    assert entry.id == f"tag:abcdefghijkl.statuspage.invalid,2026:postmortem/{incident.public_id}"
    assert entry.link == f"https://status.example.com/incidents/{incident.reference}/postmortem/"
    assert entry.updated == "2026-11-21T13:00:00Z"
    assert "A disk was <strong>full</strong>." in str(entry)
    at_noon.move_to(NOON + timedelta(hours=2))
    edit_postmortem(postmortem=postmortem, sections={"summary": "Other words."})
    edited = read(path).entries[0]
    assert (edited.id, edited.published, edited.updated) == (entry.id, entry.published, "2026-11-21T14:00:00Z")


@BOTH
def test_that_of_an_old_incident_is_in_the_feeds(make_incident: MakeIncident, path: str) -> None:
    old = make_incident(ago=timedelta(days=200), lasted=timedelta(hours=1), title="Long ago")
    for number in range(30):
        make_incident(ago=timedelta(days=2 + number), lasted=timedelta(minutes=1))
    publish(old)
    assert read(path).entries[0].title == "Postmortem: Long ago"
    assert "A disk was" in text_of(f"/incidents/{old.reference}/postmortem/")


@BOTH
def test_that_of_a_duplicate_leaves_the_feeds_with_it(make_incident: MakeIncident, path: str) -> None:
    kept = make_incident(ago=timedelta(hours=5), lasted=timedelta(hours=1), title="Requests fail")
    duplicate = make_incident(ago=timedelta(hours=4), lasted=timedelta(hours=1), title="The same again")
    publish(duplicate)
    assert "Postmortem: The same again" in [entry.title for entry in read(path).entries]
    merge_incident(duplicate=duplicate, into=kept)
    assert [entry.title for entry in read(path).entries] == ["Requests fail"]


def test_a_hot_one_is_in_the_edition(incident: Incident) -> None:
    publish(incident)
    hot = {document.path: document for document in render_hot_documents()}
    path = f"/incidents/{incident.reference}/postmortem/"
    assert hot[path] == render_document(path)


def test_a_draft_is_nowhere(incident: Incident, client: Client) -> None:
    draft = write(incident, **dict.fromkeys(("summary", "timeline", "root_cause", "resolution", "prevention"), UNIQUE))
    FollowUpAction.objects.create(postmortem=draft, text=UNIQUE, owner=UNIQUE)
    Postmortem.objects.update(due_because=UNIQUE)
    paths = pages_of(incident)
    for path in paths:
        document = render_document(path)
        assert document is None or UNIQUE.encode() not in document.body, path
        assert document is None or b"/postmortem/" not in document.body, path
    for path in ("/v1/status/slo", "/subscribe/", f"/incidents/{incident.reference}/postmortem"):
        assert UNIQUE not in client.get(path).content.decode()
    assert client.get(f"/incidents/{incident.reference}/postmortem/").status_code == 404
    assert all(UNIQUE not in str(notice.payload) for notice in Notice.objects.all())
    # The same search finds what is published.
    publish_postmortem(postmortem=draft)
    found = [path for path in paths if UNIQUE in text_of(path)]
    own = f"/incidents/{incident.reference}/"
    assert set(found) == {"/history.atom", "/history.rss", "/feed.json", own, f"{own}postmortem/"}
    assert client.get(f"{own}postmortem/").status_code == 200


def test_names_of_actions_are_never_public(incident: Incident) -> None:
    postmortem = publish(incident)
    FollowUpAction.objects.create(postmortem=postmortem, text=UNIQUE, owner=UNIQUE)
    Page.objects.update(version=99)
    assert not [path for path in pages_of(incident) if UNIQUE in text_of(path)]


@pytest.mark.parametrize("reference", ["INC-2026-1121-z", "x" * 41, "..", "%00"])
def test_there_is_no_page_where_there_is_no_incident(page: Page, client: Client, reference: str) -> None:
    assert client.get(f"/incidents/{reference}/postmortem/").status_code == 404


def test_that_of_a_private_incident_says_when_and_no_words(incident: Incident) -> None:
    publish(incident, summary=UNIQUE, root_cause=UNIQUE)
    edit_incident(
        incident=incident,
        title="Requests fail",
        severity="critical",
        private=True,
        data_impact=False,
        root_cause_summary=UNIQUE,
        remediation=UNIQUE,
    )
    for path in pages_of(incident):
        assert UNIQUE not in text_of(path), path
        assert "Requests fail" not in text_of(path), path
    own = text_of(f"/incidents/{incident.reference}/postmortem/")
    assert "Critical incident" in own
    assert "told to the customers concerned" in own
    assert ">Api<" not in own


def test_hostile_markdown_is_inert(incident: Incident) -> None:
    publish(
        incident, summary="<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://example.com/i.png) {{7*7}}"
    )
    for path in (f"/incidents/{incident.reference}/postmortem/", incident.get_absolute_url(), "/history.atom"):
        text = text_of(path)
        assert "<script>alert" not in text
        assert 'href="javascript' not in text
        assert "<img" not in text
        assert "{{7*7}}" in text


def test_a_page_of_its_own_is_a_few_queries(incident: Incident) -> None:
    publish(incident)
    # What the foot of the page links is read once a version.
    site_info()
    with CaptureQueriesContext(connection) as queries:
        postmortem_page(incident.reference)
    assert len(queries) <= 3


def test_it_stays_when_the_incident_comes_back(incident: Incident) -> None:
    publish(incident)
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    assert "So far" in text_of(f"/incidents/{incident.reference}/postmortem/")


# --- the inline summary of minor incidents ---------------------------------------------------------------------------


def test_a_minor_incident_is_summed_up_with_its_resolved_entry(make_incident: MakeIncident) -> None:
    SeverityPolicy.objects.filter(slug="minor").update(inline_summary=True)
    incident = make_incident(severity="minor", lasted=timedelta(minutes=9))
    page = text_of(incident.get_absolute_url())
    assert "What was behind it" not in page
    assert page.index("Resolved</span><a") < page.index("<h4>Summary</h4>") < page.index("Investigating</span><a")
    assert page.count("A better disk.") == 1
    for path in ("/", "/history/"):
        assert "<b>Summary</b> A disk. A better disk." in text_of(path)


def test_the_summary_stands_with_the_last_end(make_incident: MakeIncident) -> None:
    SeverityPolicy.objects.filter(slug="minor").update(inline_summary=True)
    incident = make_incident(severity="minor", lasted=timedelta(minutes=9))
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    assert "<h4>Summary</h4>" not in text_of(incident.get_absolute_url())
    post_update(incident=incident, status=IncidentStatus.RESOLVED, message="Over, again.")
    page = text_of(incident.get_absolute_url())
    assert page.count("<h4>Summary</h4>") == 1
    assert page.index("Over, again.") < page.index("<h4>Summary</h4>") < page.index("Again.")


def test_other_severities_keep_their_part_of_the_page(make_incident: MakeIncident) -> None:
    incident = make_incident(lasted=timedelta(minutes=9))
    page = text_of(incident.get_absolute_url())
    assert "What was behind it" in page
    assert "<h4>Summary</h4>" not in page
    assert "Summary" not in text_of("/")


def test_a_private_minor_incident_is_not_summed_up(make_incident: MakeIncident) -> None:
    SeverityPolicy.objects.filter(slug="minor").update(inline_summary=True)
    incident = make_incident(severity="minor", lasted=timedelta(minutes=9), private=True)
    for path in (incident.get_absolute_url(), "/", "/history/"):
        assert "disk" not in text_of(path)
