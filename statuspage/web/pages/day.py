"""One UTC day of a component: each of its intervals, why some do not count, and what was said that day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Min, Q
from django.utils.safestring import SafeString

from components.models import Component, Page
from components.uptime import SlotCounts, SlotState, availability, coverage, slot_index
from incidents.enums import MaintenanceStatus
from incidents.models import Incident, Maintenance
from probes.enums import Outcome
from probes.models import ComponentDay, Correction, ProbeResult
from probes.windows import component_intervals
from statuspage.core import clock
from statuspage.web import wording
from statuspage.web.charts.strip import Stretch, strip
from statuspage.web.facts import DAYS, read_maintenances
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.corrections import CorrectionLine, correction_line
from statuspage.web.pages.day_runs import Finding, Reason, Run, counts_of, runs_of, summary_of
from statuspage.web.readmodels import IncidentCard, MaintenanceCard, SiteInfo
from statuspage.web.selectors import site_of

ONE_DAY = timedelta(days=1)
# A whole day of one failing probe, every 30 seconds, is 2,880.
MOST_FINDINGS = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """`date` is UTC, as are all times of `runs`; `older` and `newer` are the paths of the days beside it."""

    site: SiteInfo
    name: str
    component_path: str
    path: str
    label: str
    is_running: bool
    counts: SlotCounts
    percentage: Decimal | None
    coverage: Decimal | None
    summary: str
    strip: SafeString
    runs: tuple[Run, ...]
    incidents: tuple[IncidentCard, ...]
    hides_incidents: bool
    maintenances: tuple[MaintenanceCard, ...]
    corrections: tuple[CorrectionLine, ...]
    csv_path: str
    json_path: str
    older: str | None
    newer: str | None


def day_page(slug: str, text: str) -> DayPage | None:
    """The day of an ISO date; None for what is no day of this component. Twelve queries."""
    component = Component.objects.visible().filter(slug=slug).first()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    now = clock.now()
    today = now.astimezone(UTC).date()
    if component is None or not _first_day(component, today) <= day <= today:
        return None
    page = Page.current()
    return _page(component, day, Reader(now=now, zone=page.zone), page, first=_first_day(component, today))


def _first_day(component: Component, today: date) -> date:
    """From when on there is a page: the component's first day, or as far back as its bars go. One query."""
    measured: date | None = ComponentDay.objects.filter(component=component).aggregate(first=Min("date"))["first"]
    return min(measured or today, component.created_at.astimezone(UTC).date(), today - timedelta(days=DAYS - 1))


def _page(component: Component, day: date, reader: Reader, page: Page, *, first: date) -> DayPage:
    begin = datetime.combine(day, time.min, tzinfo=UTC)
    end = begin + ONE_DAY
    intervals = list(component_intervals(component.pk, begin, end))
    windows = _windows(component, begin, end, reader)
    corrections = _corrections(component, begin, end)
    incidents = _incidents(component, begin, end)
    runs = runs_of(intervals, _findings(component, begin, end), [*_said(corrections), *_planned(windows, reader)])
    counts = counts_of(intervals)
    path = component.get_absolute_url()
    is_running = reader.now < end
    query = f"component={component.slug}&from={begin:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
    return DayPage(
        site=site_of(page, reader.now),
        name=component.name,
        component_path=path,
        path=f"{path}{day.isoformat()}/",
        label=f"{day:%A} {wording.day_name(day)} {day.year}",
        is_running=is_running,
        counts=counts,
        percentage=availability(counts),
        coverage=coverage(counts),
        summary=summary_of(counts),
        strip=strip([_stretch(run) for run in runs], summary=summary_of(counts)),
        runs=runs,
        incidents=tuple(
            cards.incident_card(row, reader, updates=[], affected=[]) for row in incidents if not row.private
        ),
        hides_incidents=any(row.private for row in incidents),
        maintenances=windows,
        corrections=tuple(correction_line(row, reader) for row in corrections),
        csv_path=f"/v1/status/intervals.csv?{query}",
        json_path=f"/v1/status/intervals.json?{query}",
        older=f"{path}{(day - ONE_DAY).isoformat()}/" if day > first else None,
        newer=None if is_running else f"{path}{(day + ONE_DAY).isoformat()}/",
    )


def _stretch(run: Run) -> Stretch:
    begin = slot_index(run.begin)
    return Stretch(
        begin=begin,
        end=begin + (run.end - run.begin) // timedelta(minutes=5),
        css=run.css,
        title=f"{run.when}: {run.label}{f'. {run.words}' if run.words else ''}",
    )


def _findings(component: Component, begin: datetime, end: datetime) -> list[Finding]:
    rows = ProbeResult.objects.filter(
        probe__component=component, scheduled_at__gte=begin, scheduled_at__lt=end, outcome__in=WORTH_TELLING
    ).order_by("scheduled_at")
    return [
        Finding(at=at, is_down=outcome == Outcome.DOWN, detail=detail)
        for at, outcome, detail in rows.values_list("scheduled_at", "outcome", "detail")[:MOST_FINDINGS]
    ]


WORTH_TELLING = (Outcome.DOWN, Outcome.DEGRADED)


def _incidents(component: Component, begin: datetime, end: datetime) -> list[Incident]:
    """Those that ran on this day, and private ones of whatever component: these are only known to be, never named."""
    rows = (
        Incident.objects.shown()
        .filter(Q(components=component) | Q(private=True), started_at__lt=end)
        .filter(Q(resolved_at__isnull=True) | Q(resolved_at__gt=begin))
        .select_related("severity")
        .order_by("started_at", "pk")
    )
    return list(rows.distinct())


def _windows(component: Component, begin: datetime, end: datetime, reader: Reader) -> tuple[MaintenanceCard, ...]:
    rows, names = read_maintenances(
        Maintenance.objects.filter(components=component)
        .exclude(status=MaintenanceStatus.CANCELLED)
        .filter(Q(started_at__lt=end) | Q(started_at__isnull=True, scheduled_for__lt=end))
        .filter(Q(completed_at__gt=begin) | Q(completed_at__isnull=True, scheduled_until__gt=begin))
        .order_by("scheduled_for", "pk")
    )
    return tuple(cards.maintenance_card(row, reader, updates=[], components=names.get(row.pk, [])) for row in rows)


def _corrections(component: Component, begin: datetime, end: datetime) -> list[Correction]:
    rows = Correction.objects.filter(components=component, starts_at__lt=end, ends_at__gt=begin)
    return list(rows.order_by("starts_at", "pk"))


def _said(corrections: list[Correction]) -> list[Reason]:
    return [
        Reason(begin=row.starts_at, end=row.ends_at, state=row.state, text=row.reason, path="")
        for row in corrections
        if not row.is_withdrawn
    ]


def _planned(windows: tuple[MaintenanceCard, ...], reader: Reader) -> list[Reason]:
    return [
        Reason(
            begin=card.started_at or card.scheduled_for,
            end=card.completed_at or max(card.scheduled_until, reader.now),
            state=SlotState.MAINTENANCE,
            text=card.title,
            path=card.path,
        )
        for card in windows
    ]
