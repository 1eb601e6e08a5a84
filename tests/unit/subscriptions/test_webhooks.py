"""Subscribing a webhook, and what its owner does with it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries, Settings

from components.models import Component, Page
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.errors import Conflict, NotFound, RateLimited, ValidationFailed
from statuspage.core.http.allowed import AllowList
from subscriptions import caps, links, quarantine, sending, services, webhook_asking, webhooks
from subscriptions.choices import Choice
from subscriptions.enums import Channel, DeliveryState, Event, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest, WebhookSecret
from subscriptions.senders import hooks
from subscriptions.senders.posting import Posted
from tests.receivers import Receiver
from tests.unit.subscriptions.conftest import Sink

Make = Callable[..., Subscriber]
URL = "https://hooks.example.com/status"
CONTACT = "ops@example.org"
USUAL = Choice(events=webhooks.DEFAULT_EVENTS_OF_WEBHOOKS)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def ask(url: str = URL, contact: str = CONTACT, *, ip: str = "203.0.113.1", choice: Choice = USUAL) -> None:
    webhooks.subscribe(url=url, contact_email=contact, choice=choice, ip=ip)


def accept(url: str = URL, contact: str = CONTACT) -> Subscriber:
    ask(url, contact)
    services.accept_requests()
    return Subscriber.objects.get(address=url)


def token_of(row: Subscriber) -> str:
    row.refresh_from_db()
    return links.manage_token(row)


def questions() -> list[tuple[str, str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("channel", "purpose", "state"))


# --- asking


def test_asking_writes_one_row_and_says_nothing(page: Page, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(2):
        with django_assert_num_queries(1):
            ask()
        services.accept_requests()
        Subscriber.objects.update(state=SubscriberState.CONFIRMED, confirmed_at=clock.now())


@pytest.mark.parametrize(
    ("url", "contact", "field"),
    [
        ("http://hooks.example.com/", CONTACT, "url"),
        ("https://127.0.0.1/", CONTACT, "url"),
        ("https://169.254.169.254/", CONTACT, "url"),
        ("https://hooks.example.com/", "nobody", "contact_email"),
        ("https://hooks.example.com/", "", "contact_email"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused_at_its_field(page: Page, url: str, contact: str, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        ask(url, contact)
    assert refused.value.field == field
    assert not SubscriptionRequest.objects.exists()


def test_one_network_asks_so_often_and_no_more(page: Page) -> None:
    for number in range(services.REQUESTS_AN_IP):
        ask(f"{URL}/{number}")
    with pytest.raises(RateLimited):
        ask()
    ask(ip="198.51.100.7")


def test_the_url_is_asked_first_with_what_was_chosen(page: Page, api: Component) -> None:
    ask(choice=Choice(component_ids=(api.pk,), events=frozenset({Event.COMPONENTS})))
    services.accept_requests()
    row = Subscriber.objects.get()
    assert (row.channel, row.address, row.host, row.contact_email) == (
        Channel.WEBHOOK,
        URL,
        "hooks.example.com",
        CONTACT,
    )
    assert row.state == SubscriberState.PENDING
    assert (row.wants_components, row.wants_incidents) == (True, False)
    assert list(row.components.all()) == [api]
    assert row.secrets.count() == 1
    assert questions() == [(Channel.WEBHOOK, Purpose.CONFIRMATION, DeliveryState.PENDING)]
    assert not SubscriptionRequest.objects.exists()


def test_a_url_that_is_subscribed_hears_nothing_and_its_own_contact_is_told(page: Page) -> None:
    row = accept()
    services.confirm(token=links.confirm_token(row))
    Delivery.objects.all().delete()
    accept(contact="stranger@example.net")
    row.refresh_from_db()
    assert row.contact_email == CONTACT
    (letter,) = Delivery.objects.all()
    assert (letter.channel, letter.purpose) == (Channel.EMAIL, Purpose.REMINDER)


def test_one_url_and_one_host_are_asked_so_often_and_no_more(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_asking, "QUESTIONS_A_URL", 2)
    monkeypatch.setattr(webhook_asking, "QUESTIONS_A_HOST", 3)
    for _ in range(3):
        accept()
        Delivery.objects.update(state=DeliveryState.FAILED)
    assert Delivery.objects.count() == 2
    for number in range(3):
        accept(f"{URL}/{number}")
    assert Delivery.objects.count() == 3
    accept("https://other.example.com/")
    assert Delivery.objects.count() == 4
    Delivery.objects.update(created_at=clock.now() - timedelta(days=2))
    accept()
    assert Delivery.objects.count() == 5


def test_a_mailbox_named_by_strangers_gets_few_letters_whatever_the_urls(page: Page) -> None:
    for number in range(6):
        row = accept(f"https://host-{number}.example.com/")
        webhooks.not_confirmed_by_challenge(subscriber_id=row.pk)
    assert Delivery.objects.filter(channel=Channel.EMAIL).count() == 3


def test_a_contact_of_very_many_urls_that_stop_at_once_is_told_of_some(page: Page, subscriber: Make) -> None:
    for number in range(caps.STOPS_A_CONTACT + 5):
        row = subscriber(f"{URL}/{number}", channel=Channel.WEBHOOK, contact_email=CONTACT)
        assert quarantine.quarantine(subscriber_id=row.pk, reason="Answered with 410 Gone.")
    assert Delivery.objects.filter(purpose=Purpose.QUARANTINED).count() == caps.STOPS_A_CONTACT


def test_another_contact_makes_the_links_of_the_first_useless(page: Page) -> None:
    first = accept()
    token, secret = links.confirm_token(first), first.secrets.get().secret
    row = accept(contact="other@example.net")
    assert row.contact_email == "other@example.net"
    assert row.secrets.get().secret != secret
    with pytest.raises(NotFound):
        services.confirm(token=token)


def test_a_suppressed_url_is_left_alone(page: Page, subscriber: Make) -> None:
    subscriber(URL, channel=Channel.WEBHOOK, state=SubscriberState.SUPPRESSED, contact_email=CONTACT)
    accept()
    assert not Delivery.objects.exists()


# --- the answer


@pytest.mark.parametrize("path", ["/echo", "/echo-text"])
def test_a_url_that_sends_the_challenge_back_is_subscribed_and_its_contact_gets_the_link(
    page: Page, settings: Settings, sink: Sink, path: str
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])
    with Receiver() as receiver:
        row = accept(f"{receiver.url}{path}")
        assert sending.send_batch("hooks").sent == 1
    row.refresh_from_db()
    assert row.state == SubscriberState.CONFIRMED
    assert sending.send_batch().sent == 1
    assert sink.recipients == [CONTACT]
    assert f"/subscriptions/{links.manage_token(row)[:10]}" in str(sink.accepted[0])


@pytest.mark.parametrize("path", ["/200", "/500", "/302", "/410"])
def test_any_other_answer_and_its_contact_is_asked(page: Page, settings: Settings, sink: Sink, path: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])
    with Receiver() as receiver:
        row = accept(f"{receiver.url}{path}")
        assert sending.send_batch("hooks").failed == 1
        assert len(receiver.requests) == 1
    row.refresh_from_db()
    assert (row.state, row.failing_since) == (SubscriberState.PENDING, None)
    assert sending.send_batch().sent == 1
    assert sink.recipients == [CONTACT]
    assert "/subscribe/confirm/" in str(sink.accepted[0])


@pytest.mark.parametrize(
    ("path", "step", "asked"),
    [("/echo", "confirmed_by_challenge", Purpose.LINK), ("/200", "not_confirmed_by_challenge", Purpose.CONFIRMATION)],
)
def test_a_sender_that_dies_over_the_answer_has_lost_no_word_of_it(
    page: Page, settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str, step: str, asked: Purpose
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    with Receiver() as receiver:
        row = accept(f"{receiver.url}{path}")
        with monkeypatch.context() as patch:
            patch.setattr(webhooks, step, die)
            with pytest.raises(KeyboardInterrupt):
                sending.send_batch("hooks")
        Delivery.objects.pending().update(next_attempt_at=clock.now())
        sending.send_batch("hooks")
    assert Delivery.objects.filter(subscriber=row, channel=Channel.EMAIL, purpose=asked).count() == 1


def test_who_is_deleted_while_the_answer_comes_ends_nobody_else_s_messages(
    page: Page, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["127.0.0.1"])
    record = hooks._Run._record

    def forget_and_record(run: hooks._Run, results: Sequence[Posted]) -> None:
        Subscriber.objects.filter(address__endswith="?forgotten").delete()
        record(run, results)

    monkeypatch.setattr(hooks._Run, "_record", forget_and_record)
    with Receiver() as receiver:
        receiver.answers["/echo?forgotten"].append("echo")
        accept(f"{receiver.url}/echo?forgotten")
        row = accept(f"{receiver.url}/echo")
        assert sending.send_batch("hooks").sent == 1
        assert len(receiver.requests) == 2
    row.refresh_from_db()
    assert row.state == SubscriberState.CONFIRMED


def test_a_challenge_of_an_earlier_asking_confirms_nothing(page: Page) -> None:
    row = accept()
    assert not webhooks.confirmed_by_challenge(subscriber_id=row.pk, generation=row.generation - 1)
    row.refresh_from_db()
    assert row.state == SubscriberState.PENDING


# --- secrets


def test_a_new_secret_signs_beside_the_old_one_for_a_day(page: Page) -> None:
    row = accept()
    services.confirm(token=links.confirm_token(row))
    (old,) = webhooks.good_secrets(row)
    with time_machine.travel(clock.now(), tick=False) as time:
        made = webhooks.make_secret(token=token_of(row))
        assert [one.secret for one in webhooks.good_secrets(row)] == [made, old.secret]
        time.shift(timedelta(hours=23, minutes=59))
        assert [one.secret for one in webhooks.good_secrets(row)] == [made, old.secret]
        time.shift(timedelta(minutes=2))
        assert [one.secret for one in webhooks.good_secrets(row)] == [made]
        webhooks.make_secret(token=token_of(row))
        assert not WebhookSecret.objects.filter(pk=old.pk).exists()


def test_secrets_are_not_made_without_end(page: Page) -> None:
    row = accept()
    services.confirm(token=links.confirm_token(row))
    for _ in range(webhooks.ROTATIONS - 1):
        webhooks.make_secret(token=token_of(row))
    with pytest.raises(Conflict, match="older ones"):
        webhooks.make_secret(token=token_of(row))


def test_nobody_makes_a_secret_without_the_owner_s_link(page: Page, subscriber: Make) -> None:
    row = accept()
    services.confirm(token=links.confirm_token(row))
    of_a_mail = subscriber("ada@example.org")
    for token in (links.confirm_token(row), links.leave_token(row), token_of(row)[:-1], token_of(of_a_mail)):
        with pytest.raises(NotFound):
            webhooks.make_secret(token=token)
    assert row.secrets.count() == 1


# --- its own messages


@pytest.fixture
def owned(notice: Notice, subscriber: Make) -> Subscriber:
    row = subscriber(URL, channel=Channel.WEBHOOK, host="hooks.example.com", contact_email=CONTACT)
    Delivery.objects.create(subscriber=row, notice=notice, channel=Channel.WEBHOOK, state=DeliveryState.FAILED)
    return row


def test_its_owner_has_a_message_sent_again(owned: Subscriber) -> None:
    delivery = Delivery.objects.get()
    webhooks.send_again_by_owner(token=token_of(owned), delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.repeats) == (DeliveryState.PENDING, 1)
    assert delivery.redeliveries.get().by == "the owner, by their link"


def test_nobody_has_a_message_of_another_sent_again(owned: Subscriber, subscriber: Make) -> None:
    other = subscriber("https://other.example.com/", channel=Channel.WEBHOOK)
    with pytest.raises(NotFound):
        webhooks.send_again_by_owner(token=token_of(other), delivery_id=Delivery.objects.get().pk)
    letter = Delivery.objects.create(subscriber=owned, channel=Channel.EMAIL, purpose=Purpose.QUARANTINED)
    with pytest.raises(NotFound):
        webhooks.send_again_by_owner(token=token_of(owned), delivery_id=letter.pk)


def test_a_message_is_sent_again_so_often_and_tests_too(owned: Subscriber) -> None:
    Delivery.objects.update(repeats=webhooks.MOST_REPEATS)
    with pytest.raises(Conflict, match="times already"):
        webhooks.send_again_by_owner(token=token_of(owned), delivery_id=Delivery.objects.get().pk)
    for _ in range(webhooks.TESTS_AN_HOUR):
        webhooks.test_by_owner(token=token_of(owned))
        Delivery.objects.update(state=DeliveryState.SENT)
    with pytest.raises(Conflict, match="within an hour"):
        webhooks.test_by_owner(token=token_of(owned))


def test_a_quarantined_webhook_is_started_again_by_its_owner(owned: Subscriber) -> None:
    quarantine.quarantine(subscriber_id=owned.pk, reason="Failed for 5 days.")
    webhooks.start_again(token=token_of(owned))
    owned.refresh_from_db()
    assert (owned.state, owned.suppressed_reason, owned.failing_since) == (SubscriberState.CONFIRMED, "", None)
    with pytest.raises(Conflict):
        webhooks.start_again(token=token_of(owned))


# --- quarantine


def test_only_who_is_confirmed_is_quarantined_and_once(owned: Subscriber, sink: Sink) -> None:
    assert quarantine.quarantine(subscriber_id=owned.pk, reason="Answered with 410 Gone.")
    assert not quarantine.quarantine(subscriber_id=owned.pk, reason="Again.")
    assert sending.send_batch().sent == 1
    assert sink.recipients == [CONTACT]
    assert "410 Gone" in str(sink.accepted[0].get_body(("plain",)))


def test_without_a_contact_nobody_is_told(owned: Subscriber) -> None:
    Subscriber.objects.update(contact_email="")
    assert quarantine.quarantine(subscriber_id=owned.pk, reason="Gone.")
    assert not Delivery.objects.filter(purpose=Purpose.QUARANTINED).exists()


def test_failures_are_counted_from_the_first_and_forgotten_with_a_success(owned: Subscriber) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = clock.now()
        assert not quarantine.note_failure(subscriber_id=owned.pk, words="500", tries=3)
        time.shift(timedelta(days=4, hours=23))
        assert not quarantine.note_failure(subscriber_id=owned.pk, words="500", tries=3)
        owned.refresh_from_db()
        assert owned.failing_since == first
        quarantine.note_success([owned.pk])
        time.shift(timedelta(hours=2))
        assert not quarantine.note_failure(subscriber_id=owned.pk, words="500", tries=3)
        time.shift(timedelta(days=5))
        assert not quarantine.note_failure(subscriber_id=owned.pk, words="500", tries=2)
        assert quarantine.note_failure(subscriber_id=owned.pk, words="500", tries=3)


def test_the_letter_with_the_link_says_whose_url_it_is_about(page: Page, sink: Sink) -> None:
    row = accept()
    assert webhooks.confirmed_by_challenge(subscriber_id=row.pk, generation=row.generation)
    assert sending.send_batch().sent == 1
    part = sink.accepted[0].get_body(("plain",))
    assert part is not None
    text = " ".join(str(part.get_content()).split())
    assert "posts its messages to an address at hooks.example.com" in text
    assert "asked for a fresh link" not in text
