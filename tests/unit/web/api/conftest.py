"""A page with two components, probes, and days that went as the test says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from components.models import Component, Page
from components.uptime import SLOTS_A_DAY, SlotState, count_slots
from probes.enums import ObjectiveKind, ProbeKind
from probes.models import ComponentDay, Objective, Probe, ProbeDay
from probes.series import DayChecks, pack_checks

NOW = datetime(2026, 11, 21, 12, 2, 30, tzinfo=UTC)
GOOD = SlotState.GOOD


def states_of(**slots: int) -> bytes:
    """A day that is good but for so many slots at its beginning."""
    states = b"".join(bytes([SlotState[name.upper()]]) * number for name, number in slots.items())
    return states + bytes([GOOD]) * (SLOTS_A_DAY - len(states))


def write_day(probe: Probe, day: date, states: bytes, **columns: Any) -> None:
    """The day of the probe and of its component: ten checks in each measured slot, all failed in a bad one."""
    counts = count_slots(states)
    checks = DayChecks()
    for index, state in enumerate(states):
        if state == SlotState.UNKNOWN:
            continue
        (checks.down if state == SlotState.BAD else checks.up)[index] = 10
    ProbeDay.objects.create(
        probe=probe,
        location="default",
        date=day,
        slots=states,
        good_slots=counts.good,
        degraded_slots=counts.degraded,
        bad_slots=counts.bad,
        maintenance_slots=counts.maintenance,
        checks=pack_checks(checks),
        **({"up": sum(checks.up), "down": sum(checks.down)} | columns),
    )
    ComponentDay.objects.create(
        component=probe.component,
        date=day,
        good=counts.good,
        bad=counts.bad,
        degraded=counts.degraded,
        maintenance=counts.maintenance,
        excluded=counts.excluded,
        unknown=counts.unknown,
        slots=states,
    )


@pytest.fixture(autouse=True)
def now(db: None) -> Iterator[time_machine.Traveller]:
    # The clock stands still, and with it the minute in which requests are limited.
    cache.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page() -> Page:
    return Page.current()


@pytest.fixture
def api(page: Page) -> Component:
    return Component.objects.create(slug="api", name="API gateway", position=1)


def make_probe(component: Component, slug: str = "api-http", **changes: Any) -> Probe:
    values: dict[str, Any] = {
        "name": f"{slug} check",
        "kind": ProbeKind.HTTP,
        "config": {"url": "https://status:secret@api.driftstack.dev/health"},
    }
    return Probe.objects.create(component=component, slug=slug, **(values | changes))


@pytest.fixture
def probe(api: Component) -> Probe:
    return make_probe(api)


def october(probe: Probe, **at: bytes) -> None:
    """A good month, but for the days that are given: `d07=states_of(bad=9)`."""
    for number in range(1, 32):
        write_day(probe, date(2026, 10, number), at.get(f"d{number:02}", states_of()))


def promise(*components: Component, slug: str = "availability", **changes: Any) -> Objective:
    values: dict[str, Any] = {
        "name": "API availability",
        "kind": ObjectiveKind.AVAILABILITY,
        "target": Decimal("99.9"),
        "started_at": NOW - timedelta(days=300),
    }
    objective = Objective.objects.create(slug=slug, **(values | changes))
    objective.components.set(components)
    return objective
