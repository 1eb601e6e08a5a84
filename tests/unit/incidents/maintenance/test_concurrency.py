"""Two writers at the same moment, in threads with connections of their own, on whichever database the tests run."""

import threading
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.db import connection

from components.models import Component
from incidents.enums import NoticeKind, ServiceState, StepState
from incidents.maintenance import (
    StepPlan,
    advance_step,
    complete_maintenance,
    create_series,
    extend_maintenance,
    make_due_windows,
    post_maintenance_update,
    run_due,
    schedule_maintenance,
    set_service,
)
from incidents.models import Maintenance, Notice
from statuspage.core import clock
from statuspage.core.errors import Conflict, StaleRevision

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

HOUR = timedelta(hours=1)


def at_once(*jobs: Callable[[], object]) -> list[BaseException | None]:
    """Run the jobs in threads that start together; the error of each, or None."""
    barrier = threading.Barrier(len(jobs))
    errors: list[BaseException | None] = [None] * len(jobs)

    def run(index: int) -> None:
        try:
            barrier.wait(timeout=10)
            jobs[index]()
        except BaseException as error:  # noqa: BLE001 -- handed to the test, which looks at each
            errors[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return errors


def running(*components: Component) -> Maintenance:
    now = clock.now()
    return schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=components,
        scheduled_for=now - HOUR,
        scheduled_until=now + HOUR,
        steps=[StepPlan(title=title) for title in ("Drain", "Migrate", "Check")],
    )


def test_two_who_press_the_same_button_take_one_step(api: Component) -> None:
    window = running(api)
    first = advance_step(maintenance=window)
    assert first is not None
    press = [lambda: advance_step(maintenance=Maintenance.objects.get(), expected_step=first.pk)] * 4
    assert at_once(*press) == [None] * 4
    assert list(window.steps.values_list("state", flat=True)) == [StepState.DONE, StepState.RUNNING, StepState.PENDING]


def test_of_two_people_with_the_same_form_one_is_told(api: Component) -> None:
    revision = running(api).revision

    def post(text: str) -> None:
        post_maintenance_update(maintenance=Maintenance.objects.get(), message=text, expected_revision=revision)

    errors = at_once(lambda: post("Ada's."), lambda: post("Bob's."))
    assert [type(error) for error in errors if error] == [StaleRevision]
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_UPDATED).count() == 1


def test_staff_and_beat_ending_at_once_tell_people_once(api: Component) -> None:
    window = running(api)
    window.steps.all().delete()
    Maintenance.objects.update(scheduled_until=clock.now())
    errors = at_once(
        lambda: complete_maintenance(maintenance=Maintenance.objects.get()), run_due, run_due, make_due_windows
    )
    assert all(isinstance(error, Conflict) for error in errors if error)
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_COMPLETED).count() == 1


def test_two_beats_announce_a_window_of_a_series_once(api: Component) -> None:
    create_series(
        title="Daily",
        message="We update.",
        rrule="FREQ=DAILY",
        first_date=date(2026, 1, 1),
        begins=time(2),
        duration=HOUR,
        announce_before=timedelta(days=3),
        components=[api],
    )
    assert at_once(*[make_due_windows] * 4) == [None] * 4
    assert Maintenance.objects.count() == Notice.objects.count() == 3


def test_writers_of_the_same_window_wait_and_never_block_each_other(api: Component, web: Component) -> None:
    window = running(api, web)
    jobs: list[Callable[[], object]] = [
        lambda: set_service(maintenance=window, component=web, state=ServiceState.OFFLINE),
        lambda: set_service(maintenance=Maintenance.objects.get(), component=api, state=ServiceState.OPERATIONAL),
        lambda: advance_step(maintenance=Maintenance.objects.get()),
        lambda: extend_maintenance(maintenance=Maintenance.objects.get(), until=clock.now() + 3 * HOUR),
    ]
    assert at_once(*jobs) == [None] * 4
    api.refresh_from_db()
    web.refresh_from_db()
    assert (api.status, web.status) == ("unknown", "under_maintenance")
