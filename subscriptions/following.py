"""Following one incident: "tell me when this is over".

A follow is a row between a subscriber and an incident. The fan-out of the incident's end writes the last message and
takes the row away; a subscriber who followed and wants nothing else has then nothing more to wait for.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.enums import IncidentStatus
from incidents.models import Notice
from statuspage.core import clock
from subscriptions.enums import DeliveryState, Event, SubscriberState
from subscriptions.models import Delivery, Subscriber

NOTHING = {f"wants_{event.value}": False for event in Event}


def following(incident_id: int | None) -> QuerySet[Subscriber.follows.through]:  # type: ignore[name-defined] # made by the ORM
    """The rows of who follows this incident, or one that was merged into it."""
    rows = Subscriber.follows.through.objects
    return rows.filter(Q(incident=incident_id) | Q(incident__merged_into=incident_id))


def end_idle() -> int:
    """Take out who hears of nothing any more, as all they followed is over. Returns how many. Three statements.

    Their last message must be on its way or sent: who waits for one is left in peace until then. They are kept like
    everybody who left, so that the ledger's counts stay true, and their address is erased with theirs.
    """
    # What ended without a word is over as well; a word that is not fanned out yet finds its followers.
    untold = Exists(Notice.objects.pending().order_by().filter(incident=OuterRef("incident")))
    is_over = Q(incident__status=IncidentStatus.RESOLVED, incident__merged_into__isnull=True) | Q(
        incident__merged_into__status=IncidentStatus.RESOLVED
    )
    Subscriber.follows.through.objects.filter(is_over).exclude(untold).delete()
    waiting = Delivery.objects.filter(subscriber=OuterRef("pk"), state=DeliveryState.PENDING)
    idle = Subscriber.objects.confirmed().filter(**NOTHING, follows__isnull=True).exclude(Exists(waiting))
    return Subscriber.objects.filter(pk__in=list(idle.values_list("pk", flat=True))).update(
        state=SubscriberState.UNSUBSCRIBED, ended_at=clock.now()
    )
