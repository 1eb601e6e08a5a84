"""The intervals behind a figure, one by one."""

from datetime import timedelta

import pytest
import time_machine

from components.uptime import SlotState
from probes.enums import Outcome
from probes.models import Probe
from probes.rollup import roll_up
from probes.windows import component_intervals

from .conftest import NOON, found, record

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db


def test_the_running_interval_is_listed_once_something_is_known_of_it(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    def listed() -> list[SlotState]:
        return [one.state for one in component_intervals(probe.component_id, NOON - HOUR, NOON + HOUR)]

    record(found(probe, Outcome.UP))
    at_noon.move_to(NOON + 6 * MINUTE)
    roll_up()
    assert listed() == [SlotState.GOOD]
    for seconds in range(3):
        roll_up()
        # So few failures can still be followed by answers: nothing is known yet.
        assert listed() == [SlotState.GOOD]
        record(found(probe, Outcome.DOWN, at=NOON + 6 * MINUTE + timedelta(seconds=seconds)))
    roll_up()
    assert listed() == [SlotState.GOOD, SlotState.BAD]
