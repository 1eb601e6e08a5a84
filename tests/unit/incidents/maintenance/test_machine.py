"""Staff, the clock and two writers do what they like, in any order: what must always be true of a window."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from components.enums import ClaimSource
from components.models import Component, StatusClaim
from incidents.enums import MAINTENANCE_TRANSITIONS, MaintenanceStatus, NoticeKind, ServiceState, StepState
from incidents.maintenance import (
    StepPlan,
    advance_step,
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    estimate_end,
    extend_maintenance,
    post_maintenance_update,
    run_due,
    schedule_maintenance,
    set_service,
    start_maintenance,
)
from incidents.models import Maintenance, Notice
from statuspage.core import clock
from statuspage.core.errors import DomainError, StaleRevision

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONCE = (NoticeKind.MAINTENANCE_STARTED, NoticeKind.MAINTENANCE_COMPLETED, NoticeKind.MAINTENANCE_CANCELLED)


class Windows(RuleBasedStateMachine):
    """One window of two components with two steps. A refusal is a `DomainError` and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.travel = time_machine.travel(NOW, tick=False)
        self.clock = self.travel.start()
        Maintenance.objects.all().delete()
        StatusClaim.objects.all().delete()

    def teardown(self) -> None:
        self.travel.stop()

    @initialize(starts=st.booleans(), ends=st.booleans())
    def announce(self, starts: bool, ends: bool) -> None:
        self.components = [
            Component.objects.get_or_create(slug=slug, defaults={"name": slug.upper()})[0] for slug in ("api", "web")
        ]
        self.window = schedule_maintenance(
            title="Upgrade",
            message="We upgrade.",
            components=self.components,
            scheduled_for=NOW + 30 * MINUTE,
            scheduled_until=NOW + 60 * MINUTE,
            steps=[StepPlan(title="Drain"), StepPlan(title="Migrate")],
            reminders=[20 * MINUTE, 10 * MINUTE],
            starts_itself=starts,
            ends_itself=ends,
        )
        self.old = Maintenance.objects.get(pk=self.window.pk)

    def act(self, do: object) -> None:
        """By a writer who may hold a row that is old."""
        before = Maintenance.objects.get(pk=self.window.pk)
        try:
            do()  # type: ignore[operator]  # each rule gives a function
        except DomainError:
            after = Maintenance.objects.get(pk=self.window.pk)
            assert (after.status, after.revision) == (before.status, before.revision)

    @rule(minutes=st.sampled_from([-60, 1, 5, 20, 60]))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.shift(minutes * MINUTE)
        run_due()

    @rule(act=st.sampled_from([start_maintenance, complete_maintenance]))
    def staff_begin_or_end(self, act: object) -> None:
        self.act(lambda: act(maintenance=self.old))  # type: ignore[operator]  # one of the two

    @rule()
    def staff_cancel(self) -> None:
        self.act(lambda: cancel_maintenance(maintenance=self.window, message="No."))

    @rule(status=st.sampled_from(MaintenanceStatus))
    def staff_say(self, status: MaintenanceStatus) -> None:
        self.act(lambda: post_maintenance_update(maintenance=self.window, message="On.", status=status))

    @rule(minutes=st.integers(1, 90))
    def staff_extend(self, minutes: int) -> None:
        self.act(lambda: extend_maintenance(maintenance=self.window, until=clock.now() + minutes * MINUTE))

    @rule(minutes=st.integers(-5, 90))
    def staff_estimate(self, minutes: int) -> None:
        self.act(lambda: estimate_end(maintenance=self.window, at=clock.now() + minutes * MINUTE))

    @rule(minutes=st.integers(-5, 90))
    def staff_move(self, minutes: int) -> None:
        begin = clock.now() + minutes * MINUTE
        self.act(
            lambda: edit_maintenance(maintenance=self.window, scheduled_for=begin, scheduled_until=begin + 30 * MINUTE)
        )

    @rule(index=st.integers(0, 1), state=st.sampled_from(ServiceState))
    def staff_set_a_service(self, index: int, state: ServiceState) -> None:
        self.act(lambda: set_service(maintenance=self.old, component=self.components[index], state=state))

    @rule()
    def two_press_the_same_button(self) -> None:
        running = self.window.steps.filter(state=StepState.RUNNING).first()
        shown = 0 if running is None else running.pk
        self.act(lambda: advance_step(maintenance=self.window, expected_step=shown))
        states = list(self.window.steps.values_list("state", flat=True))
        self.act(lambda: advance_step(maintenance=self.old, expected_step=shown))
        assert list(self.window.steps.values_list("state", flat=True)) == states or shown == 0

    @rule()
    def somebody_sends_an_old_form(self) -> None:
        revision = Maintenance.objects.get(pk=self.window.pk).revision
        with pytest.raises(StaleRevision):
            post_maintenance_update(maintenance=self.window, message="Mine.", expected_revision=revision - 1)

    @invariant()
    def claims_are_those_of_a_window_that_runs(self) -> None:
        row = Maintenance.objects.get(pk=self.window.pk)
        operational = set(row.services.filter(state="operational").values_list("component_id", flat=True))
        wanted = {one.pk for one in self.components} - operational if row.is_active else set()
        held = StatusClaim.objects.filter(source=ClaimSource.MAINTENANCE).values_list("component_id", flat=True)
        assert set(held) == wanted

    @invariant()
    def its_times_are_in_order(self) -> None:
        row = Maintenance.objects.get(pk=self.window.pk)
        assert row.scheduled_for < row.scheduled_until
        assert (row.started_at is not None) is (row.status not in {"scheduled", "cancelled"})
        assert (row.completed_at is not None) is (row.status == "completed")
        if row.started_at and row.completed_at:
            assert row.started_at <= row.completed_at
        if not row.is_active:
            assert not row.steps.filter(state=StepState.RUNNING).exists()

    @invariant()
    def its_words_go_the_way_of_the_table(self) -> None:
        said = [
            MaintenanceStatus(word) for word in self.window.updates.order_by("pk").values_list("status", flat=True)
        ]
        for old, new in itertools.pairwise(said):
            overslept = (old, new) == (MaintenanceStatus.SCHEDULED, MaintenanceStatus.COMPLETED)
            assert new is old or overslept or new in MAINTENANCE_TRANSITIONS[old]

    @invariant()
    def nobody_is_told_twice(self) -> None:
        notices = Notice.objects.filter(maintenance=self.window)
        assert all(notices.filter(kind=kind).count() <= 1 for kind in ONCE)


class TestWindows(TestCase):
    def test_whatever_happens_in_whatever_order_a_window_stays_whole(self) -> None:
        run_state_machine_as_test(
            Windows,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
