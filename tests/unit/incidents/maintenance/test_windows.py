"""Windows: announced, begun and ended, by themselves and by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page, StatusChange, StatusClaim
from components.services import claim_status
from incidents.enums import MaintenanceStatus, Origin
from incidents.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    run_due,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Maintenance
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.wall_clock import moment_at

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def announce(
    *components: Component, begin: datetime = NOW + HOUR, end: datetime = NOW + 2 * HOUR, title: str = "Upgrade"
) -> Maintenance:
    return schedule_maintenance(
        title=title, message="We upgrade.", components=components, scheduled_for=begin, scheduled_until=end
    )


def state_of(component: Component) -> str:
    component.refresh_from_db()
    return component.status


@time_machine.travel(NOW, tick=False)
def test_an_announced_window_changes_no_component_and_is_on_the_page(api: Component) -> None:
    version = Page.current().version
    window = announce(api)
    assert (window.status, window.reference) == (MaintenanceStatus.SCHEDULED, "MNT-2026-1121-a")
    assert state_of(api) == ComponentStatus.UNKNOWN
    assert Page.current().version > version


def test_a_window_begins_and_ends_by_itself_once_each(api: Component) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        window = announce(api)
        clock.shift(HOUR - timedelta(seconds=1))
        assert run_due() == 0
        clock.shift(timedelta(seconds=1))
        assert (run_due(), run_due()) == (1, 0)
        assert state_of(api) == ComponentStatus.UNDER_MAINTENANCE
        clock.shift(HOUR)
        assert (run_due(), run_due()) == (1, 0)
    window.refresh_from_db()
    assert (window.status, window.started_at, window.completed_at) == (
        MaintenanceStatus.COMPLETED,
        NOW + HOUR,
        NOW + 2 * HOUR,
    )
    assert not StatusClaim.objects.exists()
    assert [update.status for update in window.updates.order_by("pk")] == ["scheduled", "in_progress", "completed"]


def test_a_window_that_we_slept_through_is_written_down_and_changes_no_component(api: Component) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        window = announce(api)
        clock.shift(5 * HOUR)
        assert (run_due(), run_due()) == (1, 0)
    window.refresh_from_db()
    assert (window.started_at, window.completed_at) == (window.scheduled_for, window.scheduled_until)
    assert not StatusChange.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_a_window_added_afterwards_is_complete_at_once(api: Component) -> None:
    window = announce(api, begin=NOW - 3 * HOUR, end=NOW - 2 * HOUR)
    assert (window.status, window.completed_at) == (MaintenanceStatus.COMPLETED, NOW - 2 * HOUR)
    assert not StatusChange.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_a_window_that_has_begun_already_runs_at_once(api: Component) -> None:
    window = announce(api, begin=NOW - HOUR, end=NOW + HOUR)
    assert (window.status, window.started_at) == (MaintenanceStatus.IN_PROGRESS, NOW - HOUR)
    assert state_of(api) == ComponentStatus.UNDER_MAINTENANCE


@time_machine.travel(NOW, tick=False)
def test_an_outage_is_not_hidden_by_maintenance(api: Component) -> None:
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF)
    announce(api, begin=NOW - HOUR, end=NOW + HOUR)
    assert state_of(api) == ComponentStatus.MAJOR_OUTAGE


@time_machine.travel(NOW, tick=False)
def test_staff_begin_early_and_end_early(api: Component, web: Component) -> None:
    window = announce(api, web)
    start_maintenance(maintenance=window, author="ada")
    assert (state_of(api), state_of(web), window.started_at) == ("under_maintenance", "under_maintenance", NOW)
    complete_maintenance(maintenance=window, message="All done.", author="ada")
    assert (state_of(api), window.completed_at) == ("unknown", NOW)
    assert [update.author for update in window.updates.order_by("pk")] == ["", "ada", "ada"]


@time_machine.travel(NOW, tick=False)
def test_a_cancelled_window_never_begins(api: Component) -> None:
    window = announce(api)
    cancel_maintenance(maintenance=window, message="Not today.")
    with time_machine.travel(NOW + 90 * timedelta(minutes=1), tick=False):
        assert run_due() == 0
    with pytest.raises(InvalidTransition, match="is cancelled and cannot become in progress"):
        start_maintenance(maintenance=window)


@time_machine.travel(NOW, tick=False)
def test_an_imported_window_is_left_to_the_page_it_came_from(api: Component) -> None:
    window = announce(api)
    Maintenance.objects.update(origin=Origin.IMPORT)
    with time_machine.travel(window.scheduled_until, tick=False):
        assert run_due() == 0


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        (NOW + HOUR, NOW + HOUR, "scheduled_until"),
        (NOW, NOW + timedelta(days=32), "scheduled_until"),
        (datetime(1999, 12, 31, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC), "scheduled_for"),
        (NOW + timedelta(days=1200), NOW + timedelta(days=1201), "scheduled_for"),
    ],
)
def test_an_absurd_window_is_refused(api: Component, begin: datetime, end: datetime, field: str) -> None:
    with time_machine.travel(NOW, tick=False), pytest.raises(ValidationFailed) as refused:
        announce(api, begin=begin, end=end)
    assert refused.value.field == field
    assert not Maintenance.objects.exists()


def test_a_window_names_a_component() -> None:
    with pytest.raises(ValidationFailed, match="at least one component"):
        announce()


@pytest.mark.parametrize(
    ("wall", "begins"),
    [
        # In the gap: the clocks go from 02:00 to 03:00, so 02:30 is said for 03:30.
        (datetime.fromisoformat("2026-03-29T02:30"), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # In the overlap 02:30 comes twice: the first, and only once.
        (datetime.fromisoformat("2026-10-25T02:30"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_window_where_the_clocks_change_begins_once_at_the_time_said(
    api: Component, wall: datetime, begins: datetime
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = moment_at(wall, zone)
    started = []
    with time_machine.travel(begin - 2 * HOUR, tick=False) as clock:
        window = announce(api, begin=begin, end=begin + HOUR)
        for _ in range(60):
            clock.shift(timedelta(minutes=5))
            run_due()
            window.refresh_from_db()
            started.append(window.started_at)
    assert {moment for moment in started if moment} == {begins}
    assert window.updates.filter(status=MaintenanceStatus.IN_PROGRESS).count() == 1
    assert window.completed_at == begins + HOUR
