from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries

from components.models import Component
from statuspage.core import clock
from statuspage.core.errors import NotFound, RateLimited, ValidationFailed
from subscriptions import links, managing, services, staff
from subscriptions.choices import Choice, read_choice
from subscriptions.enums import DeliveryState, Event, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest

Make = Callable[..., Subscriber]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IP = "192.0.2.1"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def ask(email: str = "ada@example.org", *components: str, ip: str = IP) -> None:
    services.subscribe(email=email, choice=read_choice(components=components), ip=ip)
    services.accept_requests()


def ada() -> Subscriber:
    return Subscriber.objects.get(address="ada@example.org")


def test_who_asks_is_pending_and_gets_one_letter(api: Component) -> None:
    ask("Ada@Example.org", "api")
    assert ada().state == SubscriberState.PENDING
    assert list(ada().components.all()) == [api]
    assert [letter.purpose for letter in Delivery.objects.all()] == [Purpose.CONFIRMATION]
    assert not SubscriptionRequest.objects.exists()


@pytest.mark.parametrize("state", [None, *SubscriberState])
def test_the_request_does_the_same_work_for_every_address(
    state: SubscriberState | None, subscriber: Make, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    if state is not None:
        subscriber("ada@example.org", state=state)
    with django_assert_num_queries(1):
        services.subscribe(email="ada@example.org", ip=IP)
    assert not Delivery.objects.exists()


def test_a_component_that_is_not_on_the_page_is_named(api: Component, web: Component) -> None:
    Component.objects.filter(pk=web.pk).update(is_visible=False)
    for slug in ("nope", "web", "a\x00b", "x" * 10_000):
        with pytest.raises(ValidationFailed) as refused:
            read_choice(components=["api", slug])
        assert refused.value.field == "components"
        assert slug[:3].split("\x00")[0] in refused.value.sentence
        assert len(refused.value.sentence) < 200
    assert not SubscriptionRequest.objects.exists()


def test_asking_twice_sends_one_letter_while_it_waits(page: object) -> None:
    ask()
    ask()
    assert Delivery.objects.count() == 1


def test_no_more_than_three_letters_a_day_reach_an_address(page: object) -> None:
    with time_machine.travel(NOON, tick=False) as clock_hand:
        for minute in range(6):
            ask(ip=f"192.0.2.{minute}")
            Delivery.objects.update(state=DeliveryState.SENT)
            clock_hand.shift(timedelta(minutes=1))
        assert Delivery.objects.count() == 3
        clock_hand.shift(timedelta(days=1))
        ask()
    assert Delivery.objects.count() == 4


def test_one_network_may_ask_twenty_times_an_hour(page: object) -> None:
    with time_machine.travel(NOON, tick=False):
        for number in range(20):
            services.subscribe(email=f"a{number}@example.org", ip=f"2001:db8:1:2::{number:x}")
        with pytest.raises(RateLimited):
            services.subscribe(email="ada@example.org", ip="2001:db8:1:2:ffff::1")
        services.subscribe(email="ada@example.org", ip="2001:db8:1:3::1")
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        services.subscribe(email="ada@example.org", ip="2001:db8:1:2:ffff::1")
    assert SubscriptionRequest.objects.count() == 22


def test_a_stranger_cannot_change_what_a_subscriber_chose(api: Component, web: Component, subscriber: Make) -> None:
    subscriber("ada@example.org", api)
    ask("ada@example.org", "web")
    assert ada().is_confirmed
    assert list(ada().components.all()) == [api]
    assert [letter.purpose for letter in Delivery.objects.all()] == [Purpose.REMINDER]


@pytest.mark.parametrize("state", [SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED])
def test_only_the_owner_brings_back_an_ended_subscription(state: SubscriberState, subscriber: Make) -> None:
    row = subscriber("ada@example.org", state=state, suppressed_reason="550 no such user", ended_at=NOON)
    ask()
    assert ada().state == state
    services.confirm(token=links.confirm_token(row))
    assert ada().is_confirmed
    assert (ada().suppressed_reason, ada().ended_at) == ("", None)


def test_lifting_a_suppression_does_not_confirm_what_a_stranger_proposed(
    api: Component, web: Component, subscriber: Make
) -> None:
    row = subscriber("ada@example.org", api, state=SubscriberState.SUPPRESSED, suppressed_reason="550", ended_at=NOON)
    ask("ada@example.org", "web")
    staff.lift(subscriber_id=row.pk)
    assert ada().state == SubscriberState.PENDING
    services.confirm(token=links.confirm_token(row))
    assert list(ada().components.all()) == [web]


def test_confirming_twice_changes_nothing_more(page: object) -> None:
    ask()
    token = links.confirm_token(ada())
    with time_machine.travel(NOON, tick=False):
        token = links.confirm_token(ada())
        services.confirm(token=token)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        services.confirm(token=token)
    assert ada().confirmed_at == NOON


def test_a_confirmation_link_is_good_for_seven_days(page: object) -> None:
    with time_machine.travel(NOON, tick=False):
        ask()
        token = links.confirm_token(ada())
    with time_machine.travel(NOON + timedelta(days=7, seconds=1), tick=False), pytest.raises(NotFound):
        services.confirm(token=token)
    assert not ada().is_confirmed


def test_a_link_is_good_for_its_own_purpose_only(subscriber: Make) -> None:
    pending = subscriber("new@example.org", state=SubscriberState.PENDING)
    confirmed = subscriber("ada@example.org")
    with pytest.raises(NotFound):
        services.confirm(token=links.manage_token(pending))
    with pytest.raises(NotFound):
        services.unsubscribe(token=links.confirm_token(confirmed))
    with pytest.raises(NotFound):
        managing.change_choice(token=links.confirm_token(confirmed), choice=Choice())
    assert ada().is_confirmed


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\x00", "ü", "x" * 5000, "../../etc"])
def test_a_guessed_link_is_nothing(token: str, db: None) -> None:
    for service in (
        services.confirm,
        services.unsubscribe,
        services.subscriber_of,
        services.subscriber_to_confirm,
        services.subscriber_who_may_leave,
    ):
        with pytest.raises(NotFound):
            service(token=token)


def test_leaving_makes_every_earlier_link_useless_but_for_leaving(subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    manage, confirm = links.manage_token(row), links.confirm_token(row)
    services.unsubscribe(token=manage)
    assert ada().state == SubscriberState.UNSUBSCRIBED
    with pytest.raises(NotFound):
        services.confirm(token=confirm)
    with pytest.raises(NotFound):
        managing.change_choice(token=manage, choice=Choice())
    assert services.unsubscribe(token=manage).state == SubscriberState.UNSUBSCRIBED


def test_an_old_mail_still_unsubscribes_who_came_back(subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    old = links.manage_token(row)
    services.unsubscribe(token=old)
    services.confirm(token=links.confirm_token(ada()))
    with pytest.raises(NotFound):
        services.subscriber_of(token=old)
    services.unsubscribe(token=old)
    assert ada().state == SubscriberState.UNSUBSCRIBED


def test_the_owner_changes_the_choice(api: Component, web: Component, subscriber: Make) -> None:
    row = subscriber("ada@example.org", api)
    managing.change_choice(token=links.manage_token(row), choice=read_choice(components=["web"]))
    assert list(ada().components.all()) == [web]
    managing.change_choice(token=links.manage_token(row), choice=Choice())
    assert not ada().components.exists()


def test_what_was_asked_for_of_kinds_is_kept(page: object) -> None:
    services.subscribe(email="ada@example.org", ip=IP, choice=read_choice(events=[Event.MAINTENANCE]))
    services.accept_requests()
    assert (ada().wants_incidents, ada().wants_maintenance, ada().wants_postmortems) == (False, True, False)


def test_suppressing_keeps_the_reason_and_never_touches_who_left(subscriber: Make) -> None:
    ada_row = subscriber("ada@example.org")
    left = subscriber("bob@example.org", state=SubscriberState.UNSUBSCRIBED, ended_at=clock.now())
    for row in (ada_row, left):
        services.suppress(subscriber_id=row.pk, reason="550 no such user")
    assert ada().state == SubscriberState.SUPPRESSED
    assert ada().suppressed_reason == "550 no such user"
    left.refresh_from_db()
    assert left.state == SubscriberState.UNSUBSCRIBED


def test_a_request_that_is_broken_holds_up_no_other(page: object) -> None:
    broken = SubscriptionRequest.objects.create(address="bob@example.org", choice={"events": ["nonsense"]})
    ask("ada@example.org")
    assert ada().state == SubscriberState.PENDING
    assert SubscriptionRequest.objects.get() == broken
