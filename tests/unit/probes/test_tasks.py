from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery.signals import worker_ready

from components.models import Component
from probes import tasks
from probes.enums import ProbeKind
from probes.models import ComponentDay, Heartbeat, Location, ProbeLocation
from statuspage.celery import app
from statuspage.core import clock

from .conftest import make_probe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("check_loop_ends")]


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are called: what is between them is the broker's own business."""
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = before


@pytest.mark.parametrize(
    "name",
    ["probes.tick", "probes.run_batch", "probes.roll_up", "probes.apply_retention", "probes.report_worker_heartbeat"],
)
def test_the_tasks_have_the_names_beat_calls_them_by(name: str) -> None:
    assert name in app.tasks


def test_a_worker_that_reports_its_heartbeat_is_measured_and_rolled_up(eager: None, api: Component) -> None:
    make_probe(api, "worker", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "90s"})
    ProbeLocation.objects.update(next_due_at=clock.now())
    tasks.report_worker_heartbeat()
    assert Heartbeat.objects.count() == 1
    tasks.tick()
    assert ProbeLocation.objects.get().last_outcome == "up"
    tasks.roll_up()
    assert ComponentDay.objects.get().good == 1
    tasks.apply_retention()
    assert ComponentDay.objects.count() == 1


def test_a_break_of_the_broker_is_not_taken_for_a_dead_worker(eager: None, api: Component) -> None:
    make_probe(api, "worker", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "45s"})
    tasks.report_worker_heartbeat()
    Heartbeat.objects.update(last_seen_at=clock.now() - timedelta(minutes=2))
    ProbeLocation.objects.update(next_due_at=clock.now())
    tasks.tick()
    assert ProbeLocation.objects.get().last_outcome == "up"


def test_a_tick_does_not_repeat_what_the_worker_just_reported(eager: None, api: Component) -> None:
    make_probe(api, "worker", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "45s"})
    tasks.report_worker_heartbeat()
    Heartbeat.objects.update(last_seen_at=(before := clock.now() - timedelta(seconds=10)))
    tasks.tick()
    assert Heartbeat.objects.get().last_seen_at == before


def test_a_worker_that_starts_is_seen_at_once(eager: None, api: Component) -> None:
    make_probe(api, "worker", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "90s"})
    worker_ready.send(sender=None)
    assert Heartbeat.objects.get().last_seen_at is not None


def test_a_location_where_nobody_is_gets_no_batches_and_one_call(
    api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two beats send for an hour to a worker that is gone."""
    make_probe(api)
    ProbeLocation.objects.update(next_due_at=clock.now(), location="gone")
    Location.objects.create(name="gone")
    sent: list[tuple[str, str]] = []
    for task in (tasks.run_batch, tasks.report_location):
        monkeypatch.setattr(
            task, "apply_async", lambda *_args, name=task.name, **options: sent.append((name, options["queue"]))
        )
    for _ in range(20):
        tasks.tick()
    assert sent == [("probes.report_location", "probes.gone")]


def test_each_location_gets_its_batches_in_its_own_queue(api: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("eu-west", "us-east"):
        probe = make_probe(api, name)
        ProbeLocation.objects.filter(probe=probe).update(next_due_at=clock.now(), location=name)
        Location.objects.create(name=name, last_seen_at=clock.now())
    sent: list[str] = []
    monkeypatch.setattr(tasks.run_batch, "apply_async", lambda *_args, **options: sent.append(options["queue"]))
    tasks.tick()
    tasks.tick()
    assert sorted(sent) == ["probes.eu-west", "probes.us-east"]
