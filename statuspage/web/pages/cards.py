"""Incidents and windows as the pages show them, from rows that were read already. Private words stop here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe

from components.enums import ComponentStatus
from incidents.enums import Impact, IncidentStatus, MaintenanceStatus, Promise, StepState
from incidents.maintenance.wording import down_and_healthy, downtime_sentence
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    UpdateImpact,
)
from statuspage.core.markdown import markdown_to_text, render_markdown
from statuspage.web import wording
from statuspage.web.facts import ComponentName
from statuspage.web.plans import Plan
from statuspage.web.readmodels import (
    ImpactLine,
    IncidentCard,
    MaintenanceCard,
    Named,
    TimelineEntry,
)

IMPACT_CSS: dict[str, str] = {
    Impact.CRITICAL: "down",
    Impact.MAJOR: "part",
    Impact.MINOR: "slow",
    Impact.NONE: "none",
}
# Words that calm have their own colour; the others take the incident's.
STATUS_CSS: dict[str, str] = {IncidentStatus.MONITORING: "work", IncidentStatus.RESOLVED: "ok"}
MAINTENANCE_CSS: dict[str, str] = {MaintenanceStatus.COMPLETED: "ok", MaintenanceStatus.CANCELLED: "none"}
# What may bring the next update sooner. Said after its time, never once that is over.
PROMISE_WORDS: dict[str, str] = {
    Promise.BY: "",
    Promise.ON_CHANGE: ", or on material change",
    Promise.MORE_INFORMATION: ", or as soon as we know more",
}
EXCERPT = 180
NOTHING = mark_safe("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose eyes it is for: the page's zone, and the moment."""

    now: datetime
    zone: ZoneInfo

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def maybe(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self.zone)


def incident_card(
    incident: Incident,
    reader: Reader,
    *,
    updates: Sequence[IncidentUpdate],
    affected: Sequence[AffectedComponent],
    update_count: int | None = None,
) -> IncidentCard:
    """`updates` newest first; they may be less than all where `update_count` says how many there are."""
    due = reader.maybe(incident.next_update_due_at) if incident.is_open else None
    ended = incident.resolved_at or reader.now
    newest = timeline(incident, reader, updates[:1], {})[0] if updates else None
    return IncidentCard(
        public_id=incident.public_id,
        reference=incident.reference,
        title=incident.public_title,
        severity=incident.severity.slug,
        severity_name=incident.severity.name,
        status=incident.status,
        status_label=str(incident.state.label),
        css=IMPACT_CSS[incident.impact],
        private=incident.private,
        is_open=incident.is_open,
        started_at=reader.local(incident.started_at),
        contained_at=reader.maybe(incident.contained_at),
        resolved_at=reader.maybe(incident.resolved_at),
        updated_at=reader.local(incident.updated_at),
        duration=wording.lasted(incident.started_at, ended),
        next_update_due_at=due,
        next_update_in=wording.how_soon(abs(due - reader.now)) if due else "",
        is_overdue=incident.is_overdue(reader.now),
        components=() if incident.private else _affected(affected, is_open=incident.is_open),
        newest=newest,
        update_count=len(updates) if update_count is None else update_count,
        excerpt="" if incident.private or not updates else excerpt(updates[0].body),
        # Of those that were read with `with_postmortem`; lists that show no link do not need it.
        postmortem_at=reader.maybe(getattr(incident, "postmortem_at", None)),
        summary=_summary(incident),
        promise=PROMISE_WORDS[incident.promise] if due else "",
        data_impact=_data_impact(incident),
        is_retroactive=incident.is_retroactive and not incident.private,
        impact=incident.impact,
        root_cause="" if incident.private else incident.root_cause_summary,
        remediation="" if incident.private else incident.remediation,
    )


def _data_impact(incident: Incident) -> str:
    if incident.private or not incident.data_impact:
        return ""
    return "Data may be affected" if incident.is_open else "Data may have been affected"


def _affected(rows: Iterable[AffectedComponent], *, is_open: bool) -> tuple[Named, ...]:
    return tuple(
        Named(
            slug=row.component.slug,
            name=row.component.name,
            state=ComponentStatus(row.status) if is_open else ComponentStatus.OPERATIONAL,
            is_linked=row.component.retired_at is None,
        )
        for row in rows
        if row.component.is_visible
    )


def timeline(
    incident: Incident,
    reader: Reader,
    updates: Sequence[IncidentUpdate],
    impacts: Mapping[int, Sequence[UpdateImpact]],
) -> tuple[TimelineEntry, ...]:
    """In the order of `updates`, newest first. What sums it up inline stands with its last end."""
    entries = [timeline_entry(update, incident, reader, impacts.get(update.pk, ())) for update in updates]
    if is_summed_up_inline(incident):
        ends = (number for number, update in enumerate(updates) if update.status == IncidentStatus.RESOLVED)
        end = next(ends, None)
        if end is not None:
            entries[end] = replace(
                entries[end],
                root_cause=markdown(incident.root_cause_summary),
                remediation=markdown(incident.remediation),
            )
    return tuple(entries)


def is_summed_up_inline(incident: Incident) -> bool:
    """Whether cause and remediation stand with the resolved entry instead of in a part of their own."""
    if incident.private or incident.is_open or not incident.severity.inline_summary:
        return False
    return bool(incident.root_cause_summary or incident.remediation)


def _summary(incident: Incident) -> str:
    if not is_summed_up_inline(incident):
        return ""
    return " ".join(markdown_to_text(text) for text in (incident.root_cause_summary, incident.remediation) if text)


def timeline_entry(
    update: IncidentUpdate, incident: Incident, reader: Reader, impacts: Iterable[UpdateImpact] = ()
) -> TimelineEntry:
    hidden = incident.private
    return TimelineEntry(
        public_id=update.public_id,
        label=IncidentStatus(update.status).label if hidden else update.label,
        css=STATUS_CSS.get(update.status, IMPACT_CSS[incident.impact]),
        body=NOTHING if hidden else markdown(update.body),
        at=reader.local(update.display_at),
        updated_at=reader.local(max(update.updated_at, update.display_at)),
        impacts=() if hidden else tuple(_impact_lines(impacts)),
        edited_at=None if hidden else reader.maybe(update.edited_at),
        promised="" if hidden else _promised(update),
        status=update.status,
        markdown="" if hidden else update.body,
    )


def _promised(update: IncidentUpdate) -> str:
    if update.promised_in is None:
        return ""
    return f"Next update promised within {wording.exactly(update.promised_in)}{PROMISE_WORDS[update.promise]}."


def _impact_lines(impacts: Iterable[UpdateImpact]) -> Iterable[ImpactLine]:
    for impact in impacts:
        if impact.old_status == impact.new_status or (impact.component and not impact.component.is_visible):
            continue
        yield ImpactLine(
            name=impact.name,
            old=ComponentStatus(impact.old_status),
            new=ComponentStatus(impact.new_status),
            slug=impact.component.slug if impact.component else "",
        )


def maintenance_card(
    row: Maintenance,
    reader: Reader,
    *,
    updates: Sequence[MaintenanceUpdate],
    components: Iterable[ComponentName],
    plan: Plan | None = None,
) -> MaintenanceCard:
    timing, is_late = maintenance_timing(row, reader)
    return MaintenanceCard(
        public_id=row.public_id,
        reference=row.reference,
        title=row.title,
        status=row.status,
        status_label=str(MaintenanceStatus(row.status).label),
        css=MAINTENANCE_CSS.get(row.status, "work"),
        impact_note=row.impact_note,
        scheduled_for=reader.local(row.scheduled_for),
        scheduled_until=reader.local(row.scheduled_until),
        started_at=reader.maybe(row.started_at),
        completed_at=reader.maybe(row.completed_at),
        updated_at=reader.local(row.updated_at),
        timing=timing,
        is_late=is_late,
        components=tuple(
            Named(
                slug=component.slug,
                name=component.name,
                state=ComponentStatus.UNDER_MAINTENANCE,
                is_linked=not component.is_retired,
            )
            for component in components
            if component.is_visible
        ),
        newest=maintenance_entry(updates[0], reader) if updates else None,
        update_count=len(updates),
        downtime=downtime_sentence(row.expects_downtime),
        progress=_progress(plan) if plan is not None and row.is_active else "",
    )


def _progress(plan: Plan) -> str:
    """`Step 4 of 7: Database migrations · 4 of 12 services down`."""
    parts = []
    for number, step in enumerate(plan.steps, start=1):
        if step.state == StepState.RUNNING:
            parts.append(f"Step {number} of {len(plan.steps)}: {step.title}")
    services = [service for service in plan.services if service.component.is_visible]
    if services:
        down, _healthy = down_and_healthy(service.state for service in services)
        parts.append(f"{down} of {wording.counted(len(services), 'service')} down")
    return " · ".join(parts)


def maintenance_timing(row: Maintenance, reader: Reader) -> tuple[str, bool]:
    """Where the window stands, in words, and whether it is later than was announced."""
    now = reader.now
    status = MaintenanceStatus(row.status)
    if status is MaintenanceStatus.COMPLETED:
        begin, end = row.started_at or row.scheduled_for, row.completed_at or row.scheduled_until
        return f"took {wording.lasted(begin, end)}", False
    if status is MaintenanceStatus.CANCELLED:
        return "does not take place", False
    if status is MaintenanceStatus.SCHEDULED:
        if now < row.scheduled_for:
            return f"in {wording.how_soon(row.scheduled_for - now)}", False
        return f"should have begun {wording.how_soon(now - row.scheduled_for)} ago", True
    if not row.is_running_over(now):
        return f"{wording.how_soon(row.scheduled_until - now)} left", False
    return f"{wording.how_soon(now - row.scheduled_until)} longer than planned", True


def maintenance_timeline(updates: Sequence[MaintenanceUpdate], reader: Reader) -> tuple[TimelineEntry, ...]:
    return tuple(maintenance_entry(update, reader) for update in updates)


def maintenance_entry(update: MaintenanceUpdate, reader: Reader) -> TimelineEntry:
    return TimelineEntry(
        public_id=update.public_id,
        label=str(update.label),
        css=MAINTENANCE_CSS.get(update.status, "work"),
        body=markdown(update.body),
        at=reader.local(update.display_at),
        updated_at=reader.local(max(update.updated_at, update.display_at)),
    )


def markdown(text: str) -> SafeString:
    return mark_safe(render_markdown(text))  # noqa: S308 -- sanitised by the one function that does it


def excerpt(body: str) -> str:
    """The words of a Markdown text, cut to what a list has room for."""
    words = markdown_to_text(body)
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT].rsplit(' ', 1)[0]} …"
