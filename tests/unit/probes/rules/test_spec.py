"""What a table of rules may say, and what is said to whoever writes it otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.enums import ProbeKind, RuleEffect, RuleKind
from probes.rules.spec import KEYS, MOST_RULES, RuleSpec, describe_rule, parse_rules

TIMEOUT = timedelta(seconds=5)


def parse(*rules: Any, probe: ProbeKind = ProbeKind.HTTP) -> tuple[tuple[RuleSpec, ...], list[str]]:
    found, errors = parse_rules(list(rules), key="probes[0].rules", probe=probe, timeout=TIMEOUT, environ={})
    return found, [error.reason for error in errors]


def failures(**changes: Any) -> dict[str, Any]:
    return {"when": "consecutive_failures", "limit": 2, "then": ["page"], **changes}


def value(**changes: Any) -> dict[str, Any]:
    return {"when": "value_above", "value": "backlog", "limit": 0, "then": ["page"], **changes}


def test_a_whole_rule() -> None:
    written = {
        "slug": "slow",
        "when": "latency_above",
        "limit": "200ms",
        "for": "2m",
        "then": ["page", "degrade", "incident"],
        "severity": "major",
        "say": "Slow since {since}.",
    }
    rules, errors = parse(written)
    assert not errors
    assert rules == (
        RuleSpec(
            slug="slow",
            kind=RuleKind.LATENCY_ABOVE,
            limit=200.0,
            lasting=timedelta(minutes=2),
            value="",
            effects=(RuleEffect.DEGRADE, RuleEffect.INCIDENT, RuleEffect.PAGE),
            severity="major",
            sentence="Slow since {since}.",
        ),
    )
    assert describe_rule(rules[0]) == (
        "slow (latency_above 200 ms for 2m: degrade, incident major, page, “Slow since {since}.”)"
    )


def test_a_short_rule_gets_its_slug_and_its_words() -> None:
    (rule,), _ = parse(failures())
    assert (rule.slug, rule.sentence) == ("consecutive-failures", "{name} has failed {value} times in a row.")


def test_a_number_without_a_name_is_the_first() -> None:
    (rule,), _ = parse({"when": "value_below", "limit": 14, "then": ["page"]}, probe=ProbeKind.TLS)
    assert (rule.value, rule.sentence) == ("days_left", "{name}: days left at {value}, below {limit}.")


@pytest.mark.parametrize(
    ("probe", "when", "limit", "kept"),
    [
        (ProbeKind.REDIS, "latency_above", "1.5s", 1500.0),
        (ProbeKind.WORKERS, "heartbeat_older_than", "5m", 300.0),
        (ProbeKind.HEARTBEAT, "value_above", -1.5, -1.5),
        (ProbeKind.JSON, "value_below", 7, 7.0),
        (ProbeKind.TCP, "consecutive_failures", 3, 3.0),
    ],
)
def test_a_limit_is_kept_in_the_unit_of_its_kind(probe: ProbeKind, when: str, limit: Any, kept: float) -> None:
    rules, errors = parse({"when": when, "limit": limit, "then": ["page"]}, probe=probe)
    assert not errors
    assert rules[0].limit == kept


@pytest.mark.parametrize("rules", [None, []])
def test_no_rules_are_no_mistake(rules: Any) -> None:
    assert parse_rules(rules, key="rules", probe=ProbeKind.TCP, timeout=TIMEOUT, environ={}) == ((), [])


@pytest.mark.parametrize("rules", ["page", {"when": "x"}, [1], [failures()] * (MOST_RULES + 1)])
def test_what_is_no_list_of_tables_is_refused(rules: Any) -> None:
    found, errors = parse_rules(rules, key="rules", probe=ProbeKind.TCP, timeout=TIMEOUT, environ={})
    assert found == ()
    assert "[[components.probes.rules]]" in errors[0].reason


@pytest.mark.parametrize(
    ("probe", "rule", "sentence"),
    [
        ("http", {"limit": 1, "then": ["page"]}, "rules[0].when is missing; expected what a http probe can tell"),
        ("http", failures(when="slow"), 'rules[0].when is "slow"; expected what a http probe can tell: '),
        ("http", failures(when="heartbeat_older_than", limit="5m"), "consecutive_failures, latency_above"),
        ("http", value(), "consecutive_failures, latency_above"),
        ("workers", failures(when="latency_above", limit="1s"), "consecutive_failures, heartbeat_older_than, value_"),
        ("http", failures(limit=0), "a whole number from 1 to 100"),
        ("http", failures(limit="2"), "a whole number from 1 to 100"),
        ("http", {"when": "consecutive_failures", "then": ["page"]}, "rules[0].limit is missing; expected a limit"),
        ("http", failures(when="latency_above", limit=200), "a duration such as 500ms"),
        ("http", failures(when="latency_above", limit="5s"), "less than the timeout"),
        ("heartbeat", value(limit="1"), 'rules[0].limit is "1"; expected a number'),
        ("heartbeat", value(limit=float("nan")), "expected a number"),
        ("heartbeat", value(limit=float("inf")), "expected a number"),
        ("heartbeat", value(limit=True), "expected a number"),
        ("heartbeat", value(value="jobs"), "one of age, failed_jobs, backlog"),
        ("heartbeat", failures(value="age"), "no value: consecutive_failures is not about one"),
        ("heartbeat", value(when="value_growing", **{"for": "5m"}), "no limit: that it grows is the condition"),
        ("heartbeat", {"when": "value_growing", "then": ["page"]}, "rules[0].for is missing; expected how long"),
        ("http", failures(**{"for": "-5m"}), "a duration such as"),
        ("http", failures(**{"for": "31d"}), "a duration from 0ms to 30d"),
        ("http", failures(then=[]), "a list of one or more of degrade, fail, incident, page"),
        ("http", failures(then="page"), "a list of one or more of"),
        ("http", failures(then=["call"]), "a list of one or more of"),
        ("http", failures(then=["page", "page"]), "each once"),
        ("http", failures(then=["degrade", "fail"]), "not both degrade and fail"),
        ("http", failures(severity="major"), 'a severity only where then has "incident"'),
        ("http", failures(then=["incident"], severity="MAJOR!"), "the slug of a severity"),
        ("http", failures(slug="Slow one"), "lower-case letters, digits and single dashes, at most 40"),
        ("http", failures(slug="x" * 41), "at most 40"),
        ("http", failures(limits=2), "rules[0].limits is not a key here (did you mean limit?)"),
        ("http", failures(say="{value.real} {0} {} {name!r}"), "not {value.real} {0} {} {name!r}"),
        ("http", failures(say="a } b { c"), "not } {"),
        ("http", failures(say="x" * 201), "at most 200 characters"),
        ("http", failures(say="a\nb"), "a text on one line"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(probe: str, rule: dict[str, Any], sentence: str) -> None:
    errors = parse(rule, probe=ProbeKind(probe))[1]
    assert len(errors) == 1, errors
    assert sentence in errors[0]


def test_two_rules_of_a_probe_have_two_slugs() -> None:
    (error,) = parse(failures(), failures(limit=5))[1]
    assert error.startswith('probes[0].rules[1].slug is "consecutive-failures"; expected a slug of its own')


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["5m", "page", "${X}", "{value}", *RuleKind.values]),
    st.lists(st.sampled_from(["page", "fail", 1, None, ["page"], {"a": 1}]), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(
    probe=st.sampled_from(ProbeKind),
    when=st.sampled_from(RuleKind),
    changes=st.dictionaries(st.sampled_from(sorted(KEYS)), ANYTHING, max_size=3),
)
def test_whatever_stands_there_it_is_a_rule_or_refused_in_a_sentence(
    probe: ProbeKind, when: RuleKind, changes: dict[str, Any]
) -> None:
    rules, errors = parse({"when": when.value, "limit": 1, "then": ["page"], **changes}, probe=probe)
    assert errors or len(rules) == 1
    assert all(error.startswith("probes[0].rules[0]") for error in errors)
