"""Regular expressions of operators over text of strangers: RE2, whose time is linear in the text.

Linear is not yet short: the states of a pattern times the bytes it runs over is the worst case, so both are capped,
and what could still take more than a moment runs in a thread. RE2 lets go of the interpreter while it searches.
"""

import asyncio
from functools import lru_cache
from typing import Any

import re2

from probes.checkers.fields import Fields, expand

LONGEST_PATTERN = 500
# Instructions of the compiled pattern; `"status":\s*"ok"` has 23.
LARGEST_PROGRAM = 1000
MOST_SEARCHED = 256 * 1024
# Bytes for the states RE2 keeps of one pattern.
MOST_MEMORY = 1024 * 1024
# Instructions times bytes that are searched at once, on the event loop: under a millisecond.
AT_ONCE = 2_000_000


class BadPattern(ValueError):
    """Not a pattern that RE2 reads within the limits."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Raises BadPattern."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    try:
        program = re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise BadPattern from error
    if program.programsize > LARGEST_PROGRAM:
        raise BadPattern
    return program


def expand_pattern(pattern: str, environ: Any) -> str:
    """A value stands for its own characters, whatever they mean in a pattern. Raises MissingVariable."""
    return expand(pattern, environ, quoted=re2.escape)


async def is_found(pattern: str, text: bytes) -> bool:
    """Whether the pattern matches somewhere in the first 256 KiB of the text. Raises BadPattern."""
    program, text = compiled(pattern), text[:MOST_SEARCHED]
    if program.programsize * len(text) <= AT_ONCE:
        return program.search(text) is not None
    return await asyncio.to_thread(program.search, text) is not None


def read_pattern(fields: Fields, name: str) -> str:
    """A pattern as written; empty for none."""
    written = fields.text(name, default="", most=LONGEST_PATTERN)
    if not written:
        return ""
    expected = "a pattern that RE2 reads: no look-around, no back-references, no hundreds of repetitions"
    try:
        compiled(fields.expanded(name, written, quoted=re2.escape))
    except BadPattern:
        fields.refuse(name, expected)
    return written
