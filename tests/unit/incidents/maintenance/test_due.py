"""Steps that are due: taken once, at their moment, and only if they are still due once the rows are ours."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from components.models import Component, StatusChange, StatusClaim
from components.services import lock_components
from incidents.enums import MaintenanceStatus
from incidents.maintenance import run_due, schedule_maintenance, start_maintenance
from incidents.models import Maintenance

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def window(api: Component, clock: time_machine.Traveller) -> Maintenance:
    """From an hour after now on, for an hour."""
    return schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[api],
        scheduled_for=NOW + HOUR,
        scheduled_until=NOW + 2 * HOUR,
    )


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What somebody else changes after a due window was found and before its rows are ours."""

    def arrange(**changes: Any) -> None:
        def waited(components: Any) -> None:
            Maintenance.objects.update(**changes)
            lock_components(components)

        monkeypatch.setattr("incidents.maintenance.rows.lock_components", waited)

    return arrange


def test_a_window_that_ends_this_very_moment_is_written_down_and_not_begun(
    window: Maintenance, clock: time_machine.Traveller
) -> None:
    clock.move_to(window.scheduled_until)
    assert (run_due(), run_due()) == (1, 0)
    assert not StatusChange.objects.exists()


def test_a_window_whose_work_is_being_verified_ends_by_itself_too(
    window: Maintenance, clock: time_machine.Traveller
) -> None:
    start_maintenance(maintenance=window)
    Maintenance.objects.update(status=MaintenanceStatus.VERIFYING)
    clock.move_to(window.scheduled_until)
    assert run_due() == 1
    window.refresh_from_db()
    assert (window.status, window.completed_at) == (MaintenanceStatus.COMPLETED, window.scheduled_until)
    assert not StatusClaim.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"scheduled_for": NOW + 1.5 * HOUR}, {"status": MaintenanceStatus.CANCELLED}],
    ids=["put off", "called off"],
)
def test_a_window_that_is_changed_while_we_wait_for_it_does_not_begin(
    window: Maintenance, clock: time_machine.Traveller, meanwhile: Callable[..., None], changes: dict[str, Any]
) -> None:
    clock.move_to(window.scheduled_for)
    meanwhile(**changes)
    assert run_due() == 0
    assert not StatusClaim.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"scheduled_until": NOW + 3 * HOUR}, {"status": MaintenanceStatus.COMPLETED, "completed_at": NOW + HOUR}],
    ids=["prolonged", "over already"],
)
def test_a_window_that_is_changed_while_we_wait_for_it_does_not_end(
    window: Maintenance, clock: time_machine.Traveller, meanwhile: Callable[..., None], changes: dict[str, Any]
) -> None:
    start_maintenance(maintenance=window)
    clock.move_to(window.scheduled_until)
    meanwhile(**changes)
    assert run_due() == 0
    window.refresh_from_db()
    assert window.completed_at == changes.get("completed_at")
