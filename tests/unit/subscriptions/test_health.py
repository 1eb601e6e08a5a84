"""Messages that wait too long, or that nobody takes, raise one signal a channel; it is over by itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from components.models import Page
from incidents.enums import SignalState
from incidents.models import Signal
from subscriptions.enums import Channel, DeliveryState, Purpose
from subscriptions.health import FEWEST_FOR_A_RATIO, delivery_health, watch_deliveries
from subscriptions.models import Delivery, Subscriber

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def deliveries(noon: time_machine.Traveller, page: Page, subscriber: Callable[..., Subscriber]) -> Callable[..., None]:
    reader = subscriber()

    def make(number: int, state: DeliveryState = DeliveryState.PENDING, **fields: Any) -> None:
        values = {"channel": Channel.EMAIL, "next_attempt_at": NOON, **fields}
        Delivery.objects.bulk_create(
            Delivery(subscriber=reader, purpose=Purpose.TEST, state=state, **values) for _ in range(number)
        )

    return make


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


def test_a_channel_says_what_waits_and_what_became_of_the_rest(
    deliveries: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    deliveries(2, next_attempt_at=ago(minutes=3))
    deliveries(1, attempts=2, next_attempt_at=NOON + timedelta(minutes=5))
    deliveries(3, DeliveryState.SENT, sent_at=ago(minutes=30))
    deliveries(1, DeliveryState.SENT, sent_at=ago(seconds=20))
    deliveries(9, DeliveryState.SENT, sent_at=ago(minutes=61))
    deliveries(1, DeliveryState.FAILED, next_attempt_at=ago(minutes=10))
    deliveries(9, DeliveryState.FAILED, next_attempt_at=ago(minutes=61))
    deliveries(1, channel=Channel.WEBHOOK)
    with django_assert_num_queries(3):
        mail, webhook = delivery_health()
    assert (mail.channel, mail.waiting, mail.retrying, mail.oldest_due) == (Channel.EMAIL, 3, 1, timedelta(minutes=3))
    assert (mail.sent, mail.sent_lately, mail.failed, mail.tried) == (4, 1, 1, 6)
    assert mail.failure_ratio == pytest.approx(2 / 6)
    assert not mail.trouble
    assert (webhook.channel, webhook.waiting) == (Channel.WEBHOOK, 1)


def test_a_message_that_waits_for_its_next_try_is_not_late(deliveries: Callable[..., None]) -> None:
    deliveries(1, created_at=ago(hours=5), next_attempt_at=NOON + timedelta(minutes=20))
    (mail,) = delivery_health()
    assert not mail.is_late


def test_five_minutes_is_not_too_long_and_a_second_more_is(
    deliveries: Callable[..., None], noon: time_machine.Traveller
) -> None:
    deliveries(1, next_attempt_at=ago(minutes=5))
    watch_deliveries()
    assert not Signal.objects.exists()
    noon.move_to(NOON + timedelta(seconds=1))
    watch_deliveries()
    watch_deliveries()
    signal = Signal.objects.get()
    assert (signal.source, signal.fingerprint, signal.pages) == ("monitoring", "deliveries:email", True)
    assert signal.title == "Email: messages wait too long"
    assert "nothing goes out" in signal.detail
    assert signal.count == 2


def test_the_limit_is_a_setting(deliveries: Callable[..., None], settings: Settings) -> None:
    deliveries(1, next_attempt_at=ago(minutes=2))
    settings.DELIVERY_QUEUE_AGE_LIMIT_SECONDS = 60
    watch_deliveries()
    assert Signal.objects.count() == 1


def test_what_is_late_but_on_its_way_wakes_nobody(deliveries: Callable[..., None]) -> None:
    deliveries(5, next_attempt_at=ago(minutes=8))
    deliveries(2, DeliveryState.SENT, sent_at=ago(seconds=10))
    watch_deliveries()
    signal = Signal.objects.get()
    assert not signal.pages
    assert "2 went out in the last minute" in signal.detail


def test_it_is_over_by_itself(deliveries: Callable[..., None]) -> None:
    deliveries(1, next_attempt_at=ago(minutes=9))
    watch_deliveries()
    Delivery.objects.update(state=DeliveryState.SENT, sent_at=NOON)
    watch_deliveries()
    assert Signal.objects.get().state == SignalState.RESOLVED


def test_one_channel_in_trouble_says_nothing_of_another(deliveries: Callable[..., None]) -> None:
    deliveries(1, next_attempt_at=ago(minutes=9))
    deliveries(1, next_attempt_at=ago(minutes=9), channel=Channel.SLACK)
    watch_deliveries()
    Delivery.objects.filter(channel=Channel.SLACK).delete()
    watch_deliveries()
    assert list(Signal.objects.unresolved().values_list("fingerprint", flat=True)) == ["deliveries:email"]


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.PENDING])
def test_more_than_a_fifth_not_taken_is_a_signal(deliveries: Callable[..., None], state: DeliveryState) -> None:
    later = {"attempts": 1, "next_attempt_at": NOON + timedelta(minutes=5)} if state == DeliveryState.PENDING else {}
    deliveries(16, DeliveryState.SENT, sent_at=ago(minutes=20))
    deliveries(4, state, **later)
    watch_deliveries()
    assert not Signal.objects.exists()
    deliveries(1, state, **later)
    watch_deliveries()
    signal = Signal.objects.get()
    assert signal.title == "Email: many messages are not taken"
    assert signal.detail == "Of 21 messages tried in the last hour 5 were not taken."
    assert signal.pages


def test_a_share_of_a_handful_is_no_signal(deliveries: Callable[..., None]) -> None:
    deliveries(FEWEST_FOR_A_RATIO - 1, DeliveryState.FAILED)
    watch_deliveries()
    assert not Signal.objects.exists()


def test_while_all_is_well_it_costs_four_queries(
    deliveries: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    deliveries(3)
    with django_assert_num_queries(4):
        watch_deliveries()
