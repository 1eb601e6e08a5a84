"""Whether a URL wants our messages: its server is asked first, then, if it does not know the question, its contact.

The question is a POST with a challenge that the server has to send back. Nothing that a stranger types says anything
about a URL that is subscribed already: that one's own contact is told, and the URL hears nothing.
"""

from datetime import timedelta

from django.db.models import Q

from statuspage.core import clock
from subscriptions.caps import LETTERS_AN_ADDRESS, LETTERS_AN_ADDRESS_PER, has_complained
from subscriptions.choices import Choice, apply_choice
from subscriptions.enums import Channel, Priority, Purpose, SubscriberState
from subscriptions.hooks.webhook import new_secret
from subscriptions.models import Delivery, DeliveryQuerySet, Subscriber, SubscriptionRequest, WebhookSecret

QUESTIONS_A_URL = 5
QUESTIONS_A_URL_PER = timedelta(days=1)
# Many URLs of one host may be asked for by its owner; or by somebody who wants us to knock at a stranger's door.
QUESTIONS_A_HOST = 20
QUESTIONS_A_HOST_PER = timedelta(hours=1)


def accept(request: SubscriptionRequest, subscriber: Subscriber) -> None:
    """Do what is right about this request. Both rows are locked by the caller, who deletes the request."""
    if subscriber.is_current:
        write_to_contact(subscriber, Purpose.REMINDER)
        return
    if subscriber.state == SubscriberState.SUPPRESSED:
        return
    _propose(subscriber, request)
    if _may_ask(subscriber):
        Delivery.objects.create(
            subscriber=subscriber,
            channel=Channel.WEBHOOK,
            host=subscriber.host,
            priority=Priority.LETTER,
            purpose=Purpose.CONFIRMATION,
        )


def write_to_contact(subscriber: Subscriber, purpose: Purpose) -> bool:
    """A mail to who answers for the URL, unless that mailbox has had its letters of today, or called one of ours spam.

    Returns whether.
    """
    if not subscriber.contact_email or has_complained(subscriber.contact_email):
        return False
    theirs = Q(subscriber__contact_email=subscriber.contact_email) | Q(
        subscriber__channel=Channel.EMAIL, subscriber__address=subscriber.contact_email
    )
    letters = Delivery.objects.filter(theirs, channel=Channel.EMAIL, notice__isnull=True).exclude(
        purpose=Purpose.QUARANTINED
    )
    if letters.pending().filter(subscriber=subscriber, purpose=purpose).exists():
        return False
    if letters.filter(created_at__gt=clock.now() - LETTERS_AN_ADDRESS_PER).count() >= LETTERS_AN_ADDRESS:
        return False
    Delivery.objects.create(subscriber=subscriber, channel=Channel.EMAIL, priority=Priority.LETTER, purpose=purpose)
    return True


def _propose(subscriber: Subscriber, request: SubscriptionRequest) -> None:
    """What was asked counts once it is confirmed. For another contact, or a new beginning, all earlier links and
    secrets are useless: who asked before cannot read what the next one sets up.
    """
    is_another = subscriber.contact_email not in {"", request.contact_email}
    if is_another or subscriber.state == SubscriberState.UNSUBSCRIBED:
        subscriber.generation += 1
        subscriber.secrets.all().delete()
    if subscriber.state != SubscriberState.PENDING:
        subscriber.follows.clear()
    subscriber.contact_email = request.contact_email
    subscriber.save(update_fields=["contact_email", "generation"])
    apply_choice(subscriber, Choice.from_json(request.choice))
    if not subscriber.secrets.exists():
        WebhookSecret.objects.create(subscriber=subscriber, secret=new_secret())


def _may_ask(subscriber: Subscriber) -> bool:
    asked = Delivery.objects.filter(channel=Channel.WEBHOOK, purpose=Purpose.CONFIRMATION)
    if asked.pending().filter(subscriber=subscriber).exists():
        return False
    of_url = _since(asked.filter(subscriber=subscriber), QUESTIONS_A_URL_PER).count()
    of_host = _since(asked.filter(host=subscriber.host), QUESTIONS_A_HOST_PER).count()
    return of_url < QUESTIONS_A_URL and of_host < QUESTIONS_A_HOST


def _since(rows: DeliveryQuerySet, ago: timedelta) -> DeliveryQuerySet:
    return rows.filter(created_at__gt=clock.now() - ago)
