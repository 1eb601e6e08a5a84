"""What a window makes of measurements: whose slots it marks, from when until when, and whose failures count."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from components.models import Component
from incidents.enums import ServiceState
from incidents.maintenance import (
    ServicePlan,
    complete_maintenance,
    extend_maintenance,
    run_due,
    schedule_maintenance,
    set_service,
)
from incidents.models import Incident, Maintenance
from probes.enums import Outcome
from probes.models import Probe, Slot

from .conftest import NOON, found, make_probe, record

pytestmark = pytest.mark.django_db

UP, DOWN = Outcome.UP, Outcome.DOWN
MINUTE = timedelta(minutes=1)
Measure = Callable[[timedelta, Outcome], None]


@pytest.fixture
def other(web: Component) -> Probe:
    return make_probe(web, slug="web-http")


@pytest.fixture
def measure(probe: Probe, other: Probe, at_noon: time_machine.Traveller) -> Measure:
    """Each minute from now on: beat, then a result of both probes."""

    def go_on(length: timedelta, outcome: Outcome) -> None:
        for _ in range(length // MINUTE):
            at_noon.shift(MINUTE)
            run_due()
            at = datetime.now(tz=NOON.tzinfo)
            record(found(probe, outcome, at=at), found(other, outcome, at=at))

    return go_on


def window(*services: ServicePlan, component: Component) -> Maintenance:
    return schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[component],
        services=services,
        scheduled_for=NOON + 5 * MINUTE,
        scheduled_until=NOON + 15 * MINUTE,
    )


def marked(probe: Probe) -> list[str]:
    slots = Slot.objects.filter(probe=probe, in_maintenance=True).order_by("starts_at")
    return [f"{slot.starts_at:%H:%M}" for slot in slots]


def test_no_incident_is_opened_inside_a_window_and_one_outside_it_is(
    probe: Probe, other: Probe, api: Component, measure: Measure
) -> None:
    window(component=api)
    measure(14 * MINUTE, UP)
    assert (marked(probe), marked(other)) == (["12:05", "12:10"], [])
    Slot.objects.all().delete()
    extend_maintenance(maintenance=Maintenance.objects.get(), until=NOON + 60 * MINUTE)
    measure(10 * MINUTE, DOWN)
    assert [one.component.slug for incident in Incident.objects.all() for one in incident.affected.all()] == ["web"]


def test_an_extended_window_goes_on_marking(probe: Probe, api: Component, measure: Measure) -> None:
    window(component=api)
    measure(10 * MINUTE, UP)
    extend_maintenance(maintenance=Maintenance.objects.get(), until=NOON + 25 * MINUTE)
    measure(25 * MINUTE, UP)
    assert marked(probe) == ["12:05", "12:10", "12:15", "12:20"]


def test_a_window_that_runs_over_goes_on_marking(probe: Probe, api: Component, measure: Measure) -> None:
    window(component=api)
    Maintenance.objects.update(ends_itself=False)
    measure(25 * MINUTE, UP)
    assert marked(probe)[-1] == "12:25"


def test_an_early_end_stops_marking_and_failures_count_again(probe: Probe, api: Component, measure: Measure) -> None:
    made = window(component=api)
    measure(8 * MINUTE, UP)
    complete_maintenance(maintenance=made)
    measure(2 * MINUTE, UP)
    measure(5 * MINUTE, DOWN)
    assert marked(probe) == ["12:05"]
    assert Incident.objects.filter(affected__component=api).exists()


def test_a_service_that_is_said_to_be_operational_is_measured_like_any_other(
    probe: Probe, other: Probe, api: Component, web: Component, measure: Measure
) -> None:
    made = window(ServicePlan(component=web), ServicePlan(component=api, state=ServiceState.READ_ONLY), component=api)
    measure(9 * MINUTE, UP)
    assert (marked(probe), marked(other)) == (["12:05"], [])
    set_service(maintenance=made, component=web, state=ServiceState.OFFLINE)
    set_service(maintenance=made, component=api, state=ServiceState.OPERATIONAL)
    measure(4 * MINUTE, DOWN)
    assert (marked(probe), marked(other)) == (["12:05"], ["12:10"])
    assert [one.component for incident in Incident.objects.all() for one in incident.affected.all()] == [api]
