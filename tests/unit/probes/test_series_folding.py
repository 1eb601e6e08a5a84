"""Slots put into their days."""

from datetime import timedelta

import pytest
import time_machine

from components.uptime import EMPTY_DAY, SlotState
from probes.enums import Outcome
from probes.models import Probe, ProbeDay
from probes.rollup import roll_up

from .conftest import LOCATION, NOON, found, record

DAY = timedelta(days=1)


@pytest.mark.django_db
def test_a_late_answer_makes_no_old_outage_good_of_which_only_the_state_is_known(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    """Days from before checks were kept by the slot: one good check does not outvote those that were not kept."""
    states = bytearray(EMPTY_DAY)
    states[144] = SlotState.BAD
    ProbeDay.objects.create(
        probe=probe, location=LOCATION, date=NOON.date(), slots=bytes(states), bad_slots=1, down=10, is_closed=True
    )
    at_noon.move_to(NOON + 9 * DAY)
    record(found(probe, Outcome.UP))
    roll_up()
    day = ProbeDay.objects.get()
    assert (bytes(day.slots)[144], day.good_slots, day.bad_slots) == (SlotState.BAD, 0, 1)
    assert (day.up, day.down) == (1, 10)
