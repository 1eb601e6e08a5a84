"""What came back: who is suppressed, who is only counted, and what changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.models import Page
from incidents.enums import Audience
from incidents.models import Notice
from statuspage.core import clock
from subscriptions import services
from subscriptions.bounces import (
    SOFT_BOUNCE_DAYS,
    Kind,
    MailEvent,
    kind_of_answer,
    kind_of_bounce,
    record_event,
)
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out
from subscriptions.models import Customer, Delivery, SoftBounce, Subscriber
from subscriptions.quarantine import quarantine
from subscriptions.rendering import cast_mail, render_notice
from subscriptions.sending import send_batch
from subscriptions.services import accept_requests, subscribe
from subscriptions.webhooks import not_confirmed_by_challenge
from tests.unit.subscriptions.conftest import Sink

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GONE = "550 5.1.1 No such user"
Make = Callable[..., Subscriber]


def event(kind: Kind = Kind.HARD, address: str = "ada@example.org", **values: object) -> MailEvent:
    return MailEvent(kind=kind, address=address, **{"words": GONE, **values})  # type: ignore[arg-type]  # of the test's own


def test_a_hard_bounce_suppresses_whoever_has_the_address_and_keeps_why(subscriber: Make) -> None:
    ada, grace = subscriber(), subscriber("grace@example.org")
    record_event(event(address="Ada@Example.org"))
    ada.refresh_from_db()
    grace.refresh_from_db()
    assert (ada.state, ada.suppressed_reason) == (SubscriberState.SUPPRESSED, GONE)
    assert grace.is_confirmed


def test_who_was_suppressed_gets_no_further_mail(subscriber: Make, notice: Notice, sink: Sink) -> None:
    subscriber()
    subscriber("grace@example.org")
    fan_out(notice)
    record_event(event())
    send_batch()
    assert sink.recipients == ["grace@example.org"]


def test_a_customer_is_suppressed_too(page: Page) -> None:
    Customer.objects.create(email="ada@example.org")
    record_event(event())
    assert Customer.objects.get().suppressed_reason == GONE


def test_the_same_again_changes_nothing(subscriber: Make) -> None:
    ada = subscriber()
    with time_machine.travel(NOON, tick=False) as now:
        record_event(event())
        now.shift(timedelta(days=1))
        record_event(event(words="something else"))
    ada.refresh_from_db()
    assert (ada.ended_at, ada.suppressed_reason) == (NOON, GONE)


def test_a_complaint_ends_it_and_all_of_its_links(subscriber: Make) -> None:
    ada = subscriber()
    for _ in range(2):
        record_event(event(Kind.COMPLAINT))
    before = ada.generation
    ada.refresh_from_db()
    assert (ada.state, ada.suppressed_reason) == (SubscriberState.SUPPRESSED, "marked as spam")
    assert ada.generation == before + 1


def test_who_complained_is_not_written_to_because_somebody_types_the_address(subscriber: Make) -> None:
    subscriber()
    record_event(event(Kind.COMPLAINT))
    subscribe(email="ada@example.org", ip="192.0.2.1")
    accept_requests()
    assert not Delivery.objects.exists()


def test_a_contact_who_complained_is_not_written_to_whatever_url_names_them(subscriber: Make) -> None:
    hook = subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, contact_email="ada@example.org")
    letter = Delivery.objects.create(subscriber=hook, purpose=Purpose.REMINDER)
    record_event(
        event(Kind.COMPLAINT, address="", message_id=f"<letter-{letter.pk}.{hook.public_id}@status.example.com>")
    )
    other = subscriber(
        "https://hooks.example.net/y",
        channel=Channel.WEBHOOK,
        state=SubscriberState.PENDING,
        contact_email="ada@example.org",
    )
    not_confirmed_by_challenge(subscriber_id=other.pk)
    quarantine(subscriber_id=hook.pk, reason="Answered with 410 Gone.")
    assert list(Delivery.objects.all()) == [letter]
    hook.refresh_from_db()
    assert hook.state == SubscriberState.QUARANTINED


def test_a_complaint_of_who_left_already_is_kept_as_well(subscriber: Make) -> None:
    ada = subscriber(state=SubscriberState.UNSUBSCRIBED)
    record_event(event(Kind.COMPLAINT))
    ada.refresh_from_db()
    assert ada.state == SubscriberState.SUPPRESSED


def test_who_leaves_by_a_link_of_the_provider_has_left(subscriber: Make) -> None:
    ada = subscriber()
    record_event(event(Kind.UNSUBSCRIBED))
    ada.refresh_from_db()
    assert ada.state == SubscriberState.UNSUBSCRIBED


def test_soft_bounces_of_many_days_suppress_and_many_on_one_day_do_not(subscriber: Make) -> None:
    ada = subscriber()
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(20):
            record_event(event(Kind.SOFT, words="452 4.2.2 Mailbox full"))
        for _ in range(SOFT_BOUNCE_DAYS - 1):
            ada.refresh_from_db()
            assert ada.is_confirmed
            now.shift(timedelta(days=2))
            record_event(event(Kind.SOFT, words="452 4.2.2 Mailbox full"))
    ada.refresh_from_db()
    assert ada.state == SubscriberState.SUPPRESSED
    assert ada.suppressed_reason == "not reached on 5 days: 452 4.2.2 Mailbox full"
    assert not SoftBounce.objects.exists()


def test_soft_bounces_that_are_far_apart_are_forgotten(subscriber: Make) -> None:
    ada = subscriber()
    Customer.objects.create(email="ada@example.org")
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(12):
            record_event(event(Kind.SOFT))
            now.shift(timedelta(days=4))
    ada.refresh_from_db()
    assert ada.is_confirmed
    assert Customer.objects.get().suppressed_at is None


def test_what_is_older_than_the_confirmation_counts_no_more(subscriber: Make) -> None:
    ada = subscriber()
    record_event(event(at=clock.now() - timedelta(days=3)))
    ada.refresh_from_db()
    assert ada.is_confirmed


@pytest.mark.parametrize("address", ["nobody@example.org", "", "a@b,c@d", "\x00", "x" * 5000])
@pytest.mark.parametrize("kind", list(Kind))
def test_an_address_that_we_do_not_know_is_passed_over(subscriber: Make, kind: Kind, address: str) -> None:
    ada = subscriber()
    record_event(event(kind, address))
    ada.refresh_from_db()
    assert ada.is_confirmed


def sent(notice: Notice, subscriber: Subscriber) -> tuple[Delivery, str]:
    fan_out(notice)
    delivery = Delivery.objects.select_related("subscriber", "customer").get(subscriber=subscriber)
    return delivery, cast_mail(render_notice(notice), delivery).message()["Message-ID"]


def test_the_mail_is_found_by_its_message_id_and_says_what_became_of_it(subscriber: Make, notice: Notice) -> None:
    ada = subscriber()
    delivery, message_id = sent(notice, ada)
    record_event(event(address="elsewhere@example.net", message_id=message_id))
    delivery.refresh_from_db()
    ada.refresh_from_db()
    assert delivery.last_error == ada.suppressed_reason == GONE


def test_a_mail_that_was_sent_again_by_hand_is_found_too(subscriber: Make, notice: Notice) -> None:
    ada = subscriber()
    fan_out(notice)
    Delivery.objects.update(repeats=2)
    delivery, message_id = sent(notice, ada)
    record_event(event(address="", message_id=message_id))
    delivery.refresh_from_db()
    assert delivery.last_error == GONE


def test_a_mail_to_a_customer_is_found_by_its_message_id(page: Page, notice: Notice) -> None:
    Notice.objects.update(audience=Audience.CUSTOMERS)
    grace = Customer.objects.create(email="grace@example.org")
    Delivery.objects.create(notice=notice, customer=grace, channel=Channel.EMAIL)
    record_event(event(address="", message_id=f"<{notice.public_id}.{grace.public_id}@status.example.com>"))
    grace.refresh_from_db()
    assert grace.suppressed_reason == GONE


def test_a_letter_that_bounced_suppresses_who_waits_for_it(subscriber: Make) -> None:
    ada = subscriber(state=SubscriberState.PENDING, confirmed_at=None)
    letter = Delivery.objects.create(subscriber=ada, purpose=Purpose.CONFIRMATION)
    record_event(event(address="", message_id=f"<letter-{letter.pk}.{ada.public_id}@status.example.com>"))
    ada.refresh_from_db()
    assert ada.state == SubscriberState.SUPPRESSED


def test_a_letter_about_a_webhook_that_bounced_does_not_stop_the_webhook(subscriber: Make) -> None:
    hook = subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, contact_email="ops@example.net")
    letter = Delivery.objects.create(subscriber=hook, purpose=Purpose.QUARANTINED)
    record_event(event(address="", message_id=f"<letter-{letter.pk}.{hook.public_id}@status.example.com>"))
    hook.refresh_from_db()
    letter.refresh_from_db()
    assert hook.is_confirmed
    assert letter.last_error == GONE


def test_whose_letter_about_a_webhook_bounced_has_a_mailbox_that_is_gone(subscriber: Make) -> None:
    hook = subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, contact_email="ops@example.net")
    ops = subscriber("ops@example.net")
    letter = Delivery.objects.create(subscriber=hook, purpose=Purpose.QUARANTINED)
    record_event(event(address="", message_id=f"<letter-{letter.pk}.{hook.public_id}@status.example.com>"))
    ops.refresh_from_db()
    assert ops.state == SubscriberState.SUPPRESSED


@pytest.mark.parametrize("message_id", ["<x@y>", "<letter-9.aaaaaaaaaaaa@y>", "\x00", "<" * 900, "0102018-ses-000000"])
def test_a_message_id_that_is_not_ours_leads_nowhere(subscriber: Make, message_id: str) -> None:
    subscriber()
    record_event(event(address="", message_id=message_id))
    assert Subscriber.objects.get().is_confirmed


@pytest.mark.parametrize(
    ("words", "is_hard", "kind"),
    [
        ("550 5.1.1 No such user", True, Kind.HARD),
        ("452 4.2.2 Mailbox full", False, Kind.SOFT),
        ("550 5.7.1 Blocked: your address is on a list", True, Kind.NOTED),
        ("421 4.7.0 Too many messages", False, Kind.NOTED),
        ("", True, Kind.HARD),
        ("host 10.5.7.1 said no", True, Kind.HARD),
    ],
)
def test_what_a_policy_refused_says_nothing_about_the_mailbox(words: str, is_hard: bool, kind: Kind) -> None:
    assert kind_of_bounce(words, is_hard=is_hard) is kind


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "", Kind.HARD),
        ("", "550 5.1.10 Recipient not found", Kind.HARD),
        ("", "No such user here", Kind.HARD),
        ("5.2.2", "Mailbox full", Kind.SOFT),
        ("4.4.1", "No answer from host", Kind.SOFT),
        ("5.7.26", "Unauthenticated mail", Kind.NOTED),
        ("5.0.0", "Something", Kind.SOFT),
    ],
)
def test_an_answer_is_judged_as_one_that_we_got_ourselves(status: str, words: str, kind: Kind) -> None:
    assert kind_of_answer(status, words) is kind


def test_one_refusal_at_the_door_suppresses_that_address_alone_and_is_not_tried_again(
    subscriber: Make, notice: Notice, sink: Sink
) -> None:
    ada, grace = subscriber(), subscriber("grace@example.org")
    sink.rcpt_answers["ada@example.org"] = GONE
    fan_out(notice)
    with time_machine.travel(clock.now(), tick=False) as now:
        for _ in range(4):
            send_batch()
            now.shift(timedelta(days=2))
    ada.refresh_from_db()
    grace.refresh_from_db()
    refused = Delivery.objects.get(subscriber=ada)
    assert (ada.state, grace.state) == (SubscriberState.SUPPRESSED, SubscriberState.CONFIRMED)
    assert "No such user" in ada.suppressed_reason
    assert (refused.state, refused.attempts) == (DeliveryState.FAILED, 1)
    assert sink.recipients == ["grace@example.org"]


def test_who_was_suppressed_may_come_back_by_the_link_in_their_own_mailbox(subscriber: Make) -> None:
    ada = subscriber()
    record_event(event())
    services.suppress(subscriber_id=ada.pk, reason="again")
    subscribe(email="ada@example.org", ip="192.0.2.1")
    accept_requests()
    assert Delivery.objects.get().purpose == Purpose.CONFIRMATION
