"""Sending again, and sending a test: by hand only, and written down.

A message that is sent again keeps its id (Message-ID, webhook-id), so that a receiver knows it for the same.
Errors: `ValidationFailed` at `reason`, `Conflict` where sending makes no sense now.
"""

from django.db import transaction
from django.db.models import F

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict, ValidationFailed
from statuspage.core.text import clean_line
from subscriptions.enums import Channel, DeliveryState, Priority, Purpose, SubscriberState
from subscriptions.models import Delivery, Redelivery, Subscriber

BY_OWNER = "the owner, by their link"
MOST_REASON = 200
MOST_NAME = 150
# Its link goes out only by asking anew: who has confirmed since, or left, is not to be asked by an old letter.
NEVER_AGAIN = frozenset({Purpose.CONFIRMATION, Purpose.REMINDER, Purpose.LINK})


@retry_on_conflict
@transaction.atomic
def send_again(*, delivery: Delivery, by: str, reason: str) -> Redelivery:
    """Put a message that came to an end back to the waiting ones, due at once, with all its tries. Six queries."""
    reason = clean_line(reason)
    if not reason:
        raise ValidationFailed("reason", "Say why it is sent again.")
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.purpose in NEVER_AGAIN:
        raise Conflict("Letters about a subscription are not sent again: ask for a new one.")
    if row.state == DeliveryState.PENDING:
        raise Conflict("This message is still waiting to be sent.")
    _check_is_wanted(row)
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.PENDING,
        attempts=0,
        repeats=F("repeats") + 1,
        next_attempt_at=clock.now(),
        lease="",
        sent_at=None,
    )
    return Redelivery.objects.create(delivery=row, by=by[:MOST_NAME], reason=reason[:MOST_REASON])


@retry_on_conflict
@transaction.atomic
def send_test(*, subscriber_id: int) -> Delivery:
    """A message that says that it is a test, on the subscriber's own channel; never a second while one waits.

    Raises Conflict if it is not to be written to.
    """
    subscriber = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if subscriber.state not in {SubscriberState.CONFIRMED, SubscriberState.QUARANTINED}:
        raise Conflict(f"A test goes to confirmed subscribers only; this one is {subscriber.get_state_display()}.")
    tests = Delivery.objects.filter(subscriber=subscriber, purpose=Purpose.TEST)
    if tests.pending().exists():
        raise Conflict("A test is on its way already.")
    return Delivery.objects.create(
        subscriber=subscriber,
        channel=Channel(subscriber.channel),
        host=subscriber.host,
        priority=Priority.LETTER,
        purpose=Purpose.TEST,
    )


def _check_is_wanted(row: Delivery) -> None:
    if row.is_wanted:
        return
    if row.subscriber is not None and row.subscriber.state == SubscriberState.QUARANTINED:
        raise Conflict("This subscriber is quarantined: let it out first.")
    raise Conflict("Its reader has left or cannot be reached, so it is not sent.")
