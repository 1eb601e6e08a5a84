"""A maintenance window with its services and steps: the page, the 503 page and the file for load balancers."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from components.models import Page
from incidents.enums import MaintenanceImpact, MaintenanceStatus, ServiceState, StepState
from incidents.maintenance.occurrences import recurrence_of
from incidents.maintenance.wording import downtime_sentence, expected_end, progress_phrase
from incidents.models import Maintenance, MaintenanceStep, MaintenanceUpdate
from statuspage.core import clock
from statuspage.core.markdown import markdown_to_text
from statuspage.web import wording
from statuspage.web.facts import ComponentName, Facts, read_maintenance_updates, read_maintenances
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.plans import Plan, read_plans
from statuspage.web.readmodels import SiteInfo
from statuspage.web.selectors import reader_of, site_of
from statuspage.web.windowmodels import Clock, ServiceLine, StepLine, WindowPage

DESCRIPTION = 200
NEXT_WINDOWS = 3
SERVICE_CSS: dict[str, str] = {
    ServiceState.OFFLINE: "down",
    ServiceState.RESTARTING: "work",
    ServiceState.QUEUED: "slow",
    ServiceState.READ_ONLY: "slow",
    ServiceState.OPERATIONAL: "ok",
}
STEP_CSS: dict[str, str] = {
    StepState.DONE: "ok",
    StepState.RUNNING: "work",
    StepState.PENDING: "none",
    StepState.SKIPPED: "none",
}
HEADLINES = {
    MaintenanceStatus.SCHEDULED: "Scheduled maintenance",
    MaintenanceStatus.IN_PROGRESS: "Scheduled maintenance in progress",
    MaintenanceStatus.VERIFYING: "Scheduled maintenance, being verified",
    MaintenanceStatus.COMPLETED: "Maintenance completed",
    MaintenanceStatus.CANCELLED: "Maintenance cancelled",
}


def window_pages(facts: Facts, rows: Sequence[Maintenance]) -> tuple[WindowPage, ...]:
    """The pages of windows that are to come or run, from the facts. No query."""
    site, reader = site_of(facts.page, facts.now), reader_of(facts)
    return tuple(
        _window_page(
            row,
            site,
            reader,
            updates=facts.maintenance_updates.get(row.pk, []),
            components=facts.maintenance_components.get(row.pk, []),
            plan=facts.plans[row.pk],
        )
        for row in rows
    )


def window_page(reference: str) -> WindowPage | None:
    """Any window, however old. Eight queries."""
    rows, components = read_maintenances(Maintenance.objects.filter(reference=reference))
    if not rows:
        return None
    page, now, row = Page.current(), clock.now(), rows[0]
    return _window_page(
        row,
        site_of(page, now),
        Reader(now=now, zone=page.zone),
        updates=read_maintenance_updates([row.pk]).get(row.pk, []),
        components=components.get(row.pk, []),
        plan=read_plans([row.pk])[row.pk],
    )


def _window_page(
    row: Maintenance,
    site: SiteInfo,
    reader: Reader,
    *,
    updates: Sequence[MaintenanceUpdate],
    components: Sequence[ComponentName],
    plan: Plan,
) -> WindowPage:
    status = MaintenanceStatus(row.status)
    text = markdown_to_text(updates[-1].body) if updates else row.impact_note
    return WindowPage(
        site=site,
        card=cards.maintenance_card(row, reader, updates=updates, components=components),
        headline=HEADLINES[status],
        standfirst=row.title,
        phase=row.phase or str(status.label).lower(),
        is_running=row.is_active,
        takes_platform_down=row.takes_platform_down,
        clock=clock_of(row, reader),
        kind=row.kind.name if row.kind else "",
        reason=row.reason,
        downtime=downtime_sentence(row.expects_downtime),
        regions=tuple(plan.regions),
        impact_label=str(MaintenanceImpact(row.impact_level).label) if row.impact_level else "",
        impact_note=row.impact_note,
        services=tuple(_service_lines(plan, reader)),
        steps=tuple(_step(step, reader) for step in plan.steps),
        what_to_do=cards.markdown(row.what_to_do) if row.what_to_do else cards.NOTHING,
        timeline=cards.maintenance_timeline(updates, reader),
        first_word=cards.markdown(updates[-1].body) if updates else cards.NOTHING,
        description=text[:DESCRIPTION],
        comes_back=_comes_back(row, reader),
    )


def _comes_back(row: Maintenance, reader: Reader) -> tuple[tuple[datetime, datetime], ...]:
    """By the rule alone: a window that was moved or cancelled by itself says so on its own page."""
    series = row.series
    if series is None or series.ended_at is not None:
        return ()
    after = max(reader.now, row.occurs_at or row.scheduled_for)
    coming = recurrence_of(series).occurrences(zone=reader.zone, after=after, count=NEXT_WINDOWS)
    return tuple((reader.local(one.begins_at), reader.local(one.ends_at)) for one in coming)


def clock_of(row: Maintenance, reader: Reader) -> Clock:
    """How far it is: against the end that was announced, and with staff's estimate once that has passed."""
    begin = row.started_at or row.scheduled_for
    end = row.completed_at or reader.now
    elapsed = max(end - begin, timedelta()) if row.started_at else timedelta()
    length = row.scheduled_until - row.scheduled_for
    until = expected_end(reader.now, scheduled_until=row.scheduled_until, estimated_until=row.estimated_until)
    return Clock(
        length=short(length),
        elapsed=short(elapsed),
        percent=min(100, int(100 * elapsed / length)) if length else 100,
        standing=_standing(row, reader),
        is_over_time=row.is_running_over(reader.now),
        until=reader.local(until or row.scheduled_until),
    )


def _standing(row: Maintenance, reader: Reader) -> str:
    if not row.is_active:
        return cards.maintenance_timing(row, reader)[0]
    return progress_phrase(
        reader.now, scheduled_until=row.scheduled_until, estimated_until=row.estimated_until, zone=reader.zone
    )


def short(duration: timedelta) -> str:
    """`14m`, `1h 5m`, `2d 3h`: as a clock on a wall says it."""
    minutes = int(duration.total_seconds() // 60)
    parts = [(minutes // 1440, "d"), (minutes % 1440 // 60, "h"), (minutes % 60, "m")]
    if minutes <= 90:
        return f"{minutes}m"
    return " ".join([f"{number}{unit}" for number, unit in parts if number][:2])


def _service_lines(plan: Plan, reader: Reader) -> Iterable[ServiceLine]:
    for service in plan.services:
        component, state = service.component, ServiceState(service.state)
        if not component.is_visible:
            continue
        eta_at = None if state is ServiceState.OPERATIONAL else service.eta_at
        yield ServiceLine(
            slug=component.slug,
            name=component.name,
            note=component.note,
            state=state.value,
            state_label=str(state.label).lower(),
            css=SERVICE_CSS[state],
            is_down=state.is_down,
            is_linked=component.retired_at is None,
            eta=_eta(eta_at, reader.now),
            eta_at=reader.maybe(eta_at),
            regions=", ".join(plan.service_regions.get(service.pk, ())),
        )


def _eta(eta_at: datetime | None, now: datetime) -> str:
    if eta_at is None:
        return ""
    if eta_at <= now:
        return "any moment"
    # Up to the next minute: what is eleven and a half minutes away is not "11 min".
    minutes = -(-(eta_at - now) // timedelta(minutes=1))
    return f"~ {wording.how_soon(timedelta(minutes=minutes))}"


def _step(step: MaintenanceStep, reader: Reader) -> StepLine:
    state = StepState(step.state)
    return StepLine(
        title=step.title,
        body=cards.markdown(step.body) if step.body else cards.NOTHING,
        state=state.value,
        state_label=str(state.label),
        css=STEP_CSS[state],
        at=reader.maybe(step.finished_at or step.started_at),
    )


def platform_window(pages: Iterable[WindowPage]) -> WindowPage | None:
    """The window that takes the platform down now: of several the one that ends last."""
    running = [page for page in pages if page.is_running and page.takes_platform_down]
    return max(running, key=lambda page: page.clock.until, default=None)
