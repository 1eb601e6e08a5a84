"""The numbers of probes where they cannot be summed as they are: several locations, and what is left out."""

from datetime import timedelta

import pytest
import time_machine

from components.uptime import SlotCounts
from probes.corrections import exclude
from probes.enums import CorrectionKind, Outcome
from probes.models import Probe, ProbeLocation
from probes.record import record_batch
from probes.rollup import roll_up
from probes.windows import probe_counts

from .conftest import LOCATION, NOON, found, record

UP, DOWN = Outcome.UP, Outcome.DOWN
MIDNIGHT = NOON.replace(hour=0)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

pytestmark = pytest.mark.django_db


def slots(probe: Probe) -> SlotCounts:
    """Of the day of noon and of the one after it."""
    return probe_counts([probe.pk], MIDNIGHT, MIDNIGHT + 2 * DAY)[probe.pk].slots


def test_of_two_locations_neither_alone_says_what_a_slot_was(probe: Probe, at_noon: time_machine.Traveller) -> None:
    ProbeLocation.objects.create(probe=probe, location="paris")
    at_noon.move_to(NOON + 3 * DAY)
    for minutes, failing in ((0, LOCATION), (5, "paris")):
        for location in (LOCATION, "paris"):
            outcome = DOWN if location == failing else UP
            record_batch(location=location, measured=[found(probe, outcome, at=NOON + minutes * MINUTE)])
    roll_up()
    # Each saw one failure, and never both the same.
    assert slots(probe) == SlotCounts(good=2, unknown=144 - 2 + 288)


def test_what_is_left_out_is_also_where_the_probe_measured_nothing(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    record(found(probe, UP))
    at_noon.move_to(NOON + 3 * DAY)
    roll_up()
    exclude(
        components=[probe.component],
        starts_at=MIDNIGHT + DAY,
        ends_at=MIDNIGHT + 2 * DAY,
        kind=CorrectionKind.NOT_OURS,
        reason="The provider was down.",
        author="ada",
    )
    assert slots(probe) == SlotCounts(good=1, unknown=143, excluded=288)
