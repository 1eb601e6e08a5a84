"""Which promise was kept: by month, now, last month, and by the SLA.

month_report("2026-10")  MonthReport; NotFound for a month without a report, ValidationFailed for what is no month
current_objectives()     tuple[ObjectiveRow, ...]: each promise in its window as it stands now, with burn rates
missed_last_month()      tuple[Miss, ...]: for the front page of the month after
sla_report()             SlaReport | None: the SLA in its window as it stands now

The number of queries grows with the distinct windows of the promises alone, not with them, components or history.
"""

from datetime import datetime

from django.db.models import Min

from components.models import Page
from probes.models import Objective, SlaPolicy
from probes.objectives.asking import read
from probes.objectives.judging import rows_of, sla_of
from probes.objectives.readings import (
    Band,
    Budget,
    Burn,
    ComponentRef,
    Figures,
    Miss,
    MonthReport,
    ObjectiveRow,
    Part,
    SlaReport,
    TierRow,
    Unit,
    Verdict,
)
from probes.objectives.timing import month_after, month_before, month_of
from probes.objectives.wording import miss_sentence, title_of
from probes.windows import month_window
from statuspage.core import clock
from statuspage.core.errors import NotFound

__all__ = [
    "Band",
    "Budget",
    "Burn",
    "ComponentRef",
    "Figures",
    "Miss",
    "MonthReport",
    "ObjectiveRow",
    "Part",
    "SlaReport",
    "TierRow",
    "Unit",
    "Verdict",
    "current_month",
    "current_objectives",
    "missed_last_month",
    "month_report",
    "sla_report",
]


def month_report(month: str) -> MonthReport:
    """The report of a month such as "2026-10" in the page's zone. The running month always has one.

    Raises ValidationFailed for what is no month; NotFound for one that has not begun or had no promises.
    """
    now, page = clock.now(), Page.current()
    begin, end = month_window(month, page.zone)
    if now < begin:
        raise NotFound(f"{title_of(month)} has not begun: there is no report yet.")
    first = _first_promise()
    if now >= end and (first is None or first >= end):
        raise NotFound(f"Nothing was promised in {title_of(month)}: there is no report.")
    reading = read(month=(begin, end), zone=page.zone, now=now, with_burn=now < end)
    rows = rows_of(reading)
    return MonthReport(
        month=month,
        title=title_of(month),
        zone_name=page.time_zone,
        begin=begin,
        end=end,
        is_running=now < end,
        previous=month_before(month) if first is not None and first < begin else None,
        following=month_after(month) if now >= end else None,
        rows=rows,
        misses=() if now < end else _misses(month, rows),
        sla=sla_of(reading),
        generated_at=now,
    )


def current_month() -> str:
    """The month that runs in the page's zone. One query."""
    return month_of(clock.now(), Page.current().zone)


def current_objectives() -> tuple[ObjectiveRow, ...]:
    """What is promised now, in the order of the configuration, each in its window so far."""
    now, page = clock.now(), Page.current()
    month = month_window(month_of(now, page.zone), page.zone)
    return rows_of(read(month=month, zone=page.zone, now=now, with_burn=True, only_current=True))


def missed_last_month() -> tuple[Miss, ...]:
    """What was not kept in the month before this one. Three queries where nothing was promised in it."""
    now, zone = clock.now(), Page.current().zone
    running, first = month_of(now, zone), _first_promise()
    if first is None or first >= month_window(running, zone)[0]:
        return ()
    return month_report(month_before(running)).misses


def sla_report() -> SlaReport | None:
    """The SLA in its window so far; None where there is none."""
    return month_report(current_month()).sla


def _first_promise() -> datetime | None:
    """When the first promise of all began. Two queries."""
    starts = [
        Objective.objects.aggregate(first=Min("started_at"))["first"],
        SlaPolicy.objects.aggregate(first=Min("started_at"))["first"],
    ]
    return min((start for start in starts if start is not None), default=None)


def _misses(month: str, rows: tuple[ObjectiveRow, ...]) -> tuple[Miss, ...]:
    return tuple(
        Miss(month=month, slug=row.slug, name=row.name, sentence=miss_sentence(row, month))
        for row in rows
        if row.verdict is Verdict.MISSED
    )
