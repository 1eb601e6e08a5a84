"""An invented page at noon: components, measured days, incidents that happened when the test says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page
from components.services import claim_status
from incidents.models import Incident
from incidents.services import open_incident, resolve_incident
from probes.enums import ProbeKind
from probes.models import ComponentDay, Probe, ProbeLocation
from statuspage.web import content_links

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPERATIONAL = ComponentStatus.OPERATIONAL
DEGRADED = ComponentStatus.DEGRADED_PERFORMANCE
MAJOR = ComponentStatus.MAJOR_OUTAGE

MakeComponent = Callable[..., Component]
MakeIncident = Callable[..., Incident]


@pytest.fixture(autouse=True)
def no_links_of_other_tests() -> None:
    """Their databases share versions."""
    content_links.forget()


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(db: None) -> Page:
    Page.current()
    Page.objects.filter(pk=1).update(
        name="Example", url="https://status.example.com", time_zone="Europe/Berlin", public_id="abcdefghijkl"
    )
    return Page.current()


@pytest.fixture
def make_component(page: Page, at_noon: time_machine.Traveller) -> MakeComponent:
    """A component in a state; `measured_days` of it measured as all well by a probe that answered just now."""

    def make(
        slug: str = "api", *, status: ComponentStatus | None = OPERATIONAL, measured_days: int = 0, **changes: Any
    ) -> Component:
        since = NOON - timedelta(days=200)
        values: dict[str, Any] = {"name": slug.title(), "status_since": since, "created_at": since}
        component = Component.objects.create(slug=slug, **(values | changes))
        if status is not None:
            claim_status(component=component, status=status, source=ClaimSource.STAFF, at=since)
        if measured_days:
            measure(component, days=measured_days)
        return component

    return make


def measure(component: Component, *, days: int, checked_at: datetime = NOON) -> None:
    probe = Probe.objects.create(
        component=component, slug=f"{component.slug}-http", name="HTTP", kind=ProbeKind.HTTP, created_at=NOON
    )
    ProbeLocation.objects.create(
        probe=probe,
        next_due_at=NOON,
        last_result_at=checked_at,
        state="up",
        last_latency_ms=12.4,
        last_detail="SELECT 1 in 12 ms",
    )
    today = NOON.date()
    ComponentDay.objects.bulk_create(
        ComponentDay(
            component=component, date=today - timedelta(days=back), good=288, worst=OPERATIONAL, slots=bytes(288)
        )
        for back in range(days)
    )


@pytest.fixture
def make_incident(page: Page, at_noon: time_machine.Traveller) -> MakeIncident:
    """An incident that began `ago` and, where `lasted` is given, ended after that."""

    def make(*, ago: timedelta = timedelta(minutes=30), lasted: timedelta | None = None, **changes: Any) -> Incident:
        values: dict[str, Any] = {
            "title": "Requests fail",
            "severity": "critical",
            "message": "We are looking into it.",
            "impacts": {},
        }
        at_noon.move_to(NOON - ago)
        incident = open_incident(**(values | changes))
        if lasted is not None:
            at_noon.move_to(NOON - ago + lasted)
            resolve_incident(
                incident=incident, message="It is over.", root_cause_summary="A disk.", remediation="A better disk."
            )
        at_noon.move_to(NOON)
        return incident

    return make
