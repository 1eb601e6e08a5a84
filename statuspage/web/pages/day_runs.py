"""The five-minute intervals of a day as runs that people can read, each with the reason for its state. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from components.uptime import SLOT, SlotCounts, SlotState, slot_of
from probes.windows import Interval
from statuspage.web import wording

CSS: dict[SlotState, str] = {
    SlotState.GOOD: "ok",
    SlotState.DEGRADED: "slow",
    SlotState.BAD: "down",
    SlotState.MAINTENANCE: "work",
    SlotState.EXCLUDED: "none out",
    SlotState.UNKNOWN: "none",
}
LABELS: dict[SlotState, str] = {
    SlotState.GOOD: "Operational",
    SlotState.DEGRADED: "Degraded",
    SlotState.BAD: "Down",
    SlotState.MAINTENANCE: "Left out: maintenance",
    SlotState.EXCLUDED: "Left out: not ours",
    SlotState.UNKNOWN: "Not measured",
}
LEFT_OUT = {SlotState.MAINTENANCE, SlotState.EXCLUDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check that was not simply up said of itself."""

    at: datetime
    is_down: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a time counts as it does, where people said so: a window or a correction."""

    begin: datetime
    end: datetime
    state: SlotState
    text: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Intervals in a row that count alike, UTC. `words` says what was found, `reason` why it is left out."""

    begin: datetime
    end: datetime
    state: SlotState
    words: str
    reason: Reason | None

    @property
    def css(self) -> str:
        return CSS[self.state]

    @property
    def icon(self) -> str:
        return CSS[self.state].split()[0]

    @property
    def label(self) -> str:
        return LABELS[self.state]

    @property
    def when(self) -> str:
        """`14:05 to 14:35`; the end of the day is 24:00."""
        end = "24:00" if self.end.date() > self.begin.date() else f"{self.end:%H:%M}"
        return f"{self.begin:%H:%M} to {end}"


def runs_of(intervals: Sequence[Interval], findings: Iterable[Finding], reasons: Sequence[Reason]) -> tuple[Run, ...]:
    """In order of time. Findings are those of the raw results, as long as these are kept."""
    said: dict[datetime, list[Finding]] = {}
    for finding in findings:
        said.setdefault(slot_of(finding.at), []).append(finding)
    found = []
    for (state, _), stretch in groupby(_adjoining(intervals), key=lambda pair: (pair[1].state, pair[0])):
        run = [interval for _, interval in stretch]
        begin, end = run[0].starts_at, run[-1].starts_at + SLOT
        found.append(
            Run(
                begin=begin,
                end=end,
                state=state,
                words=_words(state, run, said),
                reason=_reason(state, begin, end, reasons) if state in LEFT_OUT else None,
            )
        )
    return tuple(found)


def _adjoining(intervals: Sequence[Interval]) -> Iterable[tuple[int, Interval]]:
    """Each with a number that changes where one does not follow the other."""
    number, expected = 0, None
    for interval in intervals:
        if expected is not None and interval.starts_at != expected:
            number += 1
        expected = interval.starts_at + SLOT
        yield number, interval


def _words(state: SlotState, run: Sequence[Interval], said: Mapping[datetime, Sequence[Finding]]) -> str:
    ok, fail, errors = (sum(getattr(one, name) for one in run) for name in ("ok", "fail", "errors"))
    total = ok + fail
    if state is SlotState.UNKNOWN and fail:
        return f"{_counted(fail)} failed so far: too few to say that it is down."
    if state is SlotState.UNKNOWN:
        return f"{_counted(errors)} could not be made, by a fault of ours." if errors else "No check was made."
    if not total:
        return ""
    if not fail:
        most = _most_said(run, said, is_down=False) if state is SlotState.DEGRADED else ""
        return f"{_counted(total)}, all answered{f', slowly: {most}' if most else ''}{'' if most else '.'}"
    most = _most_said(run, said, is_down=True)
    return f"{fail:,} of {_counted(total)} failed{f': {most}' if most else '.'}"


def _counted(number: int) -> str:
    return f"{number:,} {'check' if number == 1 else 'checks'}"


def _most_said(run: Sequence[Interval], said: Mapping[datetime, Sequence[Finding]], *, is_down: bool) -> str:
    details = Counter(
        finding.detail
        for interval in run
        for finding in said.get(interval.starts_at, ())
        if finding.is_down == is_down and finding.detail
    )
    if not details:
        return ""
    detail = details.most_common(1)[0][0]
    return detail if detail.endswith((".", "!", "?")) else f"{detail}."


def _reason(state: SlotState, begin: datetime, end: datetime, reasons: Sequence[Reason]) -> Reason | None:
    """The one that covers most of the run; of two, the later named."""
    fitting = [reason for reason in reasons if reason.state is state and reason.begin < end and reason.end > begin]
    return max(fitting, key=lambda reason: min(reason.end, end) - max(reason.begin, begin), default=None)


def counts_of(intervals: Iterable[Interval]) -> SlotCounts:
    states = Counter(interval.state for interval in intervals)
    return SlotCounts(
        good=states[SlotState.GOOD],
        bad=states[SlotState.BAD],
        degraded=states[SlotState.DEGRADED],
        maintenance=states[SlotState.MAINTENANCE],
        unknown=states[SlotState.UNKNOWN],
        excluded=states[SlotState.EXCLUDED],
    )


def summary_of(counts: SlotCounts) -> str:
    """The day in words: `276 operational, 7 down, 5 not measured, of 288 intervals of five minutes.`"""
    parts = [
        f"{number} {word}"
        for number, word in (
            (counts.good, "operational"),
            (counts.degraded, "degraded"),
            (counts.bad, "down"),
            (counts.maintenance, "left out for maintenance"),
            (counts.excluded, "left out because it was not ours"),
            (counts.unknown, "not measured"),
        )
        if number
    ]
    total = counts.measured + counts.left_out + counts.unknown
    if not parts:
        return "Nothing was measured."
    return f"{', '.join(parts)}, of {wording.counted(total, 'interval')} of five minutes."
