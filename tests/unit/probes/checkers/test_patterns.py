"""Patterns over bodies: RE2, with limits."""

import asyncio
import random
import time

import pytest

from probes.checkers import patterns
from probes.checkers.fields import Fields
from probes.checkers.patterns import expand_pattern, is_found, read_pattern

LETTERS = bytes(random.Random(1).choices(b"abxq", k=patterns.MOST_SEARCHED))  # noqa: S311 -- no secret


def found(pattern: str, text: bytes) -> bool:
    return asyncio.run(is_found(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r'"status":\s*"ok"', b'{"status": "ok"}', True),
        ("(?i)READY", b"ready", True),
        ("na.ve", "naïve".encode(), True),
        ("^b", b"a\nb", False),
        ("(?m)^b", b"a\nb", True),
        ("ok", b"\xff\xfe ok", True),
        ("ok", b"", False),
    ],
)
def test_a_pattern_is_looked_for_in_bytes_of_any_kind(pattern: str, text: bytes, expected: bool) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern", ["(", "(?=a)", r"(a)\1", "a{1001}", "(a{100}){20}", r"\p{L}{40}", "a" * 501, "[", "*a"]
)
def test_a_pattern_beyond_the_limits_is_refused(pattern: str) -> None:
    fields = Fields({"expect_body_matches": pattern}, key="probe", environ={})
    read_pattern(fields, "expect_body_matches")
    assert len(fields.errors) == 1


def test_a_variable_stands_for_its_own_characters() -> None:
    pattern = expand_pattern("^${WORD}$", {"WORD": "a.c+é"})
    assert found(pattern, "a.c+é".encode())
    assert not found(pattern, "abcc+é".encode())


def test_only_the_beginning_of_a_text_is_searched() -> None:
    assert not found("needle", b"x" * patterns.MOST_SEARCHED + b"needle")


@pytest.mark.parametrize("pattern", ["(a+a+)+z", "(a|aa)+$z", "(.*a){12}z", "a.{110}y.{3}z"])
def test_a_pattern_that_backtracks_for_ever_elsewhere_is_over_soon(pattern: str) -> None:
    text = LETTERS
    began = time.monotonic()
    assert not found(pattern, text)
    # A backtracking engine needs longer than the universe has been there.
    assert time.monotonic() - began < 10


def test_a_long_search_does_not_stop_the_loop() -> None:
    async def body() -> int:
        search = asyncio.create_task(is_found("a.{110}y.{3}z", LETTERS))
        turns = 0
        while not search.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    # The search on the loop itself would let it turn once or twice.
    assert asyncio.run(body()) > 10
