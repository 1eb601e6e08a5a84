"""What is forgotten, and when. An address is personal data: it stays no longer than it is needed."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Concat

from statuspage.core import clock, stopping
from statuspage.core.database import retry_on_conflict
from statuspage.core.tokens import keyed_hash
from subscriptions.enums import DeliveryState, ImportState, SubscriberState
from subscriptions.models import (
    Customer,
    Delivery,
    DeliveryCount,
    PostedMessage,
    Subscriber,
    SubscriberImport,
    WebhookSecret,
)

UNCONFIRMED = timedelta(days=30)
# Long enough for somebody to ask why they still got a mail.
UNSUBSCRIBED = timedelta(days=30)
NOT_IMPORTED = timedelta(days=1)
ERASED = "erased:"
# Rows a transaction: senders wait for none of them for long. What is left over is for the next run.
AT_ONCE = 1000
MOST_PIECES = 500


def apply_retention() -> int:
    """Delete who never confirmed, erase the address of who left, delete old deliveries. Returns rows touched.

    Who left, or is a customer no more, keeps a row without an address, so that the ledger's counts stay true.
    Suppressed addresses are kept: they are the list of where not to send. Deliveries are deleted piece by piece, each
    in a transaction with what is kept of them: their number by notice, channel and outcome.
    """
    now = clock.now()
    unconfirmed = Subscriber.objects.filter(state=SubscriberState.PENDING, created_at__lt=now - UNCONFIRMED)
    forgotten = unconfirmed.exclude(deliveries__created_at__gt=now - UNCONFIRMED).delete()[0]
    former = Customer.objects.filter(removed_at__lt=now - UNSUBSCRIBED).exclude(email__startswith=ERASED)
    erased = former.update(email=Concat(Value(ERASED), F("public_id")), name="")
    left = Subscriber.objects.filter(state=SubscriberState.UNSUBSCRIBED, ended_at__lt=now - UNSUBSCRIBED)
    erased += _each_piece(lambda: _erase(left.exclude(address__startswith=ERASED)))
    before = now - timedelta(days=settings.DELIVERY_RETENTION_DAYS)
    done = Delivery.objects.exclude(state=DeliveryState.PENDING).filter(created_at__lt=before)
    files = SubscriberImport.objects.filter(state=ImportState.CHECKED, created_at__lt=now - NOT_IMPORTED)
    forgotten += files.delete()[0]
    return forgotten + erased + forget_deliveries(done)


def forget_deliveries(deliveries: QuerySet[Delivery]) -> int:
    """Delete these, and keep how many of each notice ended in which way. Returns how many.

    For what came to an end: what still waits is deleted and not counted, as it was never to be.
    """
    return _each_piece(lambda: _forget(deliveries))


def erased_address(address: str) -> str:
    """What stands in the place of an address that was erased. Who has the address can tell that it once left."""
    return f"{ERASED}{keyed_hash('subscriptions.erased', address)[:32]}"


def _each_piece(one_piece: Callable[[], int]) -> int:
    touched = 0
    for _ in range(MOST_PIECES):
        number = 0 if stopping.is_asked() else one_piece()
        touched += number
        if not number:
            break
    return touched


@retry_on_conflict
@transaction.atomic
def _forget(deliveries: QuerySet[Delivery]) -> int:
    locked = deliveries.order_by("pk").select_for_update(skip_locked=True, of=("self",))
    piece = Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)[:AT_ONCE]))
    ended = piece.exclude(state=DeliveryState.PENDING).filter(notice__isnull=False).order_by()
    columns = ("notice_id", "channel", "state")
    counted = ended.values(*columns).annotate(number=Count("pk")).values_list(*columns, "number")
    for notice_id, channel, state, number in list(counted):
        one = {"notice_id": notice_id, "channel": channel, "state": state}
        # Two that forget at once meet at the unique constraint, and both add to the one row.
        DeliveryCount.objects.bulk_create([DeliveryCount(**one, count=0)], ignore_conflicts=True)
        DeliveryCount.objects.filter(**one).update(count=F("count") + number)
    deleted: int = piece.delete()[1].get(Delivery._meta.label, 0)
    return deleted


@retry_on_conflict
@transaction.atomic
def _erase(left: QuerySet[Subscriber]) -> int:
    rows = list(left.order_by("pk").select_for_update(skip_locked=True)[:AT_ONCE])
    names = {row.pk: erased_address(row.address) for row in rows}
    taken = set(Subscriber.objects.filter(address__in=names.values()).values_list("channel", "address"))
    for row in rows:
        place = (row.channel, names[row.pk])
        # Who came back and left again: that they left is known by the first row.
        row.address = f"{ERASED}{row.public_id}" if place in taken else names[row.pk]
        taken.add(place)
        row.name = row.contact_email = row.host = ""
    Subscriber.objects.bulk_update(rows, ["address", "name", "contact_email", "host"])
    WebhookSecret.objects.filter(subscriber__in=names).delete()
    PostedMessage.objects.filter(subscriber__in=names).delete()
    return len(rows)
