"""What corrections leave out of which days."""

from datetime import timedelta

import pytest
import time_machine

from components.uptime import SlotCounts
from probes.corrections import exclude
from probes.enums import CorrectionKind, Outcome
from probes.models import Probe
from probes.rollup import roll_up
from probes.windows import component_counts

from .conftest import NOON, found, record

HOUR = timedelta(hours=1)
MIDNIGHT = NOON + 12 * HOUR

pytestmark = pytest.mark.django_db


def test_what_ends_at_midnight_leaves_nothing_out_of_the_day_after_it(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    record(found(probe, Outcome.UP))
    at_noon.move_to(NOON + 72 * HOUR)
    roll_up()
    exclude(
        components=[probe.component],
        starts_at=NOON + HOUR,
        ends_at=MIDNIGHT,
        kind=CorrectionKind.NOT_OURS,
        reason="The provider was down.",
        author="ada",
    )
    # Both days are made anew at once.
    record(found(probe, Outcome.DOWN, at=MIDNIGHT - HOUR))
    record(found(probe, Outcome.DOWN, at=MIDNIGHT + HOUR))
    roll_up()

    def counted(begin: int, end: int) -> SlotCounts:
        window = MIDNIGHT + begin * HOUR, MIDNIGHT + end * HOUR
        return component_counts([probe.component_id], *window)[probe.component_id]

    assert counted(-11, 0) == SlotCounts(excluded=132)
    assert counted(0, 24) == SlotCounts(bad=1, unknown=287)
