"""A mail server of one's own tells what came back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from statuspage.core import clock
from subscriptions.enums import SubscriberState
from subscriptions.models import SoftBounce, Subscriber

ADA = "ada@example.org"
TOKEN = "a-token-of-our-own-mail-server"
PATH = f"/v1/mail-events/{TOKEN}"


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.MAIL_EVENTS_TOKEN = TOKEN


@pytest.fixture
def ada(db: None) -> Subscriber:
    yesterday = clock.now() - timedelta(days=1)
    return Subscriber.objects.create(address=ADA, state=SubscriberState.CONFIRMED, confirmed_at=yesterday)


def post(client: Client, body: Any, path: str = PATH) -> tuple[int, bytes]:
    response = client.post(path, body, content_type="application/json")
    return response.status_code, response.content


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        ({"event": "bounce", "status": "5.1.1", "reason": "No such user"}, "suppressed", "5.1.1 No such user"),
        ({"event": "bounce", "reason": "550 5.7.1 Blocked"}, "confirmed", ""),
        ({"event": "complaint"}, "suppressed", "marked as spam"),
        ({"event": "unsubscribe"}, "unsubscribed", ""),
    ],
)
def test_one_event(client: Client, ada: Subscriber, event: dict[str, str], state: str, reason: str) -> None:
    assert post(client, {**event, "email": ADA}) == (204, b"")
    ada.refresh_from_db()
    assert (ada.state, ada.suppressed_reason) == (state, reason)


def test_several_events(client: Client, ada: Subscriber) -> None:
    soft = {"event": "bounce", "email": ADA, "status": "4.2.2"}
    assert post(client, {"events": [soft, soft, {**soft, "email": "nobody@example.org"}]}) == (204, b"")
    assert SoftBounce.objects.count() == 1


@pytest.mark.parametrize("path", ["/v1/mail-events/wrong", "/v1/mail-events/%00", "/v1/mail-events/%C3%A9"])
def test_another_token_is_no_door(client: Client, ada: Subscriber, path: str) -> None:
    assert post(client, {"event": "complaint", "email": ADA}, path)[0] == 404
    ada.refresh_from_db()
    assert ada.is_confirmed


def test_without_a_token_of_ours_there_is_no_door(client: Client, settings: Settings) -> None:
    settings.MAIL_EVENTS_TOKEN = ""
    assert post(client, {"event": "complaint", "email": ADA})[0] == 404


def test_known_and_unknown_addresses_get_the_same_answer(client: Client, ada: Subscriber) -> None:
    known = post(client, {"event": "complaint", "email": ADA})
    assert post(client, {"event": "complaint", "email": "nobody@example.org"}) == known


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'"x"', b"null", b"[" * 99_999, b"\xff"),
        json.dumps({"events": [{"event": "complaint", "email": ADA}] * 1001}).encode(),
        json.dumps({"events": {"event": "complaint"}}).encode(),
        json.dumps({"events": [7]}).encode(),
        json.dumps({"event": "bounced", "email": ADA}).encode(),
        json.dumps({"event": "complaint"}).encode(),
        json.dumps({"event": "complaint", "email": [ADA]}).encode(),
        json.dumps({"event": "complaint", "email": ADA, "reason": "x" * 2001}).encode(),
        json.dumps({"event": "complaint", "email": ADA, "mail": "x"}).encode(),
    ],
)
def test_what_is_no_event_is_refused_whole(client: Client, ada: Subscriber, body: bytes) -> None:
    status, answer = post(client, body)
    assert status == 400
    assert json.loads(answer)["status"] == 400
    ada.refresh_from_db()
    assert ada.is_confirmed
