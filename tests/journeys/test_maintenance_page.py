"""A platform that is down for maintenance: a real nginx in front of it sends its visitors here."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.stack import ROOT, Stack, eventually
from tests.journeys.target import Target
from tests.services import Service, nginx

CONFIGURATION = """
[page]
name = "Example"
url = "http://status.example.com"
refresh = "5s"

[[components]]
slug = "web"
name = "Web application"
note = "www.example.com"

[[components]]
slug = "api"
name = "API gateway"
"""
ANNOUNCE = """
from datetime import timedelta
from components.models import Component
from incidents.enums import ServiceState, StepState
from incidents.maintenance import schedule_maintenance
from incidents.maintenance.plans import ServicePlan, StepPlan
from statuspage.core import clock
now = clock.now()
web, api = Component.objects.get(slug="web"), Component.objects.get(slug="api")
window = schedule_maintenance(
    title="Planned upgrades", message="Most things will succeed on retry.", components=[],
    services=[ServicePlan(component=web, state=ServiceState.OFFLINE, eta_at=now + timedelta(minutes=12)),
              ServicePlan(component=api, state=ServiceState.OPERATIONAL)],
    steps=[StepPlan(title="Migrations", state=StepState.RUNNING, started_at=now), StepPlan(title="Smoke tests")],
    scheduled_for=now - timedelta(minutes=14), scheduled_until=now + timedelta(minutes=46),
    takes_platform_down=True, ends_itself=False,
)
print(window.reference)
"""


@pytest.fixture(scope="module")
def platform() -> Iterator[Target]:
    target = Target()
    yield target
    target.go_down()


@pytest.fixture(scope="module")
def status(stack: Stack) -> Stack:
    stack.load_config(CONFIGURATION)
    for slug in ("web", "api"):
        stack.manage("component", "set", slug, "operational")
    eventually(lambda: stack.get("/status.json").json()["overall_state"] == "operational")
    return stack


@pytest.fixture(scope="module")
def front(status: Stack, platform: Target) -> Iterator[Service]:
    """The example of the documentation, word for word, with the addresses of this machine."""
    example = (ROOT / "examples" / "nginx" / "maintenance.conf").read_text(encoding="utf-8")
    example = example.replace("status.example.com;", "127.0.0.1;").replace("/var/www/maintenance", "{folder}")
    server = f"""
    upstream platform {{ server 127.0.0.1:{platform.port}; }}
    upstream status {{ server 127.0.0.1:{status.port}; }}
    server {{ listen 127.0.0.1:{{port}};
    {example}
    }}"""
    with nginx(server) as service:
        yield service


@pytest.fixture(scope="module")
def reference(status: Stack, front: Service) -> str:
    """A window that takes the platform down, announced and running; its file lies beside nginx."""
    said = status.manage("shell", "-v0", "-c", ANNOUNCE).strip()
    eventually(lambda: status.get("/maintenance/").status_code == 503)
    file = status.get(f"/maintenance/{said}/offline.html")
    assert file.status_code == 200
    Path(front.folder, "maintenance-fallback.html").write_bytes(file.content)
    return said


def test_the_platform_answers_itself_while_it_is_there(front: Service, platform: Target) -> None:
    platform.go_up()
    assert httpx.get(f"{front.url}/any/page", trust_env=False).text == "ok"


def test_without_a_window_a_platform_that_is_gone_is_said_to_be_unavailable(front: Service, platform: Target) -> None:
    platform.go_down()
    answer = httpx.get(f"{front.url}/any/page", trust_env=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
    assert "does not answer right now" in answer.text


def test_during_a_window_visitors_and_programs_get_a_503_that_says_until_when(
    front: Service, platform: Target, reference: str
) -> None:
    platform.go_down()
    for answer in (
        httpx.get(f"{front.url}/orders/17?page=2", trust_env=False),
        httpx.post(f"{front.url}/orders", data={"item": "1"}, trust_env=False),
    ):
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert 40 * 60 < int(answer.headers["retry-after"]) <= 46 * 60
        assert reference in answer.text
    told = httpx.get(f"{front.url}/v1/orders", headers={"Accept": "application/problem+json"}, trust_env=False)
    assert (told.status_code, told.headers["content-type"]) == (503, "application/problem+json")
    assert (told.json()["reference"], told.json()["onSchedule"]) == (reference, True)
    assert int(told.headers["retry-after"]) > 40 * 60


def test_a_visitor_sees_the_page_under_the_platforms_address_and_comes_back_with_one_press(
    front: Service, platform: Target, reference: str, browser: Browser
) -> None:
    platform.go_down()
    tab = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{front.url}/orders/17")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Scheduled maintenance in progress")
    expect(tab.get_by_text("Web application")).to_be_visible()
    # Its own style is let through by its own policy.
    assert tab.locator(".card.hero").evaluate("element => getComputedStyle(element).borderRadius") == "12px"
    assert [url for url in asked if not url.startswith("data:")] == [f"{front.url}/orders/17"]
    platform.go_up()
    tab.get_by_role("link", name="Check again").click()
    expect(tab.locator("body")).to_have_text("ok")
    assert tab.url == f"{front.url}/orders/17"
    tab.context.close()


def test_the_status_pages_own_503_is_live_and_ends_by_itself(status: Stack, reference: str, page: Page) -> None:
    page.goto("/maintenance/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Scheduled maintenance in progress")
    expect(page.locator("#p-services")).to_contain_text("offline")
    expect(page.locator("#p-steps")).to_contain_text("Migrations")
    expect(page.locator("#p-tiles")).to_contain_text("on schedule")
    page.evaluate("window.kept = true")
    status.manage("maintenance", "complete", reference)
    expect(page.locator("#p-banner .chip").first).to_have_text("Completed", timeout=60_000)
    assert page.evaluate("window.kept"), "the page was loaded anew instead of being kept live"
    page.get_by_role("link", name="Check again").click()
    expect(page).to_have_url(f"{status.url}/")


def test_with_the_status_page_gone_too_nginx_has_the_file(
    front: Service, platform: Target, reference: str, status: Stack
) -> None:
    """The last one: it takes the status page with it."""
    platform.go_down()
    status.kill("web")
    answer = httpx.get(f"{front.url}/orders/17", trust_env=False)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "300"), (answer.headers, answer.text)
    assert reference in answer.text
