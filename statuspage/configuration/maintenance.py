"""`[[maintenance]]`: a window with its services and steps. One that is there already is staff's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from components.models import Component, Region
from incidents.enums import MaintenanceImpact, ServiceState, StepState
from incidents.maintenance import ServicePlan, StepPlan, schedule_maintenance
from incidents.maintenance.plans import STEP_TITLE_LENGTH
from incidents.maintenance.rules import NOTE_LENGTH, PHASE_LENGTH, REASON_LENGTH
from incidents.models import Maintenance
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Name, Place, Surroundings, durations
from statuspage.configuration.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    component: str
    state: ServiceState
    eta_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTerms:
    """What a window says beside its time, in the words of `schedule_maintenance`."""

    kind: str | None
    reason: str
    expects_downtime: bool | None
    takes_platform_down: bool
    impact_level: str
    impact_note: str
    phase: str
    what_to_do: str
    reminders: tuple[timedelta, ...]
    starts_itself: bool
    ends_itself: bool
    notify: bool
    notify_start: bool
    notify_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceConfig:
    place: Place
    name: Name
    title: str
    message: str
    scheduled_for: datetime
    scheduled_until: datetime
    started_at: datetime | None
    components: tuple[str, ...]
    regions: tuple[str, ...]
    services: tuple[ServiceConfig, ...]
    steps: tuple[StepPlan, ...]
    terms: WindowTerms


def read_maintenance(root: Table, around: Surroundings) -> tuple[MaintenanceConfig, ...]:
    """Those without a mistake; every mistake is noted."""
    found = []
    for table in root.tables("maintenance"):
        config = _window(table, around)
        table.done()
        if config is not None:
            found.append(config)
    return tuple(found)


def _window(table: Table, around: Surroundings) -> MaintenanceConfig | None:
    name = around.name(table, "MNT")
    title = table.text("title", max_length=250, required=True)
    message = table.markdown("message", required=True)
    begins, ends = around.moment(table, "from", required=True), around.moment(table, "until", required=True)
    if begins is not None and ends is not None and ends <= begins:
        table.wrong("until", "a moment after from")
    started_at = around.past(table, "started_at")
    services = _services(table, around)
    steps = [_step(step, around) for step in table.tables("steps")]
    components = around.components_of(table, required=not services)
    regions, terms = table.slugs("regions"), _terms(table, around)
    if title is None or begins is None or ends is None or None in steps:
        return None
    return MaintenanceConfig(
        place=around.place(table),
        name=name,
        title=title,
        message=message,
        scheduled_for=begins,
        scheduled_until=ends,
        started_at=started_at,
        components=components,
        regions=regions,
        services=services,
        steps=tuple(step for step in steps if step is not None),
        terms=terms,
    )


def _terms(table: Table, around: Surroundings) -> WindowTerms:
    starts, ends = table.boolean("starts_itself"), table.boolean("ends_itself")
    notify_start, notify_end = table.boolean("notify_start"), table.boolean("notify_end")
    return WindowTerms(
        kind=around.one_of(table, "kind", around.kinds),
        reason=table.text("reason", max_length=REASON_LENGTH) or "",
        expects_downtime=table.boolean("expects_downtime"),
        takes_platform_down=table.boolean("takes_platform_down") or False,
        impact_level=table.choice("impact", MaintenanceImpact.values) or "",
        impact_note=table.text("impact_note", max_length=NOTE_LENGTH) or "",
        phase=table.text("phase", max_length=PHASE_LENGTH) or "",
        what_to_do=table.markdown("what_to_do"),
        reminders=durations(table, "reminders"),
        starts_itself=starts is not False,
        ends_itself=ends is not False,
        notify=table.boolean("notify") or False,
        notify_start=notify_start is not False,
        notify_end=notify_end is not False,
    )


def _services(window: Table, around: Surroundings) -> tuple[ServiceConfig, ...]:
    found: list[ServiceConfig] = []
    for table in window.tables("services"):
        component = around.one_of(table, "component", around.components, required=True)
        if component is not None and any(service.component == component for service in found):
            table.wrong("component", "a component of its own: another service of this window is this one")
        state = table.required_choice("state", ServiceState.values)
        eta_at = around.moment(table, "eta")
        table.done()
        if component is not None and state is not None:
            found.append(ServiceConfig(component=component, state=ServiceState(state), eta_at=eta_at))
    return tuple(found)


def _step(table: Table, around: Surroundings) -> StepPlan | None:
    title = table.text("title", max_length=STEP_TITLE_LENGTH, required=True)
    step = StepPlan(
        title=title or "",
        body=table.markdown("body"),
        state=StepState(table.choice("state", StepState.values) or StepState.PENDING),
        started_at=around.past(table, "started_at"),
        finished_at=around.past(table, "finished_at"),
    )
    table.done()
    return step if title is not None else None


def apply_maintenance(configs: Sequence[MaintenanceConfig], regions: Mapping[str, Region], changes: Changes) -> None:
    """Announce those that are not there. Raises ConfigurationError for one that breaks a rule of maintenance."""
    components = Component.objects.in_bulk(field_name="slug") if configs else {}
    for config in configs:
        existing = _find(config.name)
        if existing is not None:
            changes.there("maintenance", existing.reference, config.name.key or "")
            continue
        with config.place.named():
            window = _schedule(config, components, regions)
        changes.added("maintenance", window.reference, config.name.key or "")


def _find(name: Name) -> Maintenance | None:
    known = {"reference": name.reference} if name.reference else {"dedupe_key": name.dedupe_key}
    return Maintenance.objects.filter(**known).first()


def _schedule(
    config: MaintenanceConfig, components: Mapping[str, Component], regions: Mapping[str, Region]
) -> Maintenance:
    terms = config.terms
    window = schedule_maintenance(
        title=config.title,
        message=config.message,
        components=[components[slug] for slug in config.components],
        scheduled_for=config.scheduled_for,
        scheduled_until=config.scheduled_until,
        started_at=config.started_at,
        regions=[regions[slug] for slug in config.regions],
        services=[
            ServicePlan(component=components[service.component], state=service.state, eta_at=service.eta_at)
            for service in config.services
        ],
        steps=config.steps,
        reference=config.name.reference,
        kind=terms.kind,
        reason=terms.reason,
        expects_downtime=terms.expects_downtime,
        takes_platform_down=terms.takes_platform_down,
        impact_level=terms.impact_level,
        impact_note=terms.impact_note,
        phase=terms.phase,
        what_to_do=terms.what_to_do,
        reminders=terms.reminders,
        starts_itself=terms.starts_itself,
        ends_itself=terms.ends_itself,
        notify=terms.notify,
        notify_start=terms.notify_start,
        notify_end=terms.notify_end,
    )
    if config.name.key:
        Maintenance.objects.filter(pk=window.pk).update(dedupe_key=config.name.dedupe_key)
    return window
