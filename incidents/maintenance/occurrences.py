"""The windows of a series: when they are, announced in time, moved with it."""

import logging
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypedDict, cast
from zoneinfo import ZoneInfo

from django.db import transaction

from components.models import Component, Page, Region
from incidents.enums import MaintenanceImpact
from incidents.maintenance.announcing import schedule_maintenance
from incidents.maintenance.editing import Changes, follow_series
from incidents.maintenance.recurrence import Occurrence, Recurrence
from incidents.maintenance.rules import LONGEST_WINDOW
from incidents.maintenance.running import cancel_maintenance
from incidents.models import Maintenance, MaintenanceKind, MaintenanceQuerySet, MaintenanceSeries
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import DomainError

logger = logging.getLogger(__name__)

DROPPED = "This window is no longer part of its series and will not take place."
MOST_AT_ONCE = 50
COPIED = ("title", "kind", "expects_downtime", "takes_platform_down", "impact_level", "impact_note")


class SeriesChanges(TypedDict, total=False):
    """What of a series can be said; what is not named stays."""

    title: str
    message: str
    rrule: str
    first_date: date
    begins: time
    duration: timedelta
    announce_before: timedelta
    reminders: Collection[timedelta]
    kind: MaintenanceKind | str | None
    expects_downtime: bool | None
    takes_platform_down: bool
    impact_level: MaintenanceImpact | str
    impact_note: str
    components: Collection[Component]
    regions: Collection[Region]


def occurrences(series: MaintenanceSeries, after: datetime, count: int) -> list[Occurrence]:
    """When the series puts its next windows, whatever became of any of them. One query, for the page's zone."""
    return recurrence_of(series).occurrences(zone=Page.current().zone, after=after, count=count)


def recurrence_of(series: MaintenanceSeries) -> Recurrence:
    return Recurrence(rule=series.rrule, first_date=series.first_date, begins=series.begins, duration=series.duration)


def make_due_windows() -> int:
    """Announce the windows of all series whose time to be announced has come. Returns how many; harmless at any time.

    One series that cannot be made holds up no other.
    """
    made = 0
    for series in MaintenanceSeries.objects.filter(ended_at__isnull=True).order_by("pk"):
        try:
            made += _make_due(series)
        except DomainError as error:
            logger.warning("no window could be made of the series %s: %s", series.slug, error)
    return made


@retry_on_conflict
@transaction.atomic
def _make_due(series: MaintenanceSeries) -> int:
    now, zone = clock.now(), Page.current().zone
    if not _due(series, now, zone):
        return 0
    # Once more with the row held: another beat may be at it.
    row = MaintenanceSeries.objects.select_for_update(of=("self",)).filter(pk=series.pk, ended_at__isnull=True).first()
    if row is None:
        return 0
    due = _due(row, now, zone)
    for occurrence in due:
        _announce(row, occurrence)
    return len(due)


def _due(series: MaintenanceSeries, now: datetime, zone: ZoneInfo) -> list[Occurrence]:
    coming = _coming(series, now, zone)
    taken = _days_taken(series.occurrences.all(), now, zone) if coming else set()
    return [found for found in coming if found.day not in taken]


def _coming(series: MaintenanceSeries, now: datetime, zone: ZoneInfo) -> list[Occurrence]:
    """All that are to be announced by now and have not begun."""
    found = recurrence_of(series).occurrences(zone=zone, after=now, count=MOST_AT_ONCE)
    return [one for one in found if one.begins_at - series.announce_before <= now]


def _days_taken(windows: MaintenanceQuerySet, now: datetime, zone: ZoneInfo) -> set[date]:
    """The days of the page that have their window, whatever became of it. One query."""
    moments = windows.filter(occurs_at__gt=now - LONGEST_WINDOW).values_list("occurs_at", flat=True)
    return {moment.astimezone(zone).date() for moment in moments if moment is not None}


def _announce(series: MaintenanceSeries, occurrence: Occurrence) -> None:
    schedule_maintenance(
        title=series.title,
        message=series.message,
        components=series.components.active(),
        scheduled_for=occurrence.begins_at,
        scheduled_until=occurrence.ends_at,
        kind=series.kind,
        expects_downtime=series.expects_downtime,
        takes_platform_down=series.takes_platform_down,
        impact_level=series.impact_level,
        impact_note=series.impact_note,
        regions=list(series.regions.all()),
        reminders=[timedelta(seconds=seconds) for seconds in series.reminders],
        series=series,
        occurs_at=occurrence.begins_at,
    )


def move_windows(
    series: MaintenanceSeries,
    changes: SeriesChanges,
    *,
    now: datetime,
    message: str,
    notify: bool,
    author: str | None,
) -> None:
    """Its windows that are announced and follow it, moved and changed with it. The series must be locked."""
    zone, windows = Page.current().zone, series.occurrences.all()
    untouched = list(windows.upcoming().filter(is_changed_alone=False, scheduled_for__gt=now))
    taken = _days_taken(windows.exclude(pk__in=[window.pk for window in untouched]), now, zone)
    coming = recurrence_of(series).occurrences(zone=zone, after=now, count=MOST_AT_ONCE)
    for window, occurrence in _pair(untouched, [found for found in coming if found.day not in taken], zone):
        if occurrence is None:
            cancel_maintenance(maintenance=window, message=message or DROPPED, notify=notify, author=author)
            continue
        times = (window.scheduled_for, window.scheduled_until)
        moves = times != (occurrence.begins_at, occurrence.ends_at)
        follow_series(
            maintenance=window,
            message=message if moves else "",
            notify=notify and moves,
            occurs_at=occurrence.begins_at,
            author=author,
            changes=_for_window(series, changes, occurrence if moves else None),
        )


def _pair(
    windows: Sequence[Maintenance], coming: Sequence[Occurrence], zone: ZoneInfo
) -> list[tuple[Maintenance, Occurrence | None]]:
    """Each window with the occurrence of its own day; the others with the days that are left, in their order."""
    by_day = {found.day: found for found in coming}
    own = {
        window.pk: by_day.pop((window.occurs_at or window.scheduled_for).astimezone(zone).date(), None)
        for window in windows
    }
    left = iter(by_day.values())
    return [(window, own[window.pk] or next(left, None)) for window in windows]


def _for_window(series: MaintenanceSeries, changes: SeriesChanges, moved_to: Occurrence | None) -> Changes:
    """What a change of the series changes of one of its windows."""
    found = cast("Changes", {name: getattr(series, name) for name in COPIED if name in changes})
    if moved_to is not None:
        found["scheduled_for"], found["scheduled_until"] = moved_to.begins_at, moved_to.ends_at
    if "reminders" in changes:
        found["reminders"] = [timedelta(seconds=seconds) for seconds in series.reminders]
    if "components" in changes:
        found["components"] = list(series.components.active())
    if "regions" in changes:
        found["regions"] = list(series.regions.all())
    return found
