"""The servers that all other journeys stand on."""

from playwright.sync_api import Page

from tests.journeys.stack import Stack, eventually
from tests.services import Service

CONFIGURATION = """
[page]
name = "House"
url = "https://status.example.com"

[[components]]
slug = "web"
name = "Web"

[[components.probes]]
slug = "web-http"
kind = "http"
url = "${SELF_URL}/healthz"
interval = "1s"
timeout = "900ms"
allow_private = true
"""


def test_the_console_shows_its_login_in_a_browser(page: Page) -> None:
    page.goto("/admin/")
    assert page.get_by_label("Username").is_visible()


def test_static_files_have_hashed_names_and_are_cached_for_long(page: Page) -> None:
    with page.expect_response(lambda response: "/static/" in response.url) as caught:
        page.goto("/admin/")
    assert caught.value.status == 200
    assert "immutable" in caught.value.headers["cache-control"]


def test_beat_wakes_the_worker_and_the_worker_probes(stack: Stack) -> None:
    stack.load_config(CONFIGURATION)
    found = "SELECT DISTINCT outcome FROM probes_proberesult"
    assert eventually(lambda: stack.query(found)) == [("up",)]


def test_mail_arrives_at_the_mail_server(stack: Stack) -> None:
    stack.manage("sendtestemail", "ada@example.com")
    assert [message["To"] for message in stack.mails.to("ada@example.com")] == ["ada@example.com"]


def test_a_frozen_database_thaws(stack: Stack, postgres_service: Service) -> None:
    postgres_service.freeze()
    postgres_service.thaw()
    assert stack.query("SELECT 1") == [(1,)]


def test_a_database_that_was_killed_comes_back_with_what_it_had(stack: Stack, postgres_service: Service) -> None:
    postgres_service.kill()
    postgres_service.start()
    assert stack.query("SELECT count(*) > 0 FROM django_migrations") == [(True,)]
