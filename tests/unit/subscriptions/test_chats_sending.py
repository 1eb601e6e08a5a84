"""Chats through the hooks' sender, against a server that plays them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice
from incidents.services import edit_incident, post_update, resolve_incident
from statuspage.core import clock
from statuspage.core.http.allowed import AllowList
from subscriptions import ledger, links, sending, services
from subscriptions.choices import Choice
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, PostedMessage, Subscriber, SubscriptionRequest
from subscriptions.senders import hooks
from subscriptions.senders.hook_messages import MessageWriter
from tests.chat_rules import texts_of_discord
from tests.chat_server import ChatServer


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])
    monkeypatch.setattr(hooks, "TAKE_MORE_FOR_SECONDS", 0.5)
    with ChatServer() as running:
        yield running
    assert running.kept.wrong == []


@pytest.fixture
def chat(subscriber: Callable[..., Subscriber]) -> Callable[[Channel, str], Subscriber]:
    def make(channel: Channel, url: str) -> Subscriber:
        return subscriber(url, channel=channel, host="127.0.0.1")

    return make


type Make = Callable[[Channel, str], Subscriber]


def send() -> None:
    fan_out_pending()
    Delivery.objects.pending().update(next_attempt_at=clock.now())
    sending.send_batch("hooks")


def say(incident: Incident, words: str, status: IncidentStatus = IncidentStatus.IDENTIFIED) -> None:
    incident.refresh_from_db()
    post_update(incident=incident, message=words, status=status)


def test_each_chat_gets_each_word_once(notice: Notice, incident: Incident, chat: Make, server: ChatServer) -> None:
    urls = {
        Channel.SLACK: server.slack("ok1"),
        Channel.TEAMS: server.teams("ok2"),
        Channel.DISCORD: server.discord("ok3"),
    }
    for channel, url in urls.items():
        chat(channel, url)
    chat(Channel.SLACK, server.like_slack("ok4"))
    send()
    say(incident, "We know why.")
    send()
    for url in (*urls.values(), server.like_slack("ok4")):
        first, second = server.taken(url)
        assert "We see" in first.body.decode()
        assert "We know why." in second.body.decode()
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()


def test_the_first_message_in_discord_always_says_the_present_state(
    notice: Notice, incident: Incident, chat: Make, server: ChatServer
) -> None:
    url = server.discord("ok")
    subscriber = chat(Channel.DISCORD, url)
    send()
    posted = PostedMessage.objects.get(subscriber=subscriber)
    say(incident, "We know why.")
    incident.refresh_from_db()
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="Another disk.")
    send()
    assert [edit.path.rpartition("/")[2] for edit in server.to(url, method="PATCH")] == [posted.remote_id] * 2
    assert "Resolved: API errors in eu-west" in texts_of_discord(server.kept.messages[posted.remote_id])
    assert len(server.taken(url)) == 3
    assert PostedMessage.objects.get().remote_id == posted.remote_id


def test_a_word_that_comes_late_does_not_bring_the_old_state_back(
    notice: Notice, incident: Incident, chat: Make, server: ChatServer
) -> None:
    url = server.discord("ok")
    chat(Channel.DISCORD, url)
    send()
    say(incident, "The second word.")
    fan_out_pending()
    late = Delivery.objects.pending().get()
    Delivery.objects.filter(pk=late.pk).update(attempts=1, next_attempt_at="2100-01-01T00:00:00Z")
    say(incident, "The third word.", IncidentStatus.MONITORING)
    fan_out_pending()
    sending.send_batch("hooks")
    edits = server.to(url, method="PATCH")
    send()
    assert Delivery.objects.get(pk=late.pk).state == DeliveryState.SENT
    assert server.to(url, method="PATCH") == edits
    assert "The third word." in texts_of_discord(server.kept.messages[PostedMessage.objects.get().remote_id])


def test_an_edit_that_fails_leaves_the_message_sent(
    notice: Notice, incident: Incident, chat: Make, server: ChatServer
) -> None:
    subscriber = chat(Channel.DISCORD, server.discord("ok"))
    PostedMessage.objects.create(
        subscriber=subscriber, thread=f"incident-{incident.public_id}", remote_id="../elsewhere"
    )
    send()
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert server.to(server.discord("ok"), method="PATCH") == []


@pytest.mark.parametrize("name", ["404", "410"])
def test_a_webhook_that_was_removed_ends_the_subscription_at_once(
    notice: Notice, chat: Make, server: ChatServer, name: str
) -> None:
    made = [
        chat(Channel.SLACK, server.slack(name)),
        chat(Channel.TEAMS, server.teams(name)),
        chat(Channel.DISCORD, server.discord(name)),
    ]
    send()
    for subscriber in made:
        subscriber.refresh_from_db()
        assert subscriber.state == SubscriberState.QUARANTINED
        assert "removed" in subscriber.suppressed_reason or "archived" in subscriber.suppressed_reason
        assert len(server.to(subscriber.address)) == 1


@pytest.mark.parametrize("name", ["404", "400", "500", "once429"])
def test_no_error_has_the_secret_url(
    notice: Notice, chat: Make, server: ChatServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [server.slack(name), server.teams(name), server.discord(name)]
    for channel, url in zip((Channel.SLACK, Channel.TEAMS, Channel.DISCORD), urls, strict=True):
        chat(channel, url)
    send()
    said = [*Delivery.objects.values_list("last_error", flat=True), caplog.text]
    said += Subscriber.objects.values_list("suppressed_reason", flat=True)
    assert Delivery.objects.exclude(last_error="").count() == 3
    for words in said:
        for url in urls:
            assert url.partition("127.0.0.1")[2].partition("/")[2] not in words


def test_a_channel_is_asked_confirmed_and_greeted(page: Any, server: ChatServer) -> None:
    url = server.slack("ok")
    SubscriptionRequest.objects.create(channel=Channel.SLACK, address=url, choice=Choice().as_json())
    services.accept_requests()
    sending.send_batch("hooks")
    (asked,) = server.taken(url)
    subscriber = Subscriber.objects.get()
    assert "wants status updates" in asked.body.decode()
    token = asked.body.decode().partition("/subscribe/confirm/")[2].partition("/")[0]
    services.confirm(token=token)
    sending.send_batch("hooks")
    greeted = server.taken(url)[-1].body.decode()
    assert "This channel is subscribed" in greeted
    manage = greeted.partition("/subscriptions/")[2].partition("/")[0]
    assert services.subscriber_of(token=manage) == subscriber
    assert links.read_manage_token(manage) is not None


def test_a_letter_into_a_chat_is_tried_again_but_not_for_ever(page: Any, server: ChatServer) -> None:
    url = server.slack("500")
    SubscriptionRequest.objects.create(channel=Channel.SLACK, address=url, choice=Choice().as_json())
    services.accept_requests()
    for _ in range(5):
        send()
    delivery = Delivery.objects.get(purpose=Purpose.CONFIRMATION)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, 3)


def test_an_incident_that_becomes_private_while_a_sender_runs_is_not_told_with_its_words(
    notice: Notice, incident: Incident, subscriber: Callable[..., Subscriber]
) -> None:
    for number in range(2):
        subscriber(f"https://chat.example.org/hooks/{number}", channel=Channel.SLACK, host="chat.example.org")
    fan_out_pending()
    writer = MessageWriter()
    said = []
    for _ in range(2):
        batch = ledger.claim_due_batch([Channel.SLACK], 1)
        (job,), _broken = writer.jobs_of(batch, batch.deliveries)
        said.append(job.format.write(job.message).body.decode())
        edit_incident(
            incident=incident,
            title=incident.title,
            severity=incident.severity,
            private=True,
            data_impact=False,
            root_cause_summary="",
            remediation="",
        )
    assert ["eu-west" in text for text in said] == [True, False]
    assert ["API gateway" in text for text in said] == [True, False]
