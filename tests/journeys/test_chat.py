"""Slack, Teams, Discord and an operator's own target: subscribed on the page, told by the worker, by a server that
plays them and refuses what they would refuse. One is patient, one is broken for a moment, some were removed.
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chat_rules import texts_of_card, texts_of_discord, texts_of_slack
from tests.chat_server import PATIENCE_SECONDS, ChatServer
from tests.journeys.checks import becomes
from tests.journeys.stack import Stack, eventually

CONFIGURATION = """
[page]
name = "Example"
url = "{url}"

[[components]]
slug = "api"
name = "API"

[[components]]
slug = "mail"
name = "Mail"

[[targets]]
name = "On call"
url_env = "APPRISE_ON_CALL"
components = ["api"]

[[targets]]
name = "Nobody set this one"
url_env = "APPRISE_MISSING"
"""
HOSTILE = "We see **errors** <!channel> @everyone on `POST /v1`: [status](/history/)."
STATES = """
    SELECT s.address, s.state, coalesce(d.state, ''), coalesce(d.last_error, '')
    FROM subscriptions_subscriber s
    LEFT JOIN subscriptions_delivery d ON d.subscriber_id = s.id AND d.notice_id IS NOT NULL
    WHERE s.channel IN ('slack', 'teams', 'discord', 'apprise') ORDER BY d.id
"""
CONFIRM = re.compile(r"/subscribe/confirm/[^/]+/")


class Telephone(ThreadingHTTPServer):
    """What Apprise's json:// posts to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Rings)
        self.rung: list[dict[str, Any]] = []


class _Rings(BaseHTTPRequestHandler):
    server: Telephone

    def do_POST(self) -> None:
        self.server.rung.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="module")
def telephone() -> Iterator[Telephone]:
    running = Telephone()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def stack(stack: Stack, telephone: Telephone) -> Stack:
    stack.env["OUTBOUND_ALLOWED_HOSTS"] = "127.0.0.1"
    stack.env["APPRISE_ON_CALL"] = f"json://127.0.0.1:{telephone.server_port}/secret-of-apprise"
    stack.stop("web", "worker")
    stack.start("web", "worker")
    stack.load_config(CONFIGURATION.format(url=stack.url))
    for slug in ("api", "mail"):
        stack.manage("component", "set", slug, "operational")
    return stack


def subscribed(stack: Stack, server: ChatServer, channel: str, url: str) -> None:
    """By the form, and by the link that comes into the channel."""
    answer = stack.client.post(f"/subscribe/{channel}/", data={"url": url})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/subscribe/{channel}/sent/")
    asked = eventually(lambda: server.taken(url))[0].body.decode()
    link = CONFIRM.search(asked)
    assert link is not None
    assert "Confirm your subscription" in stack.get(link[0]).text
    assert stack.client.post(link[0]).status_code == 303
    greeted = eventually(lambda: server.taken(url)[1:])[0].body.decode()
    assert "This channel is subscribed" in greeted
    assert "/subscriptions/" in greeted


def confirmed_by_hand(stack: Stack, channel: str, url: str) -> None:
    """What answers with errors could not be asked."""
    stack.query(
        "INSERT INTO subscriptions_subscriber (public_id, channel, address, host, name, contact_email, origin, state,"
        " wants_incidents, wants_maintenance, wants_postmortems, wants_components, wants_reports, wants_updates,"
        " time_zone, language, generation, created_at, confirmed_at, suppressed_reason)"
        " VALUES (substr(md5(random()::text), 1, 12), %s, %s, '127.0.0.1', '', '', 'public', 'confirmed',"
        " true, true, true, false, false, true, '', '', 1, now(), now(), '')",
        channel,
        url,
    )


def test_a_person_subscribes_a_channel_in_the_browser(stack: Stack, server: ChatServer, page: Page) -> None:
    url = server.slack("ok-of-the-browser")
    page.goto("/subscribe/")
    page.get_by_role("link", name="Slack").click()
    page.get_by_label("Paste the webhook URL here").fill("https://hooks.slack.com/services/nothing")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("That is not the URL of an incoming webhook")).to_be_visible()
    expect(page.get_by_label("Paste the webhook URL here")).to_have_value("")
    page.get_by_label("Paste the webhook URL here").fill(url)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Look into your channel")).to_be_visible()
    link = CONFIRM.search(eventually(lambda: server.taken(url))[0].body.decode())
    assert link is not None
    page.goto(link[0])
    assert stack.query("SELECT state FROM subscriptions_subscriber WHERE address = %s", url) == [("pending",)]
    expect(page.get_by_text("127.0.0.1")).to_be_visible()
    assert url not in page.content()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("You are subscribed.")).to_be_visible()
    assert url not in page.content()
    eventually(lambda: len(server.taken(url)) == 2)


def test_each_channel_hears_each_word_once_through_errors_and_rate_limits(
    stack: Stack, server: ChatServer, telephone: Telephone
) -> None:
    healthy = {"slack": server.slack("ok"), "teams": server.teams("ok"), "discord": server.discord("ok")}
    for channel, url in healthy.items():
        subscribed(stack, server, channel, url)
    like_slack = server.like_slack("ok")
    subscribed(stack, server, "slack", like_slack)
    shaken = {
        "slack": server.slack("once429-slack"),
        "teams": server.teams("once500-teams"),
        "discord": server.discord("once429-discord"),
    }
    removed = {"slack": server.slack("410"), "teams": server.teams("404"), "discord": server.discord("404")}
    refusing = server.slack("400")
    for made in (shaken, removed):
        for channel, url in made.items():
            confirmed_by_hand(stack, channel, url)
    confirmed_by_hand(stack, "slack", refusing)
    opened = ["--title", "API <!here> errors", "--severity", "critical", "--component", "api=major_outage"]
    stack.manage("incident", "open", *opened, "--message", HOSTILE)

    everybody = [*healthy.values(), like_slack, *shaken.values()]
    for url in everybody:
        hears(server, url, "We see")
    for url in shaken.values():
        first, again = server.to(url)
        assert (first.status >= 400, again.status < 300) == (True, True)
        assert first.body == again.body
        assert again.at - first.at >= PATIENCE_SECONDS
    say_and_resolve(stack)
    for url in everybody:
        hears(server, url, "A full disk.")
        bodies = [one.body.decode() for one in server.taken(url)]
        assert sum("We know why" in body for body in bodies) == 1
    discord = [one for url in (healthy["discord"], shaken["discord"]) for one in server.to(url, method="PATCH")]
    assert len(discord) == 4
    assert server.kept.wrong == []
    what_was_said(server, healthy)
    who_is_left(stack, server, removed, refusing)
    eventually(lambda: len(telephone.rung) == 3)
    assert [one["title"].partition(":")[0] for one in telephone.rung] == ["Investigating", "Identified", "Resolved"]


def hears(server: ChatServer, url: str, words: str) -> None:
    eventually(lambda: words in server.taken(url)[-1].body.decode())


def is_quarantined(stack: Stack, url: str) -> None:
    sql = "SELECT state FROM subscriptions_subscriber WHERE address = %s"
    eventually(lambda: stack.query(sql, url) == [("quarantined",)])


def say_and_resolve(stack: Stack) -> None:
    ((reference,),) = stack.query("SELECT reference FROM incidents_incident")
    stack.manage("incident", "update", reference, "--status", "identified", "--message", "We know why: **a disk**.")
    words = ["--message", "Over.", "--root-cause", "A full disk.", "--remediation", "An alarm."]
    stack.manage("incident", "resolve", reference, *words)


def what_was_said(server: ChatServer, healthy: dict[str, str]) -> None:
    texts = {"slack": texts_of_slack, "teams": texts_of_card, "discord": texts_of_discord}
    for channel, url in healthy.items():
        first, _, last = (texts[channel](one.body) for one in server.taken(url)[2:])
        assert first.index("Investigating") < first.index("errors") < first.index("We see")
        assert "<!here>" not in first
        assert "@everyone" not in first
        assert last.startswith(("Resolved", "**Resolved"))
    (edited,) = {one.path.rpartition("/")[2] for one in server.to(healthy["discord"], method="PATCH")}
    assert "Resolved" in texts_of_discord(server.kept.messages[edited])


def who_is_left(stack: Stack, server: ChatServer, removed: dict[str, str], refusing: str) -> None:
    """Those that were removed are asked once and never again; no error has a secret in it, and no log."""

    def rows() -> dict[str, list[tuple[str, str, str]]]:
        found: dict[str, list[tuple[str, str, str]]] = {}
        for address, *rest in stack.query(STATES):
            found.setdefault(address, []).append((rest[0], rest[1], rest[2]))
        return found

    for url in removed.values():
        is_quarantined(stack, url)
        assert len(server.to(url)) == 1
    assert [state for _, state, _ in rows()[refusing]] == ["failed"] * 3
    waiting = rows()["APPRISE_MISSING"]
    assert {state for _, state, _ in waiting} == {"pending"}
    assert "APPRISE_MISSING is not set" in waiting[0][2]
    becomes(
        stack, "SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending' AND channel <> 'apprise'", [(0,)]
    )
    said = (
        " ".join(error for found in rows().values() for _, _, error in found) + stack.log("worker") + stack.log("web")
    )
    for secret in ("/services/T01ABCDEF", "?sig=", "/api/webhooks/123456789012345678", "secret-of-apprise"):
        assert secret not in said
