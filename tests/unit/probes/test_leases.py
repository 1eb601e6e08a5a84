import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from components.models import Component
from probes.enums import Outcome
from probes.leases import Batch, claim_due, leased_rows, resync
from probes.models import Probe, ProbeLocation
from probes.services import pause_probe

from .conftest import LOCATION, NOON, Story, found, make_probe, record

pytestmark = pytest.mark.django_db


def test_what_is_due_is_leased_with_its_place_on_the_grid(probe: Probe, at_noon: time_machine.Traveller) -> None:
    batch = claim_due(LOCATION)
    assert batch is not None
    row = leased_rows(batch.lease)[0]
    assert (batch.size, row.probe_id) == (1, probe.pk)
    assert row.scheduled_at is not None
    assert row.scheduled_at <= NOON < (row.next_due_at or NOON) <= NOON + timedelta(seconds=30)
    assert row.leased_until == NOON + timedelta(seconds=25)


def test_a_second_tick_at_the_same_moment_finds_nothing(probe: Probe, at_noon: time_machine.Traveller) -> None:
    assert claim_due(LOCATION) is not None
    assert claim_due(LOCATION) is None


def test_what_is_leased_is_not_claimed_again_until_the_lease_runs_out(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    ProbeLocation.objects.update(leased_until=NOON + timedelta(seconds=20), lease="another")
    assert claim_due(LOCATION) is None
    at_noon.move_to(NOON + timedelta(seconds=20))
    assert claim_due(LOCATION) is not None


def test_turns_missed_while_nobody_ticked_are_counted_and_not_caught_up(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    ProbeLocation.objects.update(next_due_at=probe.grid(LOCATION).after(NOON))
    at_noon.move_to(NOON + timedelta(hours=1))
    assert claim_due(LOCATION) is not None
    assert claim_due(LOCATION) is None
    assert ProbeLocation.objects.get().missed == 119


def test_a_check_whose_worker_died_was_missed(probe: Probe, at_noon: time_machine.Traveller) -> None:
    batch = claim_due(LOCATION)
    assert batch is not None
    ProbeLocation.objects.update(next_due_at=batch.leased_until)
    at_noon.move_to(batch.leased_until)
    assert claim_due(LOCATION) is not None
    assert ProbeLocation.objects.get().missed >= 1


def test_a_lease_that_ran_out_gives_nothing_to_do(probe: Probe, at_noon: time_machine.Traveller) -> None:
    batch = claim_due(LOCATION)
    assert batch is not None
    at_noon.move_to(batch.leased_until)
    assert leased_rows(batch.lease) == []


def test_a_batch_is_no_larger_than_its_limit_and_takes_the_longest_overdue_first(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(5)]
    ProbeLocation.objects.filter(probe=probes[3]).update(next_due_at=NOON - timedelta(seconds=10))
    batch = claim_due(LOCATION, limit=2)
    assert batch is not None
    assert batch.size == 2
    assert probes[3].pk in {row.probe_id for row in leased_rows(batch.lease)}


def test_paused_probes_are_not_due(probe: Probe, at_noon: time_machine.Traveller) -> None:
    pause_probe(probe=probe)
    at_noon.move_to(NOON + timedelta(hours=1))
    assert claim_due(LOCATION) is None


def test_another_location_has_its_own_schedule(probe: Probe, at_noon: time_machine.Traveller) -> None:
    assert claim_due("elsewhere") is None


def test_the_lease_lasts_as_long_as_the_longest_timeout_and_a_margin(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    make_probe(api, "quick")
    make_probe(api, "patient", timeout=timedelta(seconds=60))
    batch = claim_due(LOCATION)
    assert batch is not None
    assert batch.leased_until == NOON + timedelta(seconds=80)


def test_a_clock_set_back_by_an_hour_stops_nothing(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, Outcome.UP)
    ProbeLocation.objects.update(next_due_at=NOON + timedelta(seconds=30))
    at_noon.move_to(NOON - timedelta(hours=1))
    assert claim_due(LOCATION) is None
    assert resync() == 1
    at_noon.shift(30)
    batch = claim_due(LOCATION)
    assert batch is not None
    scheduled_at = leased_rows(batch.lease)[0].scheduled_at
    assert scheduled_at is not None
    assert record(found(probe, Outcome.DOWN, at=scheduled_at)) == 1
    assert ProbeLocation.objects.get().failures == 1


def test_an_hour_that_comes_twice_is_measured_twice(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    last = story(probe, Outcome.UP, Outcome.UP)
    now = last + timedelta(seconds=7)
    at_noon.move_to(now)
    ProbeLocation.objects.update(next_due_at=last, last_scheduled_at=NOON + timedelta(hours=1))
    batch = claim_due(LOCATION)
    assert batch is not None
    assert leased_rows(batch.lease)[0].scheduled_at == now
    assert record(found(probe, Outcome.UP, at=now)) == 1
    assert ProbeLocation.objects.get().successes == 3


def test_a_lease_from_the_future_is_taken_back(probe: Probe, at_noon: time_machine.Traveller) -> None:
    ProbeLocation.objects.update(leased_until=NOON + timedelta(hours=1), lease="another")
    assert resync() == 1
    assert ProbeLocation.objects.get().leased_until is None


def test_a_rare_probe_is_not_from_the_future(api: Component, at_noon: time_machine.Traveller) -> None:
    make_probe(api, interval=timedelta(hours=6))
    ProbeLocation.objects.update(next_due_at=NOON + timedelta(hours=5))
    assert resync() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_beats_claim_each_probe_once(api: Component) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(40)]
    ProbeLocation.objects.update(next_due_at=probes[0].created_at)
    batches: list[Batch] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while (batch := claim_due(LOCATION, limit=7)) is not None:
            batches.append(batch)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = [row.probe_id for batch in batches for row in leased_rows(batch.lease)]
    assert sorted(claimed) == sorted(one.pk for one in probes)
    assert sum(batch.size for batch in batches) == 40
