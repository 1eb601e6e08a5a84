"""A mail as plain text, in lines that a terminal shows whole."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from subscriptions.languages import say
from subscriptions.said.foot import FootLine
from subscriptions.said.words import Fact, Passage, Words

WIDTH = 72
# RFC 3676, 4.3: what follows is no part of what was said.
SIGNATURE = "-- "
# Stands for a blank while lines are wrapped: no text of ours or of staff's has control characters.
GLUE = "\x1f"
_CLOCK = re.compile(r"(\d\d:\d\d) ([A-Z][\w/+-]*\b)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_QUOTE = re.compile(r"(?:>\s?)+")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def as_text(said: Words, foot: Sequence[FootLine]) -> str:
    blocks = [
        "\n".join(line for line in (said.state, wrapped(said.title), *_rows(said.about)) if line),
        *(_passage(passage) for passage in said.passages),
        "\n".join(_fact(fact) for fact in said.facts),
        wrapped(said.asking),
        f"{_labelled(said.link_label)}\n{said.url}",
        wrapped(said.closing),
    ]
    return "\n\n".join(block for block in blocks if block) + f"\n\n{SIGNATURE}\n" + _foot(foot)


def wrapped(text: str, *, indent: str = "") -> str:
    """Prose in lines of at most WIDTH; what means something by its lines (code, tables, addresses) is left alone."""
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        fence = bool(_FENCE.match(line))
        is_code = is_code is not fence
        lines.extend([line] if is_code or fence else _prose(line, indent))
    return "\n".join(lines)


def _prose(line: str, indent: str) -> Iterable[str]:
    if len(line) <= WIDTH or line.startswith(("    ", "\t", "|")):
        return [line]
    quote, item = _QUOTE.match(line), _LIST_ITEM.match(line)
    if quote:
        first = rest = quote[0]
        line = line[quote.end() :]
    else:
        first, rest = "", indent + " " * len(item[0] if item else "")
    rows = textwrap.wrap(
        unbroken(line, GLUE),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return [row.replace(GLUE, " ") for row in rows]


def unbroken(line: str, glue: str = "\N{NO-BREAK SPACE}") -> str:
    """With times and their zones on one line: `(12:00` above `UTC)` reads badly."""
    return _CLOCK.sub(rf"\g<1>{glue}\g<2>", line)


def _rows(parts: Iterable[str]) -> list[str]:
    """In one line as long as they fit: a time that is torn in two reads badly."""
    rows: list[str] = []
    for part in parts:
        longer = f"{rows[-1]} - {part}" if rows else part
        if rows and len(longer) <= WIDTH:
            rows[-1] = longer
        else:
            rows.append(part)
    return rows


def _passage(passage: Passage) -> str:
    return "\n".join(part for part in (wrapped(passage.title), wrapped(passage.text.strip("\n"))) if part)


def _fact(fact: Fact) -> str:
    return wrapped(f"{_labelled(fact.label)} {fact.value}" if fact.label else fact.value, indent="  ")


def _labelled(label: str) -> str:
    return label + say(":")


def _foot(foot: Sequence[FootLine]) -> str:
    lines = (f"{_labelled(line.text)}\n{line.url}" if line.url else wrapped(line.text) for line in foot)
    return "\n\n".join(lines) + "\n"
