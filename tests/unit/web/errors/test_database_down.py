import json

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

trouble: Exception = OperationalError("server closed the connection; password=secret")


def broken(request: HttpRequest, token: str = "") -> HttpResponse:
    raise trouble


handler500 = "statuspage.web.errors.pages.server_error"
urlpatterns = [
    path("staff/", broken),
    path("heartbeat/<str:token>", broken),
    path("v1/status", broken),
    path("status.json", broken),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def plain_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_page_that_needs_the_database_says_so_and_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(f"{__name__}.trouble", error)
    response = client.get("/staff/")
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert response["Cache-Control"] == "no-store"
    assert "does not answer right now" in response.content.decode()
    assert "has probably not been saved" not in response.content.decode()


def test_the_page_needs_nothing_else_to_be_shown(client: Client) -> None:
    body = client.get("/staff/").content.decode()
    assert not any(word in body for word in ("<link", "<script", "<img", "style="))
    assert "secret" not in body


def test_whoever_sent_a_form_is_told_that_it_is_not_saved(client: Client) -> None:
    response = client.post("/staff/", {"message": "typed for an hour"})
    assert response.status_code == 503
    assert "has probably not been saved" in response.content.decode()


@pytest.mark.parametrize("url", ["/v1/status", "/status.json"])
def test_programs_get_problem_details(client: Client, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert response["Retry-After"] == "30"
    assert json.loads(response.content)["title"] == "The database does not answer"


def test_a_line_break_in_an_address_makes_no_line_of_its_own_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR", logger="statuspage")
    client.get("/heartbeat/x%0a2026-11-21 00:00:00 INFO all is well")
    told = [record.getMessage() for record in caplog.records if record.name.endswith("database_down")]
    assert len(told) == 1
    assert "\n" not in told[0]


@pytest.mark.parametrize("error", [DatabaseError("constraint"), ValueError("ours")])
def test_any_other_error_is_not_excused(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(f"{__name__}.trouble", error)
    with pytest.raises(type(error)):
        client.get("/staff/")


class BrokenMiddleware:
    """Where the database is lost outside of any view, as when a session is loaded or saved."""

    def __init__(self, get_response: object) -> None:
        pass

    def __call__(self, _request: HttpRequest) -> HttpResponse:
        raise trouble


def test_a_database_lost_outside_of_a_view_is_told_the_same_way(client: Client) -> None:
    client.raise_request_exception = False
    with override_settings(MIDDLEWARE=[f"{__name__}.BrokenMiddleware"]):
        response = client.get("/staff/")
    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_it_is_one_of_the_middleware() -> None:
    from django.conf import settings

    assert "statuspage.web.errors.database_down.DatabaseDownMiddleware" in settings.MIDDLEWARE
