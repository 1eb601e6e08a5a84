"""The SLA of a month: its figure, and for each tier whether a credit is due."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe

from probes.objectives.percent import say_percent
from probes.objectives.report import MonthReport, SlaReport, TierRow, Verdict
from statuspage.core.markdown import render_markdown
from statuspage.web import wording
from statuspage.web.pages.evidence_links import Links, interval_links

NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLine:
    name: str
    target: str
    verdict: Verdict
    credit: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaCard:
    """`text` and `dispute` are sanitised HTML. `intervals` are the CSVs that the figure can be counted from."""

    name: str
    window: str
    figure: str
    coverage: str
    note: str
    is_running: bool
    components: tuple[tuple[str, str], ...]
    intervals: Links
    text: SafeString
    dispute: SafeString
    tiers: tuple[TierLine, ...]


def sla_card(report: SlaReport, month: MonthReport, zone: ZoneInfo) -> SlaCard:
    first = report.begin.astimezone(zone).date()
    last = (report.end.astimezone(zone) - timedelta(microseconds=1)).date()
    figures = report.figures
    return SlaCard(
        name=report.name,
        window=wording.days_name(first, max(first, last)),
        figure=wording.per_cent_or_dash(figures.availability if figures else None),
        coverage=wording.per_cent_or_dash(figures.coverage if figures else None),
        note=report.note,
        is_running=report.is_running,
        components=tuple((component.name, component.path) for component in report.components),
        intervals=interval_links(month, report.components, report.begin, report.end) if figures else (),
        text=markdown(report.text),
        dispute=markdown(report.dispute),
        tiers=tuple(tier_line(tier) for tier in report.tiers),
    )


def markdown(text: str) -> SafeString:
    """Of the terms, which are written in the configuration file."""
    return mark_safe(render_markdown(text, from_file=True)) if text else mark_safe("")  # noqa: S308 -- render_markdown sanitises


def tier_line(tier: TierRow) -> TierLine:
    credit = NOTHING
    if tier.credit is not None:
        credit = f"{say_percent(tier.credit)} of the fee" if tier.credit else "none"
    return TierLine(
        name=tier.name,
        target=say_percent(tier.target),
        verdict=tier.verdict,
        credit=credit,
        bands=tuple(f"below {say_percent(band.below)}: {say_percent(band.credit)}" for band in tier.bands),
    )
