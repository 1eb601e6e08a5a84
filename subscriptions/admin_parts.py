"""What the console's screens about subscribers and deliveries share."""

from datetime import datetime

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.enums import NoticeKind
from incidents.forms import SentenceForm
from incidents.models import Notice
from subscriptions.describing import shown_address
from subscriptions.enums import DeliveryState, ImportState, SubscriberState
from subscriptions.models import Delivery, Subscriber

LONGEST_PK = 18
REASON_LENGTH = 200
SUBSCRIBER_CSS = {
    SubscriberState.PENDING: "none",
    SubscriberState.CONFIRMED: "ok",
    SubscriberState.UNSUBSCRIBED: "none",
    SubscriberState.SUPPRESSED: "down",
    SubscriberState.QUARANTINED: "part",
}
DELIVERY_CSS = {
    DeliveryState.PENDING: "work",
    DeliveryState.SENT: "ok",
    DeliveryState.FAILED: "down",
    DeliveryState.SUPPRESSED: "none",
}
IMPORT_CSS = {
    ImportState.CHECKED: "slow",
    ImportState.RUNNING: "work",
    ImportState.DONE: "ok",
    ImportState.CANCELLED: "none",
}


class ReasonForm(SentenceForm):
    """Why staff do something: it is kept where somebody may ask for it."""

    reason = forms.CharField(max_length=REASON_LENGTH, label="Why")


def chip(css: str, words: str) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', css, words)


def subscriber_chip(subscriber: Subscriber) -> SafeString:
    state = SubscriberState(subscriber.state)
    return chip(SUBSCRIBER_CSS[state], state.label)


def delivery_chip(delivery: Delivery) -> SafeString:
    state = DeliveryState(delivery.state)
    return chip(DELIVERY_CSS[state], state.label)


def recipient_of(delivery: Delivery) -> str:
    """Both must be loaded with it. URLs are masked."""
    if delivery.customer is not None:
        return f"{delivery.customer} (customer)"
    return shown_address(delivery.subscriber) if delivery.subscriber else "–"


def about_notice(notice: Notice) -> str:
    """`INC-2026-1121-a: Incident declared`, `API gateway: Component changed`.

    Incident, window and components must be loaded with it.
    """
    subject = notice.incident or notice.maintenance
    kind = notice.get_kind_display()
    if notice.kind == NoticeKind.COMPONENT_UPDATED:
        return f"{', '.join(component.name for component in notice.components.all())}: {kind}"
    return f"{subject.reference}: {kind}" if subject else kind


def about_delivery(delivery: Delivery) -> str:
    return about_notice(delivery.notice) if delivery.notice else delivery.get_purpose_display()


def in_utc(at: datetime | None) -> str | None:
    """As in all lists of the console: `2026-11-21 19:07`."""
    return f"{at:%Y-%m-%d %H:%M}" if at else None


def is_deleting_an_incident(request: HttpRequest) -> bool:
    """What hangs on an incident may go with it, when a superuser deletes it; alone it never goes."""
    match = request.resolver_match
    return match is not None and match.url_name == "incidents_incident_delete"


def key_of(object_id: str) -> int | None:
    """A primary key out of an address, or None for what is none."""
    pk = unquote(object_id)
    return int(pk) if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK else None


def write_down(request: HttpRequest, row: models.Model, name: str, what: str, flag: int = CHANGE) -> None:
    """In the console's log. `name` is never an address: the log outlives the subscriber."""
    LogEntry.objects.create(
        user_id=str(request.user.pk),
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=name,
        action_flag=flag,
        change_message=what,
    )
