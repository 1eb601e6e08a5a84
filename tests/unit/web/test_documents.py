"""The documents: which there are, and what stands in them."""

import gzip
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component, Group, Page
from incidents.models import Incident, IncidentUpdate, Maintenance
from statuspage.web.documents import render_document, render_hot_documents
from statuspage.web.rendered import RenderedDocument
from tests.unit.web.conftest import DEGRADED, MAJOR, NOON, MakeComponent, MakeIncident

VOID = {"meta", "link", "br", "hr", "input", "img", "path", "use"}


class Outline(HTMLParser):
    """Checks that what is opened is closed, and keeps what was seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> closes something else"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def text_of(path: str) -> str:
    document = render_document(path)
    assert document is not None
    return document.body.decode()


def hot() -> dict[str, RenderedDocument]:
    return {document.path: document for document in render_hot_documents()}


@pytest.fixture
def full_site(make_component: MakeComponent, make_incident: MakeIncident) -> Incident:
    """One of everything. Returns the open incident."""
    api = make_component("api", measured_days=90, group=Group.objects.create(slug="platform", name="Platform"))
    mail = make_component("mail", position=1, note="mta")
    make_incident(ago=timedelta(days=300), lasted=timedelta(minutes=5), title="Old", impacts={mail: DEGRADED})
    make_incident(ago=timedelta(days=3), lasted=timedelta(minutes=5), title="Recent", impacts={mail: DEGRADED})
    for reference, status, days in (("MNT-2026-1121-a", "in_progress", 0), ("MNT-2026-1123-a", "scheduled", 2)):
        row = Maintenance.objects.create(
            reference=reference,
            title="Upgrade",
            status=status,
            scheduled_for=NOON + timedelta(days=days),
            scheduled_until=NOON + timedelta(days=days, hours=1),
        )
        row.components.add(mail)
    return make_incident(title="Requests fail", impacts={api: MAJOR}, next_update_in=timedelta(minutes=45))


def test_hot_documents_are_what_visitors_ask_for_all_the_time(full_site: Incident) -> None:
    assert set(hot()) == {
        "/",
        "/fragments/home/",
        "/status.json",
        "/history/",
        "/history.atom",
        "/history.rss",
        "/feed.json",
        "/calendar.ics",
        "/v1/status/sla",
        "/how-it-works/",
        "/slo/2026-11/",
        "/components/api/",
        "/components/mail/",
        "/incidents/INC-2026-1118-a/",
        "/incidents/INC-2026-1121-a/",
        "/maintenance/",
        "/maintenance/offline.html",
        "/maintenance/offline.html#problem",
        "/maintenance/MNT-2026-1121-a/",
        "/maintenance/MNT-2026-1121-a/offline.html",
        "/fragments/maintenance/MNT-2026-1121-a/",
        "/maintenance/MNT-2026-1123-a/",
        "/maintenance/MNT-2026-1123-a/offline.html",
        "/fragments/maintenance/MNT-2026-1123-a/",
    }


def test_every_hot_document_is_the_same_when_a_view_renders_it(full_site: Incident) -> None:
    different = [path for path, document in hot().items() if render_document(path) != document]
    assert different == []


def test_old_pages_are_rendered_when_asked_for(full_site: Incident) -> None:
    assert "Old" in text_of("/incidents/INC-2026-0125-a/")
    assert "Old" in text_of("/history/2026-01/")


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/INC-2026-1121-z/",
        "/incidents/../etc/",
        "/maintenance/MNT-2026-1121-z/",
        "/components/nothing/",
        "/history/2020-01/",
        "/history/99999-99/",
        "/history/２０２６-11/",
        "/nothing/",
    ],
)
def test_what_does_not_exist_has_no_document(page: Page, path: str) -> None:
    assert render_document(path) is None


def test_a_hidden_component_has_no_page(make_component: MakeComponent) -> None:
    make_component("hidden", is_visible=False)
    assert render_document("/components/hidden/") is None


def test_an_edition_is_a_constant_number_of_queries(full_site: Incident, make_incident: MakeIncident) -> None:
    with CaptureQueriesContext(connection) as few:
        render_hot_documents()
    for number in range(40):
        make_incident(ago=timedelta(days=number * 10), lasted=timedelta(minutes=5))
    with CaptureQueriesContext(connection) as many:
        render_hot_documents()
    assert len(few) == len(many) == 58


def test_every_page_is_well_formed_and_no_id_comes_twice(full_site: Incident) -> None:
    pages = [document for document in hot().values() if document.content_type.startswith("text/html")]
    for document in pages:
        outline = Outline(document.body.decode())
        assert len(outline.ids) == len(set(outline.ids)), document.path
    assert len(pages) == 17


def test_no_page_has_a_script_or_a_style_of_its_own(full_site: Incident) -> None:
    # The file for load balancers carries its style, under a policy of its own: `test_windows`.
    for document in hot().values():
        if document.content_type.startswith("text/html") and not document.path.endswith("/offline.html"):
            outline = Outline(document.body.decode())
            assert "style" not in {name for _, attrs in outline.tags for name in attrs}
            assert outline.all("style") == []
            assert all(script.get("src") for script in outline.all("script"))
            assert not [name for _, attrs in outline.tags for name in attrs if name.startswith("on")]


def test_every_page_names_its_language_and_its_feeds(full_site: Incident) -> None:
    outline = Outline(text_of("/"))
    assert outline.all("html")[0]["lang"] == "en"
    feeds = [link["href"] for link in outline.all("link") if link.get("rel") == "alternate"]
    assert feeds == ["/history.atom", "/history.rss", "/feed.json", "/calendar.ics"]


def test_a_component_names_its_own_feeds_before_those_of_the_page(full_site: Incident) -> None:
    outline = Outline(text_of("/components/api/"))
    found = [link for link in outline.all("link") if link.get("rel") == "alternate"]
    names = ["history.atom", "history.rss", "feed.json", "calendar.ics"]
    assert [link["href"] for link in found] == [
        f"{folder}{name}" for folder in ("/components/api/", "/") for name in names
    ]
    assert {link["title"] for link in found[:4]} == {"Api: Example"}
    types = ["application/atom+xml", "application/rss+xml", "application/feed+json", "text/calendar"]
    assert [link["type"] for link in found] == types * 2
    assert "webcal://status.example.com/components/api/calendar.ics" in [link["href"] for link in outline.all("a")]


def test_the_first_view_is_four_requests_and_45_kilobytes(full_site: Incident, make_component: MakeComponent) -> None:
    for number in range(58):
        make_component(f"c{number}", measured_days=90)
    html = text_of("/")
    outline = Outline(html)
    files = [link["href"] for link in outline.all("link") if link.get("rel") == "stylesheet"]
    files += [script["src"] for script in outline.all("script")]
    assert len(files) == 3
    size = len(gzip.compress(html.encode(), 6))
    for name in files:
        path = finders.find(str(name).removeprefix(f"/{settings.STATIC_URL.strip('/')}/"))
        assert isinstance(path, str)
        size += len(gzip.compress(Path(path).read_bytes(), 6))
    assert size <= 45_000


def test_home_promises_the_next_update(full_site: Incident) -> None:
    text = re.sub(r"<[^>]+>", "", text_of("/"))
    assert "Next update by 13:15 CET (in 15 min)" in text


def test_home_says_when_it_was_checked_in_the_pages_zone(full_site: Incident) -> None:
    html = text_of("/")
    assert (
        'Checked <span class="at">at</span> <time datetime="2026-11-21T12:00:00Z" title="2026-11-21 12:00:00 UTC" '
        'data-style="ago">13:00:00 CET</time>' in html
    )


def test_the_fragment_is_the_live_part_of_home_word_for_word(full_site: Incident) -> None:
    assert text_of("/fragments/home/").strip() in text_of("/")


def test_an_update_has_an_address_of_its_own(full_site: Incident) -> None:
    update = IncidentUpdate.objects.get(incident=full_site)
    html = text_of(full_site.get_absolute_url())
    assert f'id="u-{update.public_id}"' in html
    assert f'href="#u-{update.public_id}"' in html


def test_root_cause_and_remediation_show_when_it_is_over(full_site: Incident) -> None:
    html = text_of("/incidents/INC-2026-1118-a/")
    assert "A disk." in html
    assert "A better disk." in html
    assert "A disk." not in text_of("/incidents/INC-2026-1121-a/")


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7|add:7 }}{% load x %}{0.__class__}'


def test_text_from_people_is_shown_as_written_and_does_nothing(full_site: Incident) -> None:
    Page.objects.update(name=HOSTILE[:120], description=HOSTILE, support_email="help@example.com")
    Component.objects.update(name=HOSTILE[:160], note=HOSTILE)
    Group.objects.update(name=HOSTILE[:120])
    Incident.objects.update(title=HOSTILE, root_cause_summary=HOSTILE)
    Maintenance.objects.update(title=HOSTILE, impact_note=HOSTILE)
    IncidentUpdate.objects.update(body=f"{HOSTILE} [x](javascript:alert(1)) ![y](https://tracker.example/p.png)")
    for document in hot().values():
        if document.content_type.startswith("text/html"):
            outline = Outline(document.body.decode())
            assert outline.all("img") == []
            assert all(str(script.get("src")).startswith("/static/") for script in outline.all("script"))
            assert not [a for a in outline.all("a") if str(a.get("href")).startswith("javascript")]
            assert "{{ 7|add:7 }}" in document.body.decode() or document.path in {"/history/", "/maintenance/"}
