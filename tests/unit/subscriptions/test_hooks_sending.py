"""The hooks' sender against a real HTTP server with injected failures."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice
from incidents.services import post_update
from statuspage.core import clock, stopping
from statuspage.core.http.allowed import AllowList
from statuspage.core.http.client import Fetched, GuardedClient, fetch
from statuspage.core.http.errors import LookupFailed
from subscriptions import ledger, sending
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber, WebhookSecret
from subscriptions.senders import LANES, hooks, places, posting
from tests.receivers import Receiver

Make = Callable[..., Subscriber]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.6)
    # What is to be tried again in five seconds belongs to the next run.
    monkeypatch.setattr(hooks, "TAKE_MORE_FOR_SECONDS", 1.0)
    with Receiver() as running:
        yield running


@pytest.fixture
def webhook(receiver: Receiver, subscriber: Make) -> Callable[..., Subscriber]:
    """Makes a confirmed webhook at a path of the receiver; `at` makes it a host of its own."""

    def make(path: str, *, at: str = "", **fields: object) -> Subscriber:
        host = at or f"127.0.0.1:{receiver.port}"
        url = f"http://127.0.0.1:{receiver.port}{path}"
        row = subscriber(url, channel=Channel.WEBHOOK, host=host, contact_email="ops@example.org", **fields)
        WebhookSecret.objects.create(subscriber=row, secret=SECRET)
        return row

    return make


Webhook = Callable[..., Subscriber]


def send() -> ledger.Tally:
    fan_out_pending()
    return sending.send_batch("hooks")


def row_of(subscriber: Subscriber) -> Delivery:
    return Delivery.objects.get(subscriber=subscriber, purpose=Purpose.NOTICE)


def test_what_is_taken_is_sent_with_its_status(notice: Notice, webhook: Webhook, receiver: Receiver) -> None:
    row = webhook("/204")
    assert send().sent == 1
    delivery = row_of(row)
    assert (delivery.state, delivery.status_code, delivery.attempts) == (DeliveryState.SENT, 204, 1)
    assert delivery.sent_at is not None
    (request,) = receiver.requests
    assert request.json["type"] == "incident.created"
    assert request.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/500", 500, "Answered with 500."),
        ("/404", 404, "Answered with 404."),
        ("/redirect", 302, "Answered with 302: redirects are not followed."),
        ("/hang", None, "No answer within 0.6 s."),
        ("/slow", None, "No answer within 0.6 s."),
        ("/drop", None, "The server closed the connection without an answer."),
    ],
)
def test_what_is_not_taken_is_tried_again_five_seconds_later_with_the_same_id(
    notice: Notice, webhook: Webhook, receiver: Receiver, path: str, status: int | None, words: str
) -> None:
    row = webhook(path)
    begun = clock.now()
    assert send().postponed == 1
    delivery = row_of(row)
    assert (delivery.state, delivery.status_code, delivery.last_error) == (DeliveryState.PENDING, status, words)
    assert timedelta(seconds=5) <= delivery.next_attempt_at - begun < timedelta(seconds=30)
    row.refresh_from_db()
    assert row.failing_since is not None
    assert receiver.to("/elsewhere") == []
    receiver.answers[path].append("200")
    Delivery.objects.update(next_attempt_at=clock.now())
    assert send().sent == 1
    first, second = receiver.to(path)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.json["incident"] == second.json["incident"]
    row.refresh_from_db()
    assert row.failing_since is None


def test_an_endless_answer_is_cut_and_its_status_counts(notice: Notice, webhook: Webhook) -> None:
    row = webhook("/endless")
    assert send().sent == 1
    assert row_of(row).status_code == 200


def test_the_ladder_of_tries_and_its_end(notice: Notice, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "TAKE_MORE_FOR_SECONDS", -1.0)
    row = webhook("/500")
    waits: list[timedelta] = []
    now = clock.now()
    while not waits or row_of(row).state == DeliveryState.PENDING:
        with time_machine.travel(now, tick=False):
            send()
            due = row_of(row).next_attempt_at
            waits.append(due - now)
            now = due
    assert waits == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=10),
        timedelta(0),
    ]
    assert (row_of(row).state, row_of(row).attempts) == (DeliveryState.FAILED, 8)


def test_a_receiver_that_asks_for_time_gets_it(notice: Notice, webhook: Webhook, receiver: Receiver) -> None:
    row = webhook("/busy")
    receiver.answers["/busy"].append("503 Retry-After: 120")
    begun = clock.now()
    send()
    assert timedelta(seconds=120) <= row_of(row).next_attempt_at - begun < timedelta(seconds=150)


def test_a_url_that_leads_inside_is_not_connected_to(
    notice: Notice, webhook: Webhook, receiver: Receiver, settings: Settings
) -> None:
    row = webhook("/200")
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList()
    send()
    assert row_of(row).last_error == posting.BLOCKED
    assert receiver.requests == []


def test_410_ends_it_at_once_and_its_contact_is_told(notice: Notice, webhook: Webhook) -> None:
    row = webhook("/410")
    assert send().failed == 1
    row.refresh_from_db()
    assert (row.state, row.suppressed_reason) == (SubscriberState.QUARANTINED, "Answered with 410 Gone.")
    letter = Delivery.objects.get(purpose=Purpose.QUARANTINED)
    assert (letter.channel, letter.subscriber) == (Channel.EMAIL, row)


def test_five_days_of_failures_end_it_and_what_waits_is_not_sent(
    notice: Notice, webhook: Webhook, incident: Incident
) -> None:
    row = webhook("/500", failing_since=clock.now() - timedelta(days=5))
    send()
    Delivery.objects.update(attempts=2, next_attempt_at=clock.now())
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="It is the disk.")
    fan_out_pending()
    assert Delivery.objects.count() == 2
    first = Delivery.objects.earliest("pk")
    assert sending.send_batch("hooks", limit=1).postponed >= 1
    row.refresh_from_db()
    assert row.state == SubscriberState.QUARANTINED
    assert row.suppressed_reason == "Failed for 5 days. Last: Answered with 500."
    Delivery.objects.pending().update(next_attempt_at=clock.now())
    send()
    later = Delivery.objects.filter(purpose=Purpose.NOTICE).exclude(pk=first.pk).get()
    assert later.state == DeliveryState.SUPPRESSED


def test_one_failure_long_after_another_ends_nothing(notice: Notice, webhook: Webhook) -> None:
    row = webhook("/500", failing_since=clock.now() - timedelta(days=30))
    send()
    row.refresh_from_db()
    assert row.state == SubscriberState.CONFIRMED


def test_our_own_trouble_is_not_held_against_the_receiver(
    notice: Notice, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = webhook("/200")
    WebhookSecret.objects.all().delete()
    assert send().postponed == 1
    row.refresh_from_db()
    assert row.failing_since is None
    assert row_of(row).last_error == "We could not write this message (ValueError)."
    assert receiver.requests == []


def test_those_that_hang_hold_up_nobody_else(
    notice: Notice, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_A_HOST", 2)
    for number in range(12):
        webhook(f"/hang?{number}", at="stuck.example")
    receiver.answers.update({f"/hang?{number}": ["hang"] for number in range(12)})
    well = [webhook(f"/200?{number}", at="well.example") for number in range(12)]
    tally = send()
    assert tally.sent == 12
    assert {row_of(row).state for row in well} == {DeliveryState.SENT}
    tried = Delivery.objects.filter(host="stuck.example", attempts=1).count()
    # Two places, and whoever had begun when the second failed.
    assert 2 <= tried <= 4
    rest = Delivery.objects.filter(host="stuck.example", attempts=0)
    assert rest.count() == 12 - tried
    assert set(rest.values_list("last_error", flat=True)) == {hooks.HOST_IS_DOWN}
    assert not Delivery.objects.exclude(lease="").exists()


def test_a_host_whose_name_is_not_found_out_is_left_alone_and_not_blamed(
    notice: Notice, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_A_HOST", 2)

    async def look_up_and_fetch(client: GuardedClient, method: str, url: str, **options: Any) -> Fetched:
        if "nowhere" in url:
            raise LookupFailed("The name stuck.example could not be looked up in time.")
        return await fetch(client, method, url, **options)

    monkeypatch.setattr(posting, "fetch", look_up_and_fetch)
    for number in range(12):
        webhook(f"/nowhere?{number}", at="stuck.example")
    webhook("/200", at="well.example")
    assert send().sent == 1
    # Each of them would have held a thread for lookups that the others need.
    assert Delivery.objects.filter(host="stuck.example", attempts=1).count() <= 4
    rest = Delivery.objects.filter(host="stuck.example", attempts=0)
    assert set(rest.values_list("last_error", flat=True)) == {hooks.HOST_IS_DOWN}
    assert not Subscriber.objects.filter(failing_since__isnull=False).exists()


def test_one_receiver_gets_its_messages_in_order_one_after_another(
    notice: Notice, webhook: Webhook, receiver: Receiver, incident: Incident
) -> None:
    webhook("/200")
    for number in range(5):
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message=f"Word {number}.")
    assert send().sent == 6
    said = [request.json["incident"]["incident_updates"][0]["body"] for request in receiver.requests]
    assert said[1:] == [f"Word {number}." for number in range(5)]
    assert receiver.most_open == 1


def test_what_falls_due_while_one_hangs_is_sent_beside_it(
    notice: Notice, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = webhook("/hang")
    well = webhook("/200", at="well.example")
    fan_out_pending()
    Delivery.objects.filter(subscriber=well).update(next_attempt_at=clock.now() + timedelta(milliseconds=200))
    batch = ledger.claim_due_batch(hooks.CHANNELS, 10)
    assert [one.subscriber for one in batch.deliveries] == [stuck]
    assert hooks.send_hooks(batch).sent == 1
    assert row_of(well).state == DeliveryState.SENT


def backlog(incident: Incident, number: int) -> None:
    for count in range(number):
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message=f"Word {count}.")
    fan_out_pending()


def test_a_receiver_that_is_slow_and_has_much_to_hear_holds_up_nobody_else(
    notice: Notice, webhook: Webhook, receiver: Receiver, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "ENOUGH_WAITING", 3)
    monkeypatch.setattr(hooks, "ENOUGH_OF_A_RECEIVER", 2)
    slow = webhook("/late")
    backlog(incident, 8)
    well = webhook("/200")
    Subscriber.objects.update(confirmed_at=clock.now() - timedelta(days=2))
    Delivery.objects.create(subscriber=well, notice=notice, channel=Channel.WEBHOOK, host=slow.host)
    batch = ledger.claim_due_batch(hooks.CHANNELS, 9)
    assert {one.subscriber for one in batch.deliveries} == {slow}
    hooks.send_hooks(batch)
    # It had its turn while the slow one had most of its messages still before it.
    assert [request.path for request in receiver.requests].index("/200") <= 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_a_run_ends_and_gives_back_what_has_not_begun(
    notice: Notice, webhook: Webhook, receiver: Receiver, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "RUN_FOR_SECONDS", 0.5)
    webhook("/late")
    backlog(incident, 8)
    tally = sending.send_batch("hooks")
    # What was under way has ended in peace.
    assert tally.sent == len(receiver.requests) == Delivery.objects.filter(state=DeliveryState.SENT).count()
    assert 1 <= tally.sent <= 4
    assert Delivery.objects.due(clock.now()).filter(lease="", attempts=0).count() == 9 - tally.sent
    assert tally.handled == 9


def test_a_clock_that_jumps_does_not_let_a_sender_take_its_own_again(
    notice: Notice, webhook: Webhook, receiver: Receiver, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook("/200")
    backlog(incident, 3)
    monkeypatch.setattr(hooks, "TAKE_MORE_EVERY_SECONDS", 0.0)
    begin = hooks._Run._begin
    with time_machine.travel(clock.now(), tick=True) as hand:

        def begin_and_jump(run: hooks._Run) -> None:
            begin(run)
            if not jumped:
                jumped.append(True)
                hand.shift(timedelta(hours=1))

        jumped: list[bool] = []
        monkeypatch.setattr(hooks._Run, "_begin", begin_and_jump)
        sending.send_batch("hooks")
    assert len(receiver.requests) == len({request.headers["webhook-id"] for request in receiver.requests}) == 4
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_when_asked_to_stop_what_has_not_begun_is_given_back(
    notice: Notice, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        webhook(f"/200?{number}")
    fan_out_pending()
    stopping.ask()
    try:
        sending.send_batch("hooks")
    finally:
        stopping.take_back()
    assert receiver.requests == []
    assert Delivery.objects.due(clock.now()).filter(lease="", attempts=0).count() == 4


def test_who_left_meanwhile_gets_nothing(notice: Notice, webhook: Webhook, receiver: Receiver) -> None:
    row = webhook("/200")
    fan_out_pending()
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED)
    assert send().suppressed == 1
    assert receiver.requests == []
    assert row_of(row).state == DeliveryState.SUPPRESSED


def test_a_lane_has_one_sender_at_a_time(notice: Notice, webhook: Webhook) -> None:
    webhook("/200")
    fan_out_pending()
    lane = LANES["hooks"]
    with lane.turn() as first:
        assert first
        with lane.turn() as second:
            assert not second
        assert sending.send_batch("hooks").handled == 0
    assert sending.send_batch("hooks").sent == 1


def test_a_broken_payload_holds_up_no_other(notice: Notice, webhook: Webhook, incident: Incident) -> None:
    row = webhook("/200")
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Well.")
    Notice.objects.filter(pk=notice.pk).update(payload={"page": {"name": "X", "url": "https://x.example"}})
    tally = send()
    assert (tally.sent, tally.postponed) == (1, 1)
    broken = Delivery.objects.get(subscriber=row, notice=notice)
    assert broken.last_error.startswith("We could not write this message")
