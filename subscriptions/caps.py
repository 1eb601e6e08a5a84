"""How many letters about subscriptions may leave: to one address, and in all.

Anybody can type anybody's address, so a letter that nobody asked for must stay rare, and a flood of requests must not
ruin the name that our mail server has with others. Requests over the limit in all wait; none is lost.
"""

from datetime import timedelta

from django.conf import settings

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock
from subscriptions.enums import Channel, Purpose
from subscriptions.models import Delivery, DeliveryQuerySet, Subscriber

LETTERS_AN_ADDRESS = 3
LETTERS_AN_ADDRESS_PER = timedelta(days=1)
# That a URL was stopped is told to its contact, also to whoever has many.
STOPS_A_CONTACT = 10
LETTERS_A_HOST = 30
LETTERS_A_HOST_PER = timedelta(hours=1)
# Everybody's chats are there: a limit would be one for all of them together.
SHARED_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com", "discord.com"})
SHARED_DOMAINS = (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com")
IN_ALL_PER = timedelta(hours=1)
ASKED_FOR = (Purpose.CONFIRMATION, Purpose.REMINDER, Purpose.LINK)
FINGERPRINT = "subscriptions:letters"
# Why somebody was suppressed who complained about a mail of ours.
MARKED_AS_SPAM = "marked as spam"


def may_write_to(subscriber: Subscriber) -> bool:
    """Nobody's mailbox is filled by strangers: few letters a day, and never a second while one is waiting.

    Whoever called us spam gets none because somebody typed their address.
    """
    if subscriber.suppressed_reason == MARKED_AS_SPAM:
        return False
    letters = _letters().filter(subscriber=subscriber)
    if letters.pending().exists():
        return False
    recent = letters.filter(created_at__gt=clock.now() - LETTERS_AN_ADDRESS_PER).count()
    return recent < LETTERS_AN_ADDRESS and _may_post_to(subscriber.host)


def has_complained(mailbox: str) -> bool:
    """Whether the owner of this mailbox called a mail of ours spam. One query."""
    return Subscriber.objects.filter(channel=Channel.EMAIL, address=mailbox, suppressed_reason=MARKED_AS_SPAM).exists()


def may_tell_contact(mailbox: str) -> bool:
    """Whether whoever answers for URLs may be told that one more was stopped. Two queries.

    Anybody may name anybody as the contact of a URL of their own, and then let many of them fail at once.
    """
    told = Delivery.objects.filter(purpose=Purpose.QUARANTINED, subscriber__contact_email=mailbox)
    lately = told.filter(created_at__gt=clock.now() - LETTERS_AN_ADDRESS_PER).count()
    return lately < STOPS_A_CONTACT and not has_complained(mailbox)


def _may_post_to(host: str) -> bool:
    """Nobody's server is flooded by strangers who make up URLs on it."""
    if not host or host in SHARED_HOSTS or host.endswith(SHARED_DOMAINS):
        return True
    recent = _letters().filter(host=host, created_at__gt=clock.now() - LETTERS_A_HOST_PER).count()
    return recent < LETTERS_A_HOST


def letters_left() -> int:
    """How many more may be written within this hour, in all. One query."""
    written = _letters().filter(created_at__gt=clock.now() - IN_ALL_PER).count()
    return max(0, int(settings.SUBSCRIPTION_LETTERS_PER_HOUR) - written)


def tell_of_waiting(waiting: int) -> None:
    """So many requests wait for the next hour: staff see it as a signal, which is over once none waits."""
    if waiting:
        raise_signal(
            source=SignalSource.MONITORING,
            fingerprint=FINGERPRINT,
            title="Requests to subscribe wait",
            detail=(
                f"{waiting} wait, as {settings.SUBSCRIPTION_LETTERS_PER_HOUR} letters about subscriptions were "
                "written within an hour. They go on by themselves: see SUBSCRIPTION_LETTERS_PER_HOUR."
            ),
            pages=False,
            evidence={"waiting": waiting},
        )
    elif Signal.objects.unresolved().filter(fingerprint=FINGERPRINT).exists():
        resolve_signal(fingerprint=FINGERPRINT)


def _letters() -> DeliveryQuerySet:
    return Delivery.objects.filter(notice__isnull=True, purpose__in=ASKED_FOR)
