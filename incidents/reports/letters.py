"""The mails about a report, as rows: to our own support, and the answer to who reported.

Their words are values: nothing that a visitor or staff typed is read as a template.
"""

import re
from datetime import timedelta

from django.db import transaction
from django.urls import reverse

from components.models import Page
from incidents.enums import ReportMailKind
from incidents.input import BODY_LENGTH
from incidents.models import OutageReport, ReportMail
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.text import clean_line, clean_text

SUBJECT_LENGTH = 250
LONGEST_AUTHOR = 150
SAME_WITHIN = timedelta(minutes=10)
BLANK = re.compile(r"\[\[[^\[\]\n]{1,80}\]\]")


def forward(report: OutageReport, page: Page) -> ReportMail | None:
    """The report to our own support, if there is an address. Call it inside the transaction that stores the report."""
    if not page.support_email:
        return None
    name = report.component.full_name if report.component else "something else"
    return ReportMail.objects.create(
        report=report,
        kind=ReportMailKind.FORWARD,
        to=page.support_email,
        subject=clean_line(f"[Report] {name}: {report.what}")[:SUBJECT_LENGTH],
        body=_as_text(report, page, name),
    )


@retry_on_conflict
@transaction.atomic
def answer_report(*, report: OutageReport, subject: str, body: str, author: str = "") -> ReportMail:
    """Write to who reported. The same words within ten minutes are the same answer: two taps send one mail.

    Raises ValidationFailed: nobody to write to, an empty or too long text, a blank of a template that is still open.
    """
    row = OutageReport.objects.select_for_update().get(pk=report.pk)
    if not row.contact:
        raise ValidationFailed("", "They left no address to answer to.")
    to = normalise_address(row.contact, field="contact")
    line, text = _subject(subject), _body(body)
    recent = row.mails.filter(kind=ReportMailKind.REPLY, created_at__gt=clock.now() - SAME_WITHIN)
    for mail in recent:
        if (mail.subject, mail.body) == (line, text):
            return mail
    return ReportMail.objects.create(
        report=row, kind=ReportMailKind.REPLY, to=to, subject=line, body=text, author=author[:LONGEST_AUTHOR]
    )


@retry_on_conflict
def retry_mail(*, mail: ReportMail) -> None:
    """Try it once more, now. Raises InvalidTransition when it is sent, or has nobody to go to any more."""
    unsent = ReportMail.objects.filter(pk=mail.pk, sent_at__isnull=True).exclude(to="")
    if not unsent.update(next_attempt_at=clock.now()):
        raise InvalidTransition("This mail is sent already, or its address was deleted.")
    mail.refresh_from_db()


def _subject(subject: str) -> str:
    line = clean_line(subject)
    if not line:
        raise ValidationFailed("subject", "Give the mail a subject.")
    return _without_blanks("subject", line, SUBJECT_LENGTH)


def _body(body: str) -> str:
    text = clean_text(body)
    if not text:
        raise ValidationFailed("body", "Write a sentence to who reported.")
    return _without_blanks("body", text, BODY_LENGTH)


def _without_blanks(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValidationFailed(field, f"This has {len(text)} characters; at most {longest} fit.")
    blank = BLANK.search(text)
    if blank is not None:
        raise ValidationFailed(field, f"There is a blank to fill in: {blank[0]}.")
    return text


def _as_text(report: OutageReport, page: Page, component: str) -> str:
    where = ", ".join(part for part in (report.country, report.isp) if part)
    address = page.absolute_url(reverse("admin:incidents_outagereport_change", args=[report.pk]))
    said = [
        report.what,
        _named("About", component),
        _named("Where", where),
        _named("Since", report.began),
        _named("Answer to", report.contact),
        f"The page was {'green' if report.while_green else 'not green'} when they wrote.",
        _named("Error", f"\n{report.error_text}" if report.error_text else ""),
        f"In the console: {address}",
    ]
    return "\n\n".join(part for part in said if part) + "\n"


def _named(name: str, value: str) -> str:
    return f"{name}: {value}" if value else ""
