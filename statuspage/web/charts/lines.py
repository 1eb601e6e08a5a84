"""Latency over time as lines: one inline SVG, the same in words, and as a table.

The drawing has no size of its own. Words stand at percentages of it in the page's own pixels, lines are drawn in a
stretched frame of 1000 by 1000, so that both stay readable from a phone to a wide screen (`.chart` in site.css).
Where nothing was measured no line is drawn: a gap is a gap.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from statuspage.web import wording
from statuspage.web.charts.scale import LARGEST_MS, NARROW, say_ms, say_tick, share_of, ticks, time_ticks

FRAME = 1000
NOT_MEASURED = "not measured"
# A limit further up than this would press the lines flat: it is named at the upper edge instead.
FARTHEST_LIMIT = 4
# With more points than this the drawing has no tooltips: the table has them all.
MOST_TOOLTIPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A stretch of time and a value in ms for each line; None where there was no measurement to make it of."""

    begin: datetime
    end: datetime
    checks: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`css` is its class, `p50` and so on; `whole` its value over the whole time."""

    name: str
    css: str
    whole: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A threshold. `name` says whose it is: `Degraded above`."""

    ms: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Ready markup, and what it shows in words. `is_empty`: nothing was measured at all."""

    svg: SafeString
    table: SafeString
    legend: SafeString
    summary: str
    is_empty: bool


def line_chart(
    points: Sequence[Point], *, lines: Sequence[Line], limits: Sequence[Limit], zone: ZoneInfo, title: str
) -> Chart:
    """`points` oldest first, without holes between them; `title` begins the summary: `Latency, last 24 hours`."""
    clean = [_believable(point) for point in points]
    summary = _summary(clean, lines=lines, limits=limits, title=title)
    return Chart(
        svg=_svg(clean, lines=lines, limits=limits, zone=zone, summary=summary),
        table=_table(clean, lines=lines, zone=zone),
        legend=_legend(lines, limits),
        summary=summary,
        is_empty=not any(point.checks for point in clean),
    )


def _believable(point: Point) -> Point:
    """Without what is no number: a drawing with NaN in it is not drawn at all."""
    values = tuple(
        value if value is not None and math.isfinite(value) and 0 <= value <= LARGEST_MS else None
        for value in point.values
    )
    return Point(begin=point.begin, end=point.end, checks=point.checks, values=values)


def _svg(
    points: Sequence[Point], *, lines: Sequence[Line], limits: Sequence[Limit], zone: ZoneInfo, summary: str
) -> SafeString:
    highest = max((value for point in points for value in point.values if value is not None), default=0.0)
    near = [limit.ms for limit in limits if limit.ms <= highest * FARTHEST_LIMIT]
    levels = ticks(max([highest * 1.05, *(limit * 1.05 for limit in near)]) or 100)
    top = levels[-1]
    drawn = "".join(f'<path class="{line.css}" d="{_path(points, place, top)}"/>' for place, line in enumerate(lines))
    return mark_safe(  # noqa: S308 -- numbers, our own words and escaped names
        f'<div class="chart"><svg role="img" aria-label="{escape(summary)}">'
        f"{_levels(levels)}{_times(points, zone)}"
        f'<svg viewBox="0 0 {FRAME} {FRAME}" preserveAspectRatio="none">{_limit_lines(limits, top)}{drawn}</svg>'
        f"{_limit_names(limits, top)}{_tooltips(points, lines, zone)}</svg></div>"
    )


def _levels(levels: Sequence[float]) -> str:
    found = []
    for level in levels:
        y = _percent(1 - level / levels[-1])
        css = "" if level else ' class="base"'
        found.append(
            f'<line{css} x1="0" x2="100%" y1="{y}" y2="{y}"/>'
            f'<text class="y" x="-8" y="{y}" dy="4">{say_tick(level, top=levels[-1])}</text>'
        )
    return "".join(found)


def _times(points: Sequence[Point], zone: ZoneInfo) -> str:
    if not points:
        return ""
    begin, end = points[0].begin, points[-1].end
    found = []
    for place, (at, label) in enumerate(reversed(time_ticks(begin, end, zone))):
        share = share_of(at, begin, end)
        # Narrow screens show every other one; what would stand over the edge leans inwards.
        css = " ".join(
            word
            for word in ("hide-s" if place % 2 else "", "last" if share > 0.97 else "first" if share < 0.03 else "")
            if word
        )
        x = _percent(share)
        found.append(
            f'<line class="tick" x1="{x}" x2="{x}" y1="100%" y2="100%"/>'
            f'<text class="x{" " + css if css else ""}" x="{x}" y="100%" dy="20">{label}</text>'
        )
    return "".join(found)


def _path(points: Sequence[Point], line: int, top: float) -> str:
    """Each unbroken stretch a subpath of its own; a single point a dot."""
    if not points:
        return ""
    begin, end = points[0].begin, points[-1].end
    placed = [
        (share_of(point.begin + (point.end - point.begin) / 2, begin, end) * FRAME, point.values[line])
        for point in points
    ]
    parts = []
    for is_measured, stretch in groupby(placed, key=lambda pair: pair[1] is not None):
        if is_measured:
            corners = [f"{x:.1f} {FRAME * (1 - (value or 0) / top):.1f}" for x, value in stretch]
            parts.append(f"M{corners[0]}" + ("".join(f"L{corner}" for corner in corners[1:]) or "h1"))
    return "".join(parts)


def _limit_lines(limits: Sequence[Limit], top: float) -> str:
    inside = [FRAME * (1 - limit.ms / top) for limit in limits if limit.ms <= top]
    return "".join(f'<path class="limit" d="M0 {y:.1f}H{FRAME}"/>' for y in inside)


def _limit_names(limits: Sequence[Limit], top: float) -> str:
    found = []
    beyond = 0
    for limit in limits:
        if limit.ms <= top:
            # Below the line where there is no room above it.
            y, dy = 1 - limit.ms / top, -6 if limit.ms < top * 0.9 else 16
            arrow = ""
        else:
            y, dy, arrow = 0.0, 14 + 16 * beyond, " ↑"
            beyond += 1
        found.append(f'<text class="limit" x="100%" y="{_percent(y)}" dy="{dy}">{_say_limit(limit)}{arrow}</text>')
    return "".join(found)


def _say_limit(limit: Limit) -> str:
    return f"{escape(limit.name)} {say_ms(limit.ms)}"


def _tooltips(points: Sequence[Point], lines: Sequence[Line], zone: ZoneInfo) -> str:
    if not 0 < len(points) <= MOST_TOOLTIPS:
        return ""
    begin, end = points[0].begin, points[-1].end
    found = []
    for point in points:
        left = share_of(point.begin, begin, end)
        width = share_of(point.end, begin, end) - left
        said = ", ".join(
            f"{line.name} {say_ms(value)}"
            for line, value in zip(lines, point.values, strict=True)
            if value is not None
        )
        found.append(
            f'<rect x="{_percent(left)}" width="{_percent(width)}" height="100%">'
            f"<title>{_when(point, zone)}: {escape(said) or NOT_MEASURED}</title></rect>"
        )
    return "".join(found)


def _percent(share: float) -> str:
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}%"


def _legend(lines: Sequence[Line], limits: Sequence[Limit]) -> SafeString:
    """Which line is which, with its value over the whole time."""
    items = [
        f'<li><svg class="key" aria-hidden="true"><line class="{line.css}" x1="1" x2="21" y1="6" y2="6"/></svg>'
        f"{escape(line.name)} <b>{NOT_MEASURED if line.whole is None else say_ms(line.whole)}</b></li>"
        for line in lines
    ]
    items += [
        '<li><svg class="key" aria-hidden="true"><line class="limit" x1="1" x2="21" y1="6" y2="6"/></svg>'
        f"{escape(limit.name)} <b>{say_ms(limit.ms)}</b></li>"
        for limit in limits
    ]
    return mark_safe(f'<ul class="legend">{"".join(items)}</ul>')  # noqa: S308 -- numbers and escaped names


def _summary(points: Sequence[Point], *, lines: Sequence[Line], limits: Sequence[Limit], title: str) -> str:
    if not any(point.checks for point in points):
        return f"{title}: nothing was measured."
    parts = [
        f"{line.name} {say_ms(line.whole)}{_range(points, place)}"
        for place, line in enumerate(lines)
        if line.whole is not None
    ]
    sentences = [f"{title}: {', '.join(parts)}."]
    sentences += [_crossings(points, lines, limit) for limit in limits]
    empty = sum(point.values[0] is None for point in points)
    if empty:
        sentences.append(f"Nothing was measured in {empty} of {len(points)} steps.")
    return " ".join(sentences)


def _range(points: Sequence[Point], line: int) -> str:
    values = [value for point in points if (value := point.values[line]) is not None]
    if not values or say_ms(min(values)) == say_ms(max(values)):
        return ""
    return f" (from {say_ms(min(values))} to {say_ms(max(values))})"


def _crossings(points: Sequence[Point], lines: Sequence[Line], limit: Limit) -> str:
    said = f"{limit.name} {say_ms(limit.ms)}"
    over = [
        f"{line.name} in {number} of {len(points)} steps"
        for place, line in enumerate(lines)
        if (number := sum(1 for point in points if (value := point.values[place]) is not None and value > limit.ms))
    ]
    return f"{said}: reached by no line." if not over else f"{said}: passed by {', '.join(over)}."


def _table(points: Sequence[Point], *, lines: Sequence[Line], zone: ZoneInfo) -> SafeString:
    """Every point, newest first; a run of points without measurement is one row."""
    rows = []
    for is_measured, stretch in groupby(reversed(points), key=lambda point: point.checks > 0):
        found = list(stretch)
        if is_measured:
            rows += [_row(point, zone) for point in found]
        else:
            whole = Point(begin=found[-1].begin, end=found[0].end, checks=0, values=())
            rows.append(
                f'<tr class="none"><th scope="row">{_when(whole, zone)}</th>'
                f'<td colspan="{len(lines) + 1}">{NOT_MEASURED}</td></tr>'
            )
    heads = "".join(f'<th scope="col">{escape(line.name)}</th>' for line in lines)
    zone_name = wording.zone_name(points[-1].end.astimezone(zone)) if points else "UTC"
    return mark_safe(  # noqa: S308 -- numbers, our own words and escaped names
        f'<table class="figures"><thead><tr><th scope="col">When, {zone_name}</th>{heads}'
        f'<th scope="col">Checks</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _row(point: Point, zone: ZoneInfo) -> str:
    cells = "".join(f"<td>{'–' if value is None else say_ms(value)}</td>" for value in point.values)
    return f'<tr><th scope="row">{_when(point, zone)}</th>{cells}<td>{point.checks}</td></tr>'


def _when(point: Point, zone: ZoneInfo) -> str:
    """`21 Nov, 14:00 to 15:00`; whole days by their name."""
    begin, end = point.begin.astimezone(zone), point.end.astimezone(zone)
    if end - begin >= timedelta(hours=23):
        last = (point.end - timedelta(seconds=1)).astimezone(point.end.tzinfo)
        first = point.begin
        if last.date() == first.date():
            return wording.short_day(first)
        return f"{wording.short_day(first)} to {wording.short_day(last)}"
    return f"{wording.short_day(begin)}, {begin:%H:%M}{NARROW}to{NARROW}{end:%H:%M}"
