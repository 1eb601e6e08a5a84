from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from components.uptime import SlotState
from probes.enums import Outcome
from probes.models import ComponentDay, Probe, ProbeDay, ProbeLocation, ProbeResult, Slot
from probes.partitions import create_partitions, drop_partitions, existing_partitions
from probes.retention import apply_retention
from probes.rollup import roll_up

from .conftest import LOCATION, NOON, found, record

DAY = timedelta(days=1)
TODAY = NOON.date()
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has partitions")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def test_raw_results_go_after_their_days(probe: Probe, settings: object) -> None:
    for ago in (0, 13, 16, 40):
        record(found(probe, Outcome.UP, at=NOON - ago * DAY))
    apply_retention()
    assert ProbeResult.objects.count() == 2


def test_slots_go_after_theirs_and_their_day_is_closed(probe: Probe) -> None:
    for ago in (3, 4, 5):
        record(found(probe, Outcome.UP, at=NOON - ago * DAY))
    roll_up()
    apply_retention()
    assert [(NOON - slot.starts_at).days for slot in Slot.objects.all()] == [3]
    days = ProbeDay.objects.order_by("date").values_list("is_closed", "up")
    assert list(days) == [(True, 1), (True, 1), (False, 1)]


def test_slots_that_are_not_in_their_day_yet_stay(probe: Probe) -> None:
    record(found(probe, Outcome.UP, at=NOON - 5 * DAY))
    apply_retention()
    assert Slot.objects.count() == 1
    ProbeDay.objects.update(is_dirty=False)
    apply_retention()
    assert Slot.objects.count() == 1
    assert not ProbeDay.objects.get().is_closed


def test_the_latencies_of_hours_go_and_those_of_the_day_stay(probe: Probe) -> None:
    for ago in (100, 101):
        record(found(probe, Outcome.UP, at=NOON - ago * DAY))
    roll_up()
    apply_retention()
    old, recent = ProbeDay.objects.order_by("date")
    assert (bytes(old.hours), bool(recent.hours)) == (b"", True)
    assert bytes(old.histogram) == bytes(recent.histogram) != b""


def test_a_result_for_a_closed_day_is_added_to_it(probe: Probe) -> None:
    at = NOON - 5 * DAY
    for second in (0, 10):
        record(found(probe, Outcome.DOWN, at=at + timedelta(seconds=second)))
    record(found(probe, Outcome.UP, at=at + timedelta(seconds=20)))
    roll_up()
    apply_retention()
    assert bytes(ProbeDay.objects.get().slots)[144] == SlotState.GOOD
    record(found(probe, Outcome.DOWN, at=at + timedelta(seconds=30)))
    for _ in range(2):
        roll_up()
    day = ProbeDay.objects.get()
    assert (bytes(day.slots)[144], day.up, day.down, day.is_closed) == (SlotState.BAD, 1, 3, True)
    assert day.last_failure_at == at + timedelta(seconds=30)
    assert not Slot.objects.exists()
    assert ComponentDay.objects.get().bad == 1


def test_days_stay(probe: Probe) -> None:
    ProbeDay.objects.create(probe=probe, location=LOCATION, date=TODAY - 4000 * DAY, slots=bytes(288))
    apply_retention()
    assert ProbeDay.objects.count() == 1


def test_applying_retention_twice_is_applying_it_once(probe: Probe) -> None:
    record(found(probe, Outcome.UP))
    apply_retention()
    apply_retention()
    assert ProbeResult.objects.count() == 1
    assert ProbeLocation.objects.count() == 1


@on_postgres
def test_the_partitions_of_today_and_the_next_days_are_made_once() -> None:
    assert create_partitions(TODAY) == [TODAY + ahead * DAY for ahead in range(4)]
    assert create_partitions(TODAY) == []
    assert existing_partitions() == [TODAY + ahead * DAY for ahead in range(4)]


@on_postgres
def test_results_that_came_before_their_partition_move_into_it(probe: Probe) -> None:
    record(found(probe, Outcome.UP))
    assert in_table("probes_proberesult_default") == 1
    create_partitions(TODAY)
    assert in_table("probes_proberesult_default") == 0
    assert in_table("probes_proberesult_p20261121") == 1
    assert record(found(probe, Outcome.UP)) == 0


@on_postgres
def test_a_result_for_a_day_without_a_partition_is_kept_all_the_same(probe: Probe) -> None:
    create_partitions(TODAY)
    assert record(found(probe, Outcome.UP, at=NOON - 5 * DAY)) == 1


@on_postgres
def test_old_partitions_are_dropped_whole(probe: Probe, at_noon: time_machine.Traveller) -> None:
    create_partitions(TODAY)
    record(found(probe, Outcome.UP))
    assert drop_partitions(TODAY) == []
    assert drop_partitions(TODAY + DAY) == [TODAY]
    assert ProbeResult.objects.count() == 0


def in_table(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 -- our own name
        count: int = cursor.fetchone()[0]
    return count
