"""What happens by itself: begin, end, reminders, late starts; and what does not, when the clock jumps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.models import Component, StatusClaim
from incidents.enums import MaintenanceStatus, NoticeKind, Origin, ServiceState
from incidents.maintenance import (
    ServicePlan,
    StepPlan,
    advance_step,
    cancel_maintenance,
    complete_maintenance,
    due,
    edit_maintenance,
    extend_maintenance,
    run_due,
    set_service,
    start_maintenance,
    take_over,
)
from incidents.models import Maintenance, Notice, Signal
from statuspage.core.errors import InvalidTransition

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
Announce = Callable[..., Maintenance]
Clock = time_machine.Traveller


def told() -> list[str]:
    return [kind.removeprefix("maintenance.") for kind in Notice.objects.order_by("pk").values_list("kind", flat=True)]


def status_of(window: Maintenance) -> str:
    window.refresh_from_db()
    return window.status


def later(clock: Clock, by: timedelta, *, every: timedelta = 5 * MINUTE) -> None:
    """Time goes by as beat sees it."""
    for _ in range(by // every):
        clock.shift(every)
        run_due()


def test_subscribers_hear_of_each_step_once(announce: Announce, clock: Clock) -> None:
    announce(reminders=[30 * MINUTE, 10 * MINUTE])
    later(clock, 3 * HOUR)
    assert told() == ["scheduled", "reminder", "reminder", "started", "completed"]
    assert [notice.payload["before"] for notice in Notice.objects.filter(kind=NoticeKind.MAINTENANCE_REMINDER)] == [
        600,
        1800,
    ]


def test_begin_and_end_tell_nobody_if_the_window_says_so(announce: Announce, clock: Clock) -> None:
    announce(notify=False, notify_start=False, notify_end=False)
    later(clock, 3 * HOUR)
    assert (told(), Maintenance.objects.get().status) == ([], "completed")


def test_a_reminder_that_was_sent_is_not_sent_again_because_another_is_wanted(
    announce: Announce, clock: Clock
) -> None:
    window = announce(reminders=[30 * MINUTE])
    later(clock, 35 * MINUTE)
    edit_maintenance(maintenance=window, reminders=[30 * MINUTE, 10 * MINUTE])
    later(clock, 10 * MINUTE)
    assert told() == ["scheduled", "reminder"]
    later(clock, 10 * MINUTE)
    assert told() == ["scheduled", "reminder", "reminder"]


def test_begun_and_ended_by_hand_it_tells_as_the_window_says_or_as_is_said_then(announce: Announce) -> None:
    for window in (announce(notify=False, notify_start=False, notify_end=False), announce(notify=False)):
        start_maintenance(maintenance=window)
        complete_maintenance(maintenance=window)
    assert told() == ["started", "completed"]
    window = announce(notify=False, notify_start=False)
    start_maintenance(maintenance=window, notify=True)
    complete_maintenance(maintenance=window, notify=False)
    assert told() == ["started", "completed", "started"]


def test_a_reminder_whose_time_had_passed_at_the_announcement_is_not_sent(announce: Announce, clock: Clock) -> None:
    window = announce(reminders=[24 * HOUR, HOUR, 10 * MINUTE])
    assert [row.before for row in window.reminders.all()] == [10 * MINUTE]
    later(clock, HOUR - 5 * MINUTE)
    assert told() == ["scheduled", "reminder"]


def test_reminders_move_with_the_window(announce: Announce, clock: Clock) -> None:
    window = announce(reminders=[10 * MINUTE])
    later(clock, 55 * MINUTE)
    edit_maintenance(
        maintenance=window, scheduled_for=NOW + 5 * HOUR, scheduled_until=NOW + 6 * HOUR, expected_revision=1
    )
    later(clock, 3 * HOUR)
    assert told() == ["scheduled", "reminder"]
    later(clock, 2 * HOUR)
    assert told() == ["scheduled", "reminder", "reminder", "started"]


def test_a_cancelled_window_is_not_remembered(announce: Announce, clock: Clock) -> None:
    cancel_maintenance(maintenance=announce(reminders=[10 * MINUTE]), message="Not today.")
    later(clock, 3 * HOUR)
    assert told() == ["scheduled", "cancelled"]


def test_several_reminders_that_are_due_at_once_are_one(announce: Announce, clock: Clock) -> None:
    announce(reminders=[50 * MINUTE, 30 * MINUTE, 10 * MINUTE])
    clock.shift(55 * MINUTE)
    assert (run_due(), run_due()) == (1, 0)
    assert told() == ["scheduled", "reminder"]
    assert Notice.objects.latest("pk").payload["before"] == 600


def test_of_a_window_that_should_have_begun_nobody_is_reminded(announce: Announce, clock: Clock) -> None:
    announce(starts_itself=False, reminders=[10 * MINUTE])
    clock.shift(HOUR)
    run_due()
    clock.shift(-HOUR)
    run_due()
    assert told() == ["scheduled"]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
@pytest.mark.parametrize("at", [10, 55, 65, 115])
def test_a_clock_that_jumps_and_comes_back_tells_nobody_twice(
    announce: Announce, clock: Clock, jump: timedelta, at: int
) -> None:
    window = announce(reminders=[50 * MINUTE, 30 * MINUTE, 10 * MINUTE])
    later(clock, at * MINUTE)
    before = len(told())
    clock.shift(jump)
    run_due()
    run_due()
    assert len(told()) - before <= 1
    later(clock, 5 * MINUTE, every=MINUTE)
    clock.shift(-jump)
    later(clock, 4 * HOUR)
    said = told()
    assert [said.count(kind) for kind in ("started", "completed")] == [1, 1]
    assert said.count("reminder") <= 3
    window.refresh_from_db()
    assert window.started_at is not None
    assert window.completed_at is not None
    assert window.started_at <= window.completed_at
    assert not StatusClaim.objects.exists()


def test_a_window_that_we_slept_through_tells_nobody(announce: Announce, clock: Clock) -> None:
    window = announce(reminders=[10 * MINUTE])
    clock.shift(5 * HOUR)
    assert (run_due(), run_due()) == (1, 0)
    assert (told(), status_of(window)) == (["scheduled"], "completed")


def test_a_window_with_steps_to_be_done_is_not_over_because_we_slept(announce: Announce, clock: Clock) -> None:
    window = announce(steps=[StepPlan(title="Drain")])
    clock.shift(5 * HOUR)
    run_due()
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS
    assert window.is_running_over(NOW + 5 * HOUR)


def test_a_window_runs_over_until_its_steps_are_done_and_its_services_are_back(
    announce: Announce, clock: Clock, api: Component
) -> None:
    window = announce(
        steps=[StepPlan(title="Drain")], services=[ServicePlan(component=api, state=ServiceState.RESTARTING)]
    )
    later(clock, 3 * HOUR)
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS
    advance_step(maintenance=window)
    advance_step(maintenance=window)
    later(clock, 10 * MINUTE)
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS
    set_service(maintenance=window, component=api, state=ServiceState.QUEUED)
    later(clock, 5 * MINUTE)
    assert status_of(window) == MaintenanceStatus.COMPLETED
    assert window.completed_at == NOW + 3 * HOUR + 15 * MINUTE


def test_a_window_that_is_ended_by_hand_waits_for_it(announce: Announce, clock: Clock) -> None:
    window = announce(ends_itself=False)
    later(clock, 9 * HOUR, every=HOUR)
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS


def test_an_extended_window_ends_at_its_new_end(announce: Announce, clock: Clock) -> None:
    window = announce()
    later(clock, 90 * MINUTE)
    extend_maintenance(maintenance=window, until=NOW + 3 * HOUR)
    later(clock, HOUR)
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS
    later(clock, HOUR)
    assert status_of(window) == MaintenanceStatus.COMPLETED
    assert window.completed_at == NOW + 3 * HOUR


def test_a_window_that_is_begun_by_hand_wakes_somebody_once_when_it_is_late(announce: Announce, clock: Clock) -> None:
    window = announce(starts_itself=False, reminders=[10 * MINUTE])
    later(clock, HOUR)
    assert not Signal.objects.exists()
    later(clock, HOUR)
    signal = Signal.objects.get()
    assert (signal.fingerprint, signal.count, signal.pages) == (f"late-maintenance:{window.reference}", 1, True)
    assert status_of(window) == MaintenanceStatus.SCHEDULED
    start_maintenance(maintenance=window)
    run_due()
    signal.refresh_from_db()
    assert signal.is_resolved
    # Begun after its end: nobody wants it to be over a moment later.
    assert status_of(window) == MaintenanceStatus.IN_PROGRESS
    assert told() == ["scheduled", "reminder", "started"]


def test_an_imported_window_is_left_alone_until_it_is_taken_over(announce: Announce, clock: Clock) -> None:
    window = announce(reminders=[10 * MINUTE])
    Maintenance.objects.update(origin=Origin.IMPORT)
    later(clock, 55 * MINUTE)
    assert told() == ["scheduled"]
    take_over(maintenance=window)
    run_due()
    later(clock, 5 * MINUTE)
    assert (told(), status_of(window)) == (["scheduled", "reminder", "started"], "in_progress")
    with pytest.raises(InvalidTransition, match="ours already"):
        take_over(maintenance=window)


def test_an_imported_window_that_runs_claims_its_components_when_it_is_taken_over(
    announce: Announce, api: Component
) -> None:
    window = announce()
    Maintenance.objects.update(origin=Origin.IMPORT, status=MaintenanceStatus.VERIFYING)
    take_over(maintenance=window)
    api.refresh_from_db()
    assert api.status == "under_maintenance"


def test_a_window_waits_five_minutes_for_a_hand_before_it_wakes_somebody(announce: Announce, clock: Clock) -> None:
    announce(starts_itself=False)
    clock.shift(HOUR + 5 * MINUTE - timedelta(seconds=1))
    assert run_due() == 0
    clock.shift(timedelta(seconds=1))
    assert run_due() == 1
    assert Signal.objects.get().pages


@pytest.mark.parametrize("way", ["cancelled", "moved", "by hand"])
def test_what_staff_do_between_the_look_and_the_lock_is_heard(announce: Announce, clock: Clock, way: str) -> None:
    window = announce()
    if way == "cancelled":
        cancel_maintenance(maintenance=window, message="No.")
    elif way == "moved":
        edit_maintenance(
            maintenance=window, scheduled_for=NOW + 3 * HOUR, scheduled_until=NOW + 4 * HOUR, reason="Later."
        )
    else:
        edit_maintenance(maintenance=window, starts_itself=False)
    clock.shift(HOUR)
    assert not due._begin_due(window)
    assert status_of(window) == (MaintenanceStatus.CANCELLED if way == "cancelled" else MaintenanceStatus.SCHEDULED)
    assert not StatusClaim.objects.exists()
