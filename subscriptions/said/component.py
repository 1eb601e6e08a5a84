"""A component changed (`incidents.component_notices`)."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from components.enums import ComponentStatus
from statuspage.core.text import clean_line
from subscriptions.languages import say, to_be_said
from subscriptions.said.times import moment, written
from subscriptions.said.words import Words, some

# The edge of the mail, by the state's own colour.
CSS = {"ok": "over", "work": "work", "slow": "minor", "part": "major", "down": "critical", "none": "none"}
# The causes that `incidents.component_notices` knows.
CAUSES = [
    to_be_said("Found by our monitoring."),
    to_be_said("Set by our staff."),
    to_be_said("Said in an incident."),
    to_be_said("Because of maintenance."),
    to_be_said("The incident is over."),
    to_be_said("The maintenance is over."),
]


def words_on_component(payload: Mapping[str, Any]) -> Words:
    component = payload["component"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    status = ComponentStatus(component["status"])
    state, name = say(str(status.label)), clean_line(component["name"])
    return Words(
        thread=f"component-{component['id']}",
        subject=f"[{state}] {name}",
        title=name,
        state=state,
        about=[part for part in (clean_line(component["group"]), written(moment(component["since"]), zone)) if part],
        css=CSS[status.css],
        facts=some(
            (say("Before"), say(str(ComponentStatus(component["old_status"]).label))),
            (say("Incident"), _named(payload["incident"])),
            (say("Maintenance"), _named(payload["maintenance"])),
            ("", say(payload["cause"]) if payload["cause"] else ""),
        ),
        link_label=say("This component, always current"),
        url=str(iri_to_uri(component["url"])),
    )


def _named(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"{row['reference']}, {clean_line(row['title'])}"
