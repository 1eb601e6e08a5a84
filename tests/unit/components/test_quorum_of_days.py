"""One probe's five minutes out of those of its locations."""

import pytest

from components.uptime import EMPTY_DAY, SLOTS_A_DAY, SlotState, by_quorum

WORDS = {
    "?": SlotState.UNKNOWN,
    "g": SlotState.GOOD,
    "d": SlotState.DEGRADED,
    "b": SlotState.BAD,
    "m": SlotState.MAINTENANCE,
    "x": SlotState.EXCLUDED,
}


def verdict(states: str, quorum: int | None) -> str:
    """Each letter is what one location says of the first slot of the day."""
    days = [bytes([WORDS[state]]) + EMPTY_DAY[1:] for state in states]
    found = by_quorum(days, quorum)
    assert len(found) == SLOTS_A_DAY
    assert found[1:] == EMPTY_DAY[1:]
    return next(word for word, state in WORDS.items() if state == found[0])


@pytest.mark.parametrize(
    ("states", "quorum", "expected"),
    [
        # The majority: two of two, two of three, three of four.
        ("bg", None, "g"),
        ("bb", None, "b"),
        ("bgg", None, "g"),
        ("bbg", None, "b"),
        ("bbgg", None, "g"),
        ("bbbg", None, "b"),
        # Only of those that measured.
        ("b??", None, "b"),
        ("bg?", None, "g"),
        ("bb?", None, "b"),
        ("???", None, "?"),
        # A number that is named, and all of fewer.
        ("bgg", 1, "b"),
        ("bgg", 2, "g"),
        ("bbg", 3, "g"),
        ("bb?", 3, "b"),
        # Bad is slow as well.
        ("bdg", None, "d"),
        ("ddg", None, "d"),
        ("dgg", None, "g"),
        # What is left out is left out everywhere.
        ("bbm", None, "m"),
        ("ggx", 1, "x"),
    ],
)
def test_a_slot_is_what_so_many_locations_say(states: str, quorum: int | None, expected: str) -> None:
    assert verdict(states, quorum) == expected
