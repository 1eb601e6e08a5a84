"""The lane of the operator's own targets, against a real HTTP server (Apprise's json://)."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest

from incidents.models import Incident, Notice
from statuspage.core import clock
from subscriptions import fanout, ledger, sending
from subscriptions.choices import Choice
from subscriptions.enums import Channel, DeliveryState, Priority, Purpose
from subscriptions.models import Delivery, Subscriber
from subscriptions.senders import apprise as sender
from subscriptions.targets import add_target, end_target


class Receiver(ThreadingHTTPServer):
    """Keeps what it is posted; `status` is what it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.hang = 0.0
        self.posted: list[dict[str, Any]] = []

    def url(self, path: str = "secret-path") -> str:
        return f"json://127.0.0.1:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.hang)
        if self.server.status < 300:
            self.server.posted.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Everything that reaches our own log. (pytest's also has what is kept from it.)"""
    written = StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def target(incident: Incident) -> Subscriber:
    made = add_target(name="On call", variable="APPRISE_ON_CALL", choice=Choice())
    Subscriber.objects.update(confirmed_at=clock.now() - timedelta(days=1))
    return made


@pytest.fixture
def told(notice: Notice, target: Subscriber) -> Callable[[], Delivery]:
    """Sends what is due, and the row of the message afterwards."""
    fanout.fan_out(notice)

    def send() -> Delivery:
        sending.send_batch("apprise")
        return Delivery.objects.get(notice=notice, subscriber__name="On call")

    return send


Told = Callable[[], Delivery]


def test_a_target_hears_of_an_incident_by_the_url_of_its_variable(
    told: Told, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    delivery = told()
    assert delivery.state == DeliveryState.SENT
    (posted,) = receiver.posted
    assert posted["title"] == "Investigating: API errors in eu-west"
    assert posted["message"].startswith("We see errors and are looking into it.")
    assert posted["type"] == "failure"


def test_a_missing_variable_is_said_waits_and_is_made_up_for(
    told: Told, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = told()
    assert delivery.state == DeliveryState.PENDING
    assert "The environment variable APPRISE_ON_CALL is not set" in delivery.last_error
    assert delivery.next_attempt_at > clock.now()
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    Delivery.objects.update(next_attempt_at=clock.now())
    assert told().state == DeliveryState.SENT


def test_one_broken_target_holds_up_no_other(
    told: Told, notice: Notice, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = add_target(name="Other", variable="APPRISE_OTHER", choice=Choice())
    Delivery.objects.create(subscriber=other, notice=notice, channel=Channel.APPRISE, priority=Priority.NEWS)
    monkeypatch.setenv("APPRISE_OTHER", receiver.url())
    assert told().state == DeliveryState.PENDING
    assert Delivery.objects.get(subscriber=other).state == DeliveryState.SENT


def test_targets_that_hang_do_not_hold_what_waits_behind_them(
    told: Told, notice: Notice, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    monkeypatch.setattr(ledger, "SECONDS_A_BATCH", 0.2)
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.3)
    receiver.hang = 0.5
    for name in ("ONE", "TWO"):
        monkeypatch.setenv(f"APPRISE_{name}", receiver.url(name))
        other = add_target(name=name, variable=f"APPRISE_{name}", choice=Choice())
        Delivery.objects.create(subscriber=other, notice=notice, channel=Channel.APPRISE, priority=Priority.NEWS)
    told()
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert Delivery.objects.due(clock.now()).filter(lease="").count() == 2


@pytest.mark.parametrize("held", ["nonsense", "no-such-service://x", "   "])
def test_what_apprise_does_not_know_is_said_without_its_words(
    told: Told, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", held)
    delivery = told()
    assert delivery.state == DeliveryState.PENDING
    assert "APPRISE_ON_CALL" in delivery.last_error
    assert "no-such-service" not in delivery.last_error


def test_a_refusal_is_tried_again_and_no_word_of_the_url_is_kept_or_logged(
    told: Told, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    receiver.status = 503
    delivery = told()
    assert delivery.state == DeliveryState.PENDING
    assert delivery.last_error == "It was not taken: answered with 503."
    assert "secret-path" not in log.getvalue()


def test_of_several_urls_one_is_enough(told: Told, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", f"json://127.0.0.1:9/, {receiver.url()}")
    assert told().state == DeliveryState.SENT
    assert len(receiver.posted) == 1


def test_a_target_that_hangs_is_left_and_the_next_one_is_tried(
    told: Told, notice: Notice, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.2)
    receiver.hang = 1.0
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    delivery = told()
    assert delivery.last_error == "No answer within 0.2 s."
    assert delivery.state == DeliveryState.PENDING


def test_after_five_days_it_is_given_up(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    Delivery.objects.update(created_at=clock.now() - timedelta(days=6))
    assert told().state == DeliveryState.FAILED


def test_a_target_that_was_ended_gets_nothing(
    told: Told, target: Subscriber, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    end_target(target_id=target.pk)
    assert told().state == DeliveryState.SUPPRESSED
    assert receiver.posted == []


def test_a_test_message_reaches_the_target(
    target: Subscriber, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPRISE_ON_CALL", receiver.url())
    Delivery.objects.create(subscriber=target, channel=Channel.APPRISE, purpose=Purpose.TEST)
    sending.send_batch("apprise")
    assert receiver.posted[0]["message"] == "This is a test. Nothing is broken."


def test_the_variable_of_something_else_is_never_read(
    told: Told, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_RESULT", receiver.url())
    Subscriber.objects.update(address="CELERY_RESULT")
    assert told().state == DeliveryState.PENDING
    assert receiver.posted == []


def test_a_sender_that_is_asked_to_stop_gives_back_what_it_has_not_begun(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = ledger.claim_due_batch({Channel.APPRISE}, 10)
    monkeypatch.setattr("statuspage.core.stopping.is_asked", lambda: True)
    assert sender.send_apprise(batch).postponed == 1
    assert Delivery.objects.due(clock.now()).count() == 1
