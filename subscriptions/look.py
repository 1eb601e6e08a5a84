"""The colours of mails, by what they are about. Written into each element, since some mail programs drop stylesheets.

The same ramp as `static/css/tokens.css`; its dark half is in `templates/mail/base.html`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Of the card's edge, and of the state's word and what is behind it."""

    edge: str
    fill: str
    ink: str


NEUTRAL = Colours(edge="#c3c8cf", fill="#eef0f2", ink="#545c66")
GREEN = Colours(edge="#2f9e5b", fill="#e8f5ec", ink="#14633a")
AMBER = Colours(edge="#d79a0b", fill="#fdf3d8", ink="#704a00")
ORANGE = Colours(edge="#e2701a", fill="#fdeadb", ink="#883500")
RED = Colours(edge="#d3313f", fill="#fce6e8", ink="#9c1020")
BLUE = Colours(edge="#3b78d8", fill="#e8effb", ink="#1c4a94")
# An incident's impact, whether it is over, a window that runs; and the states of a component.
COLOURS: dict[str, Colours] = {
    "none": NEUTRAL,
    "minor": AMBER,
    "major": ORANGE,
    "critical": RED,
    "over": GREEN,
    "work": BLUE,
    "ok": GREEN,
    "slow": AMBER,
    "part": ORANGE,
    "down": RED,
}


def colours_of(css: str) -> Colours:
    return COLOURS.get(css, NEUTRAL)
