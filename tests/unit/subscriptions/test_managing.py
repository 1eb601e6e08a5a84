from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.models import Component
from incidents import services as incidents
from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from subscriptions import links, managing, services
from subscriptions.choices import Choice, read_choice
from subscriptions.enums import Channel, DeliveryState, Event, Purpose, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import (
    Delivery,
    DeliveryCount,
    PostedMessage,
    Subscriber,
    SubscriptionRequest,
    WebhookSecret,
)
from subscriptions.selectors import notice_progress

Make = Callable[..., Subscriber]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOTHING = Choice(events=frozenset())


def token(row: Subscriber, *, days_ago: int = 0) -> str:
    with time_machine.travel(clock.now() - timedelta(days=days_ago), tick=False):
        return links.manage_token(row)


def heard(row: Subscriber) -> list[str]:
    return list(
        row.deliveries.filter(notice__isnull=False).order_by("notice__pk").values_list("notice__kind", flat=True)
    )


# --- choosing


def test_the_owner_changes_everything_but_whom_they_follow(
    subscriber: Make, api: Component, incident: Incident
) -> None:
    row = subscriber("ada@example.org", api)
    row.follows.add(incident)
    choice = read_choice(events=[Event.REPORTS], updates=False, minimum_severity="major", language="de")
    managing.change_choice(token=token(row), choice=choice)
    row.refresh_from_db()
    assert (row.wants_reports, row.wants_incidents, row.wants_updates, row.language) == (True, False, False, "de")
    assert not row.components.exists()
    assert list(row.follows.all()) == [incident]


def test_choosing_nothing_is_refused_but_for_who_follows_an_incident(subscriber: Make, incident: Incident) -> None:
    row = subscriber("ada@example.org")
    with pytest.raises(ValidationFailed) as refused:
        managing.change_choice(token=token(row), choice=NOTHING)
    assert refused.value.field == "events"
    row.follows.add(incident)
    managing.change_choice(token=token(row), choice=NOTHING)
    row.refresh_from_db()
    assert row.only_follows


# --- pausing


def test_a_pause_leaves_them_out_and_its_end_lets_them_in_again(subscriber: Make, incident: Incident) -> None:
    fan_out_pending()
    with time_machine.travel(NOON, tick=False) as hand:
        ada, bob = (subscriber(f"{name}@example.org") for name in ("ada", "bob"))
        managing.pause(token=token(ada), days=1)
        managing.pause(token=token(bob), days=None)
        incidents.post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="A disk.")
        fan_out_pending()
        hand.shift(timedelta(days=1))
        incidents.post_update(incident=incident, status=IncidentStatus.MONITORING, message="Replaced.")
        fan_out_pending()
        managing.resume(token=token(bob))
        incidents.resolve_incident(incident=incident, message="Done.")
        fan_out_pending()
    # What happened in between is not made up for.
    assert heard(ada) == ["incident.updated", "incident.resolved"]
    assert heard(bob) == ["incident.resolved"]


def test_who_pauses_between_fan_out_and_sending_gets_letters_alone(subscriber: Make, notice: Notice) -> None:
    row = subscriber("ada@example.org")
    fan_out_pending()
    news = Delivery.objects.get(subscriber=row)
    letter = Delivery.objects.create(subscriber=row, purpose=Purpose.LINK)
    assert news.is_wanted
    managing.pause(token=token(row), days=7)
    assert not Delivery.objects.get(pk=news.pk).is_wanted
    assert Delivery.objects.get(pk=letter.pk).is_wanted
    with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
        assert Delivery.objects.get(pk=news.pk).is_wanted


def test_confirming_anew_ends_an_old_pause(subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    managing.pause(token=token(row), days=None)
    services.unsubscribe(token=token(row))
    row.refresh_from_db()
    services.confirm(token=links.confirm_token(row))
    row.refresh_from_db()
    assert not row.is_paused(clock.now())


# --- links


CHANGES: list[Callable[[str], object]] = [
    lambda old: managing.change_choice(token=old, choice=Choice()),
    lambda old: managing.pause(token=old, days=None),
    lambda old: managing.resume(token=old),
    lambda old: managing.follow(token=old, reference="x"),
    lambda old: managing.stop_following(token=old, reference="x"),
    lambda old: managing.erase(token=old),
    lambda old: services.subscriber_of(token=old),
]


@pytest.mark.parametrize("change", CHANGES)
def test_after_ninety_days_a_link_changes_nothing(change: Callable[[str], object], subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    managing.resume(token=token(row, days_ago=89))
    with pytest.raises(services.OldLink):
        change(token(row, days_ago=91))
    row.refresh_from_db()
    assert row.is_confirmed


@pytest.mark.parametrize("change", [*CHANGES, lambda old: managing.send_link(token=old)])
def test_a_link_for_leaving_or_of_before_leaving_changes_nothing(
    change: Callable[[str], object], subscriber: Make
) -> None:
    row = subscriber("ada@example.org")
    before = token(row)
    services.unsubscribe(token=before)
    row.refresh_from_db()
    services.confirm(token=links.confirm_token(row))
    row.refresh_from_db()
    for useless in (before, links.leave_token(row), links.confirm_token(row), "guessed", before[:-1]):
        with pytest.raises(NotFound):
            change(useless)
    row.refresh_from_db()
    assert row.is_confirmed


def test_every_link_that_was_ever_sent_leaves(subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    for link in (token(row), token(row, days_ago=4000), links.leave_token(row)):
        services.unsubscribe(token=link)
        row.refresh_from_db()
        assert row.state == SubscriberState.UNSUBSCRIBED
        services.confirm(token=links.confirm_token(row))


def test_a_fresh_link_goes_to_the_address_itself_however_old_the_one_that_asks(subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    for _ in range(5):
        managing.send_link(token=token(row, days_ago=4000))
        Delivery.objects.update(state=DeliveryState.SENT)
    assert [(letter.purpose, letter.channel) for letter in Delivery.objects.all()] == [
        (Purpose.LINK, Channel.EMAIL)
    ] * 3


def test_a_webhook_that_was_stopped_can_still_be_managed(subscriber: Make) -> None:
    row = subscriber("https://hooks.example.org/x", channel=Channel.WEBHOOK, state=SubscriberState.QUARANTINED)
    managing.pause(token=token(row), days=None)
    with pytest.raises(ValidationFailed):
        managing.send_link(token=token(row))
    Subscriber.objects.update(contact_email="ops@example.org")
    managing.send_link(token=token(row))
    assert Delivery.objects.get().is_wanted
    services.unsubscribe(token=token(row))
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED


# --- being forgotten


def test_deleting_leaves_nothing_but_the_count(subscriber: Make, api: Component, notice: Notice) -> None:
    row, other = subscriber("ada@example.org", api), subscriber("bob@example.org")
    WebhookSecret.objects.create(subscriber=row, secret="s")
    PostedMessage.objects.create(subscriber=row, thread="incident-1", remote_id="1")
    SubscriptionRequest.objects.create(address="ada@example.org")
    fan_out_pending()
    Delivery.objects.update(state=DeliveryState.SENT, last_error="550 <ada@example.org> unknown")
    Delivery.objects.create(subscriber=row, purpose=Purpose.REMINDER)
    link = token(row)
    managing.erase(token=link)
    assert list(Subscriber.objects.all()) == [other]
    for model in (WebhookSecret, PostedMessage, SubscriptionRequest):
        assert not model.objects.exists()
    assert [delivery.subscriber for delivery in Delivery.objects.all()] == [other]
    assert [(kept.state, kept.count) for kept in DeliveryCount.objects.all()] == [(DeliveryState.SENT, 1)]
    progress = notice_progress([notice.pk])[notice.pk]
    assert (progress.total, progress.sent) == (2, 2)
    for use in (services.subscriber_of, services.unsubscribe, services.subscriber_who_may_leave, managing.erase):
        with pytest.raises(NotFound, match="deleted"):
            use(token=link)


def test_who_was_deleted_comes_back_as_somebody_new(subscriber: Make) -> None:
    row = subscriber("ada@example.org", language="de")
    old = token(row)
    managing.erase(token=old)
    services.subscribe(email="ada@example.org", ip="192.0.2.1")
    services.accept_requests()
    fresh = Subscriber.objects.get()
    assert (fresh.state, fresh.language) == (SubscriberState.PENDING, "")
    assert fresh.public_id != row.public_id
    services.confirm(token=links.confirm_token(fresh))
    # A mail of before has no hold on them.
    with pytest.raises(NotFound):
        services.unsubscribe(token=old)
