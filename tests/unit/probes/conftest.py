"""Invented components and probes, and short ways to say what a batch found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from components.models import Component
from probes.checkers.base import CheckResult
from probes.enums import Outcome, ProbeKind
from probes.loop import close_check_loop
from probes.measured import Measured
from probes.models import Location, Probe, ProbeLocation
from probes.record import record_batch
from probes.spec import ProbeSpec

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LOCATION = "default"


def spec(slug: str = "api-http", **changes: Any) -> ProbeSpec:
    """A specification as configuration would give it."""
    values: dict[str, Any] = {
        "slug": slug,
        "name": f"{slug} check",
        "kind": ProbeKind.TCP,
        "config": {"host": "127.0.0.1", "port": 1},
        "interval": timedelta(seconds=30),
        "timeout": timedelta(seconds=5),
        "degraded_above": None,
        "failure_threshold": 3,
        "recovery_threshold": 2,
        "opens_incident": True,
        "severity": "critical",
        "allow_private": True,
    }
    return ProbeSpec(**(values | changes))


def make_probe(component: Component, slug: str = "api-http", **changes: Any) -> Probe:
    """A probe that is due at noon, with its row at the one location."""
    values: dict[str, Any] = {
        "name": f"{slug} check",
        "kind": ProbeKind.HTTP,
        "config": {"url": "http://127.0.0.1:9/"},
        "opens_incident": True,
    }
    probe = Probe.objects.create(component=component, slug=slug, **(values | changes))
    Location.objects.get_or_create(name=LOCATION)
    ProbeLocation.objects.create(probe=probe, location=LOCATION, next_due_at=NOON)
    return probe


def found(probe: Probe, outcome: Outcome, *, at: datetime = NOON, latency_ms: float | None = 12.0) -> Measured:
    """One measured result that was due at `at`."""
    is_answer = outcome in {Outcome.UP, Outcome.DEGRADED}
    result = CheckResult(
        outcome=outcome,
        latency_ms=latency_ms if is_answer else None,
        detail="HTTP 200 in 12 ms" if is_answer else "Connection refused.",
    )
    return Measured(probe_id=probe.pk, scheduled_at=at, started_at=at, result=result)


def record(*measured: Measured) -> int:
    return record_batch(location=LOCATION, measured=measured)


Story = Callable[..., datetime]


@pytest.fixture
def api(db: None) -> Component:
    return Component.objects.create(slug="api", name="API gateway", position=1)


@pytest.fixture
def web(db: None) -> Component:
    return Component.objects.create(slug="web", name="Web application", position=2)


@pytest.fixture
def probe(api: Component) -> Probe:
    return make_probe(api)


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def story(at_noon: time_machine.Traveller) -> Story:
    """Results of a probe in a row, 30 seconds apart, from noon on: returns when the last was due."""
    clock = [NOON]

    def tell(probe: Probe, *outcomes: Outcome) -> datetime:
        for outcome in outcomes:
            at_noon.move_to(clock[0])
            record(found(probe, outcome, at=clock[0]))
            clock[0] += timedelta(seconds=30)
        return clock[0] - timedelta(seconds=30)

    return tell


@pytest.fixture
def check_loop_ends() -> Iterator[None]:
    """For tests that run real checks: no thread and no socket is left behind."""
    yield
    close_check_loop()
