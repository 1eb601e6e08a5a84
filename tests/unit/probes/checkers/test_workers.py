"""Several workers under one token: the oldest heartbeat counts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from probes.checkers.base import CheckResult, Report, Silence
from probes.checkers.fields import Fields
from probes.checkers.workers import WorkersConfig, worker_name
from probes.enums import Outcome, ProbeKind
from statuspage.core.tokens import hash_token

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def seen(worker: str, seconds: float, **said: Any) -> Report:
    return Report(worker=worker, seen_at=ago(seconds), **said)


def look(check: Any, *reports: Report, expected: tuple[str, ...] = (), **options: Any) -> CheckResult:
    config = {"token_hash": "x", "max_age": "5m", "workers": list(expected), "forget_after": "1d"}
    result: CheckResult = check(ProbeKind.WORKERS, config, reports=reports, **options)
    return result


def test_no_worker_at_all_is_down(check: Any) -> None:
    result = look(check, awaited_since=ago(342))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No workers have reported a heartbeat yet.")
    assert dict(result.values) == {"age": 342.0}


def test_workers_that_have_not_had_their_time_yet_are_waited_for(check: Any) -> None:
    result = look(check, awaited_since=ago(300))
    assert (result.outcome, result.detail) == (Outcome.ERROR, "No workers have reported a heartbeat yet.")
    assert not result.values


def test_one_that_is_waited_for_hides_no_trouble_of_another(check: Any) -> None:
    expected = ("push", "cleanup")
    young = look(check, seen("cleanup", 3, failed_jobs=2), expected=expected, awaited_since=ago(300))
    assert (young.outcome, young.detail) == (Outcome.ERROR, "No heartbeat from push yet.")
    assert dict(young.values) == {"failed_jobs": 2.0}
    failed = look(check, seen("cleanup", 3, failed=True), expected=expected, awaited_since=ago(300))
    assert failed.outcome == Outcome.DOWN
    assert failed.detail.startswith("cleanup: ")


def test_the_oldest_counts_and_the_numbers_are_summed(check: Any) -> None:
    result = look(
        check,
        seen("push", 3, failed_jobs=0, backlog=10),
        seen("cleanup", 12),
        seen("exports", 5, failed_jobs=2, backlog=5),
    )
    assert (result.outcome, result.detail) == (
        Outcome.UP,
        "3 workers, oldest heartbeat 12 s ago, 2 failed jobs",
    )
    assert dict(result.values) == {"age": 12.0, "failed_jobs": 2.0, "backlog": 15.0}
    assert (result.sampled_from, result.sampled_at) == (ago(5), ago(3))


def test_one_worker_is_said_as_one(check: Any) -> None:
    assert look(check, seen("push", 3, failed_jobs=1)).detail == "Heartbeat 3 s ago, 1 failed job"


def test_one_that_is_late_is_named(check: Any) -> None:
    result = look(check, seen("push", 3), seen("cleanup", 361))
    assert result.outcome == Outcome.DOWN
    assert result.detail == "cleanup: last heartbeat 6 minutes ago, expected every 5 minutes."
    assert result.values["age"] == 361.0


def test_one_that_is_just_in_time_is_not_late(check: Any) -> None:
    assert look(check, seen("push", 300)).outcome == Outcome.UP


def test_of_several_that_are_late_the_oldest_is_named_first(check: Any) -> None:
    result = look(check, seen("push", 400), seen("cleanup", 900), seen("exports", 3, failed=True))
    assert result.detail == "cleanup: last heartbeat 15 minutes ago, expected every 5 minutes. (2 more)"


def test_an_expected_worker_that_never_came_is_missed_by_name(check: Any) -> None:
    result = look(check, seen("cleanup", 3), expected=("push", "cleanup"), awaited_since=ago(1000))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No heartbeat from push yet.")
    assert result.values["age"] == 1000.0


def test_a_worker_that_reports_a_failure_is_down_with_its_words(check: Any) -> None:
    result = look(check, seen("push", 3, failed=True, message="disk\nfull"), seen("cleanup", 3))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "push: disk full")


def test_one_nobody_expects_is_forgotten_after_a_day_and_an_expected_one_never(check: Any) -> None:
    day = 24 * 3600
    assert look(check, seen("old-pod", day + 1), seen("push", 3)).outcome == Outcome.UP
    assert look(check, seen("old-pod", day), seen("push", 3)).outcome == Outcome.DOWN
    result = look(check, seen("push", 2 * day + 1), expected=("push",))
    assert result.detail == "push: last heartbeat 2 days ago, expected every 5 minutes."


def test_workers_that_could_not_reach_us_are_not_late(check: Any) -> None:
    silence = Silence(begin=ago(900), end=ago(60))
    result = look(check, seen("push", 950), seen("cleanup", 10), silence=silence)
    assert result.outcome == Outcome.ERROR
    # One that was late before that is.
    assert look(check, seen("push", 950), seen("cleanup", 1300), silence=silence).outcome == Outcome.DOWN


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("push", "push"),
        (" push\n2 ", "push 2"),
        ("host-1:push@eu/west+a_b.c", "host-1:push@eu/west+a_b.c"),
        ("<b>push</b>", "bpush/b"),
        ("\u202eévil\x00", "évil"),
        ("{}'\"", ""),
    ],
)
def test_a_name_is_cleaned(text: str, name: str) -> None:
    assert worker_name(text) == name


def parse(**mapping: Any) -> tuple[WorkersConfig, list[str]]:
    fields = Fields({"token": TOKEN, **mapping}, key="p", environ={})
    config = WorkersConfig.parse(fields)
    return config, [str(error) for error in fields.errors]


def test_the_configuration_keeps_a_hash_and_the_names() -> None:
    config, errors = parse(max_age="5m", workers=["push", "cleanup"])
    assert not errors
    assert config == WorkersConfig(token_hash=hash_token(TOKEN), max_age="5m", workers=("push", "cleanup"))


def test_nobody_is_forgotten_sooner_than_missed() -> None:
    assert parse(max_age="3d")[0].forget_after == "3d"
    assert parse(max_age="3d", forget_after="1d")[1] == [
        'p.forget_after is "1d"; expected a duration from 3d to 366d.'
    ]


@pytest.mark.parametrize(
    ("workers", "sentence"),
    [
        ("push", "a list of at most 50 names"),
        (["a\nb"], "names of 1 to 60 letters"),
        ([""], "names of 1 to 60 letters"),
        (["x" * 61], "names of 1 to 60 letters"),
        ([1], "names of 1 to 60 letters"),
        (["a", "a"], "each name once"),
        ([str(number) for number in range(51)], "a list of at most 50 names"),
    ],
)
def test_names_that_no_worker_could_have_are_refused(workers: Any, sentence: str) -> None:
    errors = parse(workers=workers)[1]
    assert len(errors) == 1
    assert sentence in errors[0]
