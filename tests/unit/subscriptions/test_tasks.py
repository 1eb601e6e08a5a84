from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.signals import worker_shutting_down
from pytest_django import Settings

from incidents.models import Notice
from statuspage.celery import app
from statuspage.core import clock, stopping
from subscriptions import sending, services, tasks
from subscriptions.enums import DeliveryState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import Cast
from subscriptions.rendering import cast
from tests.unit.subscriptions.conftest import Sink


@pytest.fixture
def eager() -> Iterator[Celery]:
    """Tasks run where they are sent from, errors and all."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield app
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def test_a_sweep_finds_requests_notices_and_mails(
    eager: Celery, notice: Notice, subscriber: Callable[..., Subscriber], sink: Sink
) -> None:
    subscriber("ada@example.org")
    services.subscribe(email="bob@example.org", ip="192.0.2.1")
    tasks.sweep()
    assert sorted(sink.recipients) == ["ada@example.org", "bob@example.org"]
    tasks.sweep()
    assert len(sink.recipients) == 2


def test_a_sender_goes_on_until_nothing_is_due(
    notice: Notice, subscriber: Callable[..., Subscriber], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending.send_batch, "__kwdefaults__", {"limit": 2})
    for number in range(5):
        subscriber(f"r{number}@example.org")
    services.accept_requests()
    fan_out_pending()
    tasks.send_batch()
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
    assert sink.sessions == 3


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has_not_sent(
    notice: Notice, subscriber: Callable[..., Subscriber], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        subscriber(f"r{number}@example.org")
    fan_out_pending()

    def send_and_be_asked(*arguments: Any) -> Cast:
        worker_shutting_down.send(sender=None)
        return cast(*arguments)

    monkeypatch.setattr("subscriptions.senders.mail.cast", send_and_be_asked)
    try:
        tasks.send_batch()
    finally:
        stopping.take_back()
    assert len(sink.recipients) == 1
    assert Delivery.objects.due(clock.now()).filter(lease="").count() == 4
    monkeypatch.undo()
    tasks.send_batch()
    assert len(sink.recipients) == 5


def test_an_idle_sweep_wakes_nobody(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[object] = []
    monkeypatch.setattr(tasks.send_batch, "apply_async", lambda *_, **options: woken.append(options))
    tasks.sweep()
    assert woken == []


def test_beat_knows_the_tasks_by_name(settings: Settings) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.sweep.name, tasks.apply_retention.name} <= scheduled
    assert settings.CELERY_TASK_ROUTES[tasks.send_batch.name] == {"queue": "mail"}


def test_without_a_server_mails_are_files(
    notice: Notice, subscriber: Callable[..., Subscriber], settings: Settings, tmp_path: Path
) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "statuspage.core.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        }
    }
    subscriber("ada@example.org")
    fan_out_pending()
    tasks.send_batch()
    (file,) = (tmp_path / "mail").iterdir()
    assert "https://status.example.com/subscriptions/" in file.read_text()
