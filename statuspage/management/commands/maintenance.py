"""`manage.py maintenance schedule|start|complete|cancel|list`: the same services as the web."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from components.models import Page
from incidents.enums import MaintenanceStatus
from incidents.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Maintenance
from probes.late_maintenance import leave_out_past
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_line
from statuspage.core.wall_clock import moment_at
from statuspage.management.base import SentenceCommand
from statuspage.management.input import component_named, message_of, operator


class Command(SentenceCommand):
    help = "Announce, start, complete, cancel and list maintenance windows. Times without an offset are the page's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="schedule|start|complete|cancel|list")
        announcing = actions.add_parser("schedule", help="announce a window; prints its reference")
        announcing.add_argument("--title", required=True, help="what is done, in a few words")
        announcing.add_argument("--from", dest="begin", required=True, metavar="TIME", help="such as 2026-12-01T02:00")
        announcing.add_argument("--until", dest="end", required=True, metavar="TIME", help="such as 2026-12-01T04:00")
        announcing.add_argument("--component", dest="components", action="append", default=[], metavar="SLUG")
        announcing.add_argument("--note", default="", help="what customers will notice, such as read-only mode")
        announcing.add_argument("--message", required=True, help="Markdown for everybody; - reads standard input")
        for action, what in (("start", "begin it now"), ("complete", "end it now"), ("cancel", "it will not be")):
            step = actions.add_parser(action, help=what)
            step.add_argument("reference", help="such as MNT-2026-1201-a")
            step.add_argument("--message", required=action == "cancel", help="Markdown for everybody")
        actions.add_parser("list", help="windows that run or are to come, and the last ten")

    def handle(self, *_args: object, **options: Any) -> None:
        actions = {"schedule": self._schedule, "list": self._list}
        actions.get(options["action"], self._step)(options)

    def _schedule(self, options: dict[str, Any]) -> None:
        author = operator()
        with transaction.atomic():
            maintenance = schedule_maintenance(
                title=options["title"],
                message=message_of(options["message"]),
                components=[component_named(slug) for slug in options["components"]],
                scheduled_for=_moment("from", options["begin"]),
                scheduled_until=_moment("until", options["end"]),
                impact_note=options["note"],
                author=author,
            )
            leave_out_past(maintenance=maintenance, author=author)
        self.stdout.write(maintenance.reference)

    def _step(self, options: dict[str, Any]) -> None:
        steps = {"start": start_maintenance, "complete": complete_maintenance, "cancel": cancel_maintenance}
        maintenance = _named(options["reference"])
        said: dict[str, Any] = {"message": message_of(options["message"])} if options["message"] else {}
        steps[options["action"]](maintenance=maintenance, author=operator(), **said)
        self.stdout.write(_line(maintenance))

    def _list(self, _options: dict[str, Any]) -> None:
        over = {MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED}
        rows = Maintenance.objects.newest_first()
        shown = [*rows.exclude(status__in=over), *rows.filter(status__in=over)[:10]]
        for row in shown:
            self.stdout.write(_line(row))
        if not shown:
            self.stdout.write("There are no maintenance windows.")


def _moment(name: str, text: str) -> datetime:
    """ISO 8601; without an offset it is what the clocks of the page's zone show."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValidationFailed(
            name, f"{text!r} is no time: write it like 2026-12-01T02:00 or 2026-12-01T02:00+01:00."
        ) from None
    return moment_at(at, Page.current().zone) if at.tzinfo is None else at.astimezone(UTC)


def _named(reference: str) -> Maintenance:
    maintenance = Maintenance.objects.filter(reference__iexact=clean_line(reference)).first()
    if maintenance is None:
        raise NotFound(f"There is no maintenance window {reference!r}: `manage.py maintenance list` shows them.")
    return maintenance


def _line(row: Maintenance) -> str:
    status = MaintenanceStatus(row.status).label
    return (
        f"{row.reference:18} {status:12} {row.scheduled_for:%Y-%m-%d %H:%M} to {row.scheduled_until:%Y-%m-%d %H:%M} "
        f"UTC  {row.title}"
    )
