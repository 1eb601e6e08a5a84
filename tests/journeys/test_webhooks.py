"""Webhooks through the real servers to a real receiver that fails in every way it can."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.journeys.letters import text_of
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually
from tests.receivers import Receiver, Request

JAVASCRIPT = Path(__file__).parent / "javascript"
CONFIG = """
[page]
name = "Acme"
url = "{page}"

[[components]]
slug = "api"
name = "API gateway"
"""
OPEN = ("incident", "open", "--severity", "major", "--message", "We look into it.", "--component", "api=major_outage")
SECRET = re.compile(r"whsec_\S+")

type Verify = Callable[[str, Request], str]


@pytest.fixture(scope="module")
def receiver(stack: Stack) -> Iterator[Receiver]:
    stack.env["OUTBOUND_ALLOWED_HOSTS"] = "127.0.0.1"
    stack.stop("web", "worker")
    stack.start("web", "worker")
    stack.load_config(CONFIG.format(page=stack.url))
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def verify_in_javascript(tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """The npm package `standardwebhooks`, in the version that is locked here."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("javascript")
    for file in JAVASCRIPT.iterdir():
        shutil.copy(file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        install = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not fetch the package within three minutes")
    if install.returncode:
        pytest.skip(f"npm could not install the package: {install.stderr.strip().splitlines()[:1]}")

    def verify(secret: str, request: Request) -> str:
        asked = {"secret": secret, "headers": request.headers, "body": request.body.decode()}
        done = subprocess.run(
            ["node", "verify.js"], cwd=folder, input=json.dumps(asked), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return verify


def subscribe(stack: Stack, receiver: Receiver, path: str, *, events: tuple[str, ...] = ("incidents",)) -> None:
    """As a program does it, by an endpoint that sends the challenge back."""
    receiver.answers[path].append("echo")
    body = {"channel": "webhook", "url": receiver.url + path, "contactEmail": mailbox_of(path), "events": events}
    assert stack.client.post("/v1/status/subscribe", json=body).status_code == 202
    eventually(lambda: state_of(stack, path) == "confirmed")


def mailbox_of(path: str) -> str:
    return f"{path.strip('/')}@example.com"


def state_of(stack: Stack, path: str) -> str | None:
    rows = stack.query("SELECT state FROM subscriptions_subscriber WHERE address LIKE %s", f"%{path}")
    return str(rows[0][0]) if rows else None


def news(receiver: Receiver, path: str, reference: str) -> list[Request]:
    return [one for one in receiver.to(path) if one.json.get("incident", {}).get("reference") == reference]


def link_in(mails: Mailbox, address: str, pattern: str) -> str:
    found = re.search(rf"http://\S+/{pattern}/\S+", text_of(mails.to(address)[-1]))
    assert found is not None, text_of(mails.to(address)[-1])
    return found[0]


def test_a_webhook_is_subscribed_by_a_person_and_its_signatures_hold(
    page: Page, stack: Stack, receiver: Receiver, mails: Mailbox, verify_in_javascript: Verify
) -> None:
    page.goto("/subscribe/")
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("URL of your endpoint").fill(f"{receiver.url}/mine")
    page.get_by_label("Your email address").fill("mine@example.com")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="We ask your endpoint")).to_be_visible()
    # It answers 200 and nothing else: its contact is asked, by a link that changes nothing when it is opened.
    eventually(lambda: mails.to("mine@example.com"))
    assert [request.json["type"] for request in receiver.to("/mine")] == ["subscription.challenge"]
    page.goto(link_in(mails, "mine@example.com", "subscribe/confirm"))
    assert state_of(stack, "/mine") == "pending"
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your webhook")).to_be_visible()
    assert state_of(stack, "/mine") == "confirmed"

    page.get_by_role("button", name="Make a new secret").click()
    first = SECRET.search(page.locator("code.whole").inner_text())
    assert first is not None
    page.get_by_role("button", name="Make a new secret").click()
    second = SECRET.search(page.locator("code.whole").inner_text())
    assert second is not None
    assert first[0] != second[0]
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status")).to_contain_text("A test is on its way")
    test = eventually(lambda: those_of_a_test(receiver, "/mine")[0])
    for secret in (first[0], second[0]):
        assert Webhook(secret).verify(test.body, test.headers)["type"] == "test"
        assert verify_in_javascript(secret, test) == "test"
    forged = Request(path=test.path, headers=test.headers, body=test.body.replace(b"Nothing", b"Something"))
    assert verify_in_javascript(second[0], forged) == "refused: No matching signature found"

    eventually(lambda: not waiting(stack, "/mine"))
    page.reload()
    row = page.locator(".posts li", has_text="Test")
    expect(row).to_contain_text("Sent")
    expect(row).to_contain_text("200")
    row.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status")).to_contain_text("with the same webhook-id")
    tests = eventually(lambda: two(those_of_a_test(receiver, "/mine")))
    assert tests[0].headers["webhook-id"] == tests[1].headers["webhook-id"]


def test_no_failure_holds_up_another_and_all_but_the_hopeless_arrive(
    stack: Stack, receiver: Receiver, mails: Mailbox
) -> None:
    failing = ("/500", "/hang", "/redirect", "/drop", "/slow")
    for path in (*failing, "/well"):
        subscribe(stack, receiver, path)
    # Each fails once, then takes what comes.
    for path in failing:
        receiver.answers[path] += [path.strip("/"), "200"]
    reference = stack.manage(*OPEN, "--title", "API errors").split()[0]
    eventually(lambda: news(receiver, "/well", reference))
    for path in failing:
        first, again = eventually(lambda path=path: two(news(receiver, path, reference)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert receiver.to("/elsewhere") == []
    eventually(lambda: not any(waiting(stack, path) for path in failing))
    tried = stack.query(
        "SELECT DISTINCT attempts FROM subscriptions_delivery JOIN subscriptions_subscriber s ON s.id = subscriber_id"
        " WHERE notice_id IS NOT NULL AND address NOT LIKE '%%/well' AND address NOT LIKE '%%/mine'"
    )
    assert tried == [(2,)]
    assert len(news(receiver, "/well", reference)) == 1
    assert stack.query("SELECT count(*) FROM subscriptions_subscriber WHERE failing_since IS NOT NULL") == [(0,)]


def test_410_stops_a_webhook_its_contact_is_told_and_starts_it_again(
    page: Page, stack: Stack, receiver: Receiver, mails: Mailbox
) -> None:
    subscribe(stack, receiver, "/gone")
    receiver.answers["/gone"].append("410")
    stack.manage(*OPEN, "--title", "Again")
    eventually(lambda: state_of(stack, "/gone") == "quarantined")
    letter = eventually(lambda: mails.to(mailbox_of("/gone"))[1])
    assert letter["Subject"].startswith("[Stopped]")
    assert "410 Gone" in text_of(letter)
    page.goto(f"{link_in(mails, mailbox_of('/gone'), 'subscriptions')}webhook/")
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_role("status")).to_contain_text("Started again")
    assert state_of(stack, "/gone") == "confirmed"
    reference = stack.manage(*OPEN, "--title", "Third").split()[0]
    eventually(lambda: news(receiver, "/gone", reference))


def those_of_a_test(receiver: Receiver, path: str) -> list[Request]:
    return [one for one in receiver.to(path) if one.json["type"] == "test"]


def waiting(stack: Stack, path: str) -> bool:
    rows = stack.query(
        "SELECT count(*) FROM subscriptions_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id"
        " WHERE d.state = 'pending' AND s.address LIKE %s",
        f"%{path}",
    )
    return rows != [(0,)]


def two(requests: list[Request]) -> list[Request]:
    """Exactly two; fewer is an IndexError, on which `eventually` asks again."""
    assert len(requests) <= 2, [request.body for request in requests]
    return [requests[0], requests[1]]
