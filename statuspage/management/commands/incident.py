"""`manage.py incident open|update|resolve|list`: the same services as the web, for the day the web is gone."""

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from incidents.models import Incident
from incidents.services import open_incident, post_update, resolve_incident
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.management.base import SentenceCommand
from statuspage.management.input import (
    duration_of,
    impacts_of,
    incident_named,
    incident_status_named,
    message_of,
    moment_of,
    operator,
)


class Command(SentenceCommand):
    help = "Open, update, resolve and list incidents. Times are UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="open|update|resolve|list")
        opening = actions.add_parser("open", help="declare an incident; prints its reference")
        opening.add_argument("--title", required=True, help="what is broken, in a few words")
        opening.add_argument("--severity", required=True, help="a rung of the ladder, such as critical")
        opening.add_argument("--status", default="investigating", help="investigating, identified or monitoring")
        opening.add_argument(
            "--private",
            action=BooleanOptionalAction,
            default=None,
            help="publish only severity, status and times; default: as the page's configuration says",
        )
        opening.add_argument("--started-at", metavar="ISO", help="when it began, such as 2026-11-21T14:30Z")
        updating = actions.add_parser("update", help="post an update")
        updating.add_argument("reference", help="such as INC-2026-1121-a")
        updating.add_argument("--status", help="investigating, identified, monitoring or resolved; default: as it is")
        for action in (opening, updating):
            _add_component(action)
            action.add_argument("--next-update", metavar="30m", help="promise the next update within this time")
        resolving = actions.add_parser("resolve", help="say that it is over")
        resolving.add_argument("reference", help="such as INC-2026-1121-a")
        resolving.add_argument("--root-cause", default="", help="what caused it")
        resolving.add_argument("--remediation", default="", help="what is done so that it does not come back")
        for action in (opening, updating, resolving):
            action.add_argument("--message", required=True, help="Markdown for everybody; - reads standard input")
            action.add_argument("--no-notify", action="store_true", help="tell no subscribers")
        listing = actions.add_parser("list", help="open incidents, the newest first")
        listing.add_argument("--all", action="store_true", help="resolved ones too")

    def handle(self, *_args: object, **options: Any) -> None:
        actions = {"open": self._open, "update": self._update, "resolve": self._resolve, "list": self._list}
        actions[options["action"]](options)

    def _open(self, options: dict[str, Any]) -> None:
        incident = open_incident(
            title=options["title"],
            severity=options["severity"],
            message=message_of(options["message"]),
            impacts=impacts_of(options["components"]),
            status=incident_status_named(options["status"]),
            private=options["private"],
            started_at=moment_of("started_at", options["started_at"]),
            author=operator(),
            notify=not options["no_notify"],
            next_update_in=duration_of("next_update", options["next_update"]),
        )
        # The reference alone, so that a script can keep it.
        self.stdout.write(incident.reference)

    def _update(self, options: dict[str, Any]) -> None:
        incident = incident_named(options["reference"])
        post_update(
            incident=incident,
            status=incident_status_named(options["status"] or incident.status),
            message=message_of(options["message"]),
            impacts=impacts_of(options["components"]),
            author=operator(),
            notify=not options["no_notify"],
            next_update_in=duration_of("next_update", options["next_update"]),
        )
        self.stdout.write(_line(incident))

    def _resolve(self, options: dict[str, Any]) -> None:
        incident = incident_named(options["reference"])
        resolve_incident(
            incident=incident,
            message=message_of(options["message"]),
            root_cause_summary=options["root_cause"],
            remediation=options["remediation"],
            author=operator(),
            notify=not options["no_notify"],
        )
        self.stdout.write(_line(incident))

    def _list(self, options: dict[str, Any]) -> None:
        incidents = Incident.objects.select_related("severity").newest_first()
        if not options["all"]:
            incidents = incidents.open()
        is_empty = True
        for incident in incidents.iterator(chunk_size=500):
            is_empty = False
            self.stdout.write(_line(incident))
        if is_empty:
            self.stdout.write("There are no incidents." if options["all"] else "No incident is open.")


def _add_component(action: ArgumentParser) -> None:
    action.add_argument(
        "--component",
        dest="components",
        action="append",
        default=[],
        metavar="SLUG=STATE",
        help="what it does to a component, such as api=major_outage; as often as needed",
    )


def _line(incident: Incident) -> str:
    private = " (private)" if incident.private else ""
    return (
        f"{incident.reference:18} {incident.state.label:13} {incident.severity.name:9} "
        f"{incident.started_at:%Y-%m-%d %H:%M} UTC  {incident.title}{private}{_due(incident)}"
    )


def _due(incident: Incident) -> str:
    if incident.next_update_due_at is None or not incident.is_open:
        return ""
    now = clock.now()
    if incident.is_overdue(now):
        return f"  [next update overdue by {say_duration(now - incident.next_update_due_at)}]"
    return f"  [next update in {say_duration(incident.next_update_due_at - now)}]"
