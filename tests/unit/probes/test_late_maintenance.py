"""Windows that are written down after they began."""

from datetime import timedelta

import pytest
import time_machine

from components.models import Component
from components.uptime import SlotCounts
from incidents.maintenance import schedule_maintenance
from incidents.models import Maintenance
from probes.enums import CorrectionKind, Outcome
from probes.late_maintenance import leave_out_past
from probes.models import Correction
from probes.rollup import roll_up
from probes.windows import component_counts

from .conftest import NOON, found, make_probe, record

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db


def written_down(*components: Component, begin: timedelta, end: timedelta) -> Maintenance:
    return schedule_maintenance(
        title="A new disk",
        message="We change a disk.",
        components=components,
        scheduled_for=NOON + begin,
        scheduled_until=NOON + end,
    )


def test_every_component_of_the_window_is_left_out_as_maintenance(
    api: Component, web: Component, at_noon: time_machine.Traveller
) -> None:
    probes = [make_probe(api, "one"), make_probe(web, "other")]
    for minutes in (0, 10):
        record(*[found(probe, Outcome.DOWN, at=NOON + minutes * MINUTE) for probe in probes])
    at_noon.move_to(NOON + HOUR)
    roll_up()
    window = written_down(api, web, begin=timedelta(), end=10 * MINUTE)
    correction = leave_out_past(maintenance=window, author="ada")
    assert correction is not None
    assert (correction.kind, correction.maintenance, correction.author) == (
        CorrectionKind.MAINTENANCE,
        window,
        "ada",
    )
    counts = component_counts([api.pk, web.pk], NOON, NOON + 15 * MINUTE)
    assert counts == dict.fromkeys((api.pk, web.pk), SlotCounts(maintenance=2, bad=1))


def test_of_a_window_that_begins_now_nothing_has_passed(api: Component, at_noon: time_machine.Traveller) -> None:
    assert leave_out_past(maintenance=written_down(api, begin=timedelta(), end=HOUR), author="ada") is None
    assert not Correction.objects.exists()
