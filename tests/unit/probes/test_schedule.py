from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from probes.schedule import Grid, next_turn

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
grids = st.integers(1, 86_400_000).flatmap(
    lambda interval: st.builds(Grid, interval_ms=st.just(interval), phase_ms=st.integers(0, interval - 1))
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- naive bounds are asked for


def every(seconds: int) -> Grid:
    return Grid(interval_ms=seconds * 1000, phase_ms=0)


def test_a_check_that_is_due_now_keeps_its_place_on_the_grid() -> None:
    turn = next_turn(NOON, now=NOON + timedelta(seconds=3), grid=every(30))
    assert (turn.scheduled_at, turn.next_due_at, turn.missed) == (NOON, NOON + timedelta(seconds=30), 0)


def test_missed_turns_are_skipped_and_counted_never_caught_up() -> None:
    turn = next_turn(NOON, now=NOON + timedelta(seconds=95), grid=every(30))
    assert turn.scheduled_at == NOON + timedelta(seconds=90)
    assert turn.next_due_at == NOON + timedelta(seconds=120)
    assert turn.missed == 3


def test_an_early_second_look_is_made_when_it_is_due_and_returns_to_the_grid() -> None:
    due = NOON + timedelta(seconds=10)
    turn = next_turn(due, now=due + timedelta(seconds=1), grid=every(30))
    assert (turn.scheduled_at, turn.next_due_at, turn.missed) == (due, NOON + timedelta(seconds=30), 0)


def test_an_early_second_look_that_never_came_is_not_counted_as_missed() -> None:
    turn = next_turn(NOON + timedelta(seconds=10), now=NOON + timedelta(seconds=31), grid=every(30))
    assert (turn.scheduled_at, turn.missed) == (NOON + timedelta(seconds=30), 0)


def test_the_phase_spreads_probes_over_the_interval() -> None:
    phases = [
        Grid.of(probe_id=number, location="default", interval=timedelta(seconds=30)).phase_ms // 1000
        for number in range(3_000)
    ]
    shares = Counter(phases)
    assert set(shares) == set(range(30))
    assert max(shares.values()) < 2 * min(shares.values())


def test_two_locations_do_not_ask_the_same_target_at_the_same_moment() -> None:
    one, other = (
        Grid.of(probe_id=1, location=location, interval=timedelta(seconds=30)) for location in ("eu-west", "us-east")
    )
    assert one.phase_ms != other.phase_ms


@given(grid=grids, moment=moments)
def test_a_moment_lies_between_its_grid_points(grid: Grid, moment: datetime) -> None:
    assert grid.at_or_before(moment) <= moment < grid.after(moment)
    assert grid.after(moment) - grid.at_or_before(moment) == timedelta(milliseconds=grid.interval_ms)


@given(grid=grids, start=moments, late=st.timedeltas(timedelta(), timedelta(days=3)))
def test_every_turn_is_either_made_or_missed_and_nothing_drifts(grid: Grid, start: datetime, late: timedelta) -> None:
    due = grid.after(start)
    turn = next_turn(due, now=due + late, grid=grid)
    step = timedelta(milliseconds=grid.interval_ms)
    assert turn.scheduled_at == due + turn.missed * step
    assert turn.next_due_at == turn.scheduled_at + step
    assert turn.scheduled_at <= due + late < turn.next_due_at
