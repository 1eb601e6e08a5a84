"""Subscribers as CSV, row by row: never all of them in memory, and nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from components.models import Component
from subscriptions.describing import shown_address
from subscriptions.enums import Event
from subscriptions.importing.reading import COLUMNS as IMPORTED
from subscriptions.importing.reading import NOTHING_ELSE
from subscriptions.models import Subscriber

AT_ONCE = 1000
# The first columns can be imported again.
COLUMNS = (*IMPORTED, "channel", "state", "origin", "created_at", "ended_at", "paused_at", "reason", "name", "contact")
# OWASP, CSV injection: what begins like this is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that hands back what is written to it: https://docs.djangoproject.com/en/stable/howto/outputting-csv/."""

    def write(self, line: str) -> str:
        return line


def export_lines(subscribers: QuerySet[Subscriber]) -> Iterator[str]:
    """The header and a line for each, by key. Three queries for each 1,000. URLs of chats and webhooks are masked."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield _line(writer.writerow(COLUMNS))
    slugs = dict(Component.objects.values_list("pk", "slug"))
    rows = subscribers.select_related("minimum_severity").prefetch_related("components", "groups").order_by("pk")
    for row in rows.iterator(chunk_size=AT_ONCE):
        chosen = [slugs.get(component.pk, component.slug) for component in row.components.all()]
        yield _line(writer.writerow([defused(cell) for cell in _cells(row, chosen)]))


def defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _cells(row: Subscriber, slugs: list[str]) -> list[str]:
    wanted = [event.value for event in Event if getattr(row, f"wants_{event.value}")]
    return [
        shown_address(row),
        ";".join(slugs),
        ";".join(group.slug for group in row.groups.all()),
        ";".join(wanted) or NOTHING_ELSE,
        "yes" if row.wants_updates else "no",
        row.minimum_severity.slug if row.minimum_severity else "",
        row.time_zone,
        row.language,
        *(_moment(row.confirmed_at), row.channel, row.state, row.origin),
        *(_moment(moment) for moment in (row.created_at, row.ended_at, row.paused_at)),
        *(row.suppressed_reason, row.name, row.contact_email),
    ]


def _moment(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def _line(written: object) -> str:
    return str(written)
