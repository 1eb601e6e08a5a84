"""Each kind of rule as a story: one row a result, and whether it fires after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers.base import CheckResult
from probes.enums import Outcome, RuleKind
from probes.rules.conditions import Condition, Memory, advance, number_of, start_over

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR
NAN, INF = float("nan"), float("inf")


def result(
    outcome: Outcome = UP,
    *,
    latency_ms: float | None = None,
    sampled_at: datetime | None = None,
    **values: float,
) -> CheckResult:
    return CheckResult(outcome=outcome, latency_ms=latency_ms, detail="", values=values, sampled_at=sampled_at)


def fires(condition: Condition, *results: CheckResult) -> str:
    """After each result, 30 seconds apart: F firing, . quiet."""
    memory, said = Memory(), ""
    for number, one in enumerate(results):
        memory = advance(condition, memory, one, at=NOON + number * STEP)
        said += "F" if memory.is_firing else "."
    return said


@pytest.mark.parametrize(
    ("limit", "seconds", "outcomes", "said"),
    [
        (2, 0, [UP, DOWN, DOWN, DOWN, UP], "..FF."),
        (1, 0, [DOWN, UP, DOWN], "F.F"),
        (2, 0, [DOWN, ERROR, ERROR, DOWN], "...F"),
        (2, 0, [DOWN, SLOW, DOWN], "..."),
        (2, 0, [DOWN, DOWN, ERROR, ERROR], ".FFF"),
        (1, 60, [DOWN, DOWN, DOWN, UP, DOWN], "..F.."),
        (3, 30, [DOWN, DOWN, DOWN], "..F"),
    ],
)
def test_failures_in_a_row(limit: int, seconds: int, outcomes: list[Outcome], said: str) -> None:
    condition = Condition(kind=RuleKind.CONSECUTIVE_FAILURES, limit=limit, lasting=timedelta(seconds=seconds))
    assert fires(condition, *[result(outcome) for outcome in outcomes]) == said


@pytest.mark.parametrize(
    ("seconds", "latencies", "said"),
    [
        (0, [199, 200, 201, 200], "..F."),
        (120, [250, 250, 250, 250, 250, 100], "....F."),
        # One quick answer in between starts over.
        (120, [250, 250, 250, 100, 250, 250, 250, 250, 250], "........F"),
        # A failure (None) neither starts it nor breaks it, and is not the moment it fires.
        (60, [None, 250, None, 250, None, 100], "...FF."),
        (60, [250, None, None, None, 250], "....F"),
    ],
)
def test_slower_than_for_a_while(seconds: int, latencies: list[float | None], said: str) -> None:
    condition = Condition(kind=RuleKind.LATENCY_ABOVE, limit=200, lasting=timedelta(seconds=seconds))
    results = [result(DOWN, latency_ms=900) if one is None else result(latency_ms=one) for one in latencies]
    assert fires(condition, *results) == said


def test_a_slow_answer_that_is_degraded_is_an_answer() -> None:
    condition = Condition(kind=RuleKind.LATENCY_ABOVE, limit=200)
    assert fires(condition, result(SLOW, latency_ms=201), result(ERROR), result(SLOW, latency_ms=10)) == "FF."


def test_an_old_heartbeat_is_told_by_its_age() -> None:
    condition = Condition(kind=RuleKind.HEARTBEAT_OLDER_THAN, limit=90)
    ages = [result(age=30), result(age=90), result(DOWN, age=91), result(ERROR), result(DOWN, age=150), result(age=5)]
    assert fires(condition, *ages) == "..FFF."


@pytest.mark.parametrize(
    ("kind", "limit", "values", "said"),
    [
        (RuleKind.VALUE_ABOVE, 0, [0, 1, None, 2, 0], ".FFF."),
        (RuleKind.VALUE_ABOVE, 10, [NAN, INF, 11, NAN, 10], "..FF."),
        (RuleKind.VALUE_BELOW, 14, [15, 14, 13.5, None, 14], "..FF."),
        (RuleKind.VALUE_BELOW, -1.5, [-1.5, -2], ".F"),
    ],
)
def test_a_number_above_or_below(kind: RuleKind, limit: float, values: list[float | None], said: str) -> None:
    results = [result() if one is None else result(number=one) for one in values]
    assert fires(Condition(kind=kind, limit=limit, value="number"), *results) == said


def test_a_number_above_for_a_while_is_not_broken_by_a_result_without_it() -> None:
    condition = Condition(kind=RuleKind.VALUE_ABOVE, limit=5, lasting=timedelta(seconds=60))
    assert fires(condition, result(v=6), result(DOWN), result(v=7)) == "..F"
    assert fires(condition, result(v=6), result(v=5), result(v=7)) == "..."


def test_the_number_is_the_first_unless_it_is_named() -> None:
    values = {"age": 3.0, "backlog": 12.0}
    assert number_of(Condition(kind=RuleKind.VALUE_ABOVE), values) == 3.0
    assert number_of(Condition(kind=RuleKind.VALUE_ABOVE, value="backlog"), values) == 12.0
    assert number_of(Condition(kind=RuleKind.VALUE_ABOVE, value="failed_jobs"), values) is None
    assert number_of(Condition(kind=RuleKind.VALUE_ABOVE), {}) is None


@pytest.mark.parametrize(
    ("seconds", "values", "said"),
    [
        (60, [1, 2, 3, 4, 4, 5], "..FF.."),
        (60, [1, 2, 2, 3, 4], "....F"),
        (60, [5, 4, 5, 6], "...F"),
        (60, [1, None, 2, 3], "..FF"),
        (0, [1, 2, 1], ".F."),
        (300, list(range(11)), "..........F"),
    ],
)
def test_growing_for_a_while(seconds: int, values: list[float | None], said: str) -> None:
    condition = Condition(kind=RuleKind.VALUE_GROWING, value="backlog", lasting=timedelta(seconds=seconds))
    results = [result() if one is None else result(backlog=one) for one in values]
    assert fires(condition, *results) == said


def test_the_same_sample_seen_again_neither_grows_nor_ceases_to() -> None:
    condition = Condition(kind=RuleKind.VALUE_GROWING, value="backlog", lasting=timedelta(seconds=60))

    def sample(value: float, seconds: int) -> CheckResult:
        return result(backlog=value, sampled_at=NOON + timedelta(seconds=seconds))

    told = [sample(1, 0), sample(1, 0), sample(2, 40), sample(2, 40), sample(3, 80), sample(3, 80), sample(3, 120)]
    assert fires(condition, *told) == "....FF."


def test_a_sum_of_several_is_new_only_when_all_of_them_reported_again() -> None:
    """Else a worker that reports twice as often as the other would seem to be a second sample."""
    condition = Condition(kind=RuleKind.VALUE_GROWING, value="backlog")

    def total(value: float, *, oldest: int, newest: int) -> CheckResult:
        begun_at, sampled_at = NOON + timedelta(seconds=oldest), NOON + timedelta(seconds=newest)
        return replace(result(backlog=value, sampled_at=sampled_at), sampled_from=begun_at)

    told = [total(5, oldest=0, newest=10), total(6, oldest=5, newest=40), total(6, oldest=41, newest=70)]
    assert fires(condition, *told) == "..F"


def test_what_grew_for_long_counts_from_sample_to_sample_and_not_from_check_to_check() -> None:
    condition = Condition(kind=RuleKind.VALUE_GROWING, lasting=timedelta(minutes=5))
    first = result(backlog=1, sampled_at=NOON - timedelta(minutes=5))
    assert fires(condition, first, result(backlog=2, sampled_at=NOON)) == ".F"


def test_after_a_silence_nothing_has_lasted_but_what_fires_goes_on() -> None:
    condition = Condition(kind=RuleKind.LATENCY_ABOVE, limit=200, lasting=timedelta(seconds=60))
    slow, quick = result(latency_ms=300), result(latency_ms=20)
    waiting = advance(condition, Memory(), slow, at=NOON)
    after = advance(condition, start_over(waiting), slow, at=NOON + timedelta(hours=1))
    assert not after.is_firing
    firing = advance(condition, after, slow, at=NOON + timedelta(hours=1, minutes=1))
    assert firing.is_firing
    assert start_over(firing).is_firing
    assert not advance(condition, start_over(firing), quick, at=NOON + timedelta(hours=2)).is_firing


def test_after_a_silence_the_first_number_says_nothing_of_growth() -> None:
    condition = Condition(kind=RuleKind.VALUE_GROWING)
    memory = Memory()
    for number in (1, 2):
        memory = advance(condition, memory, result(v=number), at=NOON + number * STEP)
    assert memory.is_firing
    again = advance(condition, start_over(memory), result(v=1), at=NOON + timedelta(hours=1))
    assert again.is_firing
    assert not advance(condition, again, result(v=1), at=NOON + timedelta(hours=1, seconds=30)).is_firing


# --- against a slow, obvious reference: each time the whole story is read again -------------------------------------

MOMENTS = st.lists(st.integers(min_value=1, max_value=90), min_size=1, max_size=40)
LASTING = st.sampled_from([0, 30, 60, 120, 300])


def reference_latency(story: list[tuple[datetime, float | None]], lasting: timedelta) -> bool:
    """The answers at the end that are all too slow; the last of them at least `lasting` after the first."""
    answers = [(at, latency) for at, latency in story if latency is not None]
    row: list[datetime] = []
    for at, latency in reversed(answers):
        if latency <= 200:
            break
        row.append(at)
    return bool(row) and row[0] - row[-1] >= lasting


@given(st.data(), MOMENTS, LASTING)
def test_slower_than_for_a_while_is_what_the_whole_story_says(data: st.DataObject, gaps: list[int], wait: int) -> None:
    condition = Condition(kind=RuleKind.LATENCY_ABOVE, limit=200, lasting=timedelta(seconds=wait))
    memory, at, story = Memory(), NOON, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        latency = data.draw(st.sampled_from([None, 100.0, 200.0, 200.5, 300.0, 300.0, 300.0]))
        story.append((at, latency))
        one = result(DOWN) if latency is None else result(latency_ms=latency)
        memory = advance(condition, memory, one, at=at)
        assert memory.is_firing == reference_latency(story, timedelta(seconds=wait))


def reference_growing(samples: list[tuple[datetime, float]], lasting: timedelta) -> bool:
    """The longest row at the end in which each is larger than the one before spans at least `lasting`."""
    start = len(samples) - 1
    for number, (earlier, later) in enumerate(pairwise(samples)):
        if later[1] <= earlier[1]:
            start = number + 1
        elif start == len(samples) - 1:
            start = number
    row = samples[start:]
    return len(row) > 1 and row[-1][0] - row[0][0] >= lasting


@given(st.data(), MOMENTS, LASTING)
def test_growing_for_a_while_is_what_the_whole_story_says(data: st.DataObject, gaps: list[int], wait: int) -> None:
    condition = Condition(kind=RuleKind.VALUE_GROWING, value="backlog", lasting=timedelta(seconds=wait))
    memory, at = Memory(), NOON
    samples: list[tuple[datetime, float]] = []
    for gap in gaps:
        at += timedelta(seconds=gap)
        what = data.draw(st.sampled_from(["new", "new", "new", "same", "none"]))
        if what == "new" or (what == "same" and not samples):
            last = samples[-1][1] if samples else 0
            samples.append((at, last + data.draw(st.sampled_from([-1, 0, 1, 1, 1, 1, 2]))))
        sampled_at, value = samples[-1] if samples else (at, 0.0)
        one = result() if what == "none" else result(backlog=value, sampled_at=sampled_at)
        memory = advance(condition, memory, one, at=at)
        assert memory.is_firing == (bool(samples) and reference_growing(samples, timedelta(seconds=wait)))
