"""A day of five-minute slots as four rows of six hours: one inline SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from components.uptime import SLOTS_A_DAY

ROWS = 4
SLOTS_A_ROW = SLOTS_A_DAY // ROWS
SLOTS_AN_HOUR = SLOTS_A_DAY // 24
PITCH, HEIGHT = 30, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Slots `begin` ≤ i < `end` of the day that look alike. `css` is their class, `title` what they say."""

    begin: int
    end: int
    css: str
    title: str


def strip(stretches: Sequence[Stretch], *, summary: str) -> SafeString:
    """What no stretch speaks of, before the first measurement and after now, stays empty."""
    rects = "".join(_rects(stretch) for stretch in stretches)
    labels = "".join(
        f'<text x="-8" y="{row * PITCH + HEIGHT // 2}" dy="4">{row * 6:02}:00</text>' for row in range(ROWS)
    )
    hours = "".join(
        f'<line x1="{_share(hour * SLOTS_AN_HOUR)}" x2="{_share(hour * SLOTS_AN_HOUR)}" y1="0" y2="100%"/>'
        for hour in range(1, 6)
    )
    return mark_safe(  # noqa: S308 -- numbers, our own classes and escaped words
        f'<div class="strip"><svg role="img" aria-label="{escape(summary)}">{labels}{rects}{hours}</svg></div>'
    )


def _rects(stretch: Stretch) -> str:
    """One for each row that it touches."""
    found = []
    begin, title = stretch.begin, f"<title>{escape(stretch.title)}</title>"
    while begin < stretch.end:
        row = begin // SLOTS_A_ROW
        end = min(stretch.end, (row + 1) * SLOTS_A_ROW)
        left = begin - row * SLOTS_A_ROW
        found.append(
            f'<rect class="{stretch.css}" x="{_share(left)}" y="{row * PITCH}" width="{_share(end - begin)}" '
            f'height="{HEIGHT}">{title}</rect>'
        )
        begin = end
    return "".join(found)


def _share(slots: int) -> str:
    text = f"{slots * 100 / SLOTS_A_ROW:.3f}".rstrip("0").rstrip(".")
    return f"{text}%"
