"""What colour each day of a component has: measured where a probe measures it, declared where people say it. Pure.

Days are UTC. A day has the worst state the component was in for any part of it. Before the first known state, and
where a measured component was not measured, it is unknown: drawn hollow, never green.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from components.enums import ComponentStatus
from components.uptime import floored_percentage
from probes.selectors import ComponentAvailability, DaySummary
from statuspage.web.readmodels import Day

UNKNOWN = ComponentStatus.UNKNOWN
INSTANT = timedelta(microseconds=1)
# Why a day has another colour than its intervals: people say so, or a probe or a rule does at this moment.
DECLARED, MEASURED = "declared", "measured now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A state from `begin` to `end` (not included), aware; `end` None is still going on.

    `is_measured`: a probe or a rule on its results says so, not people.
    """

    state: ComponentStatus
    begin: datetime
    end: datetime | None
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    old: ComponentStatus
    new: ComponentStatus
    at: datetime


def spans_of(changes: Sequence[Change], *, current: ComponentStatus, since: datetime, begin: datetime) -> list[Span]:
    """The states from `begin` on, from the log (oldest first). Without a log: the current one since it holds."""
    if not changes:
        return [Span(state=current, begin=since, end=None)]
    spans = [Span(state=changes[0].old, begin=begin, end=changes[0].at)]
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        spans.append(Span(state=change.new, begin=change.at, end=following.at if following else None))
    return spans


def declared_days(dates: Sequence[date], spans: Iterable[Span], *, now: datetime) -> tuple[Day, ...]:
    """One Day for each date of a window without gaps, oldest first."""
    states = _worst_by_day(dates, spans, now)
    return tuple(Day(date=day, state=state) for day, state in zip(dates, states, strict=True))


def measured_days(availability: ComponentAvailability, spans: Iterable[Span], *, now: datetime) -> tuple[Day, ...]:
    """The measured days; what people declared of one shows where it is worse than what was measured.

    What a probe says at this moment does too, but only where the day has a figure to stand beside it.
    """
    dates, said = [day.date for day in availability.days], list(spans)
    declared = _worst_by_day(dates, [span for span in said if not span.is_measured], now)
    found = _worst_by_day(dates, [span for span in said if span.is_measured], now)
    return tuple(_measured(*one) for one in zip(availability.days, declared, found, strict=True))


def _measured(day: DaySummary, declared: ComponentStatus, found: ComponentStatus) -> Day:
    available = day.good + day.degraded
    measured = available + day.bad
    states = [(day.worst, "")]
    if measured:
        states.append((found, MEASURED))
    states.append((declared, DECLARED))
    # Of those that are as bad the first: what is counted needs no note.
    state, note = max(states, key=lambda one: max(one[0].rank, 0))
    return Day(
        date=day.date,
        state=state,
        percentage=floored_percentage(available, measured),
        coverage=floored_percentage(measured, measured + day.unknown),
        note=note,
    )


def _worst_by_day(dates: Sequence[date], spans: Iterable[Span], now: datetime) -> list[ComponentStatus]:
    states = [UNKNOWN] * len(dates)
    if not dates:
        return states
    first = dates[0]
    for span in spans:
        end = now if span.end is None else min(span.end - INSTANT, now)
        if end < span.begin:
            # It was over in the instant in which it began: it still was.
            end = span.begin
        begin_index = max((span.begin.astimezone(UTC).date() - first).days, 0)
        end_index = min((end.astimezone(UTC).date() - first).days, len(dates) - 1)
        for index in range(begin_index, end_index + 1):
            if span.state.rank > states[index].rank:
                states[index] = span.state
    return states
