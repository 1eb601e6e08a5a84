"""What our mails say. Rendered once for everybody; the recipient's own links are slots.

Everything that staff wrote comes in as a value and is never read as a template. Every link begins with the page's
configured address: for a notice the one frozen in its payload, never a request's Host.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.encoding import iri_to_uri, punycode

from components.models import Page
from incidents.enums import IncidentStatus
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.core.text import clean_line
from subscriptions import links
from subscriptions.enums import Purpose
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import CastMail, Mould, Slots

NOT_IN_DOMAIN = re.compile(r"[^a-z0-9.-]+")
MANAGE, UNSUBSCRIBE, CONFIRM = "manage", "unsubscribe", "confirm"


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

    The subscriber must be loaded with it.
    """
    subscriber = delivery.subscriber
    base = kind.letterhead.url
    manage = links.manage_token(subscriber)
    values = {MANAGE: base + links.manage_path(manage), UNSUBSCRIBE: base + links.unsubscribe_path(manage)}
    own = {"Message-ID": f"<{kind.id_prefix}{_id_of(delivery)}@{kind.letterhead.host}>"}
    if delivery.purpose == Purpose.CONFIRMATION:
        values = {CONFIRM: base + links.confirm_path(links.confirm_token(subscriber))}
    else:
        # RFC 8058: the mail program itself posts to this address.
        own["List-Unsubscribe"] = f"<{values[UNSUBSCRIBE]}>"
        own["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return kind.mould.cast(to=subscriber.address, headers=own, values=values)


def render_notice(notice: Notice) -> MailKind:
    """The message of a notice, from its frozen payload alone: no query."""
    payload = notice.payload
    head = letterhead(payload["page"]["name"], payload["page"]["url"])
    slots = Slots(MANAGE, UNSUBSCRIBE)
    said = notice_context(payload)
    thread = f"<incident-{payload['incident']['id']}@{head.host}>"
    mould = _mould(
        "notice",
        {**said, "page": head},
        slots=slots,
        subject=f"[{said['state']}] {said['title']}",
        head=head,
        headers={"References": thread, "In-Reply-To": thread},
    )
    return MailKind(letterhead=head, mould=mould, id_prefix=f"{notice.public_id}.")


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


def notice_context(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a notice about an incident, times written out in the page's zone."""
    incident, update = payload["incident"], payload["update"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    started, resolved = _moment(incident["started_at"]), _moment(incident["resolved_at"])
    is_over = incident["status"] == IncidentStatus.RESOLVED and resolved is not None
    return {
        "title": clean_line(incident["title"]),
        "state": IncidentStatus(update["status"]).label,
        "severity": incident["severity_name"],
        "impact": incident["impact"],
        "private": incident["private"],
        "body_text": update["body_markdown"],
        "body_html": update["body_html"],
        "components": payload["components"],
        "posted": written(_moment(update["display_at"]), zone),
        "started": written(started, zone),
        "resolved": written(resolved, zone) if is_over else "",
        "lasted": _lasted(started, resolved) if is_over else "",
        "next_update": written(_moment(incident["next_update_due_at"]), zone),
        "root_cause": incident["root_cause_summary"],
        "remediation": incident["remediation"],
        "url": str(iri_to_uri(incident["url"])),
    }


def written(at: datetime | None, zone: ZoneInfo) -> str:
    """`21 November 2026, 15:30 CET (14:30 UTC)`: the page's zone by name, and UTC if that is another time."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    name = local.tzname() or ""
    # Zones without an abbreviation of their own call themselves +03.
    text = f"{local.day} {local:%B %Y, %H:%M} {name if name.isalpha() else zone.key}"
    return text if name == "UTC" else f"{text} ({at:%H:%M} UTC)"


def _mould(
    name: str,
    context: Mapping[str, Any],
    *,
    slots: Slots,
    subject: str,
    head: Letterhead,
    headers: Mapping[str, str],
) -> Mould:
    values = {**context, **{f"{slot}_url": mark for slot, mark in slots.placeholders.items()}}
    return Mould(
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=subject,
        text=render_to_string(f"mail/{name}.txt", values).strip() + "\n",
        html_text=render_to_string(f"mail/{name}.html", values),
        slots=slots,
        at=clock.now(),
        headers={
            "List-ID": f"<updates.{head.host}>",  # RFC 2919
            "Auto-Submitted": "auto-generated",  # RFC 3834
            **headers,
        },
    )


def _id_domain(host: str) -> str:
    """The page's host as the right side of a message id (RFC 5322, 3.6.4): ASCII, and no literal of an address."""
    return NOT_IN_DOMAIN.sub("-", punycode(host).lower()).strip("-") or "localhost"


def _id_of(delivery: Delivery) -> str:
    if delivery.purpose == Purpose.NOTICE:
        return delivery.subscriber.public_id
    return f"{delivery.pk}.{delivery.subscriber.public_id}"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _lasted(started: datetime | None, resolved: datetime | None) -> str:
    if started is None or resolved is None:
        return ""
    return say_duration(resolved - started)
