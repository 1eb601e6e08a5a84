"""The sentence of a rule that fires: the words of the configuration with the numbers of now. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from probes.enums import RuleKind

WORDS = frozenset({"value", "limit", "for", "since", "name"})
BRACES = re.compile(r"\{([^{}]*)\}")
LONGEST_NAME = 60


def unknown_words(template: str) -> list[str]:
    """The placeholders that mean nothing here, as written; a lone brace too."""
    found = [f"{{{word}}}" for word in BRACES.findall(template) if word not in WORDS]
    return found + re.findall(r"[{}]", BRACES.sub("", template))


def fill(template: str, words: Mapping[str, str]) -> str:
    """The template with its placeholders replaced once: braces in what is put in stay what they are."""
    return BRACES.sub(lambda match: words.get(match[1], match[0]), template)


def default_template(kind: RuleKind, value: str, *, limit: float, lasting: timedelta) -> str:
    """What is said where the configuration has no words of its own."""
    in_a_row = "has failed {value} times in a row" if limit > 1 else "has been failing since {since}"
    number = value.replace("_", " ") or "the value"
    for_so_long = " for {for}" if lasting else ""
    return {
        RuleKind.CONSECUTIVE_FAILURES: f"{{name}} {in_a_row}.",
        RuleKind.LATENCY_ABOVE: f"{{name}} answers in {{value}}, slower than {{limit}}{for_so_long}.",
        RuleKind.HEARTBEAT_OLDER_THAN: "{name}: the last heartbeat was {value} ago, more than {limit}.",
        RuleKind.VALUE_ABOVE: f"{{name}}: {number} at {{value}}, above {{limit}}{for_so_long}.",
        RuleKind.VALUE_BELOW: f"{{name}}: {number} at {{value}}, below {{limit}}{for_so_long}.",
        RuleKind.VALUE_GROWING: f"{{name}}: {number} has grown for {{for}}, to {{value}}.",
    }[kind]


def say_number(kind: RuleKind, number: float | None) -> str:
    """In the unit of the kind: `"240 ms"`, `"2 minutes"`, `"1,200"`, `"12.5"`."""
    if number is None:
        return "unknown"
    if kind is RuleKind.LATENCY_ABOVE:
        return f"{number / 1000:g} s" if number >= 1000 and number % 1000 == 0 else f"{round(number):,} ms"
    if kind is RuleKind.HEARTBEAT_OLDER_THAN:
        return say_span(timedelta(seconds=number))
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.6g}"


def say_span(span: timedelta) -> str:
    """In the largest unit of which there are two: `"90 seconds"`, `"4 minutes"`, `"36 hours"`, `"3 days"`."""
    seconds = int(span.total_seconds())
    for word, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def say_moment(moment: datetime, *, now: datetime) -> str:
    """`"12:00 UTC"`, with its day if that is not today."""
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment:%d %B %H:%M} UTC"
