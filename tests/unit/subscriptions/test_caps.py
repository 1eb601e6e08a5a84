from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from incidents.models import Notice, Signal
from statuspage.core import clock
from subscriptions import caps, services
from subscriptions.choices import read_choice
from subscriptions.enums import DeliveryState, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_limits(page: object) -> None:
    cache.clear()


def ask(*names: str) -> None:
    for number, name in enumerate(names):
        services.subscribe(email=f"{name}@example.org", ip=f"192.0.2.{number}")


def written_to() -> set[str]:
    return {letter.subscriber.address[0] for letter in Delivery.objects.all() if letter.subscriber}


def test_over_the_letters_of_an_hour_requests_wait_and_none_is_lost(settings: Settings) -> None:
    settings.SUBSCRIPTION_LETTERS_PER_HOUR = 3
    with time_machine.travel(NOON, tick=False) as hand:
        ask(*"abcde")
        assert services.accept_requests() == 3
        assert services.accept_requests() == 0
        # The oldest first; the others are still there, and nobody knows of them yet.
        assert written_to() == set("abc")
        assert SubscriptionRequest.objects.count() == 2
        assert Subscriber.objects.count() == 3
        hand.shift(timedelta(hours=1, seconds=1))
        assert services.accept_requests() == 2
    assert written_to() == set("abcde")


def test_staff_see_that_requests_wait_until_none_does(settings: Settings) -> None:
    settings.SUBSCRIPTION_LETTERS_PER_HOUR = 1
    with time_machine.travel(NOON, tick=False) as hand:
        ask("a")
        services.accept_requests()
        assert not Signal.objects.exists()
        ask("b")
        services.accept_requests()
        services.accept_requests()
        signal = Signal.objects.unresolved().get(fingerprint=caps.FINGERPRINT)
        assert "1 wait" in signal.detail
        assert not signal.pages
        hand.shift(timedelta(hours=1, seconds=1))
        services.accept_requests()
    assert not Signal.objects.unresolved().exists()


def test_news_of_incidents_are_not_counted_and_never_wait(settings: Settings, notice: Notice) -> None:
    settings.SUBSCRIPTION_LETTERS_PER_HOUR = 1
    ada = Subscriber.objects.create(
        address="ada@example.org", state=SubscriberState.CONFIRMED, confirmed_at=clock.now()
    )
    Delivery.objects.create(subscriber=ada, notice=notice, purpose=Purpose.NOTICE)
    assert caps.letters_left() == 1


def test_tests_and_notices_of_quarantine_use_up_nobody_s_letters(settings: Settings) -> None:
    ada = Subscriber.objects.create(
        address="ada@example.org", state=SubscriberState.CONFIRMED, confirmed_at=clock.now()
    )
    for _ in range(5):
        Delivery.objects.create(subscriber=ada, purpose=Purpose.TEST, state=DeliveryState.SENT)
    assert caps.may_write_to(ada)
    assert caps.letters_left() == settings.SUBSCRIPTION_LETTERS_PER_HOUR


def test_asking_makes_the_same_statements_whoever_the_address_belongs_to() -> None:
    """Fault 33: not the answer, not the work and not the order of it says whether we know somebody."""
    yesterday = clock.now() - timedelta(days=1)
    for state in SubscriberState:
        Subscriber.objects.create(address=f"{state.value}@example.org", state=state, confirmed_at=yesterday)
    said = set()
    for name in [*SubscriberState.values, "nobody"]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            services.subscribe(
                email=f"{name}@example.org", ip="192.0.2.1", choice=read_choice(minimum_severity="major")
            )
        said.add(tuple(query["sql"].partition("(")[0] for query in captured))
    assert len(said) == 1
    # Reading the ladder, and writing the request: no table that knows addresses is asked.
    (statements,) = said
    assert not any("subscriptions_subscriber" in statement for statement in statements)
