"""Everything that is kept about one subscriber, for that subscriber: JSON, times RFC 3339 UTC.

A webhook's secrets are named by their age alone: their owner saw them when they were made, and nobody sees them again.
A URL is not shown whole either: of a chat, everybody who can read the channel may have the link to this.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.models.fields.json import KeyTextTransform, KeyTransform

from subscriptions.describing import shown_address
from subscriptions.enums import Event
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """Seven queries, eight with a least severity, whatever their number of deliveries."""
    requests = SubscriptionRequest.objects.filter(channel=subscriber.channel, address=subscriber.address)
    return {
        "subscription": _subscription(subscriber),
        "choice": _choice(subscriber),
        "secrets": [
            {"created_at": _time(secret.created_at), "retires_at": _time(secret.retires_at)}
            for secret in subscriber.secrets.all()
        ],
        "chat_messages": [
            {"about": posted.thread, "id": posted.remote_id, "posted_at": _time(posted.posted_at)}
            for posted in subscriber.posted.all()
        ],
        "requests": [
            {"choice": request.choice, "contact_email": request.contact_email, "at": _time(request.created_at)}
            for request in requests
        ],
        "deliveries": [
            _delivery(row, row.changed)  # type: ignore[attr-defined]  # annotated below
            for row in subscriber.deliveries.select_related("notice__incident", "notice__maintenance")
            .annotate(changed=KeyTextTransform("slug", KeyTransform("component", "notice__payload")))
            .defer("notice__payload")
        ],
    }


def _subscription(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "id": subscriber.public_id,
        "channel": subscriber.channel,
        "address": shown_address(subscriber),
        "contact_email": subscriber.contact_email,
        "name": subscriber.name,
        "came_by": subscriber.origin,
        "state": subscriber.state,
        "asked_at": _time(subscriber.created_at),
        "confirmed_at": _time(subscriber.confirmed_at),
        "paused_at": _time(subscriber.paused_at),
        "paused_until": _time(subscriber.paused_until),
        "failing_since": _time(subscriber.failing_since),
    }


def _choice(subscriber: Subscriber) -> dict[str, Any]:
    least = subscriber.minimum_severity
    return {
        "events": [event.value for event in Event if getattr(subscriber, f"wants_{event.value}")],
        "updates": subscriber.wants_updates,
        "minimum_severity": least.slug if least else None,
        "components": list(subscriber.components.values_list("slug", flat=True)),
        "groups": list(subscriber.groups.values_list("slug", flat=True)),
        "incidents": list(subscriber.follows.values_list("reference", flat=True)),
        "time_zone": subscriber.time_zone,
        "language": subscriber.language,
    }


def _delivery(row: Delivery, changed: str | None) -> dict[str, Any]:
    """`changed` is the slug of the component that it is about, if it is about one."""
    notice = row.notice
    subject = notice and (notice.incident or notice.maintenance)
    return {
        "purpose": row.purpose,
        "kind": notice.kind if notice else None,
        "about": subject.reference if subject else changed,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "written_at": _time(row.created_at),
        "sent_at": _time(row.sent_at),
        "status_code": row.status_code,
        "last_error": row.last_error,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
