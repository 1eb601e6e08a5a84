"""How long a component took to answer: one chart, and the addresses of the others. No query but in `latency_page`."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from components.models import Component, Page
from probes.latency_series import OVERVIEW, SPANS, LatencySeries, Span
from statuspage.core import clock
from statuspage.web import wording
from statuspage.web.charts import Chart, Limit, Line, Point, line_chart
from statuspage.web.component_facts import read_component_facts
from statuspage.web.readmodels import SiteInfo
from statuspage.web.selectors import site_of

# A page's charts stay made between two renderings: most measurements of the last day did not change.
CACHED = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLink:
    label: str
    path: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyView:
    """A chart in its place. `step` says what one point is."""

    chart: Chart
    label: str
    step: str
    links: tuple[SpanLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPage:
    site: SiteInfo
    name: str
    component_path: str
    path: str
    view: LatencyView


def latency_page(slug: str, key: str) -> LatencyPage | None:
    """A component's latencies over one of the spans; None where there is no such thing. Eight queries."""
    span = SPANS.get(key)
    component = Component.objects.visible().filter(slug=slug).first()
    if span is None or component is None:
        return None
    page, now = Page.current(), clock.now()
    facts = read_component_facts([component.pk], now, span=span)
    view = latency_view(
        component.name, component.slug, facts.latency[component.pk], facts.limits[component.pk], page.zone
    )
    return LatencyPage(
        site=site_of(page, now),
        name=component.name,
        component_path=component.get_absolute_url(),
        path=f"{component.get_absolute_url()}latency/{key}/",
        view=view,
    )


def latency_view(
    name: str, slug: str, series: LatencySeries, limits: tuple[Limit, ...], zone: ZoneInfo
) -> LatencyView:
    span = series.span
    return LatencyView(
        chart=_chart(series, limits, zone, name),
        label=span.label,
        step=_step(span),
        links=tuple(
            SpanLink(
                label=one.label, path=f"/components/{slug}/latency/{one.key}/", is_current=one == span != OVERVIEW
            )
            for one in SPANS.values()
        ),
    )


def _step(span: Span) -> str:
    days = ", UTC" if span.step.days else ""
    return f"Each point is {wording.exactly(span.step)}{days}."


@lru_cache(maxsize=CACHED)
def _chart(series: LatencySeries, limits: tuple[Limit, ...], zone: ZoneInfo, name: str) -> Chart:
    whole = series.whole
    return line_chart(
        [
            Point(
                begin=point.begin,
                end=point.end,
                checks=point.figures.checks,
                values=(point.figures.p50, point.figures.p95, point.figures.p99),
            )
            for point in series.points
        ],
        lines=[
            Line(name="p50", css="p50", whole=whole.p50),
            Line(name="p95", css="p95", whole=whole.p95),
            Line(name="p99", css="p99", whole=whole.p99),
        ],
        limits=limits,
        zone=zone,
        title=f"Latency of {name}, last {series.span.label}",
    )
