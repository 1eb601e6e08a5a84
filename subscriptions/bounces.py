"""What comes back after a mail was taken: bounces and complaints, as our provider or our own mail server tells us.

The same event twice changes nothing more, one that is older than the confirmation of its subscriber changes nothing,
and an address that we do not know is passed over in silence. Nothing is answered, so nobody learns whom we know.
"""

import contextlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import transaction
from django.db.models import F, Q

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.mail_answers import Verdict, verdict_on_recipient
from statuspage.core.text import clean_line
from subscriptions.caps import MARKED_AS_SPAM
from subscriptions.customers import suppress_customer
from subscriptions.enums import Channel, SubscriberState
from subscriptions.models import ERROR_LENGTH, Customer, Delivery, SoftBounce, Subscriber
from subscriptions.services import end, suppress

# A mailbox is full for a weekend, a server away for a day; whoever is not reached on five days of two weeks is gone.
# Days and not mails are counted: an incident brings many mails in an hour.
SOFT_BOUNCE_DAYS = 5
SOFT_BOUNCE_WITHIN = timedelta(days=14)
# As `subscriptions.rendering` makes them.
OUR_MESSAGE_ID = re.compile(
    r"<?(?:letter-(?P<letter>[0-9]{1,18})|(?P<notice>[a-z0-9]{12}))\.(?P<recipient>[a-z0-9]{12})[^@<>\s]*@[^<>\s]+>?"
)
# RFC 3463: class, subject, detail. Subject 7 is security and policy: about us and what we wrote, not about the reader.
# Not the middle of an IP address.
ENHANCED_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
POLICY = "7"


class Kind(Enum):
    """What an event says."""

    HARD = auto()  # nothing ever reaches this address
    SOFT = auto()  # this mail did not; another one may
    COMPLAINT = auto()  # they call it spam
    UNSUBSCRIBED = auto()  # they left by a link of our provider's
    NOTED = auto()  # about us and not about them: kept with the mail, nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One event. `message_id` is that of our mail, if the sender knows it; `words` say why; `at` when, aware."""

    kind: Kind
    address: str
    message_id: str = ""
    words: str = ""
    at: datetime | None = None


def kind_of_bounce(words: str, *, is_hard: bool) -> Kind:
    """A bounce that somebody else judged: what a policy refused says nothing about the mailbox. Pure."""
    status = ENHANCED_STATUS.search(words)
    if status is not None and status[2] == POLICY:
        return Kind.NOTED
    return Kind.HARD if is_hard else Kind.SOFT


def kind_of_answer(status: str, words: str) -> Kind:
    """A bounce of which only the server's answer is known: `status` is RFC 3463's, such as 5.1.1, or empty. Pure."""
    said = f"{status} {words}".strip()
    enhanced = ENHANCED_STATUS.search(said)
    if enhanced is not None and enhanced[1] == "4":
        return kind_of_bounce(said, is_hard=False)
    return kind_of_bounce(said, is_hard=verdict_on_recipient(550, said) is Verdict.SUPPRESS)


@retry_on_conflict
@transaction.atomic
def record_event(event: MailEvent) -> None:
    """Do what the event asks for, about whoever the mail was for and whoever has the address.

    At most ten queries; of a complaint two more for each contact of URLs.
    """
    words = MARKED_AS_SPAM if event.kind is Kind.COMPLAINT else clean_line(event.words)[:ERROR_LENGTH]
    delivery = _delivery_of(event.message_id)
    if delivery is not None and words and event.kind is not Kind.UNSUBSCRIBED:
        Delivery.objects.filter(pk=delivery.pk).update(last_error=words)
    if event.kind is Kind.NOTED:
        return
    addresses = _addresses(event, delivery)
    if event.kind is Kind.COMPLAINT:
        _take_down_contacts(addresses)
    for subscriber in (
        Subscriber.objects.select_for_update().filter(channel=Channel.EMAIL, address__in=addresses).order_by("pk")
    ):
        if event.at is None or subscriber.confirmed_at is None or event.at >= subscriber.confirmed_at:
            _apply_to_subscriber(event.kind, subscriber, words)
    for customer in Customer.objects.select_for_update().filter(email__in=addresses).order_by("pk"):
        _apply_to_customer(event.kind, customer, words)


def _apply_to_subscriber(kind: Kind, subscriber: Subscriber, words: str) -> None:
    if kind is Kind.COMPLAINT:
        _suppress_for_spam(subscriber)
    elif kind is Kind.UNSUBSCRIBED:
        if subscriber.is_confirmed:
            end(subscriber)
    elif subscriber.state in {SubscriberState.CONFIRMED, SubscriberState.PENDING}:
        reason = words or "bounced"
        if kind is Kind.SOFT:
            reason = _count_soft_bounce(Q(subscriber=subscriber), SoftBounce(subscriber=subscriber), words)
        if reason:
            suppress(subscriber_id=subscriber.pk, reason=reason)


def _suppress_for_spam(subscriber: Subscriber) -> None:
    """They are out, whatever they were, and all of their links with them."""
    others = Subscriber.objects.filter(pk=subscriber.pk).exclude(
        state=SubscriberState.SUPPRESSED, suppressed_reason=MARKED_AS_SPAM
    )
    others.update(
        state=SubscriberState.SUPPRESSED,
        suppressed_reason=MARKED_AS_SPAM,
        ended_at=clock.now(),
        generation=F("generation") + 1,
    )


def _take_down_contacts(addresses: Collection[str]) -> None:
    """Who was named as the contact of a URL may have subscribed to nothing: their complaint is kept all the same."""
    named = Subscriber.objects.exclude(channel=Channel.EMAIL).filter(contact_email__in=[*filter(None, addresses)])
    for mailbox in sorted(set(named.values_list("contact_email", flat=True))):
        Subscriber.objects.get_or_create(
            channel=Channel.EMAIL,
            address=mailbox,
            defaults={
                "state": SubscriberState.SUPPRESSED,
                "suppressed_reason": MARKED_AS_SPAM,
                "ended_at": clock.now(),
            },
        )


def _apply_to_customer(kind: Kind, customer: Customer, words: str) -> None:
    if customer.suppressed_at is not None or kind is Kind.UNSUBSCRIBED:
        # Nobody subscribes to the list of customers, so nobody leaves it.
        return
    reason = MARKED_AS_SPAM if kind is Kind.COMPLAINT else words or "bounced"
    if kind is Kind.SOFT:
        reason = _count_soft_bounce(Q(customer=customer), SoftBounce(customer=customer), words)
    if reason:
        suppress_customer(customer_id=customer.pk, reason=reason)


def _count_soft_bounce(theirs: Q, new: SoftBounce, words: str) -> str:
    """Count today. Why they are to be suppressed, once there are too many; else empty. Their row must be locked."""
    new.day = clock.now().date()
    rows = SoftBounce.objects.filter(theirs)
    rows.filter(day__lte=new.day - SOFT_BOUNCE_WITHIN).delete()
    if not rows.filter(day=new.day).exists():
        new.save(force_insert=True)
    if rows.count() < SOFT_BOUNCE_DAYS:
        return ""
    rows.delete()
    return f"not reached on {SOFT_BOUNCE_DAYS} days: {words}".removesuffix(": ")[:ERROR_LENGTH]


def _delivery_of(message_id: str) -> Delivery | None:
    match = OUR_MESSAGE_ID.fullmatch(message_id.strip())
    if match is None:
        return None
    to = Q(subscriber__public_id=match["recipient"]) | Q(customer__public_id=match["recipient"])
    what = Q(pk=int(match["letter"])) if match["letter"] else Q(notice__public_id=match["notice"])
    return Delivery.objects.filter(to & what, channel=Channel.EMAIL).select_related("subscriber", "customer").first()


def _addresses(event: MailEvent, delivery: Delivery | None) -> set[str]:
    """Where the mail went, and where it came back from: behind a forwarding mailbox these are two."""
    found: set[str] = set()
    # Whatever is no address, we never wrote to it.
    with contextlib.suppress(ValidationFailed):
        found.add(normalise_address(event.address))
    if delivery is not None and delivery.customer is not None:
        found.add(delivery.customer.email)
    if delivery is not None and delivery.subscriber is not None:
        subscriber = delivery.subscriber
        found.add(subscriber.address if subscriber.channel == Channel.EMAIL else subscriber.contact_email)
    return found
