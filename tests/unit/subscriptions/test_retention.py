from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from incidents.models import Notice
from statuspage.core import clock
from subscriptions import retention
from subscriptions.enums import Channel, DeliveryState, SubscriberState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, DeliveryCount, PostedMessage, Subscriber, SubscriberImport, WebhookSecret
from subscriptions.retention import apply_retention, erased_address, forget_deliveries
from subscriptions.selectors import notice_progress

Make = Callable[..., Subscriber]
MONTH = timedelta(days=31)


def test_who_never_confirmed_is_forgotten_after_a_month(subscriber: Make) -> None:
    now = clock.now()
    subscriber("old@example.org", state=SubscriberState.PENDING, created_at=now - MONTH)
    subscriber("new@example.org", state=SubscriberState.PENDING)
    subscriber("reader@example.org", created_at=now - MONTH)
    asked_again = subscriber("again@example.org", state=SubscriberState.PENDING, created_at=now - MONTH)
    Delivery.objects.create(subscriber=asked_again, purpose="confirmation")
    apply_retention()
    assert set(Subscriber.objects.values_list("address", flat=True)) == {
        "new@example.org",
        "reader@example.org",
        "again@example.org",
    }


def test_the_address_of_who_left_is_erased_and_the_counts_stay(notice: Notice, subscriber: Make) -> None:
    row = subscriber("left@example.org")
    fan_out(notice)
    Subscriber.objects.update(state=SubscriberState.UNSUBSCRIBED, ended_at=clock.now() - MONTH)
    assert apply_retention() == 1
    assert apply_retention() == 0
    row.refresh_from_db()
    assert row.address == erased_address("left@example.org")
    assert "left" not in row.address
    assert notice_progress([notice.pk])[notice.pk].total == 1


def test_who_left_just_now_and_who_is_suppressed_are_kept(subscriber: Make) -> None:
    subscriber("left@example.org", state=SubscriberState.UNSUBSCRIBED, ended_at=clock.now())
    subscriber("gone@example.org", state=SubscriberState.SUPPRESSED, ended_at=clock.now() - MONTH)
    assert apply_retention() == 0


def test_old_deliveries_go_but_never_one_that_waits(notice: Notice, subscriber: Make) -> None:
    for name in ("sent", "waiting"):
        subscriber(f"{name}@example.org")
    fan_out(notice)
    Delivery.objects.update(created_at=clock.now() - timedelta(days=401))
    Delivery.objects.filter(subscriber__address="sent@example.org").update(state=DeliveryState.SENT)
    apply_retention()
    assert list(Delivery.objects.values_list("subscriber__address", flat=True)) == ["waiting@example.org"]


def test_forgetting_deliveries_changes_no_count(
    notice: Notice, subscriber: Make, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DELIVERY_RETENTION_DAYS = 10
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(7):
        subscriber(f"r{number}@example.org")
    subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK)
    fan_out(notice)
    sent = Delivery.objects.order_by("pk").values_list("pk", flat=True)[:4]
    Delivery.objects.filter(pk__in=list(sent)).update(state=DeliveryState.SENT)
    Delivery.objects.filter(state=DeliveryState.PENDING, channel=Channel.EMAIL).update(state=DeliveryState.FAILED)
    before = notice_progress([notice.pk])
    Delivery.objects.update(created_at=clock.now() - timedelta(days=9))
    assert apply_retention() == 0
    Delivery.objects.update(created_at=clock.now() - timedelta(days=11))
    assert apply_retention() == 7
    assert Delivery.objects.count() == 1
    assert notice_progress([notice.pk]) == before
    counts = DeliveryCount.objects.order_by("state").values_list("channel", "state", "count")
    assert list(counts) == [("email", "failed", 3), ("email", "sent", 4)]


def test_a_count_that_could_not_be_kept_keeps_the_rows(
    notice: Notice, subscriber: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber()
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.SENT)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(DeliveryCount.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        forget_deliveries(Delivery.objects.all())
    assert Delivery.objects.count() == 1


def test_letters_are_forgotten_without_a_count(subscriber: Make) -> None:
    Delivery.objects.create(subscriber=subscriber(), purpose="confirmation", state=DeliveryState.SENT)
    assert forget_deliveries(Delivery.objects.all()) == 1
    assert not DeliveryCount.objects.exists()


def test_of_a_webhook_that_left_nothing_is_kept_that_leads_to_it(subscriber: Make) -> None:
    row = subscriber(
        "https://hooks.example.net/secret",
        channel=Channel.WEBHOOK,
        state=SubscriberState.UNSUBSCRIBED,
        ended_at=clock.now() - MONTH,
        host="hooks.example.net",
        contact_email="ops@example.net",
        name="Ops",
    )
    WebhookSecret.objects.create(subscriber=row, secret="whsec_x")
    PostedMessage.objects.create(subscriber=row, thread="t", remote_id="1")
    apply_retention()
    row.refresh_from_db()
    assert (row.host, row.contact_email, row.name) == ("", "", "")
    assert "hooks" not in row.address
    assert not WebhookSecret.objects.exists()
    assert not PostedMessage.objects.exists()


def test_who_came_back_and_left_again_is_erased_again(subscriber: Make) -> None:
    for _ in range(2):
        subscriber("left@example.org", state=SubscriberState.UNSUBSCRIBED, ended_at=clock.now() - MONTH)
        assert apply_retention() == 1
    addresses = set(Subscriber.objects.values_list("address", flat=True))
    assert len(addresses) == 2
    assert erased_address("left@example.org") in addresses
    assert all(address.startswith("erased:") for address in addresses)


def test_a_file_that_was_only_tried_out_is_forgotten_after_a_day(db: None) -> None:
    for days in (0, 2):
        SubscriberImport.objects.create(content="email", by="ana", created_at=clock.now() - timedelta(days=days))
    apply_retention()
    assert SubscriberImport.objects.count() == 1
