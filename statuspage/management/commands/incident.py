"""`manage.py incident …`: the same services as the web, for the day the web is gone."""

from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace
from typing import Any

from incidents.models import Incident
from incidents.services import (
    PastUpdate,
    edit_update,
    merge_incident,
    open_incident,
    post_update,
    record_incident,
    resolve_incident,
)
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
    past_update_of,
    promise_named,
    update_named,
)

ACTIONS = "open|update|resolve|edit-update|merge|record|list"


class Command(SentenceCommand):
    help = "Open, update, correct, merge, resolve, record and list incidents. Times are UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar=ACTIONS)
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
            action.add_argument(
                "--promise", help="how: by, on_change or more_information; default: as the severity promises"
            )
        resolving = actions.add_parser("resolve", help="say that it is over")
        resolving.add_argument("reference", help="such as INC-2026-1121-a")
        resolving.add_argument("--root-cause", default="", help="what caused it")
        resolving.add_argument("--remediation", default="", help="what is done so that it does not come back")
        for action in (opening, updating, resolving):
            action.add_argument("--message", required=True, help="Markdown for everybody; - reads standard input")
            action.add_argument("--no-notify", action="store_true", help="tell no subscribers")
        _add_afterwards(actions)
        listing = actions.add_parser("list", help="open incidents, the newest first")
        listing.add_argument("--all", action="store_true", help="resolved ones too")

    def handle(self, *_args: object, **options: Any) -> None:
        actions = {
            "open": self._open,
            "update": self._update,
            "resolve": self._resolve,
            "edit-update": self._edit_update,
            "merge": self._merge,
            "record": self._record,
            "list": self._list,
        }
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
            promise=promise_named(options["promise"]),
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
            promise=promise_named(options["promise"]),
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

    def _edit_update(self, options: dict[str, Any]) -> None:
        incident = incident_named(options["reference"])
        update = update_named(incident, options["update"])
        changed = edit_update(
            update=update,
            message=update.body if options["message"] is None else message_of(options["message"]),
            display_at=moment_of("at", options["at"]),
            author=operator(),
        )
        self.stdout.write(f"{update.public_id} {'was edited' if changed else 'reads like that already'}.")

    def _merge(self, options: dict[str, Any]) -> None:
        into = incident_named(options["into"])
        merge_incident(
            duplicate=incident_named(options["reference"]),
            into=into,
            author=operator(),
            message=message_of(options["message"]),
        )
        self.stdout.write(_line(into))

    def _record(self, options: dict[str, Any]) -> None:
        updates: list[PastUpdate] = [past_update_of(*said) for said in options["updates"]]
        updates[0] = replace(updates[0], impacts=impacts_of(options["components"]))
        incident = record_incident(
            title=options["title"],
            severity=options["severity"],
            started_at=moment_of("started_at", options["started_at"]) or updates[0].at,
            updates=updates,
            private=options["private"],
            data_impact=options["data_impact"],
            root_cause_summary=options["root_cause"],
            remediation=options["remediation"],
            author=operator(),
            notify=options["notify"],
        )
        self.stdout.write(incident.reference)

    def _list(self, options: dict[str, Any]) -> None:
        incidents = Incident.objects.select_related("severity", "merged_into").newest_first()
        if not options["all"]:
            incidents = incidents.open()
        is_empty = True
        for incident in incidents.iterator(chunk_size=500):
            is_empty = False
            self.stdout.write(_line(incident))
        if is_empty:
            self.stdout.write("There are no incidents." if options["all"] else "No incident is open.")


def _add_afterwards(actions: Any) -> None:
    """What is done when more is known."""
    editing = actions.add_parser("edit-update", help="correct a word or its time; tells nobody, keeps how it read")
    editing.add_argument("reference", help="such as INC-2026-1121-a")
    editing.add_argument("--update", metavar="ID", help="as in the update's address; default: the newest")
    editing.add_argument("--message", help="the word as it should read; - reads standard input; default: as it is")
    editing.add_argument("--at", metavar="ISO", help="when it was said; default: as it is")
    merging = actions.add_parser("merge", help="end a duplicate; it goes on as another incident")
    merging.add_argument("reference", help="the duplicate, such as INC-2026-1121-b")
    merging.add_argument("into", help="the one that goes on, such as INC-2026-1121-a")
    merging.add_argument("--message", default="", help="what is said about it on the one that goes on")
    recording = actions.add_parser("record", help="write down afterwards what happened; prints its reference")
    recording.add_argument("--title", required=True, help="what was broken, in a few words")
    recording.add_argument("--severity", required=True, help="a rung of the ladder, such as critical")
    recording.add_argument("--started-at", metavar="ISO", help="when it began; default: with the first update")
    recording.add_argument(
        "--update",
        dest="updates",
        action="append",
        nargs=3,
        required=True,
        metavar=("ISO", "STATUS", "TEXT"),
        help="a word with its time, as often as needed, the oldest first; resolved ends it",
    )
    _add_component(recording)
    recording.add_argument("--private", action=BooleanOptionalAction, default=None, help="as with open")
    recording.add_argument("--data-impact", action="store_true", help="data was touched")
    recording.add_argument("--root-cause", default="", help="what caused it")
    recording.add_argument("--remediation", default="", help="what is done so that it does not come back")
    recording.add_argument("--notify", action="store_true", help="tell subscribers the last word")


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
    if incident.merged_into is not None:
        private += f" (merged into {incident.merged_into.reference})"
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
