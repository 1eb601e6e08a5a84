"""What one `[[components.probes.rules]]` table says, validated whole. The keys are a public contract (`docs/`)."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from probes.checkers.fields import Fields
from probes.enums import REPORTING_KINDS, ProbeKind, RuleEffect, RuleKind
from probes.rules.sentences import WORDS, default_template, say_number, unknown_words
from statuspage.core.durations import format_duration
from statuspage.core.errors import ConfigurationError, UnknownKey
from statuspage.core.text import clean_line

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_SLUG = 40
LONGEST_SEVERITY = 80
LONGEST_SENTENCE = 200
LONGEST_VALUE_NAME = 60
MOST_RULES = 20
MOST_FAILURES = 100
LARGEST_LIMIT = 1e15
SHORTEST_LATENCY = timedelta(milliseconds=1)
LONGEST_LATENCY = timedelta(seconds=60)
LONGEST_AGE = timedelta(days=366)
LONGEST_LASTING = timedelta(days=30)
KEYS = frozenset({"slug", "when", "limit", "for", "value", "then", "severity", "say"})

# The numbers that a kind's results have (`CheckResult.values`), the first one first.
VALUES: Mapping[ProbeKind, tuple[str, ...]] = {
    ProbeKind.HEARTBEAT: ("age", "failed_jobs", "backlog"),
    ProbeKind.WORKERS: ("age", "failed_jobs", "backlog"),
    ProbeKind.TLS: ("days_left",),
    ProbeKind.JSON: ("value",),
}
VALUE_KINDS = frozenset({RuleKind.VALUE_ABOVE, RuleKind.VALUE_BELOW, RuleKind.VALUE_GROWING})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """One rule. `limit` in milliseconds (latency), seconds (age), failures, or the number's own unit."""

    slug: str
    kind: RuleKind
    limit: float
    lasting: timedelta
    value: str
    effects: tuple[RuleEffect, ...]
    severity: str
    sentence: str


def parse_rules(
    value: object, *, key: str, probe: ProbeKind, timeout: timedelta, environ: Mapping[str, str]
) -> tuple[tuple[RuleSpec, ...], list[ConfigurationError]]:
    """The rules of a probe of this kind, or everything that is wrong with them. `key` ends in `.rules`."""
    if value is None:
        return (), []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value) or len(value) > MOST_RULES:
        expected = f"at most {MOST_RULES} tables, each written [[components.probes.rules]]"
        return (), [ConfigurationError(key=key, value=value, expected=expected)]
    rules: list[RuleSpec] = []
    errors: list[ConfigurationError] = []
    seen: dict[str, str] = {}
    for number, mapping in enumerate(value):
        fields = Fields(mapping, key=f"{key}[{number}]", environ=environ)
        rule = _parse_rule(fields, probe, timeout)
        if rule is not None and seen.setdefault(rule.slug, fields.key) != fields.key:
            fields.refuse("slug", f"a slug of its own: {seen[rule.slug]} has this one", value=rule.slug)
        errors += fields.errors
        if rule is not None:
            rules.append(rule)
    return tuple(rules), errors


def describe_rule(rule: RuleSpec) -> str:
    """On one line, for a list of changes: `slow (latency_above 200 ms for 2m: page, “…”)`."""
    limit = "" if rule.kind is RuleKind.VALUE_GROWING else f" {say_number(rule.kind, rule.limit)}"
    about = f" of {rule.value}" if rule.value else ""
    lasting = f" for {format_duration(rule.lasting)}" if rule.lasting else ""
    severity = f" {rule.severity}" if rule.severity else ""
    then = ", ".join(f"{effect}{severity}" if effect == RuleEffect.INCIDENT else effect for effect in rule.effects)
    return f"{rule.slug} ({rule.kind}{about}{limit}{lasting}: {then}, “{rule.sentence}”)"


def _parse_rule(fields: Fields, probe: ProbeKind, timeout: timedelta) -> RuleSpec | None:
    for name, value in fields.mapping.items():
        if name not in KEYS:
            fields.errors.append(UnknownKey(key=f"{fields.key}.{name}", value=value, known=KEYS))
    kind = _read_kind(fields, probe)
    if kind is None:
        return None
    effects = _read_effects(fields)
    lasting = fields.duration("for", default=timedelta(), least=timedelta(), most=LONGEST_LASTING)
    if kind is RuleKind.VALUE_GROWING and not lasting and "for" not in fields.mapping:
        fields.refuse("for", "how long it has to grow, such as 5m")
    value = _read_value(fields, kind, probe)
    limit = _read_limit(fields, kind, timeout)
    return RuleSpec(
        slug=_read_slug(fields, kind),
        kind=kind,
        limit=limit,
        lasting=lasting,
        value=value,
        effects=effects,
        severity=_read_severity(fields, effects),
        sentence=_read_sentence(fields) or default_template(kind, value, limit=limit, lasting=lasting),
    )


def _read_kind(fields: Fields, probe: ProbeKind) -> RuleKind | None:
    possible = [kind for kind in RuleKind if _fits(kind, probe)]
    when = fields.mapping.get("when")
    if isinstance(when, str) and when in possible:
        return RuleKind(when)
    fields.refuse("when", f"what a {probe} probe can tell: {', '.join(possible)}")
    return None


def _fits(kind: RuleKind, probe: ProbeKind) -> bool:
    if kind is RuleKind.LATENCY_ABOVE:
        return probe not in REPORTING_KINDS
    if kind is RuleKind.HEARTBEAT_OLDER_THAN:
        return probe in REPORTING_KINDS
    return kind not in VALUE_KINDS or probe in VALUES


def _read_slug(fields: Fields, kind: RuleKind) -> str:
    slug = fields.text("slug", default=kind.replace("_", "-"))
    if len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug):
        fields.refuse("slug", f"lower-case letters, digits and single dashes, at most {LONGEST_SLUG}")
    return slug


def _read_limit(fields: Fields, kind: RuleKind, timeout: timedelta) -> float:
    if kind is RuleKind.VALUE_GROWING:
        if "limit" in fields.mapping:
            fields.refuse("limit", "no limit: that it grows is the condition")
        return 0.0
    if "limit" not in fields.mapping:
        fields.refuse("limit", "a limit")
        return 0.0
    if kind is RuleKind.CONSECUTIVE_FAILURES:
        return float(fields.integer("limit", default=1, least=1, most=MOST_FAILURES))
    if kind is RuleKind.LATENCY_ABOVE:
        limit = fields.duration("limit", default=SHORTEST_LATENCY, least=SHORTEST_LATENCY, most=LONGEST_LATENCY)
        if limit >= timeout:
            fields.refuse("limit", "less than the timeout, or nothing would ever be slower")
        return limit / timedelta(milliseconds=1)
    if kind is RuleKind.HEARTBEAT_OLDER_THAN:
        second = timedelta(seconds=1)
        return fields.duration("limit", default=second, least=second, most=LONGEST_AGE).total_seconds()
    return _read_number(fields)


def _read_number(fields: Fields) -> float:
    limit = fields.mapping["limit"]
    is_number = isinstance(limit, (int, float)) and not isinstance(limit, bool)
    if not is_number or not math.isfinite(limit) or abs(limit) > LARGEST_LIMIT:
        fields.refuse("limit", "a number")
        return 0.0
    return float(limit)


def _read_value(fields: Fields, kind: RuleKind, probe: ProbeKind) -> str:
    """The number's name; which is the first one is written down, so that sentences can name it."""
    if kind not in VALUE_KINDS:
        if "value" in fields.mapping:
            fields.refuse("value", f"no value: {kind} is not about one")
        return ""
    known = VALUES[probe]
    value = fields.text("value", default=known[0], most=LONGEST_VALUE_NAME)
    if value not in known:
        fields.refuse("value", f"one of {', '.join(known)}")
    return value


def _read_effects(fields: Fields) -> tuple[RuleEffect, ...]:
    then = fields.mapping.get("then")
    expected = f"a list of one or more of {', '.join(RuleEffect.values)}"
    if not isinstance(then, list) or not then or not all(one in RuleEffect.values for one in then):
        fields.refuse("then", expected)
        return ()
    if len(set(then)) < len(then) or {RuleEffect.DEGRADE, RuleEffect.FAIL} <= set(then):
        fields.refuse("then", f"{expected}, each once, and not both degrade and fail")
    # In one order, so that the same list written another way changes nothing.
    return tuple(effect for effect in RuleEffect if effect in then)


def _read_severity(fields: Fields, effects: tuple[RuleEffect, ...]) -> str:
    if "severity" not in fields.mapping:
        return ""
    severity = fields.text("severity")
    if severity and (len(severity) > LONGEST_SEVERITY or not SLUG.fullmatch(severity)):
        fields.refuse("severity", "the slug of a severity")
    if effects and RuleEffect.INCIDENT not in effects:
        fields.refuse("severity", 'a severity only where then has "incident"')
    return severity


def _read_sentence(fields: Fields) -> str:
    if "say" not in fields.mapping:
        return ""
    sentence = clean_line(fields.text("say", most=LONGEST_SENTENCE))
    unknown = unknown_words(sentence)
    if unknown:
        words = ", ".join(f"{{{word}}}" for word in sorted(WORDS))
        fields.refuse("say", f"only these in braces: {words}; not {' '.join(unknown[:5])}")
    return sentence
