"""Promises of an invented page, and days that went as the test says."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from components.models import Component, Page
from components.uptime import SlotState, count_slots
from probes.enums import ObjectiveKind, ProbeKind
from probes.histogram import bucket_of, encode
from probes.models import ComponentDay, Objective, Probe, ProbeDay

# In the middle of a slot, in the middle of a month.
NOW = datetime(2026, 11, 21, 12, 2, tzinfo=UTC)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
GOOD, SLOW, BAD, WORK, THEIRS = (
    SlotState.GOOD,
    SlotState.DEGRADED,
    SlotState.BAD,
    SlotState.MAINTENANCE,
    SlotState.EXCLUDED,
)
Promise = Callable[..., Objective]


def day_of(**slots: int) -> bytes:
    """A day that is good but for so many slots at its beginning: `day_of(bad=3, unknown=2)`."""
    states = b"".join(bytes([SlotState[name.upper()]]) * number for name, number in slots.items())
    return states + bytes([GOOD]) * (288 - len(states))


def write_day(component: Component, day: date, states: bytes) -> None:
    counts = count_slots(states)
    ComponentDay.objects.update_or_create(
        component=component,
        date=day,
        defaults={
            "good": counts.good,
            "bad": counts.bad,
            "degraded": counts.degraded,
            "maintenance": counts.maintenance,
            "excluded": counts.excluded,
            "unknown": counts.unknown,
            "slots": states,
        },
    )


def write_days(component: Component, since: date, until: date, **at: bytes) -> None:
    """Good days, but for those given by their number in the month: `d07=day_of(bad=9)`."""
    day = since
    while day <= until:
        write_day(component, day, at.get(f"d{day.day:02}", day_of()))
        day += timedelta(days=1)


def write_latencies(component: Component, day: date, *latencies_ms: float) -> None:
    probe, _ = Probe.objects.get_or_create(
        component=component, slug=f"{component.slug}-http", defaults={"name": "HTTP", "kind": ProbeKind.HTTP}
    )
    histogram = Counter(bucket_of(latency) for latency in latencies_ms)
    ProbeDay.objects.create(
        probe=probe, location="default", date=day, slots=day_of(), up=len(latencies_ms), histogram=encode(histogram)
    )


@pytest.fixture
def now(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(now: time_machine.Traveller) -> Page:
    return Page.current()


@pytest.fixture
def promise(page: Page) -> Promise:
    """An objective of these components, since January."""

    def make(*components: Component, slug: str = "availability", **changes: Any) -> Objective:
        values: dict[str, Any] = {
            "name": slug.replace("-", " ").capitalize(),
            "kind": ObjectiveKind.AVAILABILITY,
            "target": Decimal("99.9"),
            "started_at": datetime(2026, 1, 1, tzinfo=UTC),
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        objective = Objective.objects.create(slug=slug, **(values | changes))
        objective.components.set(components)
        return objective

    return make
