"""The report of a month, for those who subscribed to it: made once, on the first day of the next one.

Payload (times RFC 3339 UTC; percentages as text, floored to two decimals, or null: nothing was measured):

    page         see `incidents.notices_page`
    report       month ("2026-10"), url (of `/slo/<month>/`, or of the month's history where nothing was promised)
    components   [slug, name, group, availability, coverage]: those that the page shows and that were measured
    objectives   [slug, name, promise, verdict (met, missed, not_measured, not_published), figure, figure_kind
                 (percent, or ms: the latency of an objective about latencies), coverage]; promises in words alone are
                 left out
    misses       [sentence]: as on `/slo/<month>/`
    incidents    count, seconds in which one was open, longest (reference, title, url, seconds) or null. Public ones
                 that were open in the month; what lies outside of it does not count
    maintenance  count, seconds: of the windows that were completed in the month
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from components.models import Component, Page
from incidents.enums import MaintenanceStatus, NoticeKind
from incidents.models import Incident, Maintenance, Notice
from incidents.notices_page import page_payload
from probes.enums import ObjectiveKind
from probes.models import MonthlyReport
from probes.objectives.arithmetic import interval_figures
from probes.objectives.measuring import Question, count_intervals
from probes.objectives.members import visible_members
from probes.objectives.report import MonthReport, ObjectiveRow, month_report
from probes.objectives.timing import month_before, month_of
from probes.windows import month_window
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound

# In the page's zone: the night's corrections are in, and people are at work.
HOUR = time(9)
# Whoever was down on the first catches up until then; later it is old news.
LAST_DAY = 7

type Span = tuple[datetime, datetime]


def make_due_report() -> Notice | None:
    """Write the notice about last month if it is time and it was not written. Two queries at rest."""
    now, page = clock.now(), Page.current()
    month = due_month(now, page.zone)
    if month is None or not page.monthly_report or MonthlyReport.objects.filter(month=month).exists():
        return None
    payload = report_payload(month)
    return _write(month, payload) if payload["components"] else None


def due_month(now: datetime, zone: ZoneInfo) -> str | None:
    """The month that is reported on now; None outside of the days on which a report is made. Pure."""
    local = now.astimezone(zone)
    if local.day > LAST_DAY or (local.day == 1 and local.time() < HOUR):
        return None
    return month_before(month_of(now, zone))


@retry_on_conflict
def _write(month: str, payload: dict[str, Any]) -> Notice | None:
    """None: another worker was first."""
    try:
        with transaction.atomic():
            report = MonthlyReport.objects.create(month=month)
            notice = Notice.objects.create(kind=NoticeKind.MONTHLY_REPORT, payload=payload)
            MonthlyReport.objects.filter(pk=report.pk).update(notice=notice)
    except IntegrityError:
        return None
    return notice


def report_payload(month: str) -> dict[str, Any]:
    """Of a month that is over. A bounded number of queries."""
    page = Page.current()
    span = month_window(month, page.zone)
    promised = _promised(month)
    path = promised.path if promised else f"/history/{month}/"
    return {
        "page": page_payload(page),
        "report": {"month": month, "url": page.absolute_url(path)},
        "components": _components(span),
        "objectives": [_objective(row) for row in _measured_rows(promised)],
        "misses": [miss.sentence for miss in promised.misses] if promised else [],
        "incidents": _incidents(span, page),
        "maintenance": _maintenance(span),
    }


def _promised(month: str) -> MonthReport | None:
    try:
        return month_report(month)
    except NotFound:
        return None


def _measured_rows(promised: MonthReport | None) -> Sequence[ObjectiveRow]:
    rows = promised.rows if promised else ()
    return [row for row in rows if row.kind is not ObjectiveKind.STATEMENT]


def _components(span: Span) -> list[dict[str, Any]]:
    members = visible_members(span[0])
    question = Question(component_ids=tuple(members), begin=span[0], end=span[1])
    if not members:
        return []
    parts = count_intervals([question], members, None)[question].parts
    groups = dict(Component.objects.filter(pk__in=members).values_list("pk", "group__name"))
    found = []
    for pk, member in members.items():
        figures = interval_figures(parts[pk])
        if figures.measured:
            found.append(
                {
                    "slug": member.slug,
                    "name": member.name,
                    "group": groups.get(pk) or "",
                    "availability": _text(figures.availability),
                    "coverage": _text(figures.coverage),
                }
            )
    return found


def _objective(row: ObjectiveRow) -> dict[str, Any]:
    figures = row.figures
    is_latency = row.kind is ObjectiveKind.LATENCY
    measured = row.latency_ms if is_latency else figures and figures.availability
    return {
        "slug": row.slug,
        "name": row.name,
        "promise": row.promise,
        "verdict": row.verdict.value,
        "figure": _text(measured),
        "figure_kind": "ms" if is_latency else "percent",
        "coverage": None if is_latency else _text(figures and figures.coverage),
    }


def _text(number: object) -> str | None:
    return None if number is None else str(number)


def _incidents(span: Span, page: Page) -> dict[str, Any]:
    begin, end = span
    rows = list(
        Incident.objects.shown()
        .filter(Q(resolved_at__isnull=True) | Q(resolved_at__gt=begin), started_at__lt=end, private=False)
        .order_by("started_at", "pk")
    )
    spans = [_within(span, row.started_at, row.resolved_at) for row in rows]
    longest = max(zip(spans, rows, strict=True), key=lambda pair: pair[0][1] - pair[0][0], default=None)
    return {
        "count": len(rows),
        "seconds": covered_seconds(spans),
        "longest": None
        if longest is None
        else {
            "reference": longest[1].reference,
            "title": longest[1].title,
            "url": page.absolute_url(longest[1].get_absolute_url()),
            "seconds": int((longest[0][1] - longest[0][0]).total_seconds()),
        },
    }


def _maintenance(span: Span) -> dict[str, int]:
    begin, end = span
    times = list(
        Maintenance.objects.filter(
            status=MaintenanceStatus.COMPLETED, completed_at__gte=begin, completed_at__lt=end
        ).values_list("started_at", "scheduled_for", "completed_at")
    )
    spans = [_within(span, started or planned, completed) for started, planned, completed in times]
    return {"count": len(times), "seconds": covered_seconds(spans)}


def _within(span: Span, begin: datetime, end: datetime | None) -> Span:
    """The part of it that lies in the month."""
    since, until = max(span[0], begin), min(span[1], end or span[1])
    return since, max(since, until)


def covered_seconds(spans: Iterable[Span]) -> int:
    """How long at least one of them lasted: what happened at the same time counts once. Pure."""
    total, reached = timedelta(), None
    for begin, end in sorted(spans):
        since = begin if reached is None else max(begin, reached)
        total += max(end - since, timedelta())
        reached = end if reached is None else max(reached, end)
    return int(total.total_seconds())
