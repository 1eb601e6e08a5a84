"""The main job through the real servers: a server fails, the page says so, people are told, it is over.

No wait is a fixed sleep, and none is a measurement of how fast the road is.
"""

import re
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually
from tests.journeys.target import Target

INTERVAL = 2.0
REFRESH = 5.0

TITLE = "API gateway is not responding"
PASSWORD = "only-for-this-journey"
CONFIG = """
[page]
name = "Acme"
url = "{page}"
refresh = "5s"

[[components]]
slug = "api"
name = "API gateway"
note = "api.example.com"

[[components.probes]]
slug = "api-http"
kind = "http"
url = "{target}"
interval = "2s"
timeout = "1s"
failure_threshold = 3
recovery_threshold = 2
opens_incident = true
severity = "critical"
expect_status = [200]
expect_body = "ok"
allow_private = true

[[components]]
slug = "docs"
name = "Documentation"
"""


@pytest.fixture(scope="module")
def measured(stack: Stack) -> Iterator[Target]:
    target = Target()
    # Up before it is asked: three failures at the start would be an outage of their own, and the next one its return.
    target.go_up()
    stack.load_config(CONFIG.format(page=stack.url, target=target.url))
    stack.manage("component", "set", "docs", "operational")
    yield target
    target.go_down()


@pytest.fixture
def server(measured: Target, stack: Stack) -> Target:
    """A server that is up and measured, on a page that is otherwise quiet."""
    measured.go_up()
    eventually(lambda: overall_state(stack) == "operational")
    return measured


@pytest.fixture
def staff(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A tab of somebody on call, logged in to the console."""
    stack.env["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    stack.manage("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com")
    context = browser.new_context(base_url=stack.url, viewport={"width": 390, "height": 844})
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.goto("/admin/")
    tab.get_by_label("Username").fill("ada")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    expect(tab).to_have_url(f"{stack.url}/admin/")
    yield tab
    context.close()


def test_from_the_failure_to_the_last_mail_with_staff(
    page: Page, staff: Page, stack: Stack, server: Target, mails: Mailbox
) -> None:
    subscribe(page, mails, "reader@example.com")
    assert ask_by_api(stack, "never-confirmed@example.com") == 202
    page.goto("/")
    expect(banner(page)).to_have_text("All Systems Operational")

    server.go_down()
    reference = eventually(lambda: open_reference(stack))
    eventually(lambda: TITLE in stack.get("/").text)
    assert overall_state(stack) == "down"
    # The tab that was open before shows it by itself.
    expect(page.get_by_text(TITLE).first).to_be_visible(timeout=60_000)
    expect(banner(page)).to_have_text("Partial System Outage")
    first = eventually(lambda: only(notices_to(mails, "reader@example.com")))
    assert first["Subject"] == f"[Investigating] {TITLE}"
    assert f"{stack.url}/incidents/{reference}/" in text_of(first)

    staff.reload()
    staff.get_by_role("link", name=TITLE).click()
    staff.locator("#update").get_by_label("Status").select_option("identified")
    staff.locator("#update").get_by_label("What to say").fill("A **switch** is broken. We replace it.")
    staff.get_by_role("button", name="Post the update").click()
    expect(staff.get_by_text(f"{reference}: Update posted.")).to_be_visible()
    eventually(lambda: "We replace it." in stack.get("/").text)
    second = eventually(lambda: notices_to(mails, "reader@example.com")[1])
    assert second["Subject"] == f"[Identified] {TITLE}"
    assert "<strong>switch</strong>" in html_of(second)

    server.go_up()
    third = eventually(lambda: notices_to(mails, "reader@example.com")[2])
    # Staff speak for it now: the probe says what it measures, and leaves the end to them.
    assert third["Subject"] == f"[Monitoring] {TITLE}"
    assert open_reference(stack) == reference

    staff.reload()
    staff.locator("#resolve > summary").click()
    resolve = staff.locator("#resolve")
    resolve.get_by_label("Last word").fill("The switch is replaced and the API answers.")
    resolve.get_by_label("Root cause").fill("A switch lost its power supply.")
    resolve.get_by_label("Remediation").fill("Both power supplies are watched now.")
    staff.get_by_role("button", name="Resolve the incident").click()
    expect(staff.get_by_text(f"{reference}: Resolved.")).to_be_visible()
    eventually(lambda: overall_state(stack) == "operational")
    assert open_reference(stack) is None
    expect(banner(page)).to_have_text("All Systems Operational", timeout=60_000)
    last = eventually(lambda: notices_to(mails, "reader@example.com")[3])
    assert last["Subject"] == f"[Resolved] {TITLE}"
    assert "A switch lost its power supply." in text_of(last)
    assert "Both power supplies are watched now." in text_of(last)

    everything_is_sent(stack)
    assert len(notices_to(mails, "reader@example.com")) == 4
    assert notices_to(mails, "never-confirmed@example.com") == []
    page.goto(f"/incidents/{reference}/")
    for word in ("Investigating", "Identified", "Monitoring", "Resolved"):
        expect(page.get_by_text(word, exact=True).first).to_be_visible()


def test_what_comes_back_by_itself_is_resolved_by_itself(
    page: Page, stack: Stack, server: Target, mails: Mailbox
) -> None:
    subscribe(page, mails, "second@example.com")
    went_down = time.monotonic()
    server.go_down()
    reference = eventually(lambda: open_reference(stack))
    eventually(lambda: TITLE in stack.get("/").text)
    eventually(lambda: only(notices_to(mails, "second@example.com")))

    came_back = time.monotonic()
    server.go_up()
    eventually(lambda: overall_state(stack) == "operational")
    assert open_reference(stack) is None
    eventually(lambda: len(notices_to(mails, "second@example.com")) == 2)

    everything_is_sent(stack)
    subjects = [mail["Subject"] for mail in notices_to(mails, "second@example.com")]
    assert subjects == [f"[Investigating] {TITLE}", f"[Resolved] {TITLE}"]
    # It began with the first failure and ended with the first success.
    [(began, ended, updates)] = stack.query(
        "SELECT started_at, resolved_at, (SELECT count(*) FROM incidents_incidentupdate WHERE incident_id = i.id) "
        "FROM incidents_incident i WHERE reference = %s",
        reference,
    )
    assert updates == 2
    assert 0 < (ended - began).total_seconds() < came_back - went_down + 30
    page.goto("/history/")
    expect(page.get_by_text(TITLE).first).to_be_visible()


def subscribe(page: Page, mails: Mailbox, address: str) -> None:
    """As a person does it: the form, the mail, the button on the page behind its link."""
    page.goto("/")
    page.get_by_role("link", name="Subscribe").first.click()
    page.get_by_label("Your email address").fill(address)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    letter = eventually(lambda: only(mails.to(address)))
    link = re.search(r"http://\S+/subscribe/confirm/\S+", text_of(letter))
    assert link is not None, text_of(letter)
    page.goto(link[0])
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your subscription")).to_be_visible()


def banner(page: Page) -> Locator:
    """The first thing on the page: its state in words."""
    return page.get_by_role("heading", level=1)


def ask_by_api(stack: Stack, address: str) -> int:
    return stack.client.post("/v1/status/subscribe", json={"email": address}).status_code


def overall_state(stack: Stack) -> str:
    state: str = stack.get("/status.json").json()["overall_state"]
    return state


def open_reference(stack: Stack) -> str | None:
    """Of the one open incident, which `/status.json` must know of as well."""
    incidents = stack.get("/status.json").json()["incidents"]
    if not any(incident["resolved_at"] is None for incident in incidents):
        return None
    rows = stack.query("SELECT reference FROM incidents_incident WHERE status <> 'resolved'")
    return str(rows[0][0]) if rows else None


def notices_to(mails: Mailbox, address: str) -> list[EmailMessage]:
    """What was mailed to it about incidents, oldest first."""
    return [mail for mail in mails.to(address) if mail["Subject"].startswith("[")]


def only(messages: list[EmailMessage]) -> EmailMessage:
    """The one there is; none yet is an IndexError, on which `eventually` asks again."""
    assert len(messages) <= 1, [mail["Subject"] for mail in messages]
    return messages[0]


def everything_is_sent(stack: Stack) -> None:
    """Nothing waits in the outbox or in the ledger, so that no further mail can come."""
    waiting = (
        "SELECT (SELECT count(*) FROM incidents_notice WHERE fanned_out_at IS NULL), "
        "(SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending'), "
        "(SELECT count(*) FROM subscriptions_subscriptionrequest)"
    )
    eventually(lambda: stack.query(waiting) == [(0, 0, 0)])


def text_of(mail: EmailMessage) -> str:
    return _part(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    return _part(mail, "html")


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content
