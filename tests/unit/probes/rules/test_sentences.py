"""Sentences with numbers in them: only known words are put in, and nothing of what is put in is read again."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.enums import RuleKind
from probes.rules.sentences import WORDS, default_template, fill, say_moment, say_number, say_span, unknown_words

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_only_what_is_known_is_replaced() -> None:
    words = {"value": "{limit}", "limit": "200 ms", "name": "{name.__class__}"}
    assert fill("{name}: {value} of {limit}, {0} {since}", words) == "{name.__class__}: {limit} of 200 ms, {0} {since}"


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        ("no words", []),
        ("{value} {limit} {for} {since} {name}", []),
        ("{Value}", ["{Value}"]),
        ("{value.__class__.__mro__}", ["{value.__class__.__mro__}"]),
        ("{value[0]} {value!r} {value:>9}", ["{value[0]}", "{value!r}", "{value:>9}"]),
        ("{{value}}", ["{", "}"]),
        ("{", ["{"]),
    ],
)
def test_every_other_use_of_braces_is_named(template: str, unknown: list[str]) -> None:
    assert unknown_words(template) == unknown


@pytest.mark.parametrize("kind", RuleKind)
@pytest.mark.parametrize("lasting", [timedelta(), timedelta(minutes=2)])
@pytest.mark.parametrize("limit", [1, 2])
def test_every_kind_has_words_of_its_own_that_are_a_sentence(kind: RuleKind, limit: float, lasting: timedelta) -> None:
    template = default_template(kind, "failed_jobs", limit=limit, lasting=lasting)
    assert unknown_words(template) == []
    said = fill(template, dict.fromkeys(WORDS, "X"))
    assert said.startswith("X")
    assert said.endswith(".")
    assert "{" not in said


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        (RuleKind.LATENCY_ABOVE, 249.6, "250 ms"),
        (RuleKind.LATENCY_ABOVE, 2000, "2 s"),
        (RuleKind.LATENCY_ABOVE, 2500, "2,500 ms"),
        (RuleKind.HEARTBEAT_OLDER_THAN, 95.4, "95 seconds"),
        (RuleKind.HEARTBEAT_OLDER_THAN, 1, "1 second"),
        (RuleKind.VALUE_ABOVE, 1_234_567.0, "1,234,567"),
        (RuleKind.VALUE_ABOVE, 0.125, "0.125"),
        (RuleKind.VALUE_BELOW, -3.0, "-3"),
        (RuleKind.CONSECUTIVE_FAILURES, 2.0, "2"),
        (RuleKind.VALUE_GROWING, None, "unknown"),
    ],
)
def test_a_number_is_said_in_the_unit_of_its_kind(kind: RuleKind, number: float | None, said: str) -> None:
    assert say_number(kind, number) == said


def test_a_span_is_said_in_the_largest_unit_of_which_there_are_two() -> None:
    assert say_span(timedelta(seconds=119)) == "119 seconds"
    assert say_span(timedelta(minutes=5)) == "5 minutes"


def test_a_moment_of_another_day_is_said_with_it() -> None:
    assert say_moment(NOON, now=NOON + timedelta(hours=3)) == "12:00 UTC"
    assert say_moment(NOON, now=NOON + timedelta(days=1)) == "21 November 12:00 UTC"
