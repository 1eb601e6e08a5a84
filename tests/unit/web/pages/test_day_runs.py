"""Intervals as runs that people can read."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from components.uptime import SLOT, SlotState
from probes.windows import Interval
from statuspage.web.pages.day_runs import Finding, Reason, Run, counts_of, runs_of, summary_of

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
GOOD, BAD, DEGRADED = SlotState.GOOD, SlotState.BAD, SlotState.DEGRADED


def interval(index: int, state: SlotState = GOOD, *, ok: int = 10, fail: int = 0, errors: int = 0) -> Interval:
    return Interval(starts_at=MIDNIGHT + index * SLOT, state=state, ok=ok, fail=fail, errors=errors)


def told(*intervals: Interval, findings: tuple[Finding, ...] = (), reasons: tuple[Reason, ...] = ()) -> list[str]:
    return [f"{run.when} {run.label}: {run.words}" for run in runs_of(intervals, findings, reasons)]


def test_intervals_that_count_alike_are_one_run() -> None:
    assert told(interval(0), interval(1), interval(2, BAD, ok=3, fail=7), interval(3)) == [
        "00:00 to 00:10 Operational: 20 checks, all answered.",
        "00:10 to 00:15 Down: 7 of 10 checks failed.",
        "00:15 to 00:20 Operational: 10 checks, all answered.",
    ]


def test_intervals_with_a_hole_between_them_are_two_runs() -> None:
    assert len(told(interval(0), interval(2))) == 2


def test_a_run_says_what_most_of_its_failures_said() -> None:
    findings = tuple(
        Finding(at=MIDNIGHT + SLOT + timedelta(seconds=30 * place), is_down=True, detail=detail)
        for place, detail in enumerate(["Timeout.", "Connection refused", "Connection refused"])
    )
    other = Finding(at=MIDNIGHT, is_down=True, detail="Of another time.")
    assert told(interval(1, BAD, ok=7, fail=3), findings=(*findings, other)) == [
        "00:05 to 00:10 Down: 3 of 10 checks failed: Connection refused."
    ]


def test_a_slow_run_says_how_slow() -> None:
    slow = Finding(at=MIDNIGHT, is_down=False, detail="HTTP 200 in 812 ms")
    assert told(interval(0, DEGRADED), findings=(slow,)) == [
        "00:00 to 00:05 Degraded: 10 checks, all answered, slowly: HTTP 200 in 812 ms."
    ]


def test_failures_that_did_not_make_it_down_are_not_hidden() -> None:
    assert told(interval(0, GOOD, ok=9, fail=1)) == ["00:00 to 00:05 Operational: 1 of 10 checks failed."]


def test_our_own_trouble_is_said_to_be_ours() -> None:
    assert told(interval(0, SlotState.UNKNOWN, ok=0, errors=4), interval(2, SlotState.UNKNOWN, ok=0)) == [
        "00:00 to 00:05 Not measured: 4 checks could not be made, by a fault of ours.",
        "00:10 to 00:15 Not measured: No check was made.",
    ]


def test_failures_that_are_too_few_yet_are_not_hidden() -> None:
    assert told(interval(0, SlotState.UNKNOWN, ok=0, fail=2)) == [
        "00:00 to 00:05 Not measured: 2 checks failed so far: too few to say that it is down."
    ]


def test_the_last_run_of_a_day_ends_at_24() -> None:
    assert told(interval(287))[0].startswith("23:55 to 24:00 ")


def reason(first: int, last: int, state: SlotState, text: str) -> Reason:
    return Reason(begin=MIDNIGHT + first * SLOT, end=MIDNIGHT + last * SLOT, state=state, text=text, path="")


def test_what_is_left_out_has_the_reason_that_covers_most_of_it() -> None:
    reasons = (
        reason(0, 1, SlotState.EXCLUDED, "short"),
        reason(0, 9, SlotState.EXCLUDED, "the provider"),
        reason(0, 9, SlotState.MAINTENANCE, "an upgrade"),
    )
    runs: tuple[Run, ...] = runs_of([interval(0, SlotState.EXCLUDED), interval(1, SlotState.EXCLUDED)], (), reasons)
    assert [run.reason.text for run in runs if run.reason] == ["the provider"]


def test_what_counts_needs_no_reason() -> None:
    runs = runs_of([interval(0, BAD)], (), (reason(0, 9, BAD, "an upgrade"),))
    assert runs[0].reason is None


def test_the_day_in_words_counts_every_state() -> None:
    states = [GOOD, GOOD, BAD, SlotState.EXCLUDED, SlotState.UNKNOWN]
    counts = counts_of([interval(place, state) for place, state in enumerate(states)])
    assert summary_of(counts) == (
        "2 operational, 1 down, 1 left out because it was not ours, 1 not measured, of 5 intervals of five minutes."
    )
    assert summary_of(counts_of([])) == "Nothing was measured."


@given(st.lists(st.sampled_from(list(SlotState)), max_size=288))
def test_runs_follow_each_other_and_lose_nothing(states: list[SlotState]) -> None:
    runs = runs_of([interval(place, state) for place, state in enumerate(states)], (), ())
    spread = [run.state for run in runs for _ in range((run.end - run.begin) // SLOT)]
    assert spread == states
    assert all(earlier.end == later.begin for earlier, later in pairwise(runs))
