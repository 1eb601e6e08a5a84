"""From one notice to a row for each who is to hear of it."""

from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from incidents.enums import Audience, NoticeKind
from incidents.models import Notice
from incidents.one_by_one import one_by_one
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from subscriptions.enums import Channel, DeliveryState, Event, Priority, Purpose
from subscriptions.following import following
from subscriptions.models import Customer, Delivery, Subscriber, SubscriberQuerySet

# By the first word of a notice's kind.
EVENT_OF_KIND = {
    "incident": Event.INCIDENTS,
    "maintenance": Event.MAINTENANCE,
    "postmortem": Event.POSTMORTEMS,
    "component": Event.COMPONENTS,
    "report": Event.REPORTS,
}
PRIORITY_OF_KIND = {
    "incident": Priority.NEWS,
    "component": Priority.NEWS,
    "customers": Priority.NEWS,
    "maintenance": Priority.MAINTENANCE,
    "postmortem": Priority.POSTMORTEM,
    "report": Priority.REPORT,
}
type Ways = dict[str, models.Expression | models.F]
# The way a message goes, as columns of `Delivery`.
THEIR_OWN: Ways = {"channel": models.F("channel"), "host": models.F("host")}
MAIL_ONLY: Ways = {"channel": Value(Channel.EMAIL.value), "host": Value("")}
# Neither the beginning nor the end of anything.
BETWEEN = frozenset({NoticeKind.INCIDENT_UPDATED, NoticeKind.MAINTENANCE_UPDATED})


def fan_out_pending() -> int:
    """Fan out every notice that waits, oldest first, each in its own transaction. Returns the deliveries written."""
    pending = Notice.objects.pending().filter(audience__in=[Audience.SUBSCRIBERS, Audience.CUSTOMERS])
    return one_by_one(list(pending.defer("payload")), fan_out)


@retry_on_conflict
@transaction.atomic
def fan_out(notice: Notice) -> int:
    """Claim the notice and write one delivery for each of its audience. Returns how many; 0 if it was done before.

    Three statements, whatever the number of subscribers; two for customers. The end of an incident takes one more: who
    followed it is told, and follows it no more.
    """
    now = clock.now()
    if not Notice.objects.filter(pk=notice.pk, fanned_out_at__isnull=True).update(fanned_out_at=now):
        return 0
    if notice.audience == Audience.CUSTOMERS:
        return _insert_from(Customer.objects.reachable(), "customer_id", notice, now, MAIL_ONLY)
    written = _insert_from(audience_of(notice), "subscriber_id", notice, now, THEIR_OWN)
    if notice.kind == NoticeKind.INCIDENT_RESOLVED:
        following(notice.incident_id).delete()
    return written


def audience_of(notice: Notice) -> SubscriberQuerySet:
    """Who is told: confirmed when it happened, not paused, and either following this incident or wanting such news.

    Such news: of this kind, as bad as they asked for, and of one of their components; a notice without components
    concerns everybody. Who was told of the beginning is told of the rest, even if it has become less bad or moved to
    other components since: nobody is left with a beginning without an end.
    """
    ready = Subscriber.objects.confirmed().filter(confirmed_at__lte=notice.created_at).not_paused(notice.created_at)
    return ready.filter(Q(pk__in=_wanting(notice).values("pk")) | _following(notice))


def _wanting(notice: Notice) -> SubscriberQuerySet:
    wanting = Subscriber.objects.all()
    event = EVENT_OF_KIND.get(notice.kind.partition(".")[0])
    if event is not None:
        wanting = wanting.wanting_event(event)
    if notice.kind in BETWEEN:
        wanting = wanting.filter(wants_updates=True)
    return wanting.filter(_fitting(notice) | _told_before(notice))


def _fitting(notice: Notice) -> Q:
    fitting = Subscriber.objects.all()
    if notice.severity_rank is not None:
        fitting = fitting.wanting_severity(notice.severity_rank)
    component_ids = list(notice.components.values_list("pk", flat=True))
    if component_ids:
        fitting = fitting.wanting_any_of(component_ids)
    return Q(pk__in=fitting.values("pk"))


def _following(notice: Notice) -> Q:
    if notice.incident_id is None:
        return Q(pk__in=[])
    theirs = Exists(following(notice.incident_id).filter(subscriber=OuterRef("pk")))
    return Q(theirs, wants_updates=True) if notice.kind in BETWEEN else Q(theirs)


def _told_before(notice: Notice) -> Q:
    about = Q(maintenance=notice.maintenance_id)
    if notice.incident_id is not None:
        # What was merged into it goes on in it, and so ends with it.
        about = Q(incident=notice.incident_id) | Q(incident__merged_into=notice.incident_id)
    if notice.incident_id is None and notice.maintenance_id is None:
        return Q(pk__in=[])
    earlier = list(
        Notice.objects.filter(about, audience=Audience.SUBSCRIBERS).exclude(pk=notice.pk).values_list("pk", flat=True)
    )
    if not earlier:
        return Q(pk__in=[])
    return Q(Exists(Delivery.objects.filter(notice__in=earlier, subscriber=OuterRef("pk"))))


def _insert_from(audience: QuerySet[Any], recipient: str, notice: Notice, now: datetime, ways: Ways) -> int:
    """INSERT … SELECT, which the ORM cannot say: 100,000 rows without one of them passing through Python."""
    columns = {
        "notice_id": Value(notice.pk),
        recipient: models.F("pk"),
        **ways,
        "priority": Value(PRIORITY_OF_KIND[notice.kind.partition(".")[0]].value),
        "purpose": Value(Purpose.NOTICE.value),
        "state": Value(DeliveryState.PENDING.value),
        "attempts": Value(0),
        "next_attempt_at": Value(now, output_field=models.DateTimeField()),
        "lease": Value(""),
        "repeats": Value(0),
        "created_at": Value(now, output_field=models.DateTimeField()),
        "last_error": Value(""),
    }
    # Names of their own, as an annotation may not have the name of a field.
    aliases = {f"new_{column}": expression for column, expression in columns.items()}
    rows = audience.order_by("pk").annotate(**aliases).values_list(*aliases)
    select, parameters = rows.query.get_compiler(connection=connection).as_sql()
    quote = connection.ops.quote_name
    table = quote(Delivery._meta.db_table)
    names = ", ".join(quote(column) for column in columns)
    conflict = ", ".join(quote(column) for column in ("notice_id", recipient))
    sql = f"INSERT INTO {table} ({names}) {select} ON CONFLICT ({conflict}) DO NOTHING"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Compiling this statement takes longer than running it.
            cursor.execute("SET LOCAL jit = off")
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
