"""Searching the history, on both databases."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Component
from incidents.enums import IncidentStatus
from incidents.models import Incident, IncidentUpdate
from incidents.services import merge_incident, post_update
from statuspage.web import search_views
from statuspage.web.search import PER_PAGE, SearchPage, excerpt_around, search_page
from tests.unit.web.conftest import DEGRADED, NOON, MakeComponent, MakeIncident


@pytest.fixture
def visitor(page: object) -> Client:
    cache.clear()
    return Client()


def search(**query: str) -> SearchPage:
    return search_page(query)


def titles(**query: str) -> list[str]:
    found = search(**query)
    assert found.problem == ""
    return [hit.card.title for hit in found.hits]


def text_of(visitor: Client, address: str, *, status: int = 200) -> str:
    response = visitor.get(address)
    assert response.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_words_of_titles_and_of_updates_are_found_newest_first(make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(days=3), title="Disk full", message="We are looking into it.")
    make_incident(ago=timedelta(days=2), title="Requests fail", message="A **disk** is full.")
    make_incident(ago=timedelta(days=1), title="Mail is late", message="The queue grows.")
    assert titles(q="disk") == ["Requests fail", "Disk full"]
    assert titles(q="nothing") == []


def test_all_words_have_to_be_there_whether_in_title_or_updates(make_incident: MakeIncident) -> None:
    make_incident(title="Disk full", message="In Frankfurt.")
    make_incident(title="Disk slow", message="In Paris.")
    assert titles(q="frankfurt disk") == ["Disk full"]


@pytest.mark.parametrize("typed", ["störung", "STÖRUNG", "Störung", "ТАЙМАУТ", "таймаут", "σφάλμα", "ΣΦΆΛΜΑ"])
def test_case_does_not_matter_in_any_script(make_incident: MakeIncident, typed: str) -> None:
    make_incident(title="Störung, Таймаут, Σφάλμα", message="x")
    assert len(titles(q=typed)) == 1


@pytest.mark.parametrize("typed", ["100%", "a_b", ".*", "\\", "[x", "'; --", '"', "(", "$"])
def test_what_means_something_to_a_database_means_itself(make_incident: MakeIncident, typed: str) -> None:
    make_incident(title="Nothing of it")
    assert titles(q=typed) == []
    make_incident(title="All of it", message="100% a_b .* \\ [x '; -- \" ( $")
    assert titles(q=typed) == ["All of it"]


def test_a_hit_leads_to_the_update_with_the_most_of_the_words(make_incident: MakeIncident) -> None:
    incident = make_incident(ago=timedelta(hours=2), title="Requests fail", message="The disk of one server.")
    right = post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="The disk is full.")
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="It is full no more.")
    (hit,) = search(q="disk full").hits
    assert hit.path == f"/incidents/{incident.reference}/#u-{right.public_id}"
    assert (hit.label, hit.excerpt) == ("Identified", "The disk is full.")


def test_a_hit_by_its_title_leads_to_the_incident(make_incident: MakeIncident) -> None:
    incident = make_incident(title="Disk full", message="x")
    (hit,) = search(q="disk").hits
    assert (hit.path, hit.label, hit.excerpt) == (incident.get_absolute_url(), "", "")


def test_an_incident_is_found_by_its_reference_and_by_those_of_its_duplicates(make_incident: MakeIncident) -> None:
    main, duplicate = make_incident(title="Main"), make_incident(title="Walrus")
    merge_incident(duplicate=duplicate, into=main)
    assert titles(q=main.reference.lower()) == ["Main"]
    assert titles(q=duplicate.reference) == ["Main"]
    assert titles(q="walrus") == []


def test_components_and_severities_narrow_the_search(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api, mail = make_component("api"), make_component("mail")
    make_incident(title="A", severity="critical", impacts={api: DEGRADED})
    make_incident(title="B", severity="minor", impacts={api: DEGRADED, mail: DEGRADED})
    assert sorted(titles(component="api")) == ["A", "B"]
    assert titles(component="mail") == ["B"]
    assert titles(severity="critical") == ["A"]
    assert titles(component="api", severity="minor", q="looking") == ["B"]
    assert titles(component="mail", severity="critical") == []


def test_a_private_incident_is_found_by_its_severity_alone(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component("api")
    incident = make_incident(title="Zebra", message="Quagga", severity="major", private=True, impacts={api: DEGRADED})
    for typed in ("zebra", "quagga", "major", "incident", incident.reference):
        assert titles(q=typed) == []
    assert titles(component="api") == []
    assert titles(component="api", severity="major") == []
    (hit,) = search(severity="major").hits
    assert (hit.card.title, hit.path) == ("Major incident", incident.get_absolute_url())
    assert "zebra" not in repr(search(severity="major")).lower()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "a\x00b"}, "no text here has"),
        ({"q": "x" * 10_000}, "at most 100 characters"),
        ({"q": "a b c d e f g h i"}, "at most 8 words"),
        ({"component": "nothing"}, "no such component"),
        ({"component": "a\x00"}, "no such component"),
        ({"component": "hidden"}, "no such component"),
        ({"severity": "x" * 5000}, "no such severity"),
        ({"q": "disk", "page": "0"}, "from 1 to 50"),
        ({"q": "disk", "page": "51"}, "from 1 to 50"),
        ({"q": "disk", "page": "٣"}, "from 1 to 50"),
        ({"q": "disk", "page": "-1"}, "from 1 to 50"),
    ],
)
def test_what_cannot_be_searched_for_is_said_in_a_sentence(
    visitor: Client, make_component: MakeComponent, query: dict[str, str], said: str
) -> None:
    make_component("hidden", is_visible=False)
    response = visitor.get("/history/", query)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert '<form class="search"' in response.content.decode()
    assert len(response.content) < 20_000


def test_odd_bytes_in_a_query_are_no_fault_of_ours(visitor: Client, make_incident: MakeIncident) -> None:
    for query in ("q=%ff%fe", "q=%00", "q=%ed%a0%80", "q=a&q=b", "q=%", "severity=%00", "q[]=x&component=%e4"):
        assert visitor.get(f"/history/?{query}").status_code in {200, 400}


def test_nothing_found_is_said_in_words(visitor: Client, make_incident: MakeIncident) -> None:
    make_incident()
    assert "No incident was found for “walrus”" in text_of(visitor, "/history/?q=walrus")


def test_what_was_typed_stays_in_the_form_and_does_nothing(visitor: Client, make_incident: MakeIncident) -> None:
    html = visitor.get("/history/", {"q": '"><script>alert(1)</script>', "severity": "major"}).content.decode()
    assert "<script>alert" not in html
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in html
    assert '<option value="major" selected>' in html


def test_many_are_shown_page_by_page_and_each_once(visitor: Client, make_incident: MakeIncident) -> None:
    for number in range(PER_PAGE * 2 + 3):
        make_incident(ago=timedelta(hours=number), title=f"Disk {number}")
    seen: list[str] = []
    address = "/history/?q=disk"
    while address:
        html = visitor.get(address).content.decode()
        seen += re.findall(r">(Disk \d+)</a>", html)
        older = re.search(r'href="([^"]+)" rel="next"', html)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"Disk {number}" for number in range(PER_PAGE * 2 + 3)]
    assert "There are no more incidents" in text_of(visitor, "/history/?q=disk&page=9")


def test_a_search_is_a_few_queries_whatever_there_is(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component()
    for number in range(30):
        incident = make_incident(ago=timedelta(hours=number), impacts={api: DEGRADED})
        IncidentUpdate.objects.bulk_create(
            IncidentUpdate(
                incident=incident, status=IncidentStatus.IDENTIFIED, body="A disk is full.", display_at=NOON
            )
            for _ in range(20)
        )
    search(q="x")
    with CaptureQueriesContext(connection) as queries:
        found = search(q="a disk is full", component="api", severity="critical")
    assert len(found.hits) == PER_PAGE
    assert len(queries) <= 5


def test_a_search_is_the_same_for_everybody_and_kept_out_of_indexes(
    visitor: Client, make_incident: MakeIncident
) -> None:
    make_incident()
    response = visitor.get("/history/?q=requests")
    assert not response.cookies
    assert response["Cache-Control"] == "no-cache"
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert visitor.head("/history/?q=requests").status_code == 200
    assert visitor.options("/history/?q=requests").status_code == 204
    assert visitor.post("/history/?q=requests").status_code == 405


def test_an_empty_form_leads_to_the_history(visitor: Client, make_incident: MakeIncident) -> None:
    make_incident()
    history = visitor.get("/history/").content
    assert visitor.get("/history/?q=&component=&severity=").content == history
    assert visitor.get("/history/?utm_source=mail").content == history
    assert visitor.get("/history/?q=+")["Location"] == "/history/"


def test_too_many_searches_of_one_address_are_refused(visitor: Client, make_incident: MakeIncident) -> None:
    make_incident()
    for _ in range(search_views.SEARCHES_A_MINUTE):
        assert visitor.get("/history/?q=x").status_code == 200
    response = visitor.get("/history/?q=x")
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert "searches a minute" in response.content.decode()
    assert visitor.get("/history/").status_code == 200


def test_a_search_too_many_at_a_time_is_refused_and_keeps_no_place(
    visitor: Client, make_incident: MakeIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_incident()
    for _ in range(search_views.AT_ONCE):
        assert search_views.running.acquire(blocking=False)
    try:
        response = visitor.get("/history/?q=x")
        assert (response.status_code, response["Retry-After"]) == (429, "5")
        assert "Many people are searching" in response.content.decode()
        assert visitor.get("/history/").status_code == 200
    finally:
        for _ in range(search_views.AT_ONCE):
            search_views.running.release()

    def broken(query: object) -> None:
        raise RuntimeError(query)

    visitor.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(search_views, "search_page", broken)
        for _ in range(search_views.AT_ONCE + 1):
            assert visitor.get("/history/?q=x").status_code == 500
    assert visitor.get("/history/?q=x").status_code == 200


def test_a_component_that_was_taken_away_can_still_be_chosen(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component("api", name="Old API")
    make_incident(title="Long ago", impacts={api: DEGRADED})
    Component.objects.update(retired_at=NOON)
    found = search(component="api")
    assert [choice.name for choice in found.form.gone] == ["Old API"]
    assert [hit.card.title for hit in found.hits] == ["Long ago"]
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "words", "excerpt"),
    [
        ("Short.", ["short"], "Short."),
        ("", ["x"], ""),
        ("word " * 100 + "disk " + "word " * 100, ["DISK"], None),
        ("x" * 1000, ["x"], None),
    ],
)
def test_an_excerpt_has_the_word_in_it(text: str, words: list[str], excerpt: str | None) -> None:
    found = excerpt_around(text, words)
    if excerpt is not None:
        assert found == excerpt
    else:
        assert words[0].lower() in found.lower()
        assert len(found) < 210
