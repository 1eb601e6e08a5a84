"""Rules in words: when one fires, and what it does then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.enums import RuleEffect, RuleKind
from probes.models import Rule
from probes.rules.sentences import say_number
from statuspage.web import wording
from statuspage.web.pages.cards import Reader

EFFECTS: dict[RuleEffect, str] = {
    RuleEffect.DEGRADE: "the component is degraded",
    RuleEffect.FAIL: "the component is down",
    RuleEffect.INCIDENT: "an incident is opened",
    RuleEffect.PAGE: "on-call is paged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """`text` is the whole rule in one sentence; `now` what it says while it fires, else empty."""

    text: str
    now: str
    since: datetime | None


def rule_line(rule: Rule, reader: Reader) -> RuleLine:
    effects = [EFFECTS[effect] for effect in rule.effects]
    said = effects[0] if len(effects) == 1 else f"{', '.join(effects[:-1])} and {effects[-1]}"
    return RuleLine(
        text=f"When {condition_of(rule)}, {said}.",
        now=rule.said if rule.firing_since is not None else "",
        since=reader.maybe(rule.firing_since),
    )


def condition_of(rule: Rule) -> str:
    """`answers take longer than 200 ms for 2 minutes`."""
    kind = RuleKind(rule.kind)
    lasting = f" for {wording.exactly(rule.lasting)}" if rule.lasting else ""
    name = rule.value.replace("_", " ") or "the value"
    match kind:
        case RuleKind.CONSECUTIVE_FAILURES:
            number = round(rule.limit)
            return "a check fails" if number == 1 else f"{number} checks in a row fail"
        case RuleKind.LATENCY_ABOVE:
            return f"answers take longer than {wording.exactly(timedelta(milliseconds=rule.limit))}{lasting}"
        case RuleKind.HEARTBEAT_OLDER_THAN:
            return f"the last heartbeat is older than {wording.exactly(timedelta(seconds=rule.limit))}{lasting}"
        case RuleKind.VALUE_ABOVE:
            return f"{name} is above {say_number(kind, rule.limit)}{lasting}"
        case RuleKind.VALUE_BELOW:
            return f"{name} is below {say_number(kind, rule.limit)}{lasting}"
        case RuleKind.VALUE_GROWING:
            return f"{name} grows{lasting} without a break"
