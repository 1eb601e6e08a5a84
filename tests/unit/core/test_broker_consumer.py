from typing import Any

import pytest
from celery.worker import consumer

from statuspage.celery import app
from statuspage.core.broker_consumer import Consumer


class Broker:
    """A connection that takes down how it is asked to connect."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def ensure_connection(self, *_arguments: Any, **options: Any) -> "Broker":
        self.asked = options
        return self


@pytest.fixture
def worker_consumer() -> Consumer:
    built = Consumer.__new__(Consumer)
    built.app = app
    built.first_connection_attempt = True
    return built


def test_a_broker_that_is_gone_is_asked_for_every_two_seconds(worker_consumer: Consumer) -> None:
    broker = Broker()
    assert worker_consumer.ensure_connected(broker) is broker
    assert broker.asked["interval_start"] == 1
    assert broker.asked["interval_max"] == 2


def test_the_worker_uses_it_and_never_gives_up() -> None:
    assert issubclass(Consumer, consumer.Consumer)
    assert app.conf.worker_consumer == "statuspage.core.broker_consumer:Consumer"
    assert app.conf.broker_connection_max_retries is None
