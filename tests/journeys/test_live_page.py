"""The page in a visitor's browser: it keeps itself fresh, and leaves alone what is being read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.stack import Stack, eventually

CONFIGURATION = """
[page]
name = "Example"
url = "http://status.example.com"
time_zone = "Europe/Berlin"
refresh = "5s"

[[components]]
slug = "api"
name = "API gateway"

[[components]]
slug = "mail"
name = "Mail"
"""
HIDE = """
    Object.defineProperty(document, 'hidden', {get: () => %s, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
"""


@pytest.fixture(scope="module")
def running(stack: Stack) -> Stack:
    stack.load_config(CONFIGURATION)
    for slug in ("api", "mail"):
        stack.manage("component", "set", slug, "operational")
    states = ["operational", "operational"]
    eventually(lambda: [row["state"] for row in stack.get("/status.json").json()["components"]] == states)
    return stack


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complains of: broken scripts, and whatever the content security policy refuses."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.fixture
def incident(running: Stack) -> Iterator[None]:
    yield
    for line in running.manage("incident", "list").splitlines():
        if line.startswith("INC-"):
            running.manage("incident", "resolve", line.split()[0], "--message", "Over.")
    eventually(lambda: running.get("/status.json").json()["overall_state"] == "operational")


def declare(stack: Stack) -> None:
    words = ["--title", "Now it burns", "--severity", "critical", "--message", "We look."]
    stack.manage("incident", "open", *words, "--component", "mail=major_outage")


def test_a_change_appears_without_a_reload_and_moves_nothing_that_is_read(
    running: Stack, page: Page, problems: list[str], incident: None
) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    page.goto("/")
    expect(page).to_have_title("All Systems Operational · Example")
    page.locator("#d-api summary").click()
    page.evaluate("window.row = document.getElementById('c-api'); window.scrollTo(0, 150)")
    before = page.evaluate("window.row.getBoundingClientRect().top")

    declare(running)
    expect(page).to_have_title("Partial System Outage · Example", timeout=60_000)
    expect(page.locator("#announce")).to_have_text("Partial System Outage")
    expect(page.locator(".incident h3")).to_have_text("Now it burns")
    # The very same element, still unfolded, still in its place.
    assert page.evaluate("window.row === document.getElementById('c-api')")
    expect(page.locator("#d-api table")).to_be_visible()
    assert page.evaluate("window.row.getBoundingClientRect().top") == pytest.approx(before, abs=2)


def test_a_hidden_tab_asks_for_nothing_and_a_shown_one_at_once(
    running: Stack, page: Page, problems: list[str]
) -> None:
    page.goto("/")
    with page.expect_request_finished(lambda request: request.url.endswith("/fragments/home/")):
        pass
    page.evaluate(HIDE % "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(7000)
    assert asked == []
    with page.expect_request("**/fragments/home/", timeout=4000):
        page.evaluate(HIDE % "false")


def test_times_are_in_the_visitors_zone_with_utc_beside_them(running: Stack, browser: Browser, incident: None) -> None:
    declare(running)
    eventually(lambda: running.get("/status.json").json()["overall_state"] == "down")
    context = browser.new_context(base_url=running.url, timezone_id="America/New_York")
    page = context.new_page()
    page.goto("/")
    moment = page.locator(".incident .meta time")
    # New York's letters depend on the time of year.
    assert moment.inner_text().split()[-1] in {"EST", "EDT"}
    assert str(moment.get_attribute("title")).endswith(" UTC")
    context.close()


def test_without_javascript_the_page_says_the_same(running: Stack, browser: Browser, incident: None) -> None:
    declare(running)
    eventually(lambda: running.get("/status.json").json()["overall_state"] == "down")
    context = browser.new_context(base_url=running.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    expect(page.locator(".banner h1")).to_have_text("Partial System Outage")
    assert page.locator(".incident .meta time").inner_text().split()[-1] in {"CET", "CEST"}
    page.get_by_role("link", name="Reload").first.click()
    expect(page.locator(".banner h1")).to_have_text("Partial System Outage")
    page.locator("#d-api summary").click()
    expect(page.locator("#d-api table")).to_be_visible()
    context.close()


def test_the_page_says_its_age_when_it_cannot_be_refreshed(running: Stack, page: Page) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.locator("#age")).to_be_hidden()
    page.route("**/fragments/home/", lambda route: route.abort())
    page.clock.fast_forward("01:00")
    expect(page.locator("#age")).to_be_visible()
    page.unroute("**/fragments/home/")
    page.clock.fast_forward("00:10")
    expect(page.locator("#age")).to_be_hidden()
