"""Celery's door to the services of incidents and maintenance."""

from celery import shared_task

from incidents import chasing, component_notices, drafts, maintenance
from incidents.reports import mailing, noticing, retention

# The next sweep is nearer than that.
WAKE_UP_EXPIRES_SECONDS = 10


@shared_task(name="incidents.run_maintenance")
def run_maintenance() -> None:
    """Begin, end and remind of the windows whose time has come; announce those of series."""
    maintenance.run_due()
    maintenance.make_due_windows()


@shared_task(name="incidents.chase")
def chase() -> None:
    """Remind on-call of the words that are late and of the postmortems that are due."""
    chasing.chase()


@shared_task(name="incidents.tell_component_changes")
def tell_component_changes() -> None:
    """Write the notices about components whose change has stood for long enough."""
    component_notices.tell_component_changes()


@shared_task(name="incidents.publish_drafts")
def publish_drafts() -> None:
    """Publish the drafts whose time has come."""
    drafts.publish_due()


@shared_task(name="incidents.sweep_reports")
def sweep_reports() -> None:
    """End the signal about reports when it is over, and find mails about reports that wait."""
    noticing.end_if_over()
    if mailing.has_due():
        send_report_mails.apply_async(expires=WAKE_UP_EXPIRES_SECONDS)


@shared_task(name="incidents.send_report_mails")
def send_report_mails() -> None:
    mailing.send_due()


@shared_task(name="incidents.forget_report_contacts")
def forget_report_contacts() -> None:
    retention.forget_contacts()
