"""What staff do about a subscriber: always by hand, and with the reason where somebody may ask for it later.

Staff never choose for somebody and never take somebody back who left.
Errors: `ValidationFailed` at `reason`, `Conflict` where it makes no sense in this state.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict, NotFound, ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.text import clean_line
from subscriptions.describing import shown_address
from subscriptions.enums import Channel, SubscriberState
from subscriptions.models import ERROR_LENGTH, Delivery, Subscriber, SubscriptionRequest
from subscriptions.quarantine import let_out
from subscriptions.retention import forget_deliveries

HEARS_NOTHING = frozenset({SubscriberState.SUPPRESSED, SubscriberState.UNSUBSCRIBED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What was known of one address."""

    subscribers: int
    deliveries: int
    requests: int


@retry_on_conflict
@transaction.atomic
def suppress_by_hand(*, subscriber_id: int, by: str, reason: str) -> Subscriber:
    """Write to them no more. They may subscribe again themselves; a list does not bring them back."""
    reason = clean_line(reason)
    if not reason:
        raise ValidationFailed("reason", "Say why they are not written to any more.")
    row = _locked(subscriber_id)
    if row.state in HEARS_NOTHING:
        raise Conflict(f"{shown_address(row)} gets nothing already: {row.get_state_display().lower()}.")
    row.state, row.ended_at = SubscriberState.SUPPRESSED, clock.now()
    row.suppressed_reason = f"{by}: {reason}"[:ERROR_LENGTH]
    row.save(update_fields=["state", "ended_at", "suppressed_reason"])
    return row


@retry_on_conflict
@transaction.atomic
def lift(*, subscriber_id: int) -> Subscriber:
    """Write to them again, as they had chosen, from now on. Who had not confirmed is asked nothing by this."""
    row = _locked(subscriber_id)
    if row.state == SubscriberState.QUARANTINED:
        return let_out(subscriber_id=subscriber_id)
    if row.state != SubscriberState.SUPPRESSED:
        raise Conflict(f"{shown_address(row)} is neither suppressed nor quarantined.")
    row.state = SubscriberState.CONFIRMED if row.confirmed_at else SubscriberState.PENDING
    row.ended_at = row.failing_since = None
    row.suppressed_reason = ""
    row.save(update_fields=["state", "ended_at", "failing_since", "suppressed_reason"])
    return row


def delete_all_about(*, subscriber_id: int) -> Deleted:
    """Forget whoever this is, on all channels: their rows, messages and what they asked for. Only counts are left.

    With a mail address that is each subscriber with it, or with it as contact; with a URL that URL alone. Nothing
    knows afterwards that they ever left: a list may bring them back.
    """
    row = Subscriber.objects.filter(pk=subscriber_id).first()
    if row is None:
        raise NotFound("This subscriber was deleted already.")
    theirs = Q(address=row.address)
    if row.channel == Channel.EMAIL:
        theirs |= Q(contact_email=row.address)
    ids = list(Subscriber.objects.filter(theirs).values_list("pk", flat=True))
    # Piece by piece, then what came in between goes with its subscriber.
    forgotten = forget_deliveries(Delivery.objects.filter(subscriber__in=ids))
    asked = SubscriptionRequest.objects.filter(Q(address=row.address) | Q(contact_email=row.address)).delete()[0]
    deleted = Subscriber.objects.filter(pk__in=ids).delete()[1]
    return Deleted(
        subscribers=deleted.get(Subscriber._meta.label, 0),
        deliveries=forgotten + deleted.get(Delivery._meta.label, 0),
        requests=asked,
    )


def subscriber_by_address(address: str) -> Subscriber:
    """By mail address, or by URL. Raises NotFound. One query."""
    wanted = address.strip()
    if "://" not in wanted:
        wanted = normalise_address(wanted)
    row = Subscriber.objects.filter(address=wanted).order_by("pk").first()
    if row is None:
        raise NotFound("Nobody with this address has subscribed.")
    return row


def _locked(subscriber_id: int) -> Subscriber:
    row = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if row is None:
        raise NotFound("This subscriber was deleted.")
    return row
