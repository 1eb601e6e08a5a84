"""What is said and changed of a window by hand: each service, from each state, with a form that may be stale."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.models import Component, StatusClaim
from incidents.enums import MAINTENANCE_TRANSITIONS, MaintenanceStatus, NoticeKind, ServiceState, StepState
from incidents.maintenance import (
    ServicePlan,
    StepPlan,
    advance_step,
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    estimate_end,
    extend_maintenance,
    post_maintenance_update,
    set_service,
    set_steps,
    skip_step,
    start_maintenance,
)
from incidents.maintenance.claims import components_in_maintenance
from incidents.models import Maintenance, MaintenanceKind, Notice
from statuspage.core.errors import DomainError, InvalidTransition, StaleRevision, ValidationFailed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
Announce = Callable[..., Maintenance]
Clock = time_machine.Traveller
S = MaintenanceStatus
FUTURE = NOW + 8 * HOUR


def in_state(window: Maintenance, status: MaintenanceStatus) -> Maintenance:
    if status is S.CANCELLED:
        cancel_maintenance(maintenance=window, message="No.")
    elif status is not S.SCHEDULED:
        start_maintenance(maintenance=window)
    if status is S.VERIFYING:
        post_maintenance_update(maintenance=window, message="Checking.", status=S.VERIFYING)
    if status is S.COMPLETED:
        complete_maintenance(maintenance=window)
    assert window.status == status
    return window


@pytest.mark.parametrize("new", list(S))
@pytest.mark.parametrize("old", list(S))
def test_an_update_goes_each_way_that_the_table_says_and_no_other(
    announce: Announce, api: Component, old: MaintenanceStatus, new: MaintenanceStatus
) -> None:
    window = in_state(announce(), old)
    if new is not old and new not in MAINTENANCE_TRANSITIONS[old]:
        with pytest.raises(InvalidTransition, match="cannot become"):
            post_maintenance_update(maintenance=window, message="On.", status=new)
        window.refresh_from_db()
        assert window.status == old
        return
    update = post_maintenance_update(maintenance=window, message="On.", status=new, author="ada")
    assert (window.status, update.status, update.is_repeat, update.author) == (new, new, new is old, "ada")
    assert StatusClaim.objects.exists() is (new in {S.IN_PROGRESS, S.VERIFYING})


ACTIONS: dict[str, tuple[set[MaintenanceStatus], Callable[[Maintenance, Component], object]]] = {
    "extend": (
        {S.SCHEDULED, S.IN_PROGRESS, S.VERIFYING},
        lambda window, _: extend_maintenance(maintenance=window, until=FUTURE),
    ),
    "estimate": ({S.IN_PROGRESS, S.VERIFYING}, lambda window, _: estimate_end(maintenance=window, at=FUTURE)),
    "service": (
        {S.SCHEDULED, S.IN_PROGRESS, S.VERIFYING},
        lambda window, api: set_service(maintenance=window, component=api, state=ServiceState.OFFLINE),
    ),
    "advance": ({S.IN_PROGRESS, S.VERIFYING}, lambda window, _: advance_step(maintenance=window)),
    "move": (
        {S.SCHEDULED},
        lambda window, _: edit_maintenance(maintenance=window, scheduled_until=FUTURE),
    ),
    "components": (
        {S.SCHEDULED, S.IN_PROGRESS, S.VERIFYING},
        lambda window, api: edit_maintenance(maintenance=window, components=[api]),
    ),
    "words": (set(S), lambda window, _: edit_maintenance(maintenance=window, title="Other")),
    "remind": ({S.SCHEDULED}, lambda window, _: edit_maintenance(maintenance=window, reminders=[MINUTE])),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", list(S))
def test_what_may_be_done_in_which_state(
    announce: Announce, api: Component, status: MaintenanceStatus, action: str
) -> None:
    allowed, do = ACTIONS[action]
    window = in_state(announce(steps=[StepPlan(title="Drain")]), status)
    revision = window.revision
    if status in allowed:
        do(window, api)
        window.refresh_from_db()
        assert window.revision > revision
    else:
        with pytest.raises(DomainError):
            do(window, api)
        window.refresh_from_db()
        assert window.revision == revision


@pytest.mark.parametrize(
    "act",
    [
        lambda row, _: start_maintenance(maintenance=row, expected_revision=1),
        lambda row, _: cancel_maintenance(maintenance=row, message="No.", expected_revision=1),
        lambda row, _: edit_maintenance(maintenance=row, title="Mine", expected_revision=1),
        lambda row, _: extend_maintenance(maintenance=row, until=FUTURE, expected_revision=1),
        lambda row, _: post_maintenance_update(maintenance=row, message="Mine.", expected_revision=1),
        lambda row, _: set_steps(maintenance=row, steps=[], expected_revision=1),
        lambda row, api: set_service(maintenance=row, component=api, state=ServiceState.OFFLINE, expected_revision=1),
    ],
)
def test_a_stale_form_is_refused_and_changes_nothing(
    announce: Announce, api: Component, act: Callable[[Maintenance, Component], object]
) -> None:
    window = announce()
    edit_maintenance(maintenance=window, title="Theirs", expected_revision=window.revision)
    with pytest.raises(StaleRevision, match="Somebody else changed MNT"):
        act(window, api)
    window.refresh_from_db()
    assert (window.title, window.status, window.revision) == ("Theirs", "scheduled", 2)
    assert window.updates.count() == 1


def test_an_extension_keeps_the_end_that_was_announced_first(announce: Announce, clock: Clock) -> None:
    window = in_state(announce(), S.IN_PROGRESS)
    clock.shift(3 * HOUR)
    estimate_end(maintenance=window, at=NOW + 4 * HOUR)
    extend_maintenance(maintenance=window, until=NOW + 5 * HOUR)
    extend_maintenance(maintenance=window, until=NOW + 6 * HOUR, message="Longer still.", notify=False)
    assert (window.announced_until, window.scheduled_until) == (NOW + 2 * HOUR, NOW + 6 * HOUR)
    assert window.estimated_until is None
    longer, first = window.updates.all()[:2]
    assert first.body == "The maintenance takes longer. It is now planned until 21 November 2026, 19:00 UTC."
    assert (longer.body, longer.label) == ("Longer still.", "Update")
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_UPDATED).count() == 1


@pytest.mark.parametrize("until", [NOW + 2 * HOUR, NOW + timedelta(days=40)])
def test_an_extension_is_later_and_not_endless(announce: Announce, until: datetime) -> None:
    window = announce()
    with pytest.raises(ValidationFailed):
        extend_maintenance(maintenance=window, until=until)


def test_an_estimate_that_has_passed_is_refused_and_one_can_be_taken_back(announce: Announce) -> None:
    window = in_state(announce(), S.IN_PROGRESS)
    with pytest.raises(ValidationFailed, match="That time has passed"):
        estimate_end(maintenance=window, at=NOW)
    estimate_end(maintenance=window, at=FUTURE)
    assert window.estimated_until == FUTURE
    estimate_end(maintenance=window, at=None)
    assert window.estimated_until is None


def test_a_component_whose_service_is_operational_is_not_in_maintenance(
    announce: Announce, api: Component, web: Component
) -> None:
    window = announce(services=[ServicePlan(component=web), ServicePlan(component=api, state=ServiceState.QUEUED)])
    start_maintenance(maintenance=window)

    def states() -> tuple[str, str]:
        api.refresh_from_db()
        web.refresh_from_db()
        return api.status, web.status

    assert states() == ("under_maintenance", "unknown")
    set_service(maintenance=window, component=web, state=ServiceState.OFFLINE, eta_at=NOW + 12 * MINUTE)
    set_service(maintenance=window, component=api, state=ServiceState.OPERATIONAL)
    assert states() == ("unknown", "under_maintenance")
    assert window.services.get(component=web).eta_at == NOW + 12 * MINUTE
    complete_maintenance(maintenance=window)
    assert states() == ("unknown", "unknown")
    assert set(window.services.values_list("state", "eta_at")) == {("operational", None)}


def test_a_service_nobody_thought_of_becomes_part_of_the_window(
    announce: Announce, api: Component, web: Component
) -> None:
    window = in_state(announce(), S.IN_PROGRESS)
    set_service(maintenance=window, component=web, state=ServiceState.RESTARTING)
    web.refresh_from_db()
    assert (web.status, set(window.components.all())) == ("under_maintenance", {api, web})
    for state, eta in ((ServiceState.OFFLINE, NOW), (ServiceState.OPERATIONAL, FUTURE)):
        with pytest.raises(ValidationFailed, match="expected back"):
            set_service(maintenance=window, component=web, state=state, eta_at=eta)


def test_a_component_that_is_taken_out_of_a_running_window_is_free_at_once(
    announce: Announce, api: Component, web: Component
) -> None:
    window = in_state(announce(components=[api, web]), S.IN_PROGRESS)
    edit_maintenance(maintenance=window, components=[web])
    assert [claim.component for claim in StatusClaim.objects.all()] == [web]


def test_what_was_said_of_a_component_goes_with_it(announce: Announce, api: Component, web: Component) -> None:
    plans = [ServicePlan(component=one, state=ServiceState.OFFLINE) for one in (api, web)]
    window = in_state(announce(services=plans), S.IN_PROGRESS)
    edit_maintenance(maintenance=window, components=[api])
    assert [service.component for service in window.services.all()] == [api]


def test_a_moved_window_says_so_and_keeps_its_rule(announce: Announce, clock: Clock) -> None:
    times = {"scheduled_for": NOW + 80 * HOUR, "scheduled_until": NOW + 81 * HOUR}
    window = announce(kind="routine", **times)
    with pytest.raises(ValidationFailed, match="announced 70 hours ahead") as refused:
        edit_maintenance(maintenance=window, scheduled_for=NOW + 70 * HOUR, scheduled_until=NOW + 71 * HOUR)
    assert refused.value.field == "reason"
    clock.shift(HOUR)
    edit_maintenance(
        maintenance=window,
        scheduled_for=NOW + 70 * HOUR,
        scheduled_until=NOW + 71 * HOUR,
        reason="Staff.",
        notify=True,
    )
    assert window.announced_at == NOW + HOUR
    moved = window.updates.latest("pk")
    assert moved.body == (
        "The window was moved. It now runs from 24 November 2026, 12:00 UTC until 24 November 2026, 13:00 UTC."
    )
    assert Notice.objects.latest("pk").kind == NoticeKind.MAINTENANCE_UPDATED


def test_a_kind_that_is_changed_has_its_rule_kept_too(announce: Announce) -> None:
    window = announce()
    with pytest.raises(ValidationFailed, match="Say why"):
        edit_maintenance(maintenance=window, kind=MaintenanceKind.objects.get(slug="routine"))
    edit_maintenance(maintenance=window, title="Only words", phase="waiting", expects_downtime=True)
    assert (window.phase, window.expects_downtime, window.updates.count()) == ("waiting", True, 1)


@pytest.mark.parametrize("begin", [NOW - HOUR, NOW])
def test_a_window_is_not_moved_into_the_past(announce: Announce, begin: datetime) -> None:
    window = announce()
    with pytest.raises(ValidationFailed, match="has passed"):
        edit_maintenance(maintenance=window, scheduled_for=begin)


def test_one_press_is_one_step(announce: Announce, clock: Clock) -> None:
    window = in_state(
        announce(steps=[StepPlan(title=title) for title in ("Drain", "Migrate", "Check")]), S.IN_PROGRESS
    )
    drain = advance_step(maintenance=window, expected_step=0)
    assert drain is not None
    # A second tap on the same button.
    assert advance_step(maintenance=window, expected_step=0) == drain
    clock.shift(MINUTE)
    migrate = advance_step(maintenance=window, expected_step=drain.pk, notify=True)
    assert advance_step(maintenance=window, expected_step=drain.pk) == migrate
    assert migrate is not None
    assert skip_step(maintenance=window, step=migrate) == window.steps.get(title="Check")
    assert skip_step(maintenance=window, step=migrate) == window.steps.get(title="Check")
    assert advance_step(maintenance=window) is None
    assert advance_step(maintenance=window, expected_step=0) is None
    assert list(window.steps.values_list("state", "started_at", "finished_at")) == [
        ("done", NOW, NOW + MINUTE),
        ("skipped", NOW + MINUTE, NOW + MINUTE),
        ("done", NOW + MINUTE, NOW + MINUTE),
    ]
    assert [update.body for update in window.updates.filter(notify=True).order_by("pk")][2:] == ["Migrate"]


def test_a_step_to_come_is_skipped_and_the_one_that_runs_goes_on(announce: Announce) -> None:
    window = in_state(announce(steps=[StepPlan(title="Drain"), StepPlan(title="Migrate")]), S.IN_PROGRESS)
    drain = advance_step(maintenance=window)
    assert skip_step(maintenance=window, step=window.steps.get(title="Migrate")) == drain
    assert advance_step(maintenance=window) is None


def test_steps_written_anew_make_an_old_button_stale(announce: Announce) -> None:
    window = in_state(announce(steps=[StepPlan(title="Drain")]), S.IN_PROGRESS)
    drain = advance_step(maintenance=window)
    assert drain is not None
    set_steps(maintenance=window, steps=[StepPlan(title="Drain", state=StepState.DONE), StepPlan(title="Migrate")])
    with pytest.raises(StaleRevision):
        advance_step(maintenance=window, expected_step=drain.pk)
    with pytest.raises(StaleRevision):
        skip_step(maintenance=window, step=drain)
    now_running = advance_step(maintenance=window, message="On to the data.")
    assert now_running is not None
    assert now_running.title == "Migrate"
    assert window.updates.latest("pk").body == "On to the data."


def test_what_is_not_done_when_a_window_is_ended_by_hand_is_skipped(announce: Announce) -> None:
    window = in_state(announce(steps=[StepPlan(title="Drain"), StepPlan(title="Migrate")]), S.IN_PROGRESS)
    advance_step(maintenance=window)
    complete_maintenance(maintenance=window)
    assert list(window.steps.values_list("state", flat=True)) == ["done", "skipped"]


def test_a_clock_that_was_set_back_does_not_end_before_it_began(announce: Announce, clock: Clock) -> None:
    window = in_state(announce(), S.IN_PROGRESS)
    clock.shift(-HOUR)
    complete_maintenance(maintenance=window)
    assert window.completed_at == window.started_at == NOW


def test_what_was_expected_of_a_window_is_over_with_it(announce: Announce) -> None:
    window = in_state(announce(phase="preparing"), S.IN_PROGRESS)
    estimate_end(maintenance=window, at=FUTURE)
    complete_maintenance(maintenance=window)
    window.refresh_from_db()
    assert (window.phase, window.estimated_until) == ("", None)


def test_while_the_work_is_verified_it_is_still_maintenance(announce: Announce, api: Component) -> None:
    window = in_state(announce(), S.VERIFYING)
    assert components_in_maintenance() == {api.pk}
    complete_maintenance(maintenance=window)
    assert components_in_maintenance() == set()


def test_a_window_does_not_begin_twice(announce: Announce, clock: Clock) -> None:
    window = in_state(announce(), S.VERIFYING)
    clock.shift(MINUTE)
    with pytest.raises(InvalidTransition, match="has begun already"):
        start_maintenance(maintenance=window)
    post_maintenance_update(maintenance=window, message="Not yet.", status=S.IN_PROGRESS)
    assert (window.status, window.started_at) == (S.IN_PROGRESS, NOW)
