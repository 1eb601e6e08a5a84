"""Celery's door to the services of incidents and maintenance."""

from celery import shared_task

from incidents import maintenance


@shared_task(name="incidents.run_maintenance")
def run_maintenance() -> None:
    """Begin and end the windows whose time has come."""
    maintenance.run_due()
