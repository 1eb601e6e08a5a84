"""Incidents and windows by the day they began, in the page's zone. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from incidents.enums import MaintenanceStatus
from statuspage.web import wording
from statuspage.web.readmodels import IncidentCard, MaintenanceCard, PastDays

ONE_DAY = timedelta(days=1)
OVER = {MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED}


def past_days(
    *,
    first: date,
    today: date,
    incidents: Iterable[IncidentCard],
    maintenances: Iterable[MaintenanceCard],
) -> tuple[PastDays, ...]:
    """Each day from today back to `first`; days without anything in a row are one entry."""
    incidents_by_day: dict[date, list[IncidentCard]] = {}
    for card in incidents:
        incidents_by_day.setdefault(card.started_at.date(), []).append(card)
    windows_by_day: dict[date, list[MaintenanceCard]] = {}
    for window in maintenances:
        if window.status in OVER:
            windows_by_day.setdefault(window.scheduled_for.date(), []).append(window)
    entries: list[PastDays] = []
    quiet: list[date] = []
    day = today
    while day >= first:
        if day in incidents_by_day or day in windows_by_day:
            entries += _quiet(quiet, today)
            quiet = []
            entries.append(
                PastDays(
                    first=day,
                    last=day,
                    label=_label(day, day, today),
                    incidents=tuple(incidents_by_day.get(day, ())),
                    maintenances=tuple(windows_by_day.get(day, ())),
                )
            )
        else:
            quiet.append(day)
        day -= ONE_DAY
    return (*entries, *_quiet(quiet, today))


def _quiet(days: list[date], today: date) -> list[PastDays]:
    """Days newest first, none between them."""
    if not days:
        return []
    newest, oldest = days[0], days[-1]
    return [PastDays(first=newest, last=oldest, label=_label(newest, oldest, today), incidents=(), maintenances=())]


def _label(newest: date, oldest: date, today: date) -> str:
    if newest == oldest == today:
        return "Today"
    return wording.days_name(oldest, newest)
