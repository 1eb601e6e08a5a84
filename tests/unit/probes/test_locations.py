from datetime import UTC, datetime, timedelta

import pytest

from components.enums import ComponentStatus
from probes.locations import Standing, needed_of, probe_verdict
from probes.states import ProbeState, Track

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UP = Track(state=ProbeState.UP)
SLOW = Track(state=ProbeState.UP, is_slow=True)
UNKNOWN = Track()
MAJOR, DEGRADED, FINE = (
    ComponentStatus.MAJOR_OUTAGE,
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.OPERATIONAL,
)


def down(minute: int = 0) -> Track:
    return Track(state=ProbeState.DOWN, failures=3, first_failure_at=NOON + timedelta(minutes=minute))


def suspect(minute: int = 0) -> Track:
    return Track(state=ProbeState.SUSPECT, failures=1, first_failure_at=NOON + timedelta(minutes=minute))


def back(minute: int) -> Track:
    return Track(state=ProbeState.UP, successes=2, first_success_at=NOON + timedelta(minutes=minute))


def at(*tracks: Track, stale: int = 0) -> dict[str, Standing]:
    """By invented locations; the last so many are stale."""
    return {
        f"l{number}": Standing(track=track, is_fresh=number < len(tracks) - stale)
        for number, track in enumerate(tracks)
    }


@pytest.mark.parametrize(
    ("known", "quorum", "needed"),
    [(1, None, 1), (2, None, 2), (3, None, 2), (4, None, 3), (5, None, 3), (3, 1, 1), (3, 3, 3), (1, 2, 1), (0, 2, 1)],
)
def test_a_quorum_is_most_of_them_or_the_number_named(known: int, quorum: int | None, needed: int) -> None:
    assert needed_of(known, quorum) == needed


@pytest.mark.parametrize(
    ("tracks", "quorum", "status"),
    [
        ([UP], None, FINE),
        ([down()], None, MAJOR),
        ([SLOW], None, DEGRADED),
        ([UNKNOWN], None, None),
        ([], None, None),
        ([down(), UP], None, FINE),
        ([down(), down()], None, MAJOR),
        ([down(), down(), UP], None, MAJOR),
        ([down(), UP, UP], None, FINE),
        ([down(), UP, UP], 1, MAJOR),
        ([down(), down(), UP], 3, FINE),
        ([down(), SLOW, UP], None, DEGRADED),
        ([down(), UNKNOWN], None, MAJOR),
        ([UP, UNKNOWN], None, FINE),
        ([suspect(), suspect()], None, FINE),
    ],
)
def test_the_verdict_is_what_a_quorum_of_the_locations_that_know_says(
    tracks: list[Track], quorum: int | None, status: ComponentStatus | None
) -> None:
    assert probe_verdict(at(*tracks), quorum).status is status


def test_a_location_without_fresh_results_is_not_asked() -> None:
    assert probe_verdict(at(down(), UP, stale=1), None).status is MAJOR
    assert probe_verdict(at(UP, down(), stale=1), None).status is FINE


def test_nothing_fresh_at_all_is_no_claim() -> None:
    assert probe_verdict(at(down(), UP, stale=2), None).status is None


def test_the_outage_begins_when_so_many_had_failed() -> None:
    assert probe_verdict(at(down(7), down(1), down(4)), 2).down_since == NOON + timedelta(minutes=4)


def test_the_outage_ends_when_fewer_than_the_quorum_were_left_in_it() -> None:
    assert probe_verdict(at(UP, back(9), back(5)), 2).up_since == NOON + timedelta(minutes=5)
    assert probe_verdict(at(down(1), back(9), back(5)), 2).up_since == NOON + timedelta(minutes=9)
    assert probe_verdict(at(back(12), back(9), back(5)), 2).up_since == NOON + timedelta(minutes=9)


def test_a_location_that_is_only_coming_back_has_not_ended_anything_yet() -> None:
    coming = Track(
        state=ProbeState.RECOVERING,
        failures=3,
        successes=1,
        first_failure_at=NOON,
        first_success_at=NOON + timedelta(minutes=12),
    )
    assert probe_verdict(at(coming, back(9), UP), 2).up_since == NOON + timedelta(minutes=9)


def test_a_location_that_came_back_alone_ended_no_outage() -> None:
    assert probe_verdict(at(UP, UP, back(5)), 2).up_since is None


def test_suspicions_are_trouble_once_they_would_be_an_outage() -> None:
    assert not probe_verdict(at(suspect(), UP, UP), None).is_in_trouble
    assert probe_verdict(at(suspect(), suspect(), UP), None).is_in_trouble


def test_an_outage_that_nobody_measures_any_more_is_trouble_still() -> None:
    assert probe_verdict(at(down(), stale=1), None).is_in_trouble


def test_the_speaker_is_one_of_those_that_agree_with_the_verdict() -> None:
    assert probe_verdict(at(UP, down(), down()), None).speaker == "l1"
    assert probe_verdict(at(down(), UP, UP), None).speaker == "l1"
    assert probe_verdict(at(UP, SLOW, SLOW), None).speaker == "l1"
    # Also where a few are enough, or more than most are needed.
    assert probe_verdict(at(UP, SLOW, UP), 1).speaker == "l1"
    assert probe_verdict(at(UP, SLOW), 1).speaker == "l1"
    assert probe_verdict(at(SLOW, down(), UP), 3).speaker == "l2"


def test_old_suspicions_are_no_trouble_where_others_know_better() -> None:
    assert not probe_verdict(at(UP, suspect(), down(), stale=2), None).is_in_trouble
