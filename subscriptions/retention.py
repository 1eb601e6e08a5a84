"""What is forgotten, and when. An address is personal data: it stays no longer than it is needed."""

from datetime import timedelta

from django.db.models import F, Value
from django.db.models.functions import Concat

from statuspage.core import clock
from subscriptions.enums import DeliveryState, SubscriberState
from subscriptions.models import Customer, Delivery, Subscriber

UNCONFIRMED = timedelta(days=30)
# Long enough for somebody to ask why they still got a mail.
UNSUBSCRIBED = timedelta(days=30)
DELIVERIES = timedelta(days=400)
ERASED = "erased:"


def apply_retention() -> int:
    """Delete who never confirmed, erase the address of who left, delete old deliveries. Returns rows touched.

    Who left, or is a customer no more, keeps a row without an address, so that the ledger's counts stay true.
    Suppressed addresses are kept: they are the list of where not to send.
    """
    now = clock.now()
    unconfirmed = Subscriber.objects.filter(state=SubscriberState.PENDING, created_at__lt=now - UNCONFIRMED)
    forgotten = unconfirmed.exclude(deliveries__created_at__gt=now - UNCONFIRMED).delete()[0]
    left = Subscriber.objects.filter(state=SubscriberState.UNSUBSCRIBED, ended_at__lt=now - UNSUBSCRIBED)
    erased = left.exclude(address__startswith=ERASED).update(address=Concat(Value(ERASED), F("public_id")))
    former = Customer.objects.filter(removed_at__lt=now - UNSUBSCRIBED).exclude(email__startswith=ERASED)
    erased += former.update(email=Concat(Value(ERASED), F("public_id")), name="")
    done = Delivery.objects.exclude(state=DeliveryState.PENDING).filter(created_at__lt=now - DELIVERIES)
    return forgotten + erased + done.delete()[0]
