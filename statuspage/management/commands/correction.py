"""`manage.py correction add|withdraw|list`: what is left out of uptime afterwards, by the same services as the web."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from incidents.models import Incident
from probes.corrections import exclude, withdraw
from probes.enums import CorrectionKind
from probes.models import Correction
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_line
from statuspage.management.base import SentenceCommand
from statuspage.management.input import component_named, incident_named, moment_of, operator


class Command(SentenceCommand):
    help = "Leave a time out of uptime, take that back, list what is left out. Times without an offset are UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="add|withdraw|list")
        adding = actions.add_parser("add", help="leave a time that is over out of uptime; prints its id")
        adding.add_argument("--component", dest="components", action="append", default=[], metavar="SLUG")
        adding.add_argument("--kind", required=True, help=", ".join(CorrectionKind.values))
        adding.add_argument("--from", dest="begin", required=True, metavar="ISO", help="such as 2026-11-21T14:30Z")
        adding.add_argument("--until", dest="end", required=True, metavar="ISO", help="such as 2026-11-21T15:00Z")
        adding.add_argument("--incident", default="", metavar="REFERENCE", help="such as INC-2026-1121-a")
        withdrawing = actions.add_parser("withdraw", help="let the time count again, as it was measured")
        withdrawing.add_argument("id", help="as list shows it")
        for action in (adding, withdrawing):
            action.add_argument("--reason", required=True, help="everybody can read it")
        listing = actions.add_parser("list", help="what is left out, the newest first")
        listing.add_argument("--all", action="store_true", help="withdrawn ones too")

    def handle(self, *_args: object, **options: Any) -> None:
        actions = {"add": self._add, "withdraw": self._withdraw, "list": self._list}
        actions[options["action"]](options)

    def _add(self, options: dict[str, Any]) -> None:
        incident: Incident | None = incident_named(options["incident"]) if options["incident"] else None
        correction = exclude(
            components=[component_named(slug) for slug in options["components"]],
            starts_at=_moment("from", options["begin"]),
            ends_at=_moment("until", options["end"]),
            kind=_kind(options["kind"]),
            reason=options["reason"],
            author=operator(),
            incident=incident,
        )
        # The id alone, so that a script can keep it.
        self.stdout.write(correction.public_id)

    def _withdraw(self, options: dict[str, Any]) -> None:
        correction = Correction.objects.filter(public_id=clean_line(options["id"])).first()
        if correction is None:
            raise NotFound(f"There is no correction {options['id']!r}: `correction list` shows them.")
        self.stdout.write(_line(withdraw(correction=correction, author=operator(), reason=options["reason"])))

    def _list(self, options: dict[str, Any]) -> None:
        rows = Correction.objects.newest_first().prefetch_related("components")
        shown = list(rows if options["all"] else rows.valid())
        for row in shown:
            self.stdout.write(_line(row))
        if not shown:
            self.stdout.write("Nothing is left out of uptime.")


def _moment(name: str, text: str) -> datetime:
    at = moment_of(name, text)
    if at is None:
        raise ValidationFailed(name, f"--{name} is missing.")
    return at


def _kind(word: str) -> CorrectionKind:
    try:
        return CorrectionKind(word.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(CorrectionKind.values)
        raise ValidationFailed("kind", f"{word!r} is no kind of correction: choose one of {known}.") from None


def _line(correction: Correction) -> str:
    slugs = ", ".join(component.slug for component in correction.components.all())
    gone = (
        f"  [withdrawn by {correction.withdrawn_by}: {correction.withdrawn_reason}]" if correction.is_withdrawn else ""
    )
    return f"{correction.public_id}  {correction}  {slugs}  by {correction.author}: {correction.reason}{gone}"
