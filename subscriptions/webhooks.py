"""Webhooks: subscribing one, and what its owner does with it. What is asked of a URL first is `webhook_asking`.

Errors: `ValidationFailed` at `url` or `contact_email`, `RateLimited`, `Conflict`; with a token those of
`services.subscriber_of`, and `NotFound` if it is not a webhook's.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict, NotFound
from statuspage.core.http.allowed import check_target
from statuspage.core.mail_addresses import normalise_address
from subscriptions import links, quarantine, redelivery, services, webhook_asking
from subscriptions.choices import DEFAULT_EVENTS, Choice
from subscriptions.enums import Channel, Event, Purpose
from subscriptions.hooks.webhook import new_secret
from subscriptions.models import Delivery, DeliveryQuerySet, Subscriber, SubscriptionRequest, WebhookSecret

# Programs want to know what people are spared.
DEFAULT_EVENTS_OF_WEBHOOKS = DEFAULT_EVENTS | {Event.COMPONENTS}
OVERLAP = timedelta(hours=24)
ROTATIONS = 5
TESTS_AN_HOUR = 20
MOST_REPEATS = 10
MOST_SHOWN = 50
BY_OWNER_REASON = "Asked for on the page of the webhook."


def subscribe(*, url: object, contact_email: object, choice: Choice, ip: str) -> SubscriptionRequest:
    """Write down that somebody wants messages at this URL. One query, whoever the URL belongs to."""
    target = check_target(url, settings.OUTBOUND_ALLOWED_HOSTS)
    contact = normalise_address(contact_email, field="contact_email")
    services.check_rate(ip)
    return SubscriptionRequest.objects.create(
        channel=Channel.WEBHOOK, address=target.url, contact_email=contact, choice=choice.as_json()
    )


@retry_on_conflict
@transaction.atomic
def confirmed_by_challenge(*, subscriber_id: int, generation: int) -> bool:
    """The URL sent the challenge back, as it was asked in this generation: it is subscribed, its contact gets the
    link. Returns whether that was still wanted.
    """
    row = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if row.generation != generation or row.is_current:
        return False
    services.confirm(token=links.confirm_token(row))
    row.refresh_from_db()
    webhook_asking.write_to_contact(row, Purpose.LINK)
    return True


@retry_on_conflict
@transaction.atomic
def not_confirmed_by_challenge(*, subscriber_id: int) -> None:
    """The URL does not know challenges, or did not answer: its contact is asked instead."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if not row.is_current:
        webhook_asking.write_to_contact(row, Purpose.CONFIRMATION)


def webhook_of(*, token: str, lock: bool = False) -> Subscriber:
    """The webhook whose own, current link this is."""
    subscriber = services.subscriber_of(token=token, lock=lock)
    if subscriber.channel != Channel.WEBHOOK:
        raise NotFound("This subscription is not a webhook.")
    return subscriber


@retry_on_conflict
@transaction.atomic
def make_secret(*, token: str) -> str:
    """A new secret, to be shown once. Those of before sign beside it for 24 hours more."""
    subscriber = webhook_of(token=token, lock=True)
    now = clock.now()
    if good_secrets(subscriber).count() >= ROTATIONS:
        raise Conflict(f"{ROTATIONS} secrets are in use by now: wait until the older ones have ended.")
    subscriber.secrets.filter(retires_at__isnull=True).update(retires_at=now + OVERLAP)
    subscriber.secrets.filter(retires_at__lte=now).delete()
    return WebhookSecret.objects.create(subscriber=subscriber, secret=new_secret()).secret


def good_secrets(subscriber: Subscriber) -> QuerySet[WebhookSecret]:
    """Those that messages are signed with now, the newest first."""
    return subscriber.secrets.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=clock.now()))


def deliveries_of(subscriber: Subscriber) -> DeliveryQuerySet:
    """What was posted to a webhook, or is to be, the newest first."""
    return Delivery.objects.filter(subscriber=subscriber, channel=subscriber.channel)


def test_by_owner(*, token: str) -> Delivery:
    subscriber = webhook_of(token=token)
    tests = deliveries_of(subscriber).filter(purpose=Purpose.TEST, created_at__gt=clock.now() - timedelta(hours=1))
    if tests.count() >= TESTS_AN_HOUR:
        raise Conflict(f"{TESTS_AN_HOUR} tests within an hour are enough: try again later.")
    return redelivery.send_test(subscriber_id=subscriber.pk)


def send_again_by_owner(*, token: str, delivery_id: int) -> None:
    """One of its own messages. Raises NotFound for anybody else's."""
    subscriber = webhook_of(token=token)
    row = deliveries_of(subscriber).filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("There is no such message.")
    if row.repeats >= MOST_REPEATS:
        raise Conflict(f"This message was sent again {MOST_REPEATS} times already.")
    redelivery.send_again(delivery=row, by=redelivery.BY_OWNER, reason=BY_OWNER_REASON)


def start_again(*, token: str) -> Subscriber:
    """The owner lets a quarantined webhook out."""
    return quarantine.let_out(subscriber_id=webhook_of(token=token).pk)
