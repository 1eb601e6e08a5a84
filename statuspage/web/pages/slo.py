"""The objectives of a month, and what became of each: the report as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from components.models import Page
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.objectives.report import (
    Budget,
    Burn,
    MonthReport,
    ObjectiveRow,
    Part,
    Unit,
    Verdict,
    current_month,
    month_report,
)
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.web import wording
from statuspage.web.charts.scale import say_ms
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.corrections import CorrectionLine, corrections_between
from statuspage.web.pages.evidence_links import Links, interval_links
from statuspage.web.pages.sla import SlaCard, sla_card
from statuspage.web.readmodels import SiteInfo
from statuspage.web.selectors import site_of

NOTHING = "–"
FIGURE_NAMES = {
    ObjectiveKind.AVAILABILITY: "Available",
    ObjectiveKind.HEARTBEAT_AGE: "Reported in time",
    ObjectiveKind.LATENCY: "Answered within",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One component of an objective that has several."""

    name: str
    path: str
    verdict: Verdict
    figure: str
    coverage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveCard:
    """An objective ready to be shown: what was not measured is a dash, never a zero. `intervals` are the CSVs that its
    figure can be counted from; none of what is not made of a component's intervals."""

    slug: str
    name: str
    promise: str
    say: str
    note: str
    window: str
    verdict: Verdict
    figure_name: str
    figure: str
    coverage: str
    left_out: str
    budget: str
    budget_left: str
    budget_svg: SafeString
    burn: str
    components: tuple[tuple[str, str], ...]
    intervals: Links
    parts: tuple[PartLine, ...]

    @property
    def is_measured(self) -> bool:
        return self.verdict in {Verdict.MET, Verdict.MISSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class SloPage:
    """`cards` are what is measured, `statements` promises in words alone."""

    site: SiteInfo
    path: str
    month: str
    title: str
    is_running: bool
    misses: tuple[str, ...]
    verdict: str
    cards: tuple[ObjectiveCard, ...]
    statements: tuple[tuple[str, str], ...]
    sla: SlaCard | None
    corrections: tuple[CorrectionLine, ...]
    json_path: str
    previous: str | None
    following: str | None


def slo_page(month: str) -> SloPage | None:
    """The page of a month (`yyyy-mm`); None for what has no report."""
    page, now = Page.current(), clock.now()
    try:
        report = month_report(month)
    except (NotFound, ValidationFailed):
        return None
    corrections = corrections_between(report.begin, report.end, Reader(now=now, zone=page.zone))
    return slo_page_of(report, site_of(page, now), page.zone, corrections)


def running_slo_page() -> SloPage | None:
    return slo_page(current_month())


def slo_page_of(
    report: MonthReport, site: SiteInfo, zone: ZoneInfo, corrections: tuple[CorrectionLine, ...]
) -> SloPage:
    """No query."""
    measured = [row for row in report.rows if row.kind is not ObjectiveKind.STATEMENT]
    return SloPage(
        site=site,
        path=report.path,
        month=report.month,
        title=report.title,
        is_running=report.is_running,
        misses=tuple(miss.sentence for miss in report.misses),
        verdict=_verdict(measured, is_running=report.is_running),
        cards=tuple(_card(row, report, zone) for row in measured),
        statements=tuple((row.name, row.say or row.promise) for row in report.rows if row not in measured),
        sla=sla_card(report.sla, report, zone) if report.sla else None,
        corrections=corrections,
        json_path=f"/v1/status/slo?month={report.month}",
        previous=f"/slo/{report.previous}/" if report.previous else None,
        following=f"/slo/{report.following}/" if report.following else None,
    )


def _verdict(rows: Sequence[ObjectiveRow], *, is_running: bool) -> str:
    """`3 of 4 objectives met, 1 not measured.`"""
    if not rows:
        return "No objectives are measured."
    met = sum(row.verdict is Verdict.MET for row in rows)
    missed = sum(row.verdict is Verdict.MISSED for row in rows)
    other = len(rows) - met - missed
    parts = [f"{met} of {wording.counted(len(rows), 'objective')} met{' so far' if is_running else ''}"]
    parts += [f"{missed} missed"] if missed else []
    parts += [f"{other} without a figure"] if other else []
    return f"{', '.join(parts)}."


def _card(row: ObjectiveRow, report: MonthReport, zone: ZoneInfo) -> ObjectiveCard:
    figures = row.figures
    budget = row.budget if row.met is not None else None
    return ObjectiveCard(
        slug=row.slug,
        name=row.name,
        promise=row.promise,
        say="" if row.say == row.promise else row.say,
        note=row.note,
        window=_window(row, zone),
        verdict=row.verdict,
        figure_name=_figure_name(row),
        figure=_figure(row.kind, row.latency_ms, figures.availability if figures else None),
        # Of checks nobody knows how many were not made.
        coverage=""
        if row.kind is ObjectiveKind.LATENCY
        else wording.per_cent_or_dash(figures.coverage if figures else None),
        left_out=_left_out(row),
        budget=_budget_total(budget),
        budget_left=_budget_left(budget),
        budget_svg=budget_svg(budget),
        burn=_burn(row.burn),
        components=tuple((component.name, component.path) for component in row.components),
        intervals=_intervals(row, report),
        parts=tuple(_part(part, row) for part in row.parts) if len(row.parts) > 1 else (),
    )


def _figure_name(row: ObjectiveRow) -> str:
    if row.kind is ObjectiveKind.LATENCY:
        return f"{row.percentile} % answered within"
    return FIGURE_NAMES[row.kind]


def _figure(kind: ObjectiveKind, latency_ms: float | None, availability: Decimal | None) -> str:
    if kind is ObjectiveKind.LATENCY:
        return NOTHING if latency_ms is None else say_ms(latency_ms)
    return wording.per_cent_or_dash(availability)


def _part(part: Part, row: ObjectiveRow) -> PartLine:
    figures = part.figures
    return PartLine(
        name=part.component.name,
        path=part.component.path,
        verdict=part.verdict,
        figure=_figure(row.kind, part.latency_ms, figures.availability if figures else None),
        coverage=wording.per_cent_or_dash(figures.coverage if figures else None),
    )


def _window(row: ObjectiveRow, zone: ZoneInfo) -> str:
    """`1 to 30 November`, the days that are judged; both ends in the page's zone."""
    first = row.begin.astimezone(zone).date()
    last = (row.end.astimezone(zone) - timedelta(microseconds=1)).date()
    days = wording.days_name(first, max(first, last))
    return f"{days}, rolling" if row.window is ObjectiveWindow.ROLLING_30D else days


def _left_out(row: ObjectiveRow) -> str:
    """`12 for maintenance, 3 not ours`; empty where nothing is."""
    figures = row.figures
    if figures is None or not figures.excluded:
        return ""
    parts = [f"{figures.maintenance} for maintenance"] if figures.maintenance else []
    parts += [f"{figures.not_ours} not ours"] if figures.not_ours else []
    return ", ".join(parts)


def _budget_total(budget: Budget | None) -> str:
    if budget is None:
        return NOTHING
    if budget.total_minutes is not None:
        return _minutes(budget.total_minutes)
    return f"{budget.total:,} slow {'check' if budget.total == 1 else 'checks'}"


def _budget_left(budget: Budget | None) -> str:
    """`32 minutes (74 %)`; overspent in words, not in minus."""
    if budget is None:
        return NOTHING
    if budget.left_minutes is not None and budget.unit is Unit.INTERVALS:
        said = _minutes(abs(budget.left_minutes))
    else:
        said = f"{abs(budget.left):,} {'check' if abs(budget.left) == 1 else 'checks'}"
    if budget.left < 0:
        return f"overspent by {said}"
    if budget.left_percent is None:
        return said
    return f"{said} ({budget.left_percent:.0f}\N{NO-BREAK SPACE}%)"


def _minutes(minutes: int) -> str:
    if minutes < 60:
        return wording.counted(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return f"{hours}\N{NO-BREAK SPACE}h {rest}\N{NO-BREAK SPACE}min" if rest else f"{hours}\N{NO-BREAK SPACE}h"


def budget_svg(budget: Budget | None) -> SafeString:
    """How much of the budget is left, as a bar; the words beside it say the same."""
    if budget is None or (budget.left_percent is None and budget.left >= 0):
        return mark_safe("")
    left = 0 if budget.left < 0 else max(0, min(int(budget.left_percent or 0), 100))
    css = "down" if budget.left < 0 else "slow" if left < 25 else "ok"
    return format_html(
        '<svg class="budget {}" aria-hidden="true"><rect class="all" width="100%" height="8"/>'
        '<rect width="{}%" height="8"/></svg>',
        css,
        left,
    )


def _burn(burns: Sequence[Burn]) -> str:
    """`0.4 in 1 h, 0.9 in 24 h`: 1 spends exactly the budget."""
    known = [
        f"{burn.rate.normalize():f} in {burn.hours}\N{NO-BREAK SPACE}h" for burn in burns if burn.rate is not None
    ]
    return ", ".join(known)


def _intervals(row: ObjectiveRow, report: MonthReport) -> Links:
    """Latency counts checks, and the age of heartbeats is that of some probes alone."""
    if row.kind is not ObjectiveKind.AVAILABILITY or row.figures is None:
        return ()
    return interval_links(report, row.components, row.begin, row.end)
