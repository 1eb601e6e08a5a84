from collections.abc import Callable
from datetime import timedelta

from incidents.models import Notice
from statuspage.core import clock
from subscriptions.enums import DeliveryState, SubscriberState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, Subscriber
from subscriptions.retention import apply_retention
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
    assert row.address == f"erased:{row.public_id}"
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
