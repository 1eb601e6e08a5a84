"""From one notice to a row for each who is to hear of it."""

from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet, Value

from incidents.enums import Audience
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from subscriptions.enums import DeliveryState, Event, Purpose
from subscriptions.models import Customer, Delivery, Subscriber, SubscriberQuerySet

EVENT_OF_KIND = {"incident": Event.INCIDENTS, "maintenance": Event.MAINTENANCE, "postmortem": Event.POSTMORTEMS}


def fan_out_pending() -> int:
    """Fan out every notice that waits, oldest first, each in its own transaction. Returns the deliveries written."""
    pending = Notice.objects.pending().filter(audience__in=[Audience.SUBSCRIBERS, Audience.CUSTOMERS])
    return sum(fan_out(notice) for notice in list(pending.defer("payload")))


@retry_on_conflict
@transaction.atomic
def fan_out(notice: Notice) -> int:
    """Claim the notice and write one delivery for each of its audience. Returns how many; 0 if it was done before.

    Three statements, whatever the number of subscribers; two for customers.
    """
    now = clock.now()
    if not Notice.objects.filter(pk=notice.pk, fanned_out_at__isnull=True).update(fanned_out_at=now):
        return 0
    if notice.audience == Audience.CUSTOMERS:
        return _insert_from(Customer.objects.reachable(), "customer_id", notice, now)
    return _insert_from(audience_of(notice), "subscriber_id", notice, now)


def audience_of(notice: Notice) -> SubscriberQuerySet:
    """Who had confirmed when it happened, wants to hear of such things, and chose one of its components.

    A notice without components concerns everybody.
    """
    audience = Subscriber.objects.confirmed().filter(confirmed_at__lte=notice.created_at)
    event = EVENT_OF_KIND.get(notice.kind.partition(".")[0])
    if event is not None:
        audience = audience.wanting_event(event)
    component_ids = list(notice.components.values_list("pk", flat=True))
    return audience.wanting_any_of(component_ids) if component_ids else audience


def _insert_from(audience: QuerySet[Any], recipient: str, notice: Notice, now: datetime) -> int:
    """INSERT … SELECT, which the ORM cannot say: 100,000 rows without one of them passing through Python."""
    columns = {
        "notice_id": Value(notice.pk),
        recipient: models.F("pk"),
        "purpose": Value(Purpose.NOTICE.value),
        "state": Value(DeliveryState.PENDING.value),
        "attempts": Value(0),
        "next_attempt_at": Value(now, output_field=models.DateTimeField()),
        "lease": Value(""),
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
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
