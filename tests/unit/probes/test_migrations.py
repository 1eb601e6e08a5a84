"""Days from before their figures were columns keep what they say."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from components.models import Component
from components.uptime import SLOTS_A_DAY, SlotCounts
from probes.histogram import bucket_of, encode
from probes.models import ComponentDay, ProbeDay
from probes.rollup import roll_up
from probes.windows import component_counts, probe_counts

OLD = [("probes", "0005_objectives")]
BEGIN = date(2026, 11, 10)
MIDNIGHT = datetime(2026, 11, 10, tzinfo=UTC)
DAY, SLOT = timedelta(days=1), timedelta(minutes=5)


def migrate(targets: list[tuple[str, str]]) -> Apps:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    # Read anew: what the executor returns was made before the database's state was.
    return MigrationExecutor(connection).loader.project_state(targets).apps


def unique_columns(name: str) -> list[str]:
    """In the order of the index."""
    with connection.cursor() as cursor:
        tables = ("probes_probeday", "probes_componentday")
        found = [connection.introspection.get_constraints(cursor, table) for table in tables]
    return next(list(one[name]["columns"]) for one in found if name in one)


def old_day(apps: Apps, probe: Any, number: int, states: bytes) -> None:
    """A day as it was kept at first: its states, the sums of its checks, and its component's figures."""
    up, down = 10 * (states.count(1) + states.count(2)), 10 * states.count(3)
    apps.get_model("probes", "ProbeDay").objects.create(
        probe_id=probe.pk,
        location="default",
        date=BEGIN + number * DAY,
        slots=states,
        up=up,
        down=down,
        histogram=encode(Counter({bucket_of(20): up})),
        is_dirty=False,
    )
    apps.get_model("probes", "ComponentDay").objects.create(
        component_id=probe.component_id,
        date=BEGIN + number * DAY,
        good=states.count(1),
        degraded=states.count(2),
        bad=states.count(3),
        maintenance=states.count(4),
        unknown=states.count(0),
        worst="operational",
        slots=states,
    )


@pytest.mark.django_db(transaction=True)
def test_days_of_the_first_shape_keep_their_figures() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        apps = migrate(OLD)
        component = apps.get_model("components", "Component").objects.create(slug="api", name="API", position=1)
        probe = apps.get_model("probes", "Probe").objects.create(
            component_id=component.pk, slug="api", name="api", kind="http"
        )
        # Four days without their slots, one of which has every state, and one that has a slot still.
        mixed = bytes([1]) * 200 + bytes([2]) * 8 + bytes([3]) * 20 + bytes([4]) * 12 + bytes(48)
        good = bytes([1]) * SLOTS_A_DAY
        for number, states in enumerate([good, mixed, good, good]):
            old_day(apps, probe, number, states)
        old_day(apps, probe, 4, bytes([1]) + bytes(SLOTS_A_DAY - 1))
        apps.get_model("probes", "Slot").objects.create(
            probe_id=probe.pk, location="default", starts_at=MIDNIGHT + 4 * DAY, up=10, is_folded=True
        )
    finally:
        migrate(latest)
    with time_machine.travel(MIDNIGHT + 6 * DAY, tick=False):
        window = MIDNIGHT, MIDNIGHT + 5 * DAY
        expected = SlotCounts(good=3 * SLOTS_A_DAY + 200 + 1, degraded=8, bad=20, maintenance=12, unknown=48 + 287)
        for _ in range(2):
            # As they are at once, and after the open day was made anew from its slots.
            assert component_counts([component.pk], *window)[component.pk] == expected
            found = probe_counts([probe.pk], *window)[probe.pk]
            assert found.slots == expected
            assert (found.ok, found.fail) == (10 * (3 * SLOTS_A_DAY + 208 + 1), 200)
            roll_up()
        assert list(ProbeDay.objects.order_by("date").values_list("is_closed", flat=True)) == [True] * 4 + [False]
        assert ComponentDay.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_the_order_of_the_days_is_changed_and_changed_back_without_losing_any() -> None:
    component = Component.objects.create(slug="api", name="API", position=1)
    ComponentDay.objects.create(component=component, date=BEGIN, good=1, worst="operational", slots=bytes([1]))
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        migrate([("probes", "0015_rules_cease")])
        assert unique_columns("one_day_a_component_and_date") == ["component_id", "date"]
        assert unique_columns("one_day_a_probe_and_date") == ["probe_id", "location", "date"]
    finally:
        migrate(latest)
    assert unique_columns("one_day_a_component_and_date") == ["date", "component_id"]
    assert unique_columns("one_day_a_probe_and_date") == ["date", "probe_id", "location"]
    assert ComponentDay.objects.get().date == BEGIN
