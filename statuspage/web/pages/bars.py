"""The bars of a component's days, their table and their summary in words: markup made here, in one go, because a
template that turns 90 times for each of 60 components would be most of a page's rendering time."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from components.enums import ComponentStatus
from statuspage.web import wording
from statuspage.web.readmodels import Day

WIDTH, PITCH, HEIGHT = 7, 10, 30
HUNDRED = Decimal(100)
NOT_MEASURED = "not measured"
LONGEST_LIST_OF_BAD_DAYS = 3
KEPT = 2048
WORDS: dict[ComponentStatus, str] = {status: str(status.label).lower() for status in ComponentStatus}
CSS: dict[ComponentStatus, str] = {status: status.css for status in ComponentStatus}


def svg(days: Sequence[Day], *, summary: str, is_linked: bool = False) -> SafeString:
    """One rect a day, today at the right; narrow screens show its last third (see `.bars` in site.css). Linked ones
    lead to the days below the address of the page, for whoever points; the table has the same links for all others.

    Sixty components have 5,400 of these, which would be most of the page's bytes: the stylesheet gives them their
    size, an operational one has no class, and only days with something to tell carry a tooltip. The script gives the
    others theirs, from their place and `data-until`.
    """
    if is_linked:
        rects = "".join(_linked_rect(place, day) for place, day in enumerate(days))
    else:
        rects = "".join(_rect(place, day) for place, day in enumerate(days))
    width = len(days) * PITCH - (PITCH - WIDTH)
    until = f' data-until="{days[-1].date.isoformat()}"' if days else ""
    return mark_safe(  # noqa: S308 -- numbers, our own words and one escaped sentence
        f'<div class="bars"><svg viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" '
        f'role="{"group" if is_linked else "img"}" '
        f'aria-label="{escape(summary)}"{until}>{rects}</svg></div>'
    )


def _rect(place: int, day: Day) -> str:
    x = f' x="{place * PITCH}"' if place else ""
    state = "" if day.state is ComponentStatus.OPERATIONAL else f' class="{CSS[day.state]}"'
    if day.state.rank <= 0 and day.percentage in {None, HUNDRED}:
        return f"<rect{x}{state}/>"
    return f"<rect{x}{state}><title>{_tooltip(day)}</title></rect>"


def _linked_rect(place: int, day: Day) -> str:
    x = f' x="{place * PITCH}"' if place else ""
    state = "" if day.state is ComponentStatus.OPERATIONAL else f' class="{CSS[day.state]}"'
    return f'<a href="{day.date.isoformat()}/" tabindex="-1"><rect{x}{state}><title>{_tooltip(day)}</title></rect></a>'


def summary(days: Sequence[Day], *, percentage: Decimal | None, coverage: Decimal | None) -> str:
    """The bars in words: `Last 90 days: 88 operational, 1 degraded, 1 major outage (20 Nov). 99.91 % uptime.`"""
    counts = {status: [day for day in days if day.state is status] for status in ComponentStatus}
    parts = []
    for status, found in counts.items():
        if not found:
            continue
        part = f"{len(found)} {'without data' if status is ComponentStatus.UNKNOWN else WORDS[status]}"
        if status.rank > 1 and len(found) <= LONGEST_LIST_OF_BAD_DAYS:
            part += f" ({', '.join(wording.short_day(day.date) for day in found)})"
        parts.append(part)
    sentence = f"Last {wording.counted(len(days), 'day')}: {', '.join(parts)}."
    if percentage is None:
        return f"{sentence} Availability is {NOT_MEASURED}."
    measured = f", {wording.per_cent(coverage)} of the time measured" if coverage is not None else ""
    return f"{sentence} {wording.per_cent(percentage)} uptime{measured}."


def short_table(days: Sequence[Day]) -> SafeString:
    """What the bars show, newest first, equal days in a row joined: complete, and small enough for 60 components."""
    rows = []
    for _, run in groupby(reversed(days), key=_same):
        found = list(run)
        newest, oldest = found[0], found[-1]
        rows.append(_row(wording.days_name(oldest.date, newest.date), newest, share=_share(found)))
    return _table(rows)


@lru_cache(maxsize=KEPT)
def linked(days: tuple[Day, ...], *, summary: str) -> tuple[SafeString, SafeString]:
    """The linked bars and the full table of a component's own page, kept: between two renderings few have changed."""
    return svg(days, summary=summary, is_linked=True), full_table(days)


def full_table(days: Sequence[Day]) -> SafeString:
    """Every day, newest first, linked to its page below the address of this one."""
    return _table(
        [
            _row(f'<a href="{day.date.isoformat()}/">{wording.day_name(day.date)}</a>', day, share=_share([day]))
            for day in reversed(days)
        ]
    )


def _same(day: Day) -> tuple[object, ...]:
    if day.state.rank <= 0:
        # Fine or unknown: a run of them is one fact.
        return (day.state,)
    return (day.state, day.date if day.percentage is not None else None)


def _share(days: Sequence[Day]) -> str:
    """What was measured of them; of several days the least, which is what can be promised of each."""
    measured = [day.percentage for day in days if day.percentage is not None]
    return wording.per_cent(min(measured)) if measured else NOT_MEASURED


def _row(label: str, day: Day, *, share: str) -> str:
    note = f" <small>{escape(day.note)}</small>" if day.note else ""
    return (
        f'<tr class="{CSS[day.state]}"><th scope="row">{label}</th>'
        f"<td><b>{day.state.label}</b>{note}</td><td>{share}</td></tr>"
    )


def _table(rows: Sequence[str]) -> SafeString:
    return mark_safe(  # noqa: S308 -- rows are made of our own words and numbers
        '<table class="days"><thead><tr><th scope="col">Day, UTC</th><th scope="col">State</th>'
        f'<th scope="col">Available</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _tooltip(day: Day) -> str:
    said = f"{_label(day.date)}: {WORDS[day.state]}"
    if day.note:
        said = f"{said} ({day.note})"
    if day.percentage is None or day.percentage == HUNDRED:
        return said
    return f"{said}, {wording.per_cent(day.percentage)} available"


@lru_cache(maxsize=512)
def _label(day: date) -> str:
    return wording.short_day(day)
