"""Series: what is announced when, what one window alone may do, and what a change of the series moves."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from components.models import Component, Page
from incidents.enums import MaintenanceStatus, NoticeKind
from incidents.maintenance import (
    cancel_maintenance,
    create_series,
    edit_maintenance,
    edit_series,
    end_series,
    extend_maintenance,
    make_due_windows,
    occurrences,
    run_due,
)
from incidents.maintenance.occurrences import _make_due
from incidents.models import Maintenance, MaintenanceSeries, Notice
from statuspage.core.errors import Duplicate, InvalidTransition, ValidationFailed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Clock = time_machine.Traveller
Create = Callable[..., MaintenanceSeries]


@pytest.fixture
def create(api: Component, clock: Clock) -> Create:
    """First and third Tuesday at two in London; announced four days ahead."""
    Page.objects.filter(pk=Page.current().pk).update(time_zone="Europe/London")

    def make(**said: Any) -> MaintenanceSeries:
        what: dict[str, Any] = {
            "title": "Routine updates",
            "message": "We update.",
            "rrule": "FREQ=MONTHLY;BYDAY=1TU,3TU",
            "first_date": date(2026, 11, 1),
            "begins": time(2),
            "duration": 2 * HOUR,
            "announce_before": 4 * DAY,
            "components": [api],
        }
        return create_series(**{**what, **said})

    return make


def days_of(series: MaintenanceSeries) -> list[str]:
    return [f"{row.scheduled_for:%m-%dT%H:%M}" for row in series.occurrences.order_by("scheduled_for")]


def go_to(clock: Clock, moment: datetime) -> None:
    clock.move_to(moment)
    run_due()
    make_due_windows()


def test_each_window_is_announced_ahead_once(create: Create, clock: Clock) -> None:
    series = create(kind="routine", reminders=[HOUR], impact_level="low")
    assert make_due_windows() == 0
    clock.move_to(datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    assert [make_due_windows(), make_due_windows()] == [1, 0]
    window = series.occurrences.get()
    assert (window.scheduled_for, window.occurs_at) == (datetime(2026, 12, 1, 2, tzinfo=UTC),) * 2
    assert (window.kind and window.kind.slug, window.impact_level, window.reminders.count()) == ("routine", "low", 1)
    assert Notice.objects.get().kind == NoticeKind.MAINTENANCE_SCHEDULED


def test_a_window_that_is_announced_late_because_nobody_worked_is_announced_all_the_same(
    create: Create, clock: Clock
) -> None:
    series = create(kind="routine")
    go_to(clock, datetime(2026, 11, 30, 2, tzinfo=UTC))
    assert days_of(series) == ["12-01T02:00"]


def test_a_year_of_a_series_keeps_its_wall_clock_time(create: Create, clock: Clock) -> None:
    series = create()
    for number in range(0, 365, 2):
        go_to(clock, NOW + number * DAY)
    local = [row.scheduled_for.astimezone(ZoneInfo("Europe/London")) for row in series.occurrences.all()]
    assert len(local) == 24
    assert {(at.weekday(), at.hour) for at in local} == {(1, 2)}
    assert set(series.occurrences.values_list("status", flat=True)[2:]) == {"completed"}


def test_next_occurrences_are_known_before_they_are_announced(create: Create) -> None:
    found = occurrences(create(), NOW, 3)
    assert [str(one.day) for one in found] == ["2026-12-01", "2026-12-15", "2027-01-05"]


def test_a_window_that_was_cancelled_or_moved_alone_never_comes_back(create: Create, clock: Clock) -> None:
    series = create(announce_before=30 * DAY)
    assert make_due_windows() == 2
    first, second = series.occurrences.order_by("scheduled_for")
    cancel_maintenance(maintenance=first, message="Not this time.")
    edit_maintenance(
        maintenance=second,
        scheduled_for=second.scheduled_for + DAY,
        scheduled_until=second.scheduled_until + DAY,
    )
    assert second.is_changed_alone
    assert make_due_windows() == 0
    edit_series(series=series, begins=time(4), title="Other")
    assert make_due_windows() == 0
    second.refresh_from_db()
    assert (second.title, days_of(series)) == ("Routine updates", ["12-01T02:00", "12-16T02:00"])


def test_editing_a_series_moves_the_windows_that_follow_it(create: Create, clock: Clock, web: Component) -> None:
    series = create(announce_before=30 * DAY, reminders=[HOUR])
    make_due_windows()
    edit_series(series=series, begins=time(4, 30), duration=HOUR, title="Night work", components=[web])
    assert days_of(series) == ["12-01T04:30", "12-15T04:30"]
    window = series.occurrences.earliest("scheduled_for")
    assert window.scheduled_until - window.scheduled_for == HOUR
    assert (window.title, list(window.components.all()), window.is_changed_alone) == ("Night work", [web], False)
    assert window.reminders.get().due_at == window.scheduled_for - HOUR
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_UPDATED).count() == 2
    assert make_due_windows() == 0


def test_a_window_that_was_extended_keeps_its_end(create: Create, clock: Clock) -> None:
    series = create()
    go_to(clock, datetime(2026, 11, 28, 14, tzinfo=UTC))
    window = series.occurrences.get()
    until = window.scheduled_until + HOUR
    extend_maintenance(maintenance=window, until=until)
    edit_series(series=series, begins=time(1))
    window.refresh_from_db()
    assert window.scheduled_until == until


def test_windows_whose_day_is_gone_take_the_next_free_one_or_are_cancelled(create: Create, clock: Clock) -> None:
    series = create(announce_before=30 * DAY)
    make_due_windows()
    edit_series(series=series, rrule="FREQ=MONTHLY;BYDAY=1TU,3WE")
    assert days_of(series) == ["12-01T02:00", "12-16T02:00"]
    edit_series(series=series, rrule="FREQ=MONTHLY;BYDAY=1TU;COUNT=2")
    assert list(series.occurrences.order_by("scheduled_for").values_list("status", flat=True)) == [
        "scheduled",
        "cancelled",
    ]
    assert make_due_windows() == 0


def test_a_series_that_has_ended_makes_no_windows(create: Create, clock: Clock) -> None:
    series = create(announce_before=30 * DAY)
    make_due_windows()
    end_series(series=series)
    assert series.occurrences.upcoming().count() == 2
    go_to(clock, NOW + 60 * DAY)
    assert series.occurrences.count() == 2
    with pytest.raises(InvalidTransition, match="has ended"):
        edit_series(series=series, title="More")


def test_a_series_that_ends_between_the_look_and_the_lock_makes_no_window(create: Create, clock: Clock) -> None:
    series = create()
    clock.move_to(datetime(2026, 11, 28, 14, tzinfo=UTC))
    as_it_was = MaintenanceSeries.objects.get()
    end_series(series=series)
    assert _make_due(as_it_was) == 0
    assert not Maintenance.objects.exists()


def test_the_announced_windows_of_an_ended_series_can_be_cancelled_with_it(create: Create) -> None:
    series = create(announce_before=30 * DAY)
    make_due_windows()
    end_series(series=series, cancel_announced=True)
    assert {row.status for row in series.occurrences.all()} == {MaintenanceStatus.CANCELLED}


def test_a_series_that_cannot_be_made_holds_up_no_other(create: Create, api: Component, web: Component) -> None:
    create(title="Broken", announce_before=30 * DAY, components=[web])
    fine = create(announce_before=30 * DAY)
    Component.objects.filter(pk=web.pk).update(retired_at=NOW)
    assert make_due_windows() == 2
    assert fine.occurrences.count() == Maintenance.objects.count() == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "routine", "announce_before": DAY}, "announce_before"),
        ({"kind": "urgent"}, "kind"),
        ({"kind": "routine", "rrule": "FREQ=DAILY"}, "first_date"),
        ({"duration": timedelta()}, "duration"),
        ({"duration": 32 * DAY}, "duration"),
        ({"announce_before": timedelta()}, "announce_before"),
        ({"rrule": "FREQ=HOURLY"}, "rrule"),
        ({"rrule": "FREQ=DAILY;COUNT=3"}, "rrule"),
        ({"components": []}, "components"),
        ({"title": "!"}, "slug"),
        ({"reminders": [61 * DAY]}, "reminders"),
    ],
)
def test_a_series_that_cannot_be_meant_is_refused(create: Create, said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create(**said)
    assert refused.value.field == field
    assert not MaintenanceSeries.objects.exists()


def test_what_is_missing_and_what_is_taken_is_said(create: Create) -> None:
    with pytest.raises(ValidationFailed, match="announce_before, begins, components"):
        create_series(title="Alone")
    create()
    with pytest.raises(Duplicate, match="routine-updates"):
        create()


@pytest.mark.parametrize(("first", "at", "begins_at"), [("03-28", "01:30", "01:30"), ("10-24", "01:30", "00:30")])
def test_a_daily_window_where_the_clocks_change_begins_once_that_night(
    create: Create, clock: Clock, first: str, at: str, begins_at: str
) -> None:
    day = date.fromisoformat(f"2027-{first}")
    change = {"03-28": 28, "10-24": 31}[first]
    series = create(rrule="FREQ=DAILY", first_date=day, begins=time.fromisoformat(at), announce_before=6 * HOUR)
    for hours in range(0, 24 * 9, 2):
        go_to(clock, datetime(day.year, day.month, day.day, tzinfo=UTC) + hours * HOUR)
    nights = [row for row in series.occurrences.all() if row.scheduled_for.day == change]
    assert [f"{row.scheduled_for:%H:%M}" for row in nights] == [begins_at]
    assert nights[0].updates.filter(status=MaintenanceStatus.IN_PROGRESS).count() <= 1
    days = [row.scheduled_for.date() for row in series.occurrences.all()]
    assert len(days) == len(set(days))


def test_a_series_that_was_just_changed_announces_its_new_words(create: Create, clock: Clock) -> None:
    """Between looking at the series and holding its row somebody may have changed it."""
    series = create()
    as_it_was = MaintenanceSeries.objects.get()
    edit_series(series=series, title="Routine updates of the databases", duration=HOUR)
    clock.move_to(datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    assert _make_due(as_it_was) == 1
    window = series.occurrences.get()
    assert window.title == "Routine updates of the databases"
    assert window.scheduled_until - window.scheduled_for == HOUR
