"""A word on an incident (`incidents.notices`). Of a private one only its severity, status and times."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from components.enums import ComponentStatus
from incidents.enums import IncidentStatus, Promise
from statuspage.core.text import clean_line
from subscriptions.languages import say, to_be_said
from subscriptions.said.times import lasting, moment, soon, written
from subscriptions.said.words import Fact, Passage, Words, names_of, plain, some

NAMED_WITH_STATE = 5
NOT_PUBLIC = to_be_said("The details of this incident are not public. You see its severity, its status and its times.")
PROMISES = {
    Promise.BY.value: to_be_said("Next update by %(time)s."),
    Promise.ON_CHANGE.value: to_be_said("Next update by %(time)s, or on material change."),
    Promise.MORE_INFORMATION.value: to_be_said("Next update by %(time)s, or as soon as we know more."),
}


def words_on_incident(payload: Mapping[str, Any]) -> Words:
    incident, update = payload["incident"], payload["update"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    state = say(str(IncidentStatus(update["status"]).label))
    title = title_of(incident)
    return Words(
        thread=thread_of(payload),
        subject=f"[{state}] {title}",
        title=title,
        state=state,
        about=[incident["severity_name"], written(moment(update["display_at"]), zone)],
        css="over" if is_over(incident) else incident["impact"],
        passages=_passages(incident, update),
        facts=_facts(payload, zone),
        link_label=say("Whole timeline"),
        url=str(iri_to_uri(incident["url"])),
    )


def thread_of(payload: Mapping[str, Any]) -> str:
    return f"incident-{payload['incident']['id']}"


def title_of(incident: Mapping[str, Any]) -> str:
    """Of a private one its severity, as the page says it."""
    if incident["private"]:
        return say("%(severity)s incident", severity=clean_line(incident["severity_name"]))
    return clean_line(incident["title"])


def is_over(incident: Mapping[str, Any]) -> bool:
    return bool(incident["status"] == IncidentStatus.RESOLVED and incident["resolved_at"])


def times_of(incident: Mapping[str, Any], zone: ZoneInfo) -> list[Fact]:
    """When it began and, if it is over, when it ended."""
    started, resolved = moment(incident["started_at"]), moment(incident["resolved_at"])
    began = some((say("Began"), written(started, zone)))
    if started is None or resolved is None or not is_over(incident):
        return began
    return [*began, Fact(label=say("Over"), value=ended_after(resolved, resolved - started, zone))]


def ended_after(at: datetime, duration: timedelta, zone: ZoneInfo) -> str:
    """`21 November 2026, 13:34 CET (12:34 UTC), after 34 minutes`."""
    return say("%(time)s, after %(duration)s", time=written(at, zone), duration=lasting(duration))


def with_state(component: Mapping[str, Any]) -> str:
    """`API gateway (Major outage)`."""
    return f"{component['name']} ({say(str(ComponentStatus(component['status']).label))})"


def _passages(incident: Mapping[str, Any], update: Mapping[str, Any]) -> list[Passage]:
    if incident["private"]:
        return [plain("", say(NOT_PUBLIC))]
    said = [Passage(text=update["body_markdown"], html=update["body_html"])]
    causes = {say("Root cause"): incident["root_cause_summary"], say("What we do about it"): incident["remediation"]}
    return [*said, *(plain(title, text) for title, text in causes.items() if text)]


def _facts(payload: Mapping[str, Any], zone: ZoneInfo) -> list[Fact]:
    incident, components = payload["incident"], payload["components"]
    times = times_of(incident, zone)
    if is_over(incident):
        return [*some((say("Affected"), names_of(components))), *times]
    due = moment(incident["next_update_due_at"])
    # Notices that were written before promises had wordings have none.
    promised = _promise(due, incident.get("promise", ""), zone, said_at=moment(payload["update"]["display_at"]))
    return [*_affects(components), *times, *some(("", promised))]


def _affects(components: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """A few with their states; many by state, the worst first."""
    if len(components) <= NAMED_WITH_STATE:
        return some((say("Affects"), ", ".join(with_state(component) for component in components)))
    by_state: dict[ComponentStatus, list[str]] = {}
    for component in components:
        by_state.setdefault(ComponentStatus(component["status"]), []).append(component["name"])
    worst_first = sorted(by_state, key=lambda status: status.rank, reverse=True)
    return [Fact(label=say(str(status.label)), value=", ".join(by_state[status])) for status in worst_first]


def _promise(due: datetime | None, promise: str, zone: ZoneInfo, *, said_at: datetime | None) -> str:
    if due is None:
        return ""
    return say(PROMISES.get(promise, PROMISES[Promise.BY.value]), time=soon(due, zone, said_at=said_at))
