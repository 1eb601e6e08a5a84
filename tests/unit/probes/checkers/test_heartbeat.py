"""Heartbeats: never, late, failing, well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from probes.checkers.base import Report, Silence
from probes.checkers.heartbeat import heartbeat_token_hash
from probes.checkers.reporting import say_age
from probes.enums import Outcome, ProbeKind
from statuspage.core.tokens import hash_token

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def beat(
    check: Any,
    *,
    seconds_ago: float | None = None,
    max_age: str = "90s",
    name: str = "websocket",
    awaited_since: datetime | None = None,
    silence: Silence | None = None,
    **said: Any,
) -> Any:
    reports = () if seconds_ago is None else (Report(seen_at=ago(seconds_ago), **said),)
    config = {"source": "worker", "max_age": max_age}
    return check(ProbeKind.HEARTBEAT, config, name=name, reports=reports, awaited_since=awaited_since, silence=silence)


@pytest.mark.parametrize("name", ["websocket", "websocket heartbeat"])
def test_a_heartbeat_never_seen_is_down(name: str, check: Any) -> None:
    result = beat(check, name=name)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No websocket heartbeat seen yet.")


def test_a_heartbeat_never_seen_is_down_once_it_has_had_its_age_and_not_before(check: Any) -> None:
    waited = beat(check, awaited_since=ago(90))
    assert (waited.outcome, waited.detail) == (Outcome.ERROR, "No websocket heartbeat seen yet.")
    # Nothing that a rule could judge.
    assert not waited.values
    late = beat(check, awaited_since=ago(90.001))
    assert (late.outcome, late.detail) == (Outcome.DOWN, "No websocket heartbeat seen yet.")


def test_a_young_heartbeat_is_up(check: Any) -> None:
    result = beat(check, seconds_ago=12)
    assert (result.outcome, result.detail, result.latency_ms) == (Outcome.UP, "Heartbeat 12 s ago", None)


def test_a_heartbeat_is_late_after_its_age_and_not_before(check: Any) -> None:
    assert beat(check, seconds_ago=90).outcome == Outcome.UP
    assert beat(check, seconds_ago=90.001).outcome == Outcome.DOWN


def test_a_late_heartbeat_says_how_late(check: Any) -> None:
    result = beat(check, seconds_ago=250)
    assert result.detail == "Last heartbeat 4 minutes ago, expected every 90 seconds."


def test_a_failed_heartbeat_is_down_with_its_message(check: Any) -> None:
    result = beat(check, seconds_ago=1, failed=True, message="disk\nfull")
    assert (result.outcome, result.detail) == (Outcome.DOWN, "disk full")


def test_a_failed_heartbeat_without_message_says_so(check: Any) -> None:
    result = beat(check, seconds_ago=1, failed=True)
    assert result.detail == "The last heartbeat reported a failure."


def test_a_heartbeat_from_a_clock_ahead_of_ours_is_up(check: Any) -> None:
    assert beat(check, seconds_ago=-30).detail == "Heartbeat 0 s ago"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_of_which_there_are_two(age: timedelta, words: str) -> None:
    assert say_age(age) == words


def test_a_token_in_the_environment_is_hashed_when_it_is_asked_for() -> None:
    secret = "a-token-of-some-length"
    assert heartbeat_token_hash({"token": "${BEAT}"}, {"BEAT": secret}) == hash_token(secret)
    assert heartbeat_token_hash({"token_hash": "abc"}, {}) == "abc"
    assert heartbeat_token_hash({"source": "worker"}, {}) == ""


def test_a_heartbeat_brings_its_age_and_the_numbers_of_its_body(check: Any) -> None:
    result = beat(check, seconds_ago=12, failed_jobs=2, backlog=7)
    assert dict(result.values) == {"age": 12.0, "failed_jobs": 2.0, "backlog": 7.0}
    assert (result.value, result.sampled_at) == (12.0, ago(12))


def test_a_heartbeat_without_a_body_is_no_sample_of_anything(check: Any) -> None:
    result = beat(check, seconds_ago=12)
    assert (dict(result.values), result.sampled_at) == ({"age": 12.0}, None)


def test_a_heartbeat_never_seen_is_as_old_as_we_have_waited(check: Any) -> None:
    result = beat(check, awaited_since=ago(400), silence=Silence(begin=ago(300), end=ago(100)))
    assert dict(result.values) == {"age": 100.0}


@pytest.mark.parametrize(
    ("seconds_ago", "begin", "end", "outcome"),
    [
        # In time before we went away, and we are back for less than it may be old.
        (400, 350, 60, Outcome.ERROR),
        # Late before we went away already.
        (600, 500, 60, Outcome.DOWN),
        # It has had all of its time since we are back.
        (400, 350, 91, Outcome.DOWN),
        # It came after we were back, and is late since.
        (100, 400, 120, Outcome.DOWN),
    ],
)
def test_what_could_not_reach_us_while_we_were_away_is_not_its_fault(
    check: Any, seconds_ago: int, begin: int, end: int, outcome: Outcome
) -> None:
    result = beat(check, seconds_ago=seconds_ago, silence=Silence(begin=ago(begin), end=ago(end)))
    assert result.outcome == outcome


def test_what_could_not_reach_us_says_so_and_has_no_age(check: Any) -> None:
    result = beat(check, seconds_ago=400, silence=Silence(begin=ago(350), end=ago(30)))
    assert result.detail == "Nothing could reach us until 30 seconds ago: waiting for the next heartbeat."
    assert not result.values
