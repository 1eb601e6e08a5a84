"""A mail to all customers about a very serious incident: one person writes it, another one lets it go.

Each service is one transaction. What is asked for is never edited: whoever confirms it lets go what they have read.

Payload of its notice: `page` and `incident` as in `incidents.notices`, and

    mail     id, subject, body_markdown, body_html
    contact  email, url: how customers reach us, or empty

Errors: `ValidationFailed` (at the field), `InvalidTransition` (it is decided already, or it was your own), `NotFound`.
"""

import re

from django.db import transaction

from components.models import Page
from incidents.enums import Audience, NoticeKind
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.models import CustomerMail, Incident, IncidentUpdate, Notice
from incidents.notices import incident_payload
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, NotFound, ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.markdown import render_markdown
from statuspage.core.text import clean_line, clean_text

PERSON_LENGTH = 150
BLANK = re.compile(r"\[\[[^\[\]\n]{1,80}\]\]")
YOUR_OWN = "You asked for this mail yourself: another person has to read it and let it go."


@retry_on_conflict
@transaction.atomic
def request_customer_mail(*, incident: Incident, subject: str, body: str, requested_by: str) -> CustomerMail:
    """Ask for a mail to all customers; nothing is sent before somebody else confirms it. `body` is Markdown.

    `requested_by` names one account, such as its user name. The same words while they wait are the same mail: two
    taps ask once.
    """
    line = _fitting("subject", clean_line(subject), TITLE_LENGTH, "Give the mail a subject.")
    text = _fitting("body", clean_text(body), BODY_LENGTH, "Write what all customers have to know.")
    person = _person("requested_by", requested_by)
    row = Incident.objects.select_for_update().filter(pk=incident.pk).first()
    if row is None:
        raise NotFound("This incident is not here any more.")
    if row.merged_into_id is not None:
        raise InvalidTransition(f"{row.reference} was merged into another incident: write about that one.")
    for mail in row.customer_mails.filter(confirmed_at=None, withdrawn_at=None):
        if (mail.subject, mail.body) == (line, text):
            return mail
    return CustomerMail.objects.create(
        incident=row, subject=line, body=text, requested_by=person, requested_at=clock.now()
    )


@retry_on_conflict
@transaction.atomic
def confirm_customer_mail(*, mail: CustomerMail, confirmed_by: str) -> Notice:
    """Let it go, once: its notice becomes one mail for each customer. By another account than the one that asked."""
    person = _person("confirmed_by", confirmed_by)
    row = _lock(mail)
    if person.casefold() == row.requested_by.casefold():
        raise InvalidTransition(YOUR_OWN)
    row.confirmed_by, row.confirmed_at = person, clock.now()
    row.notice = _write_notice(row)
    row.save(update_fields=["confirmed_by", "confirmed_at", "notice"])
    mail.refresh_from_db()
    return row.notice


@retry_on_conflict
@transaction.atomic
def withdraw_customer_mail(*, mail: CustomerMail, withdrawn_by: str) -> None:
    """It is not sent. Anybody may, also who asked for it."""
    person = _person("withdrawn_by", withdrawn_by)
    row = _lock(mail)
    row.withdrawn_by, row.withdrawn_at = person, clock.now()
    row.save(update_fields=["withdrawn_by", "withdrawn_at"])
    mail.refresh_from_db()


def _lock(mail: CustomerMail) -> CustomerMail:
    """The row, if nothing is decided about it yet."""
    rows = CustomerMail.objects.select_for_update(of=("self",)).select_related("incident__severity")
    row = rows.filter(pk=mail.pk).first()
    if row is None:
        raise NotFound("This mail is not here any more.")
    if row.confirmed_at is not None:
        raise InvalidTransition(f"{row.confirmed_by} let this mail go already, at {row.confirmed_at:%H:%M} UTC.")
    if row.withdrawn_at is not None:
        raise InvalidTransition(f"{row.withdrawn_by} withdrew this mail, at {row.withdrawn_at:%H:%M} UTC.")
    return row


def _write_notice(mail: CustomerMail) -> Notice:
    """What it says is frozen here, and so is what is public of its incident at this moment."""
    incident, page = mail.incident, Page.current()
    payload = incident_payload(
        incident, IncidentUpdate(status=incident.status, display_at=incident.updated_at), affected=()
    )
    # Neither the newest word nor the components: the mail says itself what it is about.
    del payload["update"], payload["components"]
    payload["mail"] = {
        "id": mail.public_id,
        "subject": mail.subject,
        "body_markdown": mail.body,
        "body_html": render_markdown(mail.body),
    }
    payload["contact"] = {"email": _answers_to(page), "url": page.support_url}
    return Notice.objects.create(
        kind=NoticeKind.CUSTOMER_MAIL, audience=Audience.CUSTOMERS, incident=incident, payload=payload
    )


def _answers_to(page: Page) -> str:
    """The page's own address as a header takes it, or nothing: no mail fails because of where answers go."""
    try:
        return normalise_address(page.support_email)
    except ValidationFailed:
        return ""


def _fitting(field: str, text: str, longest: int, empty: str) -> str:
    if not text:
        raise ValidationFailed(field, empty)
    if len(text) > longest:
        raise ValidationFailed(field, f"This has {len(text)} characters; at most {longest} fit.")
    blank = BLANK.search(text)
    if blank is not None:
        raise ValidationFailed(field, f"There is a blank to fill in: {blank[0]}.")
    return text


def _person(field: str, name: str) -> str:
    person = clean_line(name)
    if not person or len(person) > PERSON_LENGTH:
        raise ValidationFailed(field, "Say who you are.")
    return person
