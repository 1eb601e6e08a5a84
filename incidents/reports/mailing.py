"""Sending the mails about reports, one after the other.

A mail is leased by moving its next attempt into the future, sent outside any transaction, and what became of it is
written down. If the process dies in between, it is due again when the lease ends and goes out with the same
Message-ID. A server that is gone ends the run; each mail has its own ladder of tries.
"""

import logging
import re
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.db.models import F

from components.models import Page
from incidents.enums import ReportMailKind
from incidents.models import ReportMail
from statuspage.core import clock, stopping
from statuspage.core.database import retry_on_conflict
from statuspage.core.mail_answers import GIVE_UP_AFTER, Verdict, verdict_on, wait_after

logger = logging.getLogger(__name__)

# One mail may take four exchanges of 15 seconds each with a slow server.
LEASE = timedelta(minutes=5)
BATCH = 50
LONGEST_ERROR = 500
NOT_IN_DOMAIN = re.compile(r"[^a-z0-9.-]+")


class Mailer(Protocol):
    """The part of Django's mail backends that we use."""

    def send_messages(self, email_messages: list[EmailMessage], /) -> int | None: ...


def has_due() -> bool:
    return ReportMail.objects.due(clock.now()).exists()


def send_due(*, limit: int = BATCH) -> int:
    """Send what is due, oldest first. Returns how many went out."""
    mailer: Mailer = mailers.default
    page = Page.current()
    sent = 0
    for _ in range(limit):
        mail = None if stopping.is_asked() else _take()
        if mail is None:
            return sent
        try:
            mailer.send_messages([_message(mail, page)])
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is written at the mail and logged
            if _record_failure(mail, error) is Verdict.WAIT_FOR_SERVER:
                return sent
        else:
            _record_sent(mail)
            sent += 1
    return sent


@retry_on_conflict
def _take() -> ReportMail | None:
    """The mail that has waited longest, ours alone until the lease ends."""
    now = clock.now()
    for mail in ReportMail.objects.due(now).select_related("report").order_by("next_attempt_at", "pk")[:BATCH]:
        unchanged = ReportMail.objects.filter(pk=mail.pk, sent_at=None, next_attempt_at=mail.next_attempt_at)
        if unchanged.update(next_attempt_at=now + LEASE):
            return mail
    return None


def _message(mail: ReportMail, page: Page) -> EmailMessage:
    """Plain text to one recipient. Django refuses a line end in any header."""
    is_reply = mail.kind == ReportMailKind.REPLY
    headers = {"Message-ID": f"<report-{mail.report.public_id}.{mail.pk}@{_domain(page)}>"}
    if not is_reply:
        headers["Auto-Submitted"] = "auto-generated"  # RFC 3834
    # Whoever answers is answered by the other side, not by the sender of notices.
    answer_to = page.support_email if is_reply else mail.report.contact
    return EmailMessage(
        subject=mail.subject,
        body=mail.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        reply_to=[answer_to] if answer_to else None,
        headers=headers,
    )


def _domain(page: Page) -> str:
    host = urlsplit(page.url).hostname or ""
    return NOT_IN_DOMAIN.sub("-", host.lower()).strip("-.") or "localhost"


@retry_on_conflict
def _record_sent(mail: ReportMail) -> None:
    ReportMail.objects.filter(pk=mail.pk).update(
        sent_at=clock.now(), attempts=F("attempts") + 1, next_attempt_at=None, last_error=""
    )


@retry_on_conflict
def _record_failure(mail: ReportMail, error: Exception) -> Verdict:
    """Postpone it, or give it up: at once if the server said so, else when it has been tried for five days."""
    verdict, words = verdict_on(error)
    if not isinstance(error, OSError):
        logger.error("mail %d about a report could not be sent", mail.pk, exc_info=error)
    now = clock.now()
    attempts = mail.attempts + 1
    final = verdict in {Verdict.FAIL, Verdict.SUPPRESS} or now - mail.created_at > GIVE_UP_AFTER
    ReportMail.objects.filter(pk=mail.pk, sent_at=None).update(
        attempts=attempts,
        last_error=words[:LONGEST_ERROR].replace("\x00", ""),
        next_attempt_at=None if final else now + wait_after(attempts, verdict),
    )
    return verdict
