"""A gauge and a counter with one token."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from probes.enums import MetricKind
from probes.models import Metric
from statuspage.core.tokens import hash_token

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
TOKEN = "0123456789abcdef"


def make_metric(key: str = "online_now", **changes: Any) -> Metric:
    values: dict[str, Any] = {"name": "Online now", "kind": MetricKind.GAUGE, "token_hash": hash_token(TOKEN)}
    return Metric.objects.create(key=key, **(values | changes))


@pytest.fixture
def gauge(db: None) -> Metric:
    return make_metric()


@pytest.fixture
def counter(db: None) -> Metric:
    return make_metric("messages", name="Messages", kind=MetricKind.COUNTER_24H, position=1)


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
