"""Rules in words."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from probes.enums import RuleKind
from probes.models import Rule
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.rule_words import condition_of, rule_line
from tests.unit.web.conftest import NOON

READER = Reader(now=NOON, zone=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": RuleKind.CONSECUTIVE_FAILURES, "limit": 2}, "2 checks in a row fail"),
        ({"kind": RuleKind.CONSECUTIVE_FAILURES, "limit": 1}, "a check fails"),
        (
            {"kind": RuleKind.LATENCY_ABOVE, "limit": 200, "lasting": timedelta(minutes=2)},
            "answers take longer than 200\N{NO-BREAK SPACE}ms for 2 minutes",
        ),
        ({"kind": RuleKind.HEARTBEAT_OLDER_THAN, "limit": 90}, "the last heartbeat is older than 90 seconds"),
        ({"kind": RuleKind.VALUE_ABOVE, "limit": 0, "value": "failed_jobs"}, "failed jobs is above 0"),
        ({"kind": RuleKind.VALUE_BELOW, "limit": 14, "value": "days_left"}, "days left is below 14"),
        (
            {"kind": RuleKind.VALUE_GROWING, "value": "backlog", "lasting": timedelta(minutes=5)},
            "backlog grows for 5 minutes without a break",
        ),
    ],
)
def test_every_kind_says_its_condition(values: dict[str, Any], words: str) -> None:
    assert condition_of(Rule(**values)) == words


@pytest.mark.parametrize("kind", RuleKind.values)
def test_no_kind_is_without_words(kind: str) -> None:
    assert rule_line(Rule(kind=kind, limit=3, pages=True), READER).text.endswith(", on-call is paged.")


def test_a_rule_says_everything_that_it_does() -> None:
    line = rule_line(
        Rule(kind=RuleKind.CONSECUTIVE_FAILURES, limit=2, fails=True, opens_incident=True, pages=True), READER
    )
    assert line.text == (
        "When 2 checks in a row fail, the component is down, an incident is opened and on-call is paged."
    )


def test_a_rule_that_fires_says_what_it_found_and_since_when() -> None:
    rule = Rule(kind=RuleKind.CONSECUTIVE_FAILURES, limit=2, pages=True, said="It failed twice.", firing_since=NOON)
    line = rule_line(rule, READER)
    assert (line.now, line.since) == ("It failed twice.", NOON)
    assert rule_line(Rule(kind=RuleKind.CONSECUTIVE_FAILURES, limit=2, pages=True, said="Old."), READER).now == ""
