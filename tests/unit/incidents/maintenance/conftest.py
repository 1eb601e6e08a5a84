"""A stopped clock, and windows that are announced with few words."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from components.models import Component
from incidents.maintenance import schedule_maintenance
from incidents.models import Maintenance

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

Announce = Callable[..., Maintenance]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as stopped:
        yield stopped


@pytest.fixture
def announce(api: Component, clock: time_machine.Traveller) -> Announce:
    """A window of the API in an hour, an hour long; everything else as the test says."""

    def make(**said: Any) -> Maintenance:
        what: dict[str, Any] = {
            "title": "Upgrade",
            "message": "We upgrade.",
            "components": [api],
            "scheduled_for": NOW + HOUR,
            "scheduled_until": NOW + 2 * HOUR,
        }
        return schedule_maintenance(**{**what, **said})

    return make
