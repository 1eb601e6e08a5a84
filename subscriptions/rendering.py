"""What our mails say. Rendered once for everybody; the recipient's own links are slots.

Everything that staff wrote comes in as a value and is never read as a template. Every link begins with the page's
configured address: for a notice the one frozen in its payload, never a request's Host.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.encoding import iri_to_uri, punycode

from components.models import Page
from incidents.enums import Audience, NoticeKind
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.text import clean_line
from subscriptions import links
from subscriptions.enums import Purpose
from subscriptions.languages import Reader, speaking
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import CastMail, Mould, Slots
from subscriptions.said.component import words_on_component
from subscriptions.said.customers import words_to_customers
from subscriptions.said.incident import words_on_incident
from subscriptions.said.maintenance import words_on_maintenance
from subscriptions.said.postmortem import words_on_postmortem
from subscriptions.said.report import words_on_report
from subscriptions.said.words import Words

NOT_IN_DOMAIN = re.compile(r"[^a-z0-9.-]+")
MANAGE, UNSUBSCRIBE, CONFIRM = "manage", "unsubscribe", "confirm"
ANYBODY = Reader()
UPDATES_LIST, CUSTOMERS_LIST = "updates", "customers"
WORDS_OF: dict[str, Callable[[Mapping[str, Any]], Words]] = {
    "incident": words_on_incident,
    "postmortem": words_on_postmortem,
    "component": words_on_component,
    "report": words_on_report,
    "customers": words_to_customers,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Whose mail this is: the page's name, its address without a slash at the end, and the domain of message ids."""

    name: str
    url: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailKind:
    """A rendered message and what casting it for somebody needs."""

    letterhead: Letterhead
    mould: Mould
    id_prefix: str


def letterhead(name: str, url: str) -> Letterhead:
    base = str(iri_to_uri(clean_line(url))).rstrip("/")
    return Letterhead(name=clean_line(name), url=base, host=_id_domain(urlsplit(url).hostname or "localhost"))


def cast_mail(kind: MailKind, delivery: Delivery) -> CastMail:
    """The mail of this delivery. Its Message-ID is made of the row, so that a repeat is known as one.

    Its subscriber or customer must be loaded with it.
    """
    own = {
        "Date": format_datetime(clock.now()),
        "Message-ID": f"<{kind.id_prefix}{_id_of(delivery)}@{kind.letterhead.host}>",
    }
    if delivery.customer is not None:
        return kind.mould.cast(to=delivery.customer.email, headers=own, values={})
    subscriber, base = _subscriber(delivery), kind.letterhead.url
    manage = links.manage_token(subscriber)
    values = {MANAGE: base + links.manage_path(manage), UNSUBSCRIBE: base + links.unsubscribe_path(manage)}
    if delivery.purpose == Purpose.CONFIRMATION:
        values = {CONFIRM: base + links.confirm_path(links.confirm_token(subscriber))}
    else:
        # RFC 8058: the mail program itself posts to this address.
        own["List-Unsubscribe"] = f"<{values[UNSUBSCRIBE]}>"
        own["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return kind.mould.cast(to=subscriber.address, headers=own, values=values)


def render_notice(notice: Notice, reader: Reader = ANYBODY) -> MailKind:
    """The message of a notice for readers of one language and zone, from its frozen payload alone: no query."""
    with speaking(reader.language):
        return _render_notice(notice, reader)


def _render_notice(notice: Notice, reader: Reader) -> MailKind:
    head = letterhead(notice.payload["page"]["name"], notice.payload["page"]["url"])
    said = words_of(notice, reader)
    to_customers = notice.audience == Audience.CUSTOMERS
    thread = f"<{said.thread}@{head.host}>"
    headers = {"References": thread, "In-Reply-To": thread}
    if said.reply_to:
        headers["Reply-To"] = said.reply_to
    mould = _mould(
        "notice",
        {"said": said, "title": said.title, "page": head, "to_customers": to_customers},
        # Nobody subscribed to what all customers get, so there is nothing to change or to leave.
        slots=Slots() if to_customers else Slots(MANAGE, UNSUBSCRIBE),
        subject=said.subject,
        head=head,
        headers=headers,
        list_name=CUSTOMERS_LIST if to_customers else UPDATES_LIST,
    )
    return MailKind(letterhead=head, mould=mould, id_prefix=f"{notice.public_id}.")


def words_of(notice: Notice, reader: Reader = ANYBODY) -> Words:
    """What it says to this reader, by its kind: their language, and times in their zone. No query."""
    kind = NoticeKind(notice.kind)
    subject = kind.value.partition(".")[0]
    page = notice.payload["page"]
    payload = {**notice.payload, "page": {**page, "time_zone": reader.time_zone or page["time_zone"]}}
    with speaking(reader.language):
        if subject == "maintenance":
            return words_on_maintenance(payload, kind)
        return WORDS_OF[subject](payload)


def render_letter(purpose: Purpose, choice: str) -> MailKind:
    """A letter about the subscription itself. `choice` is what was chosen, in words. One query."""
    page = Page.current()
    head = letterhead(page.name, page.url)
    if purpose is Purpose.CONFIRMATION:
        slots, subject = Slots(CONFIRM), f"Confirm your subscription to {head.name}"
    else:
        slots, subject = Slots(MANAGE, UNSUBSCRIBE), f"You are subscribed to {head.name}"
    context = {"page": head, "title": subject, "choice": choice, "days": links.CONFIRMATION_LIFETIME.days}
    mould = _mould(purpose.value, context, slots=slots, subject=subject, head=head, headers={})
    return MailKind(letterhead=head, mould=mould, id_prefix="letter-")


def choice_of(subscriber: Subscriber) -> str:
    """What a subscriber chose, in words. One query."""
    return ", ".join(component.full_name for component in subscriber.components.select_related("group"))


def _mould(
    name: str,
    context: Mapping[str, Any],
    *,
    slots: Slots,
    subject: str,
    head: Letterhead,
    headers: Mapping[str, str],
    list_name: str = UPDATES_LIST,
) -> Mould:
    values = {**context, **{f"{slot}_url": mark for slot, mark in slots.placeholders.items()}}
    return Mould(
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=subject,
        text=render_to_string(f"mail/{name}.txt", values).strip() + "\n",
        html_text=render_to_string(f"mail/{name}.html", values),
        slots=slots,
        headers={
            "List-ID": f"<{list_name}.{head.host}>",  # RFC 2919
            "Auto-Submitted": "auto-generated",  # RFC 3834
            **headers,
        },
    )


def _id_domain(host: str) -> str:
    """The page's host as the right side of a message id (RFC 5322, 3.6.4): ASCII, and no literal of an address."""
    return NOT_IN_DOMAIN.sub("-", punycode(host).lower()).strip("-") or "localhost"


def _id_of(delivery: Delivery) -> str:
    if delivery.customer is not None:
        return delivery.customer.public_id
    subscriber = _subscriber(delivery)
    if delivery.purpose == Purpose.NOTICE:
        return subscriber.public_id
    return f"{delivery.pk}.{subscriber.public_id}"


def _subscriber(delivery: Delivery) -> Subscriber:
    if delivery.subscriber is None:
        raise ValueError(f"delivery {delivery.pk} has no recipient")
    return delivery.subscriber
