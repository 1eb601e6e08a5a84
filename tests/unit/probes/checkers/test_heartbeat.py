"""Heartbeats: never, late, failing, well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from probes.checkers.heartbeat import heartbeat_token_hash, say_age
from probes.enums import Outcome, ProbeKind
from statuspage.core.tokens import hash_token

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def beat(check: Any, *, seconds_ago: float | None = None, max_age: str = "90s", **options: Any) -> Any:
    at = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    options = {"name": "websocket", **options}
    return check(ProbeKind.HEARTBEAT, {"source": "worker", "max_age": max_age}, heartbeat_at=at, **options)


@pytest.mark.parametrize("name", ["websocket", "websocket heartbeat"])
def test_a_heartbeat_never_seen_is_down(name: str, check: Any) -> None:
    result = beat(check, name=name)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No websocket heartbeat seen yet.")


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
    result = beat(check, seconds_ago=1, heartbeat_failed=True, heartbeat_message="disk\nfull")
    assert (result.outcome, result.detail) == (Outcome.DOWN, "disk full")


def test_a_failed_heartbeat_without_message_says_so(check: Any) -> None:
    result = beat(check, seconds_ago=1, heartbeat_failed=True)
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
