"""What our mails say. Rendered once for everybody; the recipient's own links are slots.

Everything that staff wrote comes in as a value and is never read as a template. Every link begins with the page's
configured address: for a notice the one frozen in its payload, never a request's Host.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.encoding import iri_to_uri, punycode
from django.utils.text import Truncator

from components.models import Page
from incidents.enums import Audience, NoticeKind
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.core.text import clean_line
from statuspage.core.whole_links import whole_links_in_html, whole_links_in_markdown
from subscriptions import links
from subscriptions.enums import Channel, Event, Purpose
from subscriptions.languages import Reader, say, speaking, to_be_said
from subscriptions.look import colours_of
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import Cast, CastMail, Mould, Slots
from subscriptions.plain_text import as_text, unbroken
from subscriptions.said.component import words_on_component
from subscriptions.said.customers import words_to_customers
from subscriptions.said.foot import (
    FootLine,
    foot_of_contact,
    foot_of_customer,
    foot_of_follower,
    foot_of_page,
    foot_of_subscription,
)
from subscriptions.said.incident import words_on_incident
from subscriptions.said.letters import Chosen, Desk, words_of_letter
from subscriptions.said.maintenance import words_on_maintenance
from subscriptions.said.postmortem import words_on_postmortem
from subscriptions.said.report import words_on_report
from subscriptions.said.words import Passage, Words

NOT_IN_DOMAIN = re.compile(r"[^a-z0-9.-]+")
MANAGE, UNSUBSCRIBE, CONFIRM = "manage", "unsubscribe", "confirm"
ANYBODY = Reader()
# Room for the words that a mailbox shows in its list.
PREHEADER_LENGTH = 120
LAST_MAIL = to_be_said(
    "You followed this incident without subscribing to others. It is over, so this was the last mail about it."
)
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
    """See `cast`: as a mail of Django's."""
    return cast(kind, delivery).as_mail()


def cast(kind: MailKind, delivery: Delivery) -> Cast:
    """The mail of this delivery. Its Message-ID is made of the row, so that a repeat is known as one; only one that
    somebody asked for has an id of its own, as mail programs hide a second message of the same.

    Its subscriber or customer must be loaded with it.
    """
    own = {
        "Date": format_datetime(clock.now()),
        "Message-ID": f"<{kind.id_prefix}{_id_of(delivery)}@{kind.letterhead.host}>",
    }
    if delivery.customer is not None:
        return kind.mould.cast(to=delivery.customer.email, headers=own, values={})
    subscriber, base = _subscriber(delivery), kind.letterhead.url
    # What is said about a URL goes to whoever answers for it.
    to = subscriber.address if subscriber.channel == Channel.EMAIL else subscriber.contact_email
    if delivery.purpose == Purpose.CONFIRMATION:
        confirm = {CONFIRM: base + links.confirm_path(links.confirm_token(subscriber))}
        return kind.mould.cast(to=to, headers=own, values=confirm)
    values = {
        MANAGE: base + links.manage_path(links.manage_token(subscriber)),
        UNSUBSCRIBE: base + links.unsubscribe_path(links.leave_token(subscriber)),
    }
    # RFC 8058: the mail program itself posts to this address.
    own["List-Unsubscribe"] = f"<{values[UNSUBSCRIBE]}>"
    own["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return kind.mould.cast(to=to, headers=own, values=values)


def render_notice(notice: Notice, reader: Reader = ANYBODY, *, follower: bool = False) -> MailKind:
    """The message of a notice for readers of one language and zone, from its frozen payload alone: no query.

    A `follower` hears of this one incident, and of nothing after its end.
    """
    head = letterhead(notice.payload["page"]["name"], notice.payload["page"]["url"])
    to_customers = notice.audience == Audience.CUSTOMERS
    # Nobody subscribed to what all customers get, so there is nothing to change or to leave.
    slots = Slots() if to_customers else Slots(MANAGE, UNSUBSCRIBE)
    with speaking(reader.language):
        said = words_of(notice, reader)
        if follower and notice.kind == NoticeKind.INCIDENT_RESOLVED:
            said = replace(said, asking=say(LAST_MAIL))
        if to_customers:
            foot = foot_of_customer(said, page=head.name, page_url=f"{head.url}/")
        else:
            foot = _foot(head, slots, follower=follower)
        mould = _mould(
            said,
            foot,
            slots=slots,
            head=head,
            headers=_thread_headers(said, head),
            list_name=CUSTOMERS_LIST if to_customers else UPDATES_LIST,
            language=reader.language,
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


def render_letter(purpose: Purpose, chosen: Chosen, reader: Reader = ANYBODY, *, page: Page | None = None) -> MailKind:
    """A letter about the subscription itself. One query, none if the `page` is given."""
    here = page or Page.current()
    head = letterhead(here.name, here.url)
    slots = Slots(CONFIRM) if purpose is Purpose.CONFIRMATION else Slots(MANAGE, UNSUBSCRIBE)
    desk = Desk(
        page=head.name,
        confirm_url=slots.placeholders.get(CONFIRM, ""),
        manage_url=slots.placeholders.get(MANAGE, ""),
        days=links.CONFIRMATION_LIFETIME.days,
    )
    with speaking(reader.language):
        said = words_of_letter(purpose, chosen, desk)
        foot = _foot(head, slots, contact=bool(chosen.host))
        mould = _mould(said, foot, slots=slots, head=head, headers={}, language=reader.language)
    return MailKind(letterhead=head, mould=mould, id_prefix="letter-")


def choice_of(subscriber: Subscriber) -> Chosen:
    """What a subscriber chose. Four queries."""
    least, groups = subscriber.minimum_severity, list(subscriber.groups.all())
    components = subscriber.components.exclude(group__in=groups).select_related("group")
    return Chosen(
        events=tuple(event for event in Event if getattr(subscriber, f"wants_{event.value}")),
        components=tuple(component.full_name for component in components),
        groups=tuple(group.name for group in groups),
        updates=subscriber.wants_updates,
        minimum_severity="" if least is None else least.name,
        follows=tuple(incident.public_title for incident in subscriber.follows.select_related("severity")),
        host="" if subscriber.channel == Channel.EMAIL else subscriber.host or "…",
        trouble=subscriber.suppressed_reason,
    )


def _thread_headers(said: Words, head: Letterhead) -> dict[str, str]:
    thread = f"<{said.thread}@{head.host}>"
    headers = {"References": thread, "In-Reply-To": thread}
    return {**headers, "Reply-To": said.reply_to} if said.reply_to else headers


def _foot(head: Letterhead, slots: Slots, *, follower: bool = False, contact: bool = False) -> list[FootLine]:
    here = {"page": head.name, "page_url": f"{head.url}/"}
    if MANAGE not in slots.placeholders:
        return foot_of_page(**here)
    ways = {"manage_url": slots.placeholders[MANAGE], "unsubscribe_url": slots.placeholders[UNSUBSCRIBE]}
    write = foot_of_follower if follower else foot_of_contact if contact else foot_of_subscription
    return write(**here, **ways)


def _mould(
    said: Words,
    foot: Sequence[FootLine],
    *,
    slots: Slots,
    head: Letterhead,
    headers: Mapping[str, str],
    language: str,
    list_name: str = UPDATES_LIST,
) -> Mould:
    said = replace(said, passages=[_leading_out(passage, f"{head.url}/") for passage in said.passages])
    values = {
        "said": said,
        "foot": foot,
        "has_ways": any(line.url for line in foot),
        "page": head,
        "language": language,
        "colon": say(":"),
        "colours": colours_of(said.css),
        "about": [unbroken(part) for part in said.about],
        "facts": [replace(fact, value=unbroken(fact.value)) for fact in said.facts],
        "preheader": _preheader(said),
    }
    return Mould(
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=said.subject,
        text=as_text(said, foot),
        html_text=render_to_string("mail/message.html", values),
        slots=slots,
        headers={
            "List-ID": f"<{list_name}.{head.host}>",  # RFC 2919
            "Auto-Submitted": "auto-generated",  # RFC 3834
            "Content-Language": language,  # RFC 3282
            **headers,
        },
    )


def _leading_out(passage: Passage, base: str) -> Passage:
    """With its links in full: a path that staff wrote leads nowhere from a mail."""
    text = whole_links_in_markdown(passage.text, base) if passage.is_markdown else passage.text
    return replace(passage, text=text, html=whole_links_in_html(passage.html, base))


def _preheader(said: Words) -> str:
    """What a mailbox shows beside the subject: the first words, on one line."""
    first = next((passage for passage in said.passages if passage.text), None)
    if first is None:
        return ""
    words = markdown_to_text(first.text) if first.is_markdown else clean_line(first.text)
    return Truncator(words).chars(PREHEADER_LENGTH)


def _id_domain(host: str) -> str:
    """The page's host as the right side of a message id (RFC 5322, 3.6.4): ASCII, and no literal of an address."""
    return NOT_IN_DOMAIN.sub("-", punycode(host).lower()).strip("-") or "localhost"


def _id_of(delivery: Delivery) -> str:
    again = f".r{delivery.repeats}" if delivery.repeats else ""
    if delivery.customer is not None:
        return f"{delivery.customer.public_id}{again}"
    own = _subscriber(delivery).public_id
    return f"{own}{again}" if delivery.purpose == Purpose.NOTICE else f"{delivery.pk}.{own}{again}"


def _subscriber(delivery: Delivery) -> Subscriber:
    if delivery.subscriber is None:
        raise ValueError(f"delivery {delivery.pk} has no recipient")
    return delivery.subscriber
