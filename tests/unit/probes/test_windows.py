"""The numbers of any window, beside a slow and obvious reference that knows nothing of days, bytes and sums."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from components.models import Component
from components.uptime import SlotCounts, SlotState
from incidents.models import Maintenance
from probes.corrections import exclude, withdraw
from probes.enums import CorrectionKind, Outcome
from probes.histogram import bucket_of
from probes.models import Correction, CorrectionEffect, Probe, ProbeDay, ProbeLocation, Slot
from probes.record import record_batch
from probes.retention import close_days
from probes.rollup import roll_up
from probes.series_checks import last_results, probe_checks
from probes.windows import (
    component_counts,
    component_intervals,
    latency_histogram,
    month_window,
    probe_counts,
    rolling,
)
from statuspage.core.errors import Duplicate, ValidationFailed

from .conftest import NOON, found, make_probe, record

UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SLOT = 5 * MINUTE
PLACES = ("default", "paris", "tokyo")
ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago")
# Two clock changes, a month's and a year's end, a leap day.
BEGINNINGS = (
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 12, 30, tzinfo=UTC),
    datetime(2028, 2, 27, tzinfo=UTC),
)
LENGTH = 4 * DAY

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Result:
    probe: int
    place: str
    at: datetime
    outcome: Outcome
    in_maintenance: bool


@dataclass(frozen=True)
class LeftOut:
    begin: datetime
    end: datetime
    kind: CorrectionKind


def state_of_checks(outcomes: list[Outcome]) -> str:
    """Three failures make it bad, or all if there are fewer."""
    checks = [outcome for outcome in outcomes if outcome is not ERROR]
    if not checks:
        return "unknown"
    needed = min(3, len(checks))
    if checks.count(DOWN) >= needed:
        return "bad"
    return "degraded" if checks.count(DOWN) + checks.count(SLOW) >= needed else "good"


def state_of_probe(results: list[Result], quorum: int | None) -> str:
    places = {result.place for result in results}
    if any(result.in_maintenance for result in results):
        return "maintenance"
    states = [state_of_checks([one.outcome for one in results if one.place == place]) for place in places]
    measured = [state for state in states if state != "unknown"]
    if not measured:
        return "unknown"
    needed = len(measured) / 2 + 0.5 if quorum is None else min(quorum, len(measured))
    if measured.count("bad") >= needed:
        return "bad"
    return "degraded" if measured.count("bad") + measured.count("degraded") >= needed else "good"


ORDER = ("unknown", "good", "degraded", "bad", "maintenance", "excluded")


def reference(
    results: list[Result], quorum: int | None, left_out: list[LeftOut], begin: datetime, end: datetime, now: datetime
) -> tuple[Counter[str], Counter[str]]:
    """Slots by state and checks by outcome of one component, by walking over every five minutes there ever were."""
    states: Counter[str] = Counter()
    checks: Counter[str] = Counter()
    is_measured = False
    slot = BEGINNINGS[0] if not results else min(result.at for result in results).replace(hour=0, minute=0, second=0)
    while slot <= now:
        inside = [result for result in results if slot <= result.at < slot + SLOT]
        state = max(
            (
                state_of_probe([one for one in inside if one.probe == probe], quorum)
                for probe in {one.probe for one in inside}
            ),
            key=ORDER.index,
            default="unknown",
        )
        is_measured = is_measured or state != "unknown"
        if is_measured:
            for span in left_out:
                if span.begin < slot + SLOT and span.end > slot:
                    other = "maintenance" if span.kind == CorrectionKind.MAINTENANCE else "excluded"
                    state = max(state, other, key=ORDER.index)
        is_running = slot + SLOT > now
        if begin <= slot < end:
            checks.update(str(one.outcome.value) for one in inside)
            if is_measured and not (is_running and state == "unknown"):
                states[state] += 1
        slot += SLOT
    return states, checks


def as_states(counts: SlotCounts) -> Counter[str]:
    found = {name: getattr(counts, name) for name in ORDER}
    return Counter({name: number for name, number in found.items() if number})


def store(results: list[Result], probes: list[Probe], maintenance: Maintenance) -> None:
    """As workers record them: one location at a time, late and repeated ones too."""
    for result in results:
        maintenance.status = "in_progress" if result.in_maintenance else "completed"
        maintenance.save(update_fields=["status"])
        record_batch(location=result.place, measured=[found(probes[result.probe], result.outcome, at=result.at)])


def leave_out(
    component: Component, begin: datetime, now: datetime, left_out: list[LeftOut], data: st.DataObject
) -> None:
    """Some time, for good or until it is taken back."""
    first = begin + data.draw(st.integers(0, 4 * 1440 - 1)) * MINUTE
    last = min(first + data.draw(st.integers(1, 2000)) * MINUTE, now)
    span = LeftOut(first, last, data.draw(st.sampled_from(CorrectionKind)))
    try:
        made = exclude(
            components=[component], starts_at=first, ends_at=last, kind=span.kind, reason="Why.", author="ada"
        )
    except Duplicate:
        return
    if data.draw(st.booleans()):
        withdraw(correction=made, author="ada", reason="It was ours.")
    else:
        left_out.append(span)


# Without shrinking: each example runs the whole road through a database.
@pytest.mark.django_db(transaction=False)
@settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_window_agrees_with_walking_over_every_slot(
    api: Component, at_noon: time_machine.Traveller, data: st.DataObject
) -> None:
    """Results of two probes from three places in any order, some twice, some after their day was closed, with
    roll-ups, maintenance and corrections between them; then windows in any zone."""
    for model in (CorrectionEffect, Correction, Probe, Maintenance):
        model.objects.all().delete()
    api.days.all().delete()
    begin = data.draw(st.sampled_from(BEGINNINGS))
    now = begin + LENGTH + data.draw(st.integers(0, 600)) * timedelta(seconds=30)
    at_noon.move_to(now)
    quorum = data.draw(st.sampled_from([None, 1, 2, 3]))
    probes = [make_probe(api, "one", quorum=quorum), make_probe(api, "two", quorum=quorum)]
    for probe in probes:
        for place in PLACES[1:]:
            ProbeLocation.objects.create(probe=probe, location=place)
    window = Maintenance.objects.create(
        reference="MNT-1", title="Work", scheduled_for=now, scheduled_until=now, status="completed"
    )
    window.components.add(api)
    # Few places in time, so that slots have several results.
    slots = st.sampled_from(sorted(data.draw(st.sets(st.integers(0, 4 * 288 - 1), min_size=1, max_size=8))))
    results = data.draw(
        st.lists(
            st.builds(
                lambda probe, place, slot, tenth, outcome, work: Result(
                    probe, place, begin + slot * SLOT + tenth * timedelta(seconds=30), outcome, work == 0
                ),
                st.integers(0, 1),
                st.sampled_from(PLACES),
                slots,
                st.integers(0, 9),
                st.sampled_from(Outcome),
                st.integers(0, 7),
            ),
            max_size=40,
            unique_by=lambda one: (one.probe, one.place, one.at),
        )
    )
    steps = [*results, *data.draw(st.lists(st.sampled_from(results), max_size=5))] if results else []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(steps)), max_size=4)))
    left_out: list[LeftOut] = []
    for start, stop in zip([0, *cuts], [*cuts, len(steps)], strict=True):
        store(steps[start:stop], probes, window)
        if data.draw(st.booleans()):
            roll_up()
        if data.draw(st.booleans()):
            roll_up()
            close_days(before=data.draw(st.integers(0, 5)) * DAY + begin.date())
        if data.draw(st.integers(0, 3)) == 0:
            leave_out(api, begin, now, left_out, data)
    roll_up()
    for _ in range(4):
        zone = ZoneInfo(data.draw(st.sampled_from(ZONES)))
        first, last = sorted(
            (begin + data.draw(st.integers(-1500, 5 * 1440)) * MINUTE).astimezone(zone) for _ in range(2)
        )
        states, checks = reference(results, quorum, left_out, first, last, now)
        counts = component_counts([api.pk], first, last)[api.pk]
        assert as_states(counts) == states
        intervals = list(component_intervals(api.pk, first, last))
        assert Counter(one.state.name.lower() for one in intervals) == states
        numbers = probe_counts([probe.pk for probe in probes], first, last).values()
        made = probe_checks([probe.pk for probe in probes], first, last).values()
        assert [(one.ok, one.down, one.error, one.last_failure_at) for one in made] == [
            (one.ok, one.fail, one.errors, one.last_failure_at) for one in numbers
        ]
        made_up = Counter(up=sum(one.ok for one in numbers), down=sum(one.fail for one in numbers))
        assert made_up == Counter(up=checks["up"] + checks["degraded"], down=checks["down"])
        assert sum(one.errors for one in numbers) == checks["error"]
        for probe, number in zip(probes, numbers, strict=True):
            own = [one for one in results if probes[one.probe] == probe]
            assert as_states(number.slots) == reference(own, quorum, left_out, first, last, now)[0]


@pytest.mark.parametrize(
    ("month", "zone", "begin", "slots"),
    [
        ("2026-11", "UTC", datetime(2026, 11, 1, tzinfo=UTC), 30 * 288),
        ("2028-02", "UTC", datetime(2028, 2, 1, tzinfo=UTC), 29 * 288),
        ("2026-12", "Europe/London", datetime(2026, 12, 1, tzinfo=UTC), 31 * 288),
        # An hour more, an hour less, half an hour more.
        ("2026-10", "Europe/London", datetime(2026, 9, 30, 23, tzinfo=UTC), 31 * 288 + 12),
        ("2026-03", "Europe/London", datetime(2026, 3, 1, tzinfo=UTC), 31 * 288 - 12),
        ("2026-04", "Australia/Lord_Howe", datetime(2026, 3, 31, 13, tzinfo=UTC), 30 * 288 + 6),
        ("2026-01", "Asia/Kathmandu", datetime(2025, 12, 31, 18, 15, tzinfo=UTC), 31 * 288),
    ],
)
def test_a_month_has_exactly_its_slots_in_every_zone(
    api: Component, at_noon: time_machine.Traveller, month: str, zone: str, begin: datetime, slots: int
) -> None:
    window = month_window(month, ZoneInfo(zone))
    assert window[0] == begin
    probe = make_probe(api)
    at_noon.move_to(begin - 3 * DAY)
    record(found(probe, UP, at=begin - 3 * DAY))
    at_noon.move_to(begin + 40 * DAY)
    roll_up()
    counts = component_counts([api.pk], *window)[api.pk]
    assert counts == SlotCounts(unknown=slots)


def test_the_months_of_a_year_share_no_moment_and_miss_none() -> None:
    for zone in map(ZoneInfo, ZONES):
        months = [month_window(f"{year}-{month:02}", zone) for year in (2027, 2028) for month in range(1, 13)]
        assert all(month[1] == following[0] for month, following in pairwise(months))
        assert months[-1][1].astimezone(zone).replace(tzinfo=None) == datetime(2029, 1, 1)  # noqa: DTZ001 -- on a wall


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "0000-01", "9999-12", "２０２６-11", "2026-11-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed, match="is no month"):
        month_window(text, UTC)


def test_a_slot_belongs_to_the_window_in_which_it_begins(probe: Probe, at_noon: time_machine.Traveller) -> None:
    record(found(probe, DOWN))
    at_noon.move_to(NOON + HOUR)
    roll_up()

    def bad(begin: datetime, end: datetime) -> int:
        return component_counts([probe.component_id], begin, end)[probe.component_id].bad

    assert bad(NOON, NOON + MINUTE) == 1
    assert bad(NOON - MINUTE, NOON + timedelta(microseconds=1)) == 1
    assert bad(NOON + timedelta(microseconds=1), NOON + HOUR) == 0
    assert bad(NOON - HOUR, NOON) == 0
    assert bad(NOON + HOUR, NOON - HOUR) == 0


def test_the_running_slot_counts_once_something_is_known_of_it(probe: Probe, at_noon: time_machine.Traveller) -> None:
    record(found(probe, UP))
    roll_up()
    at_noon.move_to(NOON + 6 * MINUTE)
    window = rolling(30, NOON + 6 * MINUTE)
    assert component_counts([probe.component_id], *window)[probe.component_id] == SlotCounts(good=1)
    for seconds in range(3):
        roll_up()
        assert component_counts([probe.component_id], *window)[probe.component_id] == SlotCounts(good=1)
        record(found(probe, DOWN, at=NOON + 6 * MINUTE + timedelta(seconds=seconds)))
    roll_up()
    assert component_counts([probe.component_id], *window)[probe.component_id] == SlotCounts(good=1, bad=1)


def test_days_without_any_row_are_unknown_and_before_the_first_measurement_nothing_is(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    record(found(probe, UP))
    at_noon.move_to(NOON + 10 * DAY)
    roll_up()
    counts = component_counts([probe.component_id], NOON - 10 * DAY, NOON + 10 * DAY)[probe.component_id]
    assert counts == SlotCounts(good=1, unknown=10 * 288 - 1)


def test_only_what_was_measured_before_a_window_counts_from_its_begin(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    """All three were measured on the day on which the window begins: before it, after it, and in its first slot."""
    others = [Component.objects.create(slug=slug, name=slug, position=1) for slug in ("late", "sharp")]
    probes = [make_probe(component, component.slug) for component in (api, *others)]
    begin = NOON + HOUR
    at_noon.move_to(NOON + 3 * DAY)
    for probe, at in zip(probes, (begin - SLOT, begin + SLOT, begin), strict=True):
        record(found(probe, UP, at=at))
    roll_up()
    for end in (begin + HOUR, begin + 2 * DAY):
        every = (end - begin) // SLOT
        counts = component_counts([probe.component_id for probe in probes], begin, end)
        expected = [
            SlotCounts(unknown=every),
            SlotCounts(good=1, unknown=every - 2),
            SlotCounts(good=1, unknown=every - 1),
        ]
        assert list(counts.values()) == expected
        alone = probe_counts([probe.pk for probe in probes], begin, end)
        assert [alone[probe.pk].slots for probe in probes] == expected


def test_the_last_failure_is_the_last_in_the_window(probe: Probe, at_noon: time_machine.Traveller) -> None:
    at_noon.move_to(NOON + 2 * DAY)
    for minutes in (0, 7, 60 * 24):
        record(found(probe, DOWN, at=NOON + minutes * MINUTE))
    roll_up()

    def last(begin: datetime, end: datetime) -> datetime | None:
        return probe_counts([probe.pk], begin, end)[probe.pk].last_failure_at

    assert last(NOON - DAY, NOON + 2 * DAY) == NOON + DAY
    assert last(NOON - DAY, NOON + 23 * HOUR) == NOON + 7 * MINUTE
    assert last(NOON - HOUR, NOON + 6 * MINUTE) == NOON + 7 * MINUTE
    # Where its day went on after the window: when its slot began.
    assert last(NOON - HOUR, NOON + 5 * MINUTE) == NOON
    assert last(NOON - HOUR, NOON) is None


def test_latencies_of_whole_days_hours_and_slots_that_wait(probe: Probe, at_noon: time_machine.Traveller) -> None:
    at_noon.move_to(NOON + 3 * DAY)
    for at, latency in ((NOON, 10.0), (NOON + DAY, 20.0), (NOON + 2 * DAY, 30.0), (NOON + 2 * DAY + HOUR, 40.0)):
        record(found(probe, UP, at=at, latency_ms=latency))
    roll_up()
    record(found(probe, UP, at=NOON + 3 * DAY, latency_ms=50.0))
    pk = probe.component_id

    def seen(begin: datetime, end: datetime) -> list[int]:
        return sorted(latency_histogram([pk], begin, end)[pk].elements())

    def buckets(*latencies: float) -> list[int]:
        return [bucket_of(one) for one in latencies]

    assert seen(NOON - DAY, NOON + 4 * DAY) == buckets(10, 20, 30, 40, 50)
    assert seen(NOON + HOUR, NOON + 2 * DAY + HOUR) == buckets(20, 30)
    ProbeDay.objects.update(hours=b"")
    # A day without hours is in the window in which it begins.
    assert seen(NOON - DAY + HOUR, NOON + DAY) == buckets(10, 20)


def test_checks_that_wait_to_be_folded_are_counted_once(probe: Probe, at_noon: time_machine.Traveller) -> None:
    record(found(probe, UP))
    roll_up()
    assert not Slot.objects.get().is_folded
    assert probe_counts([probe.pk], NOON, NOON + HOUR)[probe.pk].ok == 1
    at_noon.move_to(NOON + HOUR)
    roll_up()
    assert Slot.objects.get().is_folded
    assert probe_counts([probe.pk], NOON, NOON + HOUR)[probe.pk].ok == 1


def test_maintenance_stays_when_a_late_result_comes_for_a_closed_day(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    record(found(probe, DOWN))
    Slot.objects.update(in_maintenance=True)
    at_noon.move_to(NOON + 9 * DAY)
    roll_up()
    close_days(before=(NOON + DAY).date())
    record(found(probe, DOWN, at=NOON + MINUTE))
    roll_up()
    day = ProbeDay.objects.get()
    assert (bytes(day.slots)[144], day.down) == (SlotState.MAINTENANCE, 2)


def test_the_number_of_queries_does_not_grow(
    api: Component, at_noon: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(20)]
    record(*[found(probe, UP, at=NOON - 400 * DAY) for probe in probes])
    record(*[found(probe, UP) for probe in probes])
    roll_up()
    with django_assert_num_queries(2):
        component_counts([api.pk], *rolling(30, NOON))
    with django_assert_num_queries(3):
        component_counts([api.pk], *rolling(300, NOON))
    # Seen to have been measured before the window begins: nobody asks when.
    began = NOON - 400 * DAY
    with django_assert_num_queries(1):
        component_counts([api.pk], began + HOUR, began + 30 * DAY)
    with django_assert_num_queries(2):
        component_counts([api.pk], began + HOUR, NOON)
    for window in (rolling(30, NOON), (began + HOUR, NOON)):
        with django_assert_num_queries(5):
            probe_counts([probe.pk for probe in probes], *window)
    with django_assert_num_queries(4):
        list(component_intervals(api.pk, *rolling(30, NOON)))


def test_many_at_once_have_the_numbers_that_each_has_alone(
    at_noon: time_machine.Traveller,
) -> None:
    """Days that are alike are read once, days of many are summed: nobody gets the numbers of another."""
    probes = []
    for number in range(60):
        component = Component.objects.create(slug=f"c{number}", name=f"C {number}", position=number)
        probes.append(make_probe(component, f"p{number}"))
    at_noon.move_to(NOON + 4 * DAY)
    for number, probe in enumerate(probes):
        for days in range(number % 5):
            outcome = DOWN if number % 7 == days else UP
            record(found(probe, outcome, at=NOON + days * DAY + number % 3 * HOUR))
    roll_up()
    window = NOON + HOUR, NOON + 4 * DAY
    components = component_counts([probe.component_id for probe in probes], *window)
    together = probe_counts([probe.pk for probe in probes], *window)
    checks = probe_checks([probe.pk for probe in probes], *window)
    newest = last_results([probe.pk for probe in probes])
    for probe in probes:
        assert components[probe.component_id] == component_counts([probe.component_id], *window)[probe.component_id]
        assert together[probe.pk] == probe_counts([probe.pk], *window)[probe.pk]
        own = together[probe.pk]
        assert (checks[probe.pk].ok, checks[probe.pk].down) == (own.ok, own.fail)
        assert newest[probe.pk] == own.last_result_at
    assert sum(one.fail for one in together.values()) > 0
