"""The live counters of the home page: a number as people write it, and its last 24 hours as one small line."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from probes.enums import MetricKind
from probes.metrics.selectors import Tile
from statuspage.web import wording
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import MetricTile

NARROW = "\N{NO-BREAK SPACE}"
LARGE = ((Decimal(10) ** 12, "tn"), (Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"))
# The drawing's height, in steps; its width is one step a quarter of an hour. The line keeps clear of both edges.
HEIGHT, CLEAR = 30, 2
NO_NUMBER = "–"


def metric_tiles(tiles: Iterable[Tile], reader: Reader) -> tuple[MetricTile, ...]:
    return tuple(
        MetricTile(
            key=tile.key,
            name=tile.name,
            value=NO_NUMBER if tile.value is None else say_number(tile.value),
            unit="" if tile.value is None else tile.unit,
            is_stale=tile.is_stale,
            last_at=reader.maybe(tile.last_at),
            chart=spark(tile),
        )
        for tile in tiles
    )


def say_number(value: float) -> str:
    """`12,345`, `0.25`, `1.24 M`: three digits or more, and what does not fit is cut off, never rounded up."""
    number = Decimal(repr(value))
    for size, word in LARGE:
        if abs(number) >= size:
            return f"{_cut(number / size)}{NARROW}{word}"
    return _cut(number)


def _cut(number: Decimal) -> str:
    digits = 2 if abs(number) < 100 else 1 if abs(number) < 1000 else 0
    cut = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)
    text = f"{cut:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def spark(tile: Tile) -> SafeString:
    """One line over 24 hours from zero up, its gaps where nothing was pushed; empty without a single number."""
    measured = [value for value in tile.quarters if value is not None]
    if not measured:
        return SafeString("")
    top, bottom = max(0.0, *measured), min(0.0, *measured)
    return mark_safe(  # noqa: S308 -- numbers and an escaped sentence
        f'<svg viewBox="0 0 {len(tile.quarters) - 1} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(_summary(tile, measured))}"><path d="{_path(tile.quarters, bottom, top)}"/></svg>'
    )


def _path(values: Sequence[float | None], bottom: float, top: float) -> str:
    """The corners of each stretch without a gap. Points on a level line between others are left out."""
    parts = []
    for is_measured, stretch in groupby(enumerate(values), key=lambda item: item[1] is not None):
        if is_measured:
            heights = [(place, _height(value or 0.0, bottom, top)) for place, value in stretch]
            corners = [f"{place} {height}" for place, height in _without_level(heights)]
            # A number on its own is a dot.
            parts.append(f"M{corners[0]}" + (f"L{' '.join(corners[1:])}" if len(corners) > 1 else "h.01"))
    return "".join(parts)


def _without_level(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    last = len(points) - 1
    return [
        point
        for index, point in enumerate(points)
        if index in {0, last} or not points[index - 1][1] == point[1] == points[index + 1][1]
    ]


def _height(value: float, bottom: float, top: float) -> int:
    share = (value - bottom) / (top - bottom) if top > bottom else 0.0
    return round(HEIGHT - CLEAR - share * (HEIGHT - 2 * CLEAR))


def _summary(tile: Tile, measured: Sequence[float]) -> str:
    """`Last 24 hours: from 12 to 480 messages a quarter of an hour. No data for 3 of 96 quarters.`"""
    low, high = say_number(min(measured)), say_number(max(measured))
    between = low if low == high else f"from {low} to {high}"
    unit = f" {tile.unit}" if tile.unit else ""
    every = " a quarter of an hour" if tile.kind is MetricKind.COUNTER_24H else ""
    gaps = len(tile.quarters) - len(measured)
    missing = f" No data for {wording.counted(gaps, 'quarter')} of an hour." if gaps else ""
    return f"Last 24 hours: {between}{unit}{every}.{missing}"
