"""Several components as one: what is read of their days gives the same as looking at every interval."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.models import Component
from components.uptime import SLOT, SlotState
from probes.models import ComponentDay
from probes.objectives.arithmetic import Counts
from probes.objectives.measuring import Question, read_together
from probes.objectives.members import first_days, visible_members
from tests.unit.probes.objectives.conftest import GOOD, NOW, write_day

DAYS = [date(2026, 11, 18) + timedelta(days=offset) for offset in range(4)]
KINDS = st.sampled_from(["good", "absent", "mixed", "late", "unknown"])
STATES = st.lists(st.sampled_from(list(SlotState)), min_size=4, max_size=4)
MOMENTS = st.integers(0, 4 * 288 + 20).map(lambda slots: datetime(2026, 11, 18, tzinfo=UTC) + slots * SLOT)


def states_of(kind: str, mix: list[SlotState]) -> bytes | None:
    if kind == "absent":
        return None
    if kind == "mixed":
        return bytes([state for state in mix for _ in range(72)])
    if kind == "late":
        return bytes(100) + bytes([GOOD]) * 188
    return bytes(288) if kind == "unknown" else bytes([GOOD]) * 288


def slow_reference(
    days: dict[str, dict[date, bytes]], retired: dict[str, datetime | None], begin: datetime, end: datetime
) -> Counts:
    """Interval by interval, component by component, as a person would."""
    counts = {"good": 0, "bad": 0, "maintenance": 0, "not_ours": 0, "unknown": 0}
    starts = {}
    for slug, rows in days.items():
        known = [
            datetime.combine(day, time(), tzinfo=UTC) + index * SLOT
            for day, states in rows.items()
            for index, state in enumerate(states)
            if state
        ]
        starts[slug] = min(known, default=None)
    at = begin
    while at < min(end, NOW):
        found = []
        for slug, rows in days.items():
            start, gone_at = starts[slug], retired[slug]
            if start is None or at < start or (gone_at is not None and at >= gone_at):
                continue
            states = rows.get(at.date(), bytes(288))
            state = states[at.hour * 12 + at.minute // 5]
            if at + SLOT > NOW and not state:
                continue
            found.append(SlotState(state))
        for state, name in (
            (SlotState.BAD, "bad"),
            (SlotState.EXCLUDED, "not_ours"),
            (SlotState.MAINTENANCE, "maintenance"),
            (SlotState.UNKNOWN, "unknown"),
        ):
            if state in found:
                counts[name] += 1
                break
        else:
            counts["good"] += bool(found)
        at += SLOT
    return Counts(**counts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(st.lists(st.tuples(KINDS, STATES), min_size=4, max_size=4), min_size=2, max_size=3),
    retired=st.lists(st.none() | MOMENTS, min_size=3, max_size=3),
    window=st.tuples(MOMENTS, MOMENTS),
)
@example(
    days=[
        [("unknown", []), ("good", []), ("absent", []), ("good", [])],
        [("good", []), ("good", []), ("good", []), ("good", [])],
    ],
    retired=[None, None, None],
    window=(datetime(2026, 11, 18, tzinfo=UTC), NOW),
)
def test_counting_without_the_good_days_is_counting_every_interval(
    now: time_machine.Traveller,
    days: list[list[tuple[str, list[SlotState]]]],
    retired: list[datetime | None],
    window: tuple[datetime, datetime],
) -> None:
    ComponentDay.objects.all().delete()
    Component.objects.all().delete()
    written: dict[str, dict[date, bytes]] = {}
    ends: dict[str, datetime | None] = {}
    for number, kinds in enumerate(days):
        slug = f"c-{number}"
        component = Component.objects.create(slug=slug, name=slug, retired_at=retired[number])
        ends[slug], written[slug] = retired[number], {}
        for day, (kind, mix) in zip(DAYS, kinds, strict=True):
            states = states_of(kind, mix)
            if day == NOW.date() and states is not None:
                # Nothing is known yet of what is to come.
                states = states[:144] + bytes(144)
            if states is not None:
                write_day(component, day, states)
                written[slug][day] = states
    begin, end = min(window), max(window)
    members = visible_members(datetime(2026, 1, 1, tzinfo=UTC))
    ids = tuple(members)
    question = Question(component_ids=ids, begin=begin, end=end)
    together = read_together([question], first_days=first_days(ids), members=members, now=NOW)
    expected = slow_reference(written, ends, begin, end)
    assert (together.count(ids, begin, end) if together else Counts()) == expected


@pytest.mark.parametrize(("state", "counts"), [(SlotState.GOOD, Counts(good=1)), (SlotState.UNKNOWN, Counts())])
def test_the_interval_that_runs_counts_once_something_is_known_of_it(
    api: Component, web: Component, now: time_machine.Traveller, state: SlotState, counts: Counts
) -> None:
    for component in (api, web):
        write_day(component, date(2026, 11, 20), bytes([GOOD]) * 288)
        write_day(component, NOW.date(), bytes([GOOD]) * 144 + bytes([state]) + bytes(143))
    members = visible_members(NOW)
    ids = tuple(members)
    begin = NOW.replace(minute=0)
    question = Question(component_ids=ids, begin=begin, end=NOW)
    together = read_together([question], first_days=first_days(ids), members=members, now=NOW)
    assert together is not None
    assert together.count(ids, begin, NOW) == counts
