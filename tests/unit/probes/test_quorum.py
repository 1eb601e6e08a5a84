"""Several locations of one probe, recorded one after another and at once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from components.enums import ComponentStatus
from components.models import Component, StatusClaim
from incidents.models import Incident, SeverityPolicy
from probes.enums import Outcome
from probes.models import Probe, ProbeLocation
from probes.record import record_batch
from probes.selectors import measurements
from probes.selectors_locations import location_rows
from probes.services import expire_stale

from .conftest import NOON, found, make_probe

UP, DOWN = Outcome.UP, Outcome.DOWN
EAST, WEST, NORTH = "us-east", "eu-west", "eu-north"

pytestmark = pytest.mark.django_db


def three(api: Component, **changes: Any) -> Probe:
    probe = make_probe(api, failure_threshold=1, recovery_threshold=1, **changes)
    ProbeLocation.objects.all().delete()
    ProbeLocation.objects.bulk_create(
        ProbeLocation(probe=probe, location=name, next_due_at=NOON) for name in (EAST, WEST, NORTH)
    )
    return probe


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def see(probe: Probe, location: str, outcome: Outcome, seconds: int) -> None:
    with time_machine.travel(at(seconds), tick=False):
        record_batch(location=location, measured=[found(probe, outcome, at=at(seconds))])


def all_see(probe: Probe, outcome: Outcome, seconds: int) -> None:
    for location in (EAST, WEST, NORTH):
        see(probe, location, outcome, seconds)


def status(component: Component) -> str:
    return Component.objects.get(pk=component.pk).status


def test_one_location_of_three_that_fails_claims_nothing(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    see(probe, EAST, DOWN, 30)
    assert status(api) == ComponentStatus.OPERATIONAL
    assert not Incident.objects.exists()
    assert ProbeLocation.objects.get(location=EAST).state == "down"


def test_the_second_makes_it_an_outage_that_began_with_it(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    see(probe, EAST, DOWN, 30)
    see(probe, WEST, DOWN, 40)
    assert status(api) == ComponentStatus.MAJOR_OUTAGE
    incident = Incident.objects.get()
    assert incident.started_at == at(40)
    body = incident.updates.get().body
    assert body == (
        "The check “api-http check” has failed from us-east and eu-west since 12:00 UTC: Connection refused."
    )


def test_it_ends_when_too_few_are_left_in_it(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    all_see(probe, DOWN, 30)
    see(probe, EAST, UP, 60)
    assert Incident.objects.get().is_open
    see(probe, WEST, UP, 75)
    incident = Incident.objects.get()
    assert not incident.is_open
    assert incident.resolved_at == at(75)
    assert status(api) == ComponentStatus.OPERATIONAL


def test_a_quorum_of_one_believes_each(api: Component) -> None:
    probe = three(api, quorum=1)
    all_see(probe, UP, 0)
    see(probe, NORTH, DOWN, 30)
    assert status(api) == ComponentStatus.MAJOR_OUTAGE


def test_the_claim_names_the_location_that_says_so(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    see(probe, WEST, DOWN, 30)
    see(probe, NORTH, DOWN, 30)
    assert StatusClaim.objects.get(source="probe").cause == "api-http check, from eu-west: Connection refused."


def test_a_location_whose_worker_is_gone_is_left_out_and_never_down(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    see(probe, EAST, UP, 100)
    with time_machine.travel(at(110), tick=False):
        assert expire_stale() == 2
        assert status(api) == ComponentStatus.OPERATIONAL
        rows = {row.location: row for row in location_rows([api.pk])[api.pk]}
    assert (rows[WEST].state, rows[WEST].is_fresh) == (ComponentStatus.UNKNOWN, False)
    assert (rows[EAST].state, rows[EAST].is_fresh) == (ComponentStatus.OPERATIONAL, True)
    # Alone, it is its own quorum.
    see(probe, EAST, DOWN, 130)
    assert status(api) == ComponentStatus.MAJOR_OUTAGE


def test_with_nobody_left_the_claim_is_withdrawn(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    with time_machine.travel(at(200), tick=False):
        assert expire_stale() == 3
    assert status(api) == ComponentStatus.UNKNOWN
    assert not StatusClaim.objects.filter(source="probe").exists()


def test_a_component_is_measured_as_its_locations_say_together(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    see(probe, EAST, DOWN, 30)
    with time_machine.travel(at(31), tick=False):
        measurement = measurements()[api.pk]
        assert (measurement.status, measurement.detail) == (ComponentStatus.OPERATIONAL, "HTTP 200 in 12 ms")
    see(probe, WEST, DOWN, 30)
    with time_machine.travel(at(31), tick=False):
        measurement = measurements()[api.pk]
        assert (measurement.status, measurement.detail) == (ComponentStatus.MAJOR_OUTAGE, "Connection refused.")


def test_a_location_taken_out_is_shown_and_asked_no_more(api: Component) -> None:
    probe = three(api)
    all_see(probe, UP, 0)
    ProbeLocation.objects.filter(location=NORTH).update(retired_at=at(1))
    assert [row.location for row in location_rows([api.pk])[api.pk]] == [WEST, EAST]
    see(probe, EAST, DOWN, 30)
    assert status(api) == ComponentStatus.OPERATIONAL
    see(probe, WEST, DOWN, 30)
    assert status(api) == ComponentStatus.MAJOR_OUTAGE


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("outcome", [DOWN, UP])
def test_two_locations_recorded_at_once_do_not_miss_each_other(api: Component, outcome: Outcome) -> None:
    SeverityPolicy.objects.get_or_create(slug="critical", defaults={"name": "Critical"})
    probe = three(api)
    all_see(probe, UP, 0)
    if outcome is UP:
        all_see(probe, DOWN, 10)
        see(probe, NORTH, UP, 20)
        see(probe, NORTH, DOWN, 25)
    start = threading.Barrier(2)

    def work(location: str) -> None:
        start.wait()
        record_batch(location=location, measured=[found(probe, outcome, at=at(30))])
        connection.close()

    threads = [threading.Thread(target=work, args=(location,)) for location in (EAST, WEST)]
    with time_machine.travel(at(31), tick=False):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expected = ComponentStatus.MAJOR_OUTAGE if outcome is DOWN else ComponentStatus.OPERATIONAL
    assert StatusClaim.objects.get(source="probe").status == expected
    assert Incident.objects.open().count() == (outcome is DOWN)
