"""What reports say in words. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.objectives.percent import say_percent
from probes.objectives.readings import ObjectiveRow
from probes.objectives.timing import Frame
from statuspage.core.durations import format_duration

NBSP = "\N{NO-BREAK SPACE}"
OVER = {
    ObjectiveWindow.CALENDAR_MONTH: "in each calendar month",
    ObjectiveWindow.ROLLING_30D: "over the last 30 days",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
RUNNING = "The month is not over."


def promise_in_words(
    kind: ObjectiveKind,
    window: ObjectiveWindow,
    *,
    target: Decimal | None,
    percentile: int | None,
    limit: timedelta | None,
    say: str,
) -> str:
    """`99.9 % of five-minute intervals in each calendar month`."""
    over = OVER[window]
    if kind is ObjectiveKind.AVAILABILITY and target is not None:
        return f"{say_percent(target)} of five-minute intervals {over}"
    if kind is ObjectiveKind.LATENCY and limit is not None:
        return f"{percentile}{NBSP}% of answers within {say_limit(limit)} {over}"
    if kind is ObjectiveKind.HEARTBEAT_AGE and limit is not None:
        return f"No heartbeat older than {say_limit(limit)} in {percentile}{NBSP}% of five-minute intervals {over}"
    return say


def say_limit(limit: timedelta) -> str:
    """`200 ms`, `1 s`, `15 min`."""
    number, unit = re.fullmatch(r"(\d+)(\w+)", format_duration(limit)).groups()  # type: ignore[union-attr]  # always so
    return f"{number}{NBSP}{'min' if unit == 'm' else unit}"


def say_day(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def say_start(moment: datetime, zone: tzinfo) -> str:
    """The day, and the time with its zone unless the day begins then: `12 November 2026, 10:05 UTC`."""
    local = moment.astimezone(zone)
    return say_day(moment, zone) + (f", {local:%H:%M %Z}" if (local.hour, local.minute) != (0, 0) else "")


def title_of(month: str) -> str:
    """`"2026-10"` → `"October 2026"`."""
    return f"{MONTHS[int(month[5:]) - 1]} {int(month[:4])}"


def note_of(frame: Frame, *, zone: tzinfo, window: ObjectiveWindow, late: Sequence[tuple[str, datetime]] = ()) -> str:
    """What a reader must know about the window. `late` are components first measured within it, and when."""
    notes = []
    if frame.is_running and window is ObjectiveWindow.CALENDAR_MONTH:
        notes.append(RUNNING)
    if frame.begins_late:
        # Since the interval after the one in which it was promised, which may be minutes from now.
        counted = "Counting begins on" if frame.since > frame.now else "Counted from"
        notes.append(f"{counted} {say_start(frame.since, zone)}.")
    if frame.ends_early:
        counted = "Counting ends on" if frame.until > frame.now else "Counted until"
        notes.append(f"{counted} {say_start(frame.until, zone)}.")
    notes += [f"{name} is measured since {say_day(since, zone)}." for name, since in late]
    return " ".join(notes)


def wait_note(publish_after: timedelta, history: timedelta) -> str:
    there_is = f"there are {history.days}" if history.days != 1 else "there is one"
    days = publish_after / timedelta(days=1)
    return f"Figures are published after {days:g} days of measurement; so far {there_is}."


def say_latency(latency_ms: float) -> str:
    return f"{latency_ms:.0f}{NBSP}ms" if latency_ms >= 10 else f"{latency_ms:.1f}{NBSP}ms"


def miss_sentence(row: ObjectiveRow, month: str) -> str:
    """`API availability was 99.71 % in October 2026; the objective is 99.9 % of five-minute intervals …`."""
    share = row.figures.availability if row.figures else None
    if row.kind is ObjectiveKind.LATENCY and row.latency_ms is not None:
        was = f"{row.name}: {row.percentile}{NBSP}% of answers took up to {say_latency(row.latency_ms)}"
    else:
        was = f"{row.name} was {share}{NBSP}%"
    return f"{was} in {title_of(month)}; the objective is: {row.promise}."
