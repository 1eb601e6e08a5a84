from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.enums import ComponentStatus
from probes.enums import Outcome
from probes.states import ProbeState, Rules, Track, advance, forget, recheck_after

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
DEFAULTS = Rules()
UNTRIED = Track()
LETTERS = {"u": Outcome.UP, "s": Outcome.DEGRADED, "d": Outcome.DOWN, "e": Outcome.ERROR}
DEGRADED = ComponentStatus.DEGRADED_PERFORMANCE
OPERATIONAL = ComponentStatus.OPERATIONAL
MAJOR = ComponentStatus.MAJOR_OUTAGE


def after(letters: str, rules: Rules = DEFAULTS, track: Track = UNTRIED) -> Track:
    """The track after these outcomes, 30 seconds apart from noon: u up, s slow, d down, e error."""
    for number, letter in enumerate(letters):
        track = advance(track, LETTERS[letter], at=NOON + number * STEP, rules=rules)
    return track


@pytest.mark.parametrize(
    ("letters", "state", "verdict"),
    [
        ("", ProbeState.UNKNOWN, None),
        ("u", ProbeState.UP, OPERATIONAL),
        ("ud", ProbeState.SUSPECT, OPERATIONAL),
        ("udd", ProbeState.SUSPECT, OPERATIONAL),
        ("uddd", ProbeState.DOWN, MAJOR),
        ("uddu", ProbeState.UP, OPERATIONAL),
        ("udud", ProbeState.SUSPECT, OPERATIONAL),
        ("udduddudd", ProbeState.SUSPECT, OPERATIONAL),
        ("udddu", ProbeState.RECOVERING, MAJOR),
        ("uddduu", ProbeState.UP, OPERATIONAL),
        ("udddud", ProbeState.DOWN, MAJOR),
        ("udddududududu", ProbeState.RECOVERING, MAJOR),
        # A probe that has never been up is not believed to be down any sooner.
        ("d", ProbeState.UNKNOWN, None),
        ("dd", ProbeState.UNKNOWN, None),
        ("ddd", ProbeState.DOWN, MAJOR),
        ("du", ProbeState.UP, OPERATIONAL),
        # Slow answers are answers.
        ("s", ProbeState.UP, OPERATIONAL),
        ("ss", ProbeState.UP, OPERATIONAL),
        ("sss", ProbeState.UP, DEGRADED),
        ("sssu", ProbeState.UP, DEGRADED),
        ("sssuu", ProbeState.UP, OPERATIONAL),
        ("sssus", ProbeState.UP, DEGRADED),
        ("sssd", ProbeState.SUSPECT, DEGRADED),
        ("sssddd", ProbeState.DOWN, MAJOR),
        ("sssddduu", ProbeState.UP, OPERATIONAL),
        ("uddds", ProbeState.RECOVERING, MAJOR),
        ("udddss", ProbeState.UP, DEGRADED),
        ("udddsu", ProbeState.UP, OPERATIONAL),
        # Our own trouble.
        ("ue", ProbeState.UP, OPERATIONAL),
        ("uee", ProbeState.UP, OPERATIONAL),
        ("ueee", ProbeState.UNKNOWN, None),
        ("ueeeu", ProbeState.UP, OPERATIONAL),
        ("ueueue", ProbeState.UP, OPERATIONAL),
        ("uddeed", ProbeState.DOWN, MAJOR),
        ("eeeeeeee", ProbeState.UNKNOWN, None),
        ("udddeee", ProbeState.UNKNOWN, None),
        ("udddeeeu", ProbeState.RECOVERING, MAJOR),
        ("udddeeeuu", ProbeState.UP, OPERATIONAL),
        ("udddeeed", ProbeState.DOWN, MAJOR),
    ],
)
def test_a_row_of_outcomes_leads_to_a_state_and_a_verdict(
    letters: str, state: ProbeState, verdict: ComponentStatus | None
) -> None:
    track = after(letters)
    assert (track.state, track.verdict) == (state, verdict)


def test_an_outage_begins_at_the_first_failure() -> None:
    assert after("uuddd").first_failure_at == NOON + 2 * STEP


def test_an_outage_ends_at_the_first_success_of_those_that_ended_it() -> None:
    track = after("udddududuu")
    assert track.first_success_at == NOON + 8 * STEP
    assert track.first_failure_at is None


def test_errors_in_between_do_not_move_the_beginning() -> None:
    assert after("udedd").first_failure_at == NOON + STEP


def test_thresholds_of_one_believe_every_result() -> None:
    rules = Rules(failure_threshold=1, recovery_threshold=1)
    assert after("ud", rules).state is ProbeState.DOWN
    assert after("udu", rules).state is ProbeState.UP
    assert after("us", rules).verdict is DEGRADED


def test_thresholds_raised_during_an_outage_do_not_end_it() -> None:
    down = after("uddd")
    assert after("d", Rules(failure_threshold=10), down).state is ProbeState.DOWN


def test_a_suspect_is_asked_again_after_ten_seconds() -> None:
    assert recheck_after(after("ud"), timedelta(seconds=30)) == timedelta(seconds=10)


def test_a_suspect_with_a_short_interval_is_asked_again_after_that() -> None:
    assert recheck_after(after("ud"), timedelta(seconds=2)) == timedelta(seconds=2)


@pytest.mark.parametrize("letters", ["", "u", "uddd", "udddu", "ude", "eee"])
def test_nobody_else_is_asked_sooner(letters: str) -> None:
    assert recheck_after(after(letters), timedelta(seconds=30)) is None


def test_a_silence_of_ours_forgets_a_suspicion_but_not_an_outage() -> None:
    assert forget(after("udd")) == Track()
    forgotten = forget(after("uddd"))
    assert forgotten.verdict is None
    assert after("u", track=forgotten).state is ProbeState.RECOVERING


rules_strategy = st.builds(Rules, failure_threshold=st.integers(1, 5), recovery_threshold=st.integers(1, 4))
letters_strategy = st.text(alphabet="usde", max_size=60)


@given(letters=letters_strategy, rules=rules_strategy)
def test_down_needs_as_many_failures_in_a_row_as_the_threshold_says(letters: str, rules: Rules) -> None:
    track = Track()
    for number, letter in enumerate(letters):
        before, track = track, advance(track, LETTERS[letter], at=NOON + number * STEP, rules=rules)
        if track.is_outage and before.verdict is not None and not before.is_outage:
            tail = letters[: number + 1].replace("e", "")
            assert tail.endswith("d" * rules.failure_threshold)


@given(letters=letters_strategy, rules=rules_strategy)
def test_an_outage_ends_only_after_as_many_answers_in_a_row_as_the_threshold_says(letters: str, rules: Rules) -> None:
    track = Track()
    for number, letter in enumerate(letters):
        before, track = track, advance(track, LETTERS[letter], at=NOON + number * STEP, rules=rules)
        if before.is_outage and track.state is ProbeState.UP:
            tail = letters[: number + 1].replace("e", "").replace("s", "u")
            assert tail.endswith("u" * rules.recovery_threshold)


@given(letters=letters_strategy, rules=rules_strategy)
def test_an_error_never_makes_anything_down_and_moves_no_other_counter(letters: str, rules: Rules) -> None:
    before = after(letters, rules)
    behind = advance(before, Outcome.ERROR, at=NOON, rules=rules)
    assert behind.is_outage <= before.is_outage
    counters = ("failures", "successes", "slow", "quick", "first_failure_at", "first_success_at")
    assert [getattr(behind, name) for name in counters] == [getattr(before, name) for name in counters]


@given(letters=letters_strategy, rules=rules_strategy)
def test_trouble_has_a_beginning_exactly_while_it_lasts(letters: str, rules: Rules) -> None:
    track = after(letters, rules)
    assert track.is_in_trouble == (track.failures > 0)
    if track.state in {ProbeState.SUSPECT, ProbeState.DOWN, ProbeState.RECOVERING}:
        assert track.is_in_trouble
    if track.state is ProbeState.UP:
        assert not track.is_in_trouble
