"""The history by month, in the page's zone: which months there are, and what is in one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from components.models import Page
from incidents.enums import MaintenanceStatus
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceQuerySet
from statuspage.core import clock
from statuspage.web import wording
from statuspage.web.facts import read_maintenances
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import IncidentCard, MaintenanceCard, PastDays, SiteInfo
from statuspage.web.search import SearchForm, search_form
from statuspage.web.selectors import site_of

DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLink:
    """A month of the history and how much is in it. `key` is `yyyy-mm`."""

    key: str
    year: int
    name: str
    label: str
    incidents: int
    maintenances: int

    @property
    def path(self) -> str:
        return f"/history/{self.key}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMonth:
    """A month's incidents and maintenance by day, newest first; `newer` and `older` are the months beside it."""

    month: MonthLink
    days: tuple[PastDays, ...]
    newer: MonthLink | None
    older: MonthLink | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """`latest` is shown in full on `/history/`; `months` are all there are, newest first."""

    site: SiteInfo
    latest: HistoryMonth | None
    months: tuple[MonthLink, ...]
    form: SearchForm


def history_page(key: str | None = None) -> HistoryPage | None:
    """Every month since the first, and one of them in full: `key` (`yyyy-mm`) or the newest. Seven queries.

    None where nothing ever happened in the month asked for.
    """
    page, now = Page.current(), clock.now()
    months = _months(page.zone)
    chosen = months[0] if key is None and months else next((month for month in months if month.key == key), None)
    if chosen is None and key is not None:
        return None
    return HistoryPage(
        site=site_of(page, now),
        latest=None if chosen is None else _month(chosen, months, Reader(now=now, zone=page.zone)),
        months=months,
        form=search_form(),
    )


def _months(zone: ZoneInfo) -> tuple[MonthLink, ...]:
    """Newest first, each one with something in it. Two queries."""
    incidents: Counter[date] = Counter()
    windows: Counter[date] = Counter()
    for row in _by_month(Incident.objects.shown(), "started_at", zone):
        incidents[row["month"].date()] += row["number"]
    for row in _by_month(_held(), "scheduled_for", zone):
        windows[row["month"].date()] += row["number"]
    return tuple(
        MonthLink(
            key=f"{month:%Y-%m}",
            year=month.year,
            name=f"{month:%B}",
            label=f"{month:%B %Y}",
            incidents=incidents[month],
            maintenances=windows[month],
        )
        for month in sorted({*incidents, *windows}, reverse=True)
    )


def _held() -> MaintenanceQuerySet:
    """What is still to come is no history."""
    return Maintenance.objects.exclude(status=MaintenanceStatus.SCHEDULED)


def _by_month(rows: "QuerySet[Any]", column: str, zone: ZoneInfo) -> "Iterable[dict[str, Any]]":
    months = rows.order_by().annotate(month=TruncMonth(column, tzinfo=zone)).values("month")
    found: Iterable[dict[str, Any]] = months.annotate(number=Count("pk"))
    return found


def _month(month: MonthLink, months: tuple[MonthLink, ...], reader: Reader) -> HistoryMonth:
    """Two queries."""
    begin, end = _bounds(month, reader.zone)
    newer_of = {older.key: newer for newer, older in pairwise(months)}
    older_of = {newer.key: older for newer, older in pairwise(months)}
    return HistoryMonth(
        month=month,
        days=_days(_incidents(begin, end, reader), _windows(begin, end, reader)),
        newer=newer_of.get(month.key),
        older=older_of.get(month.key),
    )


def _bounds(month: MonthLink, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begin = datetime.strptime(month.key, "%Y-%m").replace(tzinfo=zone)
    year, number = (begin.year + 1, 1) if begin.month == DECEMBER else (begin.year, begin.month + 1)
    return begin, begin.replace(year=year, month=number)


def _incidents(begin: datetime, end: datetime, reader: Reader) -> list[IncidentCard]:
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk")).order_by("-display_at", "-pk")
    rows: Iterable[Any] = (
        Incident.objects.shown()
        .filter(started_at__gte=begin, started_at__lt=end)
        .with_postmortem()
        .annotate(newest_body=Subquery(newest.values("body")[:1]))
        .select_related("severity")
        .order_by("-started_at", "-pk")
    )
    found = []
    for row in rows:
        card = cards.incident_card(row, reader, updates=[], affected=[])
        body = "" if row.private else row.newest_body or ""
        found.append(replace(card, excerpt=cards.excerpt(body)))
    return found


def _windows(begin: datetime, end: datetime, reader: Reader) -> list[MaintenanceCard]:
    rows, components = read_maintenances(
        _held().filter(scheduled_for__gte=begin, scheduled_for__lt=end).newest_first()
    )
    return [cards.maintenance_card(row, reader, updates=[], components=components.get(row.pk, [])) for row in rows]


def _days(incidents: list[IncidentCard], windows: list[MaintenanceCard]) -> tuple[PastDays, ...]:
    days = {card.started_at.date() for card in incidents} | {card.scheduled_for.date() for card in windows}
    return tuple(
        PastDays(
            first=day,
            last=day,
            label=wording.day_name(day),
            incidents=tuple(card for card in incidents if card.started_at.date() == day),
            maintenances=tuple(card for card in windows if card.scheduled_for.date() == day),
        )
        for day in sorted(days, reverse=True)
    )
