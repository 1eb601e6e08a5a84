"""What a reader chooses is what comes, and they stay its owner: change, pause, one incident only, be forgotten.

In a browser, by the links of the mails that come. What came is counted in the mailbox.
"""

import json
import re
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.checks import becomes
from tests.journeys.letters import Letters, text_of
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack

ADA, BOB = "ada@example.org", "bob@example.org"
CONFIGURATION = """
[page]
name = "Acme"
url = "http://status.example.com"

[[groups]]
slug = "platform"
name = "Platform"

[[components]]
slug = "api"
name = "API gateway"
group = "platform"

[[components]]
slug = "jobs"
name = "Background jobs"
group = "platform"

[[components]]
slug = "web"
name = "Web application"
"""
PLEASE_CONFIRM = "Confirm your subscription to Acme"


@pytest.fixture(scope="module")
def letters(stack: Stack, mails: Mailbox) -> Letters:
    stack.load_config(CONFIGURATION)
    return Letters(stack, mails)


def link(mail: EmailMessage, beginning: str) -> str:
    """The path of the one link of the mail that begins so: the page's own address is not the one it runs at here."""
    found = {urlsplit(url).path for url in re.findall(r"https?://\S+", text_of(mail)) if beginning in url}
    found = {path for path in found if not path.endswith("/unsubscribe/")}
    assert len(found) == 1, found
    return str(found.pop())


def open_incident(stack: Stack, title: str, component: str, severity: str = "critical") -> str:
    said = ["--title", title, "--severity", severity, "--message", "We look.", "--component"]
    reference: str = stack.manage("incident", "open", *said, f"{component}=partial_outage").strip()
    return reference


def update(stack: Stack, reference: str) -> None:
    stack.manage("incident", "update", reference, "--status", "identified", "--message", "A disk is full.")


def resolve(stack: Stack, reference: str) -> None:
    stack.manage("incident", "resolve", reference, "--message", "Replaced.")


def test_a_reader_chooses_confirms_changes_pauses_and_is_forgotten(
    stack: Stack, page: Page, letters: Letters, tmp_path: Path
) -> None:
    # The simple case is one field and one button; the rest is behind them.
    page.goto("/subscribe/")
    expect(page.get_by_label("Monthly report")).to_be_hidden()
    page.get_by_text("Choose what you hear of").click()
    page.get_by_label("Postmortems").uncheck()
    page.get_by_label("Only the beginning and the end").check()
    page.get_by_label("All of Platform").check()
    expect(page.get_by_label("Background jobs")).to_be_checked()
    page.get_by_label("Background jobs").uncheck()
    expect(page.get_by_label("All of Platform")).not_to_be_checked()
    page.get_by_label("How bad must an incident be?").select_option(label="Critical only")
    page.get_by_label("Times in").select_option(label="Tokyo")
    page.get_by_role("button", name="Subscribe").click()
    # A mistake keeps what was chosen, open to be seen.
    expect(page.get_by_label("Your email address")).to_be_focused()
    expect(page.get_by_label("Only the beginning and the end")).to_be_checked()
    page.get_by_label("Your email address").fill(ADA)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    (mail,) = letters.come(ADA, PLEASE_CONFIRM)

    page.goto(link(mail, "/subscribe/confirm/"))
    for chosen in ("Incidents and maintenance", "Platform - API gateway", "Critical", "Asia/Tokyo"):
        expect(page.get_by_role("definition").filter(has_text=chosen)).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("You are subscribed")

    # Only of what was chosen: this component, this bad, the beginning and the end.
    for title, component, severity in (("Pages are slow", "web", "critical"), ("A hiccup", "api", "minor")):
        resolve(stack, open_incident(stack, title, component, severity))
    reference = open_incident(stack, "Orders fail", "api")
    update(stack, reference)
    resolve(stack, reference)
    (_, mail) = letters.come(ADA, "[Investigating] Orders fail", "[Resolved] Orders fail")
    assert "JST" in text_of(mail)
    letters.are_all()

    # Changed by the link of that mail.
    page.goto(link(mail, "/subscriptions/"))
    page.get_by_label("Each update").check()
    page.get_by_label("Web application").check()
    page.get_by_label("How bad must an incident be?").select_option(label="Any incident")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    reference = open_incident(stack, "A small thing", "web", "minor")
    update(stack, reference)
    letters.come(ADA, "[Investigating] A small thing", "[Identified] A small thing")
    letters.are_all()

    # Paused: nothing comes, and nothing is made up for later.
    page.get_by_label("Pause").select_option(label="For 7 days")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused until")).to_be_visible()
    resolve(stack, reference)
    letters.are_all()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused until")).to_be_hidden()
    resolve(stack, open_incident(stack, "Searches fail", "api"))
    letters.come(ADA, "[Investigating] Searches fail", "[Resolved] Searches fail")
    letters.are_all()

    # All that is kept, then nothing of it.
    with page.expect_download() as download:
        page.get_by_text("Everything we keep about you").click()
    download.value.save_as(tmp_path / "kept.json")
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert kept["subscription"]["address"] == ADA
    assert len(kept["deliveries"]) == 1 + 2 + 2 + 2
    home = page.url
    page.get_by_role("link", name="Delete everything").click()
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("heading", name="Everything is deleted")).to_be_visible()
    assert stack.query("SELECT count(*) FROM subscriptions_subscriber") == [(0,)]
    assert stack.query("SELECT sum(count) FROM subscriptions_deliverycount") == [(6,)]
    page.goto(home)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    resolve(stack, open_incident(stack, "Nobody is told", "api"))
    letters.are_all()


def test_who_follows_one_incident_hears_of_its_end_and_then_no_more(
    stack: Stack, page: Page, letters: Letters
) -> None:
    reference = open_incident(stack, "Logins fail", "web")
    page.goto(f"/incidents/{reference}/")
    # The page is the same for everybody, from the edition, and sets no cookie.
    assert page.context.cookies() == []
    page.get_by_label("Tell me when this is over").fill(BOB)
    page.get_by_role("button", name="Tell me").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    (mail,) = letters.come(BOB, PLEASE_CONFIRM)
    page.goto(link(mail, "/subscribe/confirm/"))
    expect(page.get_by_role("definition").filter(has_text="Logins fail")).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("when this is over")
    expect(page.get_by_role("button", name="Stop following")).to_be_visible()

    # Not of the rest, and not of each word on this one.
    other = open_incident(stack, "Something else", "api")
    update(stack, reference)
    resolve(stack, other)
    letters.are_all()
    resolve(stack, reference)
    (mail,) = letters.come(BOB, "[Resolved] Logins fail")
    assert "this was the last mail about it" in " ".join(text_of(mail).split())
    letters.are_all()

    # It comes back, but who was told that this was all hears of it no more; nor do we keep them.
    stack.manage("incident", "update", reference, "--status", "investigating", "--message", "It is back.")
    resolve(stack, reference)
    letters.are_all()
    stack.manage("shell", "-c", "from subscriptions.tasks import apply_retention; apply_retention()")
    becomes(stack, "SELECT state FROM subscriptions_subscriber", [("unsubscribed",)])
    page.goto(f"/incidents/{reference}/")
    expect(page.get_by_label("Tell me when this is over")).to_have_count(0)
