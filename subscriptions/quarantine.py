"""URLs that do not take our messages: how long that goes on, and what happens then.

A URL that has refused everything for five days, or says 410 Gone, is quarantined: it gets nothing any more, its
contact is told by mail, and what waits for it is not sent. Its owner, by the link in that mail, or staff let it out.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict
from subscriptions import caps
from subscriptions.enums import Channel, Priority, Purpose, SubscriberState
from subscriptions.models import ERROR_LENGTH, Delivery, Subscriber

FAILING_FOR = timedelta(days=5)
# One short breath of the receiver's is no reason, even if the message before it, weeks ago, had failed as well.
TRIES_OF_A_MESSAGE = 3


def note_success(subscriber_ids: Collection[int]) -> None:
    """It works (again). One query."""
    failing = Subscriber.objects.filter(pk__in=subscriber_ids, failing_since__isnull=False)
    failing.update(failing_since=None)


def note_failure(*, subscriber_id: int, words: str, tries: int, is_gone: bool = False) -> bool:
    """A message was not taken, at its `tries`-th try. Returns whether the subscriber is quarantined by that."""
    now = clock.now()
    Subscriber.objects.filter(pk=subscriber_id, failing_since__isnull=True).update(failing_since=now)
    if is_gone:
        return quarantine(subscriber_id=subscriber_id, reason=words)
    if tries < TRIES_OF_A_MESSAGE:
        return False
    failing = Subscriber.objects.filter(pk=subscriber_id, failing_since__lte=now - FAILING_FOR)
    if not failing.exists():
        return False
    return quarantine(subscriber_id=subscriber_id, reason=f"Failed for {FAILING_FOR.days} days. Last: {words}")


@retry_on_conflict
@transaction.atomic
def quarantine(*, subscriber_id: int, reason: str) -> bool:
    """Stop sending to a confirmed subscriber, keep why, and write to its contact. Returns whether it was confirmed."""
    row = Subscriber.objects.select_for_update().filter(pk=subscriber_id, state=SubscriberState.CONFIRMED).first()
    if row is None:
        return False
    row.state = SubscriberState.QUARANTINED
    row.ended_at = clock.now()
    row.suppressed_reason = reason.replace("\x00", "")[:ERROR_LENGTH]
    row.save(update_fields=["state", "ended_at", "suppressed_reason"])
    if row.contact_email and caps.may_tell_contact(row.contact_email):
        Delivery.objects.create(
            subscriber=row, channel=Channel.EMAIL, priority=Priority.LETTER, purpose=Purpose.QUARANTINED
        )
    return True


@retry_on_conflict
@transaction.atomic
def let_out(*, subscriber_id: int) -> Subscriber:
    """Send to it again, from now on; what it missed can be sent again by hand. Raises Conflict unless quarantined."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if row.state != SubscriberState.QUARANTINED:
        raise Conflict("This subscriber is not quarantined.")
    row.state = SubscriberState.CONFIRMED
    row.confirmed_at = row.confirmed_at or clock.now()
    row.ended_at = row.failing_since = None
    row.suppressed_reason = ""
    row.save(update_fields=["state", "confirmed_at", "ended_at", "failing_since", "suppressed_reason"])
    return row
