"""The public pages as Django answers them."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.unit.web.conftest import MakeComponent, MakeIncident

FEEDS = ["history.atom", "history.rss", "feed.json", "calendar.ics"]
PAGES = ["/", "/fragments/home/", "/status.json", "/history/", "/components/api/"]
PAGES += [f"{folder}{name}" for folder in ("/", "/components/api/") for name in FEEDS]


@pytest.fixture
def visitor(make_component: MakeComponent) -> Client:
    make_component("api", measured_days=90)
    return Client()


@pytest.mark.parametrize("path", PAGES)
def test_an_answer_is_the_same_for_everyone(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    assert not response.cookies
    assert response["Vary"] == "Accept-Encoding"
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", PAGES)
def test_what_the_visitor_has_is_not_sent_again(visitor: Client, path: str) -> None:
    etag = visitor.get(path)["ETag"]
    response = visitor.get(path, headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_the_gateway_sent_in_a_coding_is_not_sent_again_either(visitor: Client, coding: str) -> None:
    etag = f'{visitor.get("/components/api/feed.json")["ETag"][:-1]}-{coding}"'
    response = visitor.get("/components/api/feed.json", headers={"if-none-match": etag})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)


def test_status_json_is_never_stored(visitor: Client) -> None:
    response = visitor.get("/status.json")
    assert (response["Cache-Control"], response["Content-Type"]) == ("no-store", "application/json")


def test_head_has_headers_and_no_body(visitor: Client) -> None:
    response = visitor.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response["Content-Length"]) > 1000


def test_options_says_what_may_be_done(visitor: Client) -> None:
    response = visitor.options("/status.json")
    assert (response.status_code, response["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_other_methods_are_refused_without_asking_for_a_token() -> None:
    response = Client(enforce_csrf_checks=True).post("/", {"a": "b"})
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_query_changes_nothing(visitor: Client) -> None:
    assert visitor.get("/?x=1")["ETag"] == visitor.get("/")["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/INC-2026-1121-z/",
        "/components/nothing/",
        "/maintenance/MNT-1/",
        "/history/2020-01/",
        "/nowhere/",
        "/incidents/%00/",
        "/incidents/" + "a" * 3000 + "/",
    ],
)
def test_an_unknown_address_is_a_friendly_page_with_a_way_home(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 404
    assert 'href="/"' in response.content.decode()
    assert "Example" in response.content.decode()
    assert not response.cookies


def test_a_program_gets_problem_details(visitor: Client) -> None:
    response = visitor.get("/nowhere.json")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["detail"] == "There is no page at this address."


def test_an_old_incident_is_rendered_when_asked_for(visitor: Client, make_incident: MakeIncident) -> None:
    incident = make_incident(ago=timedelta(days=400), lasted=timedelta(minutes=3), title="Long ago")
    assert "Long ago" in visitor.get(incident.get_absolute_url()).content.decode()


def test_a_fault_of_ours_is_a_page_that_needs_nothing_of_ours(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str) -> None:
        raise RuntimeError(path)

    monkeypatch.setattr("statuspage.web.views.render_document", broken)
    visitor.raise_request_exception = False
    response = visitor.get("/")
    assert response.status_code == 500
    assert "Something broke here" in response.content.decode()
    assert "<link" not in response.content.decode()
