"""Who reported is forgotten after a while; what they reported stays."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from incidents.enums import ReportMailKind
from incidents.models import OutageReport, ReportMail
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict


@retry_on_conflict
@transaction.atomic
def forget_contacts() -> int:
    """Delete the addresses of old reports, the copies sent to our support, and what is not sent yet.

    Returns how many reports lost something. `REPORT_CONTACT_RETENTION_DAYS` says how old.
    """
    old = OutageReport.objects.filter(
        created_at__lt=clock.now() - timedelta(days=settings.REPORT_CONTACT_RETENTION_DAYS)
    )
    mails = ReportMail.objects.filter(report__in=old)
    mails.filter(kind=ReportMailKind.FORWARD).delete()
    mails.exclude(to="").update(to="", next_attempt_at=None)
    return old.exclude(contact="", sender_hash="").update(contact="", sender_hash="")
