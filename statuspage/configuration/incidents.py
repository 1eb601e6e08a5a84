"""`[[incidents]]`: what was said of an incident, with its times. One that is there already is staff's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import TRANSITIONS, IncidentStatus, Promise
from incidents.models import Incident
from incidents.retroactive import PastUpdate, record_incident
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Name, Place, Surroundings
from statuspage.configuration.table import Table

STATES = [status.value for status in ComponentStatus if status is not ComponentStatus.UNKNOWN]
SHORTEST_PROMISE, LONGEST_PROMISE = timedelta(minutes=1), timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateConfig:
    """A word that was said. `components` are states by slug."""

    status: IncidentStatus
    message: str
    at: datetime
    components: Mapping[str, ComponentStatus]
    author: str
    promised_in: timedelta | None
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentConfig:
    place: Place
    name: Name
    title: str
    severity: str
    started_at: datetime
    updates: tuple[UpdateConfig, ...]
    private: bool | None
    data_impact: bool
    root_cause: str
    remediation: str
    notify: bool


def read_incidents(root: Table, around: Surroundings) -> tuple[IncidentConfig, ...]:
    """Those without a mistake; every mistake is noted."""
    found = []
    for table in root.tables("incidents"):
        config = _incident(table, around)
        table.done()
        if config is not None:
            found.append(config)
    return tuple(found)


def _incident(table: Table, around: Surroundings) -> IncidentConfig | None:
    name = around.name(table, "INC")
    title = table.text("title", max_length=250, required=True)
    severity = around.one_of(table, "severity", around.severities, required=True)
    started_at = around.past(table, "started_at", required=True)
    tables = table.tables("updates")
    if table.take("updates") is None:
        table.wrong("updates", "at least one table, written [[incidents.updates]]")
    updates = [_update(update, around) for update in tables]
    _check_order(tables, updates, started_at)
    config: dict[str, Any] = {
        "private": table.boolean("private"),
        "data_impact": table.boolean("data_impact") or False,
        "root_cause": table.markdown("root_cause"),
        "remediation": table.markdown("remediation"),
        "notify": table.boolean("notify") or False,
    }
    if title is None or severity is None or started_at is None or None in updates:
        return None
    return IncidentConfig(
        place=around.place(table),
        name=name,
        title=title,
        severity=severity,
        started_at=started_at,
        updates=tuple(update for update in updates if update is not None),
        **config,
    )


def _update(table: Table, around: Surroundings) -> UpdateConfig | None:
    status = table.required_choice("status", IncidentStatus.values)
    message = table.markdown("message", required=True)
    at = around.past(table, "at", required=True)
    components = _states(table, around)
    author = table.text("author", max_length=150) or ""
    promised_in = table.duration("next_update", minimum=SHORTEST_PROMISE, maximum=LONGEST_PROMISE)
    promise = table.choice("promise", Promise.values)
    if promise is not None and table.take("next_update") is None:
        table.wrong("promise", "nothing: it goes with next_update")
    table.done()
    if status is None or not message or at is None:
        return None
    return UpdateConfig(
        status=IncidentStatus(status),
        message=message,
        at=at,
        components=components,
        author=author,
        promised_in=promised_in,
        promise=Promise(promise or Promise.BY),
    )


def _states(table: Table, around: Surroundings) -> Mapping[str, ComponentStatus]:
    """`{ api = "major_outage" }`."""
    value = table.take("components")
    if value is None:
        return {}
    if not isinstance(value, dict):
        table.wrong("components", 'states by component, such as { api = "major_outage" }')
        return {}
    found = {}
    for slug, state in value.items():
        if slug not in around.components:
            known = ", ".join(around.components)
            around.reader.wrong(f"{table.path('components')}.{slug}", state, f"a component in this file: {known}")
        elif state not in STATES:
            around.reader.wrong(f"{table.path('components')}.{slug}", state, f"one of {', '.join(STATES)}")
        else:
            found[slug] = ComponentStatus(state)
    return found


def _check_order(tables: Sequence[Table], updates: Sequence[UpdateConfig | None], started_at: datetime | None) -> None:
    """As `record_incident` asks for it, said with the key."""
    read = [(table, update) for table, update in zip(tables, updates, strict=True) if update is not None]
    if read and started_at is not None and read[0][1].at < started_at:
        read[0][0].wrong("at", "a moment not before started_at")
    for (_, before), (table, after) in pairwise(read):
        if after.at < before.at:
            table.wrong("at", "a moment not before that of the update above it")
        if after.status not in TRANSITIONS[before.status]:
            may = ", ".join(status for status in IncidentStatus if status in TRANSITIONS[before.status])
            table.wrong("status", f"what may follow {before.status}: {may}")


def apply_incidents(configs: Sequence[IncidentConfig], changes: Changes) -> None:
    """Write down those that are not there. Raises ConfigurationError for one that breaks a rule of incidents."""
    components = Component.objects.in_bulk(field_name="slug") if configs else {}
    for config in configs:
        existing = find_incident(config.name)
        if existing is not None:
            changes.there("incident", existing.reference, config.name.key or "")
            continue
        with config.place.named():
            incident = _record(config, components)
        changes.added("incident", incident.reference, config.name.key or "")


def find_incident(name: Name) -> Incident | None:
    known = {"reference": name.reference} if name.reference else {"dedupe_key": name.dedupe_key}
    return Incident.objects.filter(**known).order_by("pk").first()


def _record(config: IncidentConfig, components: Mapping[str, Component]) -> Incident:
    incident = record_incident(
        title=config.title,
        severity=config.severity,
        started_at=config.started_at,
        updates=[
            PastUpdate(
                status=update.status,
                message=update.message,
                at=update.at,
                impacts={components[slug]: state for slug, state in update.components.items()},
                author=update.author,
                promised_in=update.promised_in,
                promise=update.promise,
            )
            for update in config.updates
        ],
        private=config.private,
        data_impact=config.data_impact,
        root_cause_summary=config.root_cause,
        remediation=config.remediation,
        reference=config.name.reference,
        notify=config.notify,
    )
    if config.name.key:
        Incident.objects.filter(pk=incident.pk).update(dedupe_key=config.name.dedupe_key)
    return incident
