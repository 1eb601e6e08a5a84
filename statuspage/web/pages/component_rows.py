"""Components as the pages show them, from facts that were read already. No query here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from components.enums import ComponentStatus, worst
from components.models import Component
from incidents.enums import Origin
from probes.selectors import Measurement
from statuspage.web.facts import Facts
from statuspage.web.pages import bars, days
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.probe_lines import component_places
from statuspage.web.readmodels import ComponentBlock, ComponentRow, Day

UNKNOWN = ComponentStatus.UNKNOWN
OPERATIONAL = ComponentStatus.OPERATIONAL
# With more components than this, groups in which all is well start folded.
FEW_COMPONENTS = 15
ATTENTION: dict[ComponentStatus, int] = {
    ComponentStatus.MAJOR_OUTAGE: 0,
    ComponentStatus.PARTIAL_OUTAGE: 1,
    ComponentStatus.DEGRADED_PERFORMANCE: 2,
    ComponentStatus.UNDER_MAINTENANCE: 3,
    # What is not measured stays in its place: it may never be.
    ComponentStatus.UNKNOWN: 4,
    ComponentStatus.OPERATIONAL: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Uptime:
    days: tuple[Day, ...]
    is_measured: bool


def component_rows(facts: Facts, reader: Reader) -> tuple[ComponentRow, ...]:
    """Every visible component, in the page's order."""
    declared = _declared_spans(facts)
    return tuple(_row(component, facts, reader, declared.get(component.pk, [])) for component in facts.components)


def state_of(component: Component, measurement: Measurement | None) -> ComponentStatus:
    """Its status; but unknown where that would be operational on the word of a probe that has fallen silent."""
    if measurement is not None and measurement.is_stale and component.state is OPERATIONAL:
        return UNKNOWN
    return component.state


def _since(component: Component, measurement: Measurement | None) -> datetime:
    """When its state began; of one that fell silent, when it was heard of last."""
    if (
        measurement is None
        or measurement.last_checked_at is None
        or state_of(component, measurement) is component.state
    ):
        return component.status_since
    return measurement.last_checked_at


def _row(component: Component, facts: Facts, reader: Reader, declared: Sequence[days.Span]) -> ComponentRow:
    measurement = _measurement(component, facts)
    uptime = _uptime(component, facts, declared, measurement)
    availability = facts.availability.get(component.pk) if uptime.is_measured else None
    percentage = availability.percentage_floored if availability else None
    coverage = availability.coverage if availability else None
    summary = bars.summary(uptime.days, percentage=percentage, coverage=coverage)
    latency = measurement.latency_ms if measurement and not measurement.is_stale else None
    return ComponentRow(
        slug=component.slug,
        name=component.name,
        note=component.note,
        group=component.group.slug if component.group else "",
        state=state_of(component, measurement),
        since=reader.local(_since(component, measurement)),
        detail=_detail(measurement),
        latency_ms=None if latency is None else round(latency),
        last_checked_at=reader.maybe(measurement.last_checked_at) if measurement else None,
        is_stale=measurement.is_stale if measurement else False,
        is_measured=uptime.is_measured,
        shows_uptime=component.showcase,
        days=uptime.days,
        percentage=percentage,
        coverage=coverage,
        summary=summary,
        bars=bars.svg(uptime.days, summary=summary),
        table=bars.short_table(uptime.days),
        places=component_places(facts.places.get(component.pk, []), reader),
    )


def _measurement(component: Component, facts: Facts) -> Measurement | None:
    """The worst there is; but where its locations were outvoted, the words of one that the component's state is of."""
    worst_found = facts.measurements.get(component.pk)
    if worst_found is None or worst_found.status.rank <= max(component.state.rank, 0):
        return worst_found
    for row in facts.places.get(component.pk, ()):
        if row.is_fresh and row.state is component.state:
            return replace(worst_found, detail=row.detail, latency_ms=row.latency_ms, status=row.state)
    return worst_found


def _detail(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    if measurement.is_stale:
        return "Not measured yet." if measurement.last_checked_at is None else "No fresh measurement."
    return measurement.detail


def _uptime(
    component: Component, facts: Facts, declared: Sequence[days.Span], measurement: Measurement | None
) -> _Uptime:
    availability = facts.availability.get(component.pk)
    is_measured = measurement is not None and not measurement.is_paused
    if availability is not None and (is_measured or availability.percentage_floored is not None):
        spans = [*declared, *_trouble_today(component, measurement, facts.now)]
        return _Uptime(days=days.measured_days(availability, spans, now=facts.now), is_measured=True)
    log = [
        days.Change(old=ComponentStatus(row.old_status), new=ComponentStatus(row.new_status), at=row.at)
        for row in facts.changes.get(component.pk, [])
    ]
    begin = datetime.combine(facts.dates[0], time.min, tzinfo=UTC)
    spans = days.spans_of(log, current=component.state, since=component.status_since, begin=begin)
    return _Uptime(days=days.declared_days(facts.dates, [*spans, *declared], now=facts.now), is_measured=False)


def _trouble_today(component: Component, measurement: Measurement | None, now: datetime) -> list[days.Span]:
    """Days are rolled up a little later than they are lived: trouble of this moment colours today at once."""
    if component.state.rank <= 0:
        return []
    is_measured = measurement is not None and not measurement.is_stale and measurement.status is component.state
    return [days.Span(state=component.state, begin=now, end=None, is_measured=is_measured)]


def _declared_spans(facts: Facts) -> dict[int, list[days.Span]]:
    """What incidents and windows said of each component. What a probe declared, its measurement shows already."""
    found: dict[int, list[days.Span]] = {}
    for incident in facts.incidents:
        if incident.origin == Origin.PROBE:
            continue
        for row in facts.affected.get(incident.pk, []):
            state = ComponentStatus(row.status)
            # An incident without impact on the component says nothing that could colour its day.
            if state.rank > 0:
                span = days.Span(state=state, begin=incident.started_at, end=incident.resolved_at)
                found.setdefault(row.component_id, []).append(span)
    for window in facts.maintenances:
        if window.started_at is None:
            continue
        span = days.Span(state=ComponentStatus.UNDER_MAINTENANCE, begin=window.started_at, end=window.completed_at)
        for component in facts.maintenance_components.get(window.pk, []):
            found.setdefault(component.pk, []).append(span)
    return found


def component_blocks(facts: Facts, rows: Sequence[ComponentRow]) -> tuple[ComponentBlock, ...]:
    """Groups and the components without one: what needs attention first, else in the page's order.

    Components that only show when degraded are left out while all is well with them.
    """
    hidden = {component.slug for component in facts.components if component.only_show_if_degraded}
    shown = [row for row in rows if row.state is not OPERATIONAL or row.slug not in hidden]
    groups = {component.group.slug: component.group for component in facts.components if component.group}
    members: dict[str, list[ComponentRow]] = {}
    for row in shown:
        members.setdefault(row.group, []).append(row)
    places = {slug: (group.position, group.pk) for slug, group in groups.items()}
    ordered = sorted(members, key=lambda slug: (ATTENTION[_worst(members[slug])], places.get(slug, (-1, 0))))
    is_short = len(shown) <= FEW_COMPONENTS
    return tuple(_block(slug, groups[slug].name if slug else "", members[slug], is_short=is_short) for slug in ordered)


def _block(slug: str, name: str, rows: list[ComponentRow], *, is_short: bool) -> ComponentBlock:
    state = _worst(rows)
    return ComponentBlock(
        slug=slug,
        name=name,
        state=state,
        summary=_block_summary(rows, state),
        is_open=is_short or state is not OPERATIONAL,
        rows=tuple(sorted(rows, key=lambda row: ATTENTION[row.state])),
    )


def _worst(rows: Iterable[ComponentRow]) -> ComponentStatus:
    """As the overall state: something unknown among what is fine is not fine."""
    states = {row.state for row in rows}
    return UNKNOWN if states == {UNKNOWN, OPERATIONAL} else worst(states)


def _block_summary(rows: Sequence[ComponentRow], state: ComponentStatus) -> str:
    if state is OPERATIONAL:
        return "All operational" if len(rows) > 1 else "Operational"
    same = sum(row.state is state for row in rows)
    if same == len(rows):
        return str(state.label)
    return f"{state.label}, {same} of {len(rows)}"
