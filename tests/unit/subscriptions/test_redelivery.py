from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.errors import Conflict, ValidationFailed
from statuspage.core.mail_answers import GIVE_UP_AFTER
from subscriptions import redelivery, sending
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Redelivery, Subscriber
from tests.unit.subscriptions.conftest import Sink, Tell

Make = Callable[..., Subscriber]
URL = "https://hooks.example.com/status"


@pytest.fixture
def given_up(notice: Notice, subscriber: Make) -> Delivery:
    subscriber(URL, channel=Channel.WEBHOOK, host="hooks.example.com")
    fan_out_pending()
    Delivery.objects.update(state=DeliveryState.FAILED, attempts=8, last_error="Answered with 500.")
    return Delivery.objects.get()


def test_what_is_sent_again_is_due_at_once_with_all_its_tries_and_written_down(given_up: Delivery) -> None:
    redelivery.send_again(delivery=given_up, by="ada", reason="Their\r\nserver was down.")
    row = Delivery.objects.get()
    assert (row.pk, row.state, row.attempts, row.repeats) == (given_up.pk, DeliveryState.PENDING, 0, 1)
    assert row.last_error == "Answered with 500."
    assert list(Redelivery.objects.values_list("delivery", "by", "reason")) == [
        (row.pk, "ada", "Their server was down.")
    ]


def test_an_old_mail_that_is_sent_again_has_all_its_tries(told: Tell, sink: Sink) -> None:
    told(1)
    Delivery.objects.update(state=DeliveryState.FAILED, attempts=12)
    sink.rcpt_answers["r0@example.org"] = "451 4.3.0 try later"
    with time_machine.travel(clock.now() + timedelta(days=30), tick=False) as hand:
        redelivery.send_again(delivery=Delivery.objects.get(), by="ada", reason="Their server was away.")
        assert sending.send_batch().postponed == 1
        hand.shift(GIVE_UP_AFTER + timedelta(seconds=1))
        assert sending.send_batch().failed == 1
    assert Delivery.objects.get().state == DeliveryState.FAILED


def test_what_waits_is_not_sent_twice(given_up: Delivery) -> None:
    redelivery.send_again(delivery=given_up, by="ada", reason="Once.")
    with pytest.raises(Conflict, match="still waiting"):
        redelivery.send_again(delivery=given_up, by="ada", reason="Twice.")
    assert Redelivery.objects.count() == 1


def test_without_a_reason_nothing_is_sent_again(given_up: Delivery) -> None:
    with pytest.raises(ValidationFailed) as refused:
        redelivery.send_again(delivery=given_up, by="ada", reason=" \n")
    assert refused.value.field == "reason"
    assert Delivery.objects.get().state == DeliveryState.FAILED


@pytest.mark.parametrize(
    ("state", "words"),
    [(SubscriberState.QUARANTINED, "let it out first"), (SubscriberState.UNSUBSCRIBED, "has left")],
)
def test_nothing_is_sent_again_to_who_gets_nothing(given_up: Delivery, state: str, words: str) -> None:
    Subscriber.objects.update(state=state)
    with pytest.raises(Conflict, match=words):
        redelivery.send_again(delivery=given_up, by="ada", reason="Again.")
    assert Delivery.objects.get().state == DeliveryState.FAILED


def test_a_letter_with_a_link_is_not_sent_again(subscriber: Make) -> None:
    row = Delivery.objects.create(subscriber=subscriber(), purpose=Purpose.CONFIRMATION, state=DeliveryState.FAILED)
    with pytest.raises(Conflict, match="ask for a new one"):
        redelivery.send_again(delivery=row, by="ada", reason="Again.")


def test_a_test_goes_the_subscriber_s_own_way_and_never_twice_at_once(subscriber: Make) -> None:
    row = subscriber(URL, channel=Channel.WEBHOOK, host="hooks.example.com")
    made = redelivery.send_test(subscriber_id=row.pk)
    assert (made.channel, made.host, made.purpose) == (Channel.WEBHOOK, "hooks.example.com", Purpose.TEST)
    with pytest.raises(Conflict, match="on its way"):
        redelivery.send_test(subscriber_id=row.pk)
    assert Delivery.objects.count() == 1


def test_a_test_goes_to_nobody_who_has_not_confirmed(subscriber: Make) -> None:
    row = subscriber(URL, channel=Channel.WEBHOOK, state=SubscriberState.PENDING, confirmed_at=None)
    with pytest.raises(Conflict, match="Waiting for confirmation"):
        redelivery.send_test(subscriber_id=row.pk)
    assert not Delivery.objects.exists()
