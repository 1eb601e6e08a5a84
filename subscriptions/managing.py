"""What the owner of a subscription does with it, by the link in our mails: choose, pause, follow, erase.

Every function but `send_link` wants a link of the last 90 days: `services.subscriber_of` says what it raises.
"""

from datetime import timedelta

from django.db import transaction

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import ValidationFailed
from subscriptions.choices import Choice, add_follow, apply_choice, incident_to_follow
from subscriptions.enums import Channel, Purpose
from subscriptions.models import Subscriber, SubscriptionRequest
from subscriptions.retention import forget_deliveries
from subscriptions.services import end, subscriber_of, subscriber_of_any_age, write_letter

NOTHING_LEFT = "Choose at least one of them. To get nothing more at all, unsubscribe."
PAUSE_DAYS = (1, 7, 30)


@retry_on_conflict
@transaction.atomic
def change_choice(*, token: str, choice: Choice) -> Subscriber:
    """Set what a subscriber hears of. None of the events is only right for who still follows an incident."""
    subscriber = subscriber_of(token=token, lock=True)
    if not choice.events and not subscriber.follows.exists():
        raise ValidationFailed("events", NOTHING_LEFT)
    apply_choice(subscriber, choice)
    return subscriber


@retry_on_conflict
@transaction.atomic
def pause(*, token: str, days: int | None) -> Subscriber:
    """Nothing is sent for so many days, or until `resume`; what happens meanwhile is not sent later either."""
    if days is not None and days not in PAUSE_DAYS:
        raise ValidationFailed("days", f"Choose {', '.join(map(str, PAUSE_DAYS))} days, or until you resume.")
    subscriber = subscriber_of(token=token, lock=True)
    subscriber.paused_at = clock.now()
    subscriber.paused_until = None if days is None else subscriber.paused_at + timedelta(days=days)
    subscriber.save(update_fields=["paused_at", "paused_until"])
    return subscriber


@retry_on_conflict
@transaction.atomic
def resume(*, token: str) -> Subscriber:
    subscriber = subscriber_of(token=token, lock=True)
    subscriber.paused_at = subscriber.paused_until = None
    subscriber.save(update_fields=["paused_at", "paused_until"])
    return subscriber


@retry_on_conflict
@transaction.atomic
def follow(*, token: str, reference: str) -> Subscriber:
    """Hear of one incident until it is over. Raises NotFound if there is none, ValidationFailed if it is over."""
    subscriber = subscriber_of(token=token, lock=True)
    incident = incident_to_follow(reference)
    if not incident.is_open:
        raise ValidationFailed("incident", f"{incident.reference} is over: there is nothing to wait for.")
    add_follow(subscriber, incident.pk)
    return subscriber


@retry_on_conflict
@transaction.atomic
def stop_following(*, token: str, reference: str) -> Subscriber:
    """Hear of it no more, unless the rest of the choice says so. Who then hears of nothing at all has left."""
    subscriber = subscriber_of(token=token, lock=True)
    subscriber.follows.remove(*subscriber.follows.filter(reference=reference))
    if subscriber.only_follows and not subscriber.follows.exists():
        end(subscriber)
    return subscriber


@retry_on_conflict
@transaction.atomic
def send_link(*, token: str) -> Subscriber:
    """Mail a fresh link to the address that the old one is about: nobody else learns anything by asking.

    Raises ValidationFailed where there is no mail address to send it to.
    """
    subscriber = subscriber_of_any_age(token=token, lock=True)
    if not has_mailbox(subscriber):
        raise ValidationFailed("contact_email", "We have no mail address for this: take the link of a newer message.")
    write_letter(subscriber, Purpose.LINK)
    return subscriber


def has_mailbox(subscriber: Subscriber) -> bool:
    return subscriber.channel == Channel.EMAIL or bool(subscriber.contact_email)


@retry_on_conflict
@transaction.atomic
def erase(*, token: str) -> None:
    """Forget this subscription, now: the address, the choice, and what was sent. Only counts are left.

    Nothing knows afterwards that they ever were here: subscribing again is like the first time.
    """
    subscriber = subscriber_of(token=token, lock=True)
    SubscriptionRequest.objects.filter(channel=subscriber.channel, address=subscriber.address).delete()
    # Whoever records a message of theirs at this moment is waited for, so that it is counted.
    list(subscriber.deliveries.order_by("pk").select_for_update().values_list("pk", flat=True))
    forget_deliveries(subscriber.deliveries.all())
    subscriber.delete()
