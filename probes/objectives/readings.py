"""The shapes of reports: frozen, complete, and all that pages and JSON may show.

Times are aware UTC. Percentages are `Decimal`, 0 to 100, floored to two decimals unless said otherwise. A figure that
is None was not measured, or is not published yet: never show it as zero.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from probes.enums import ObjectiveKind, ObjectiveWindow


class Unit(StrEnum):
    """What is counted: five-minute intervals, or single checks (latency)."""

    INTERVALS = "intervals"
    CHECKS = "checks"


class Verdict(StrEnum):
    """What became of a promise in a window. `label` is for people; `css` one of the page's six state classes."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not_measured"
    NOT_PUBLISHED = "not_published"
    STATEMENT = "statement"

    @property
    def label(self) -> str:
        return VERDICT_LABELS[self]

    @property
    def css(self) -> str:
        return VERDICT_CSS[self]


VERDICT_LABELS = {
    Verdict.MET: "Met",
    Verdict.MISSED: "Missed",
    Verdict.NOT_MEASURED: "Not measured",
    Verdict.NOT_PUBLISHED: "Not published yet",
    Verdict.STATEMENT: "Stated, not measured here",
}
VERDICT_CSS = {
    Verdict.MET: "ok",
    Verdict.MISSED: "down",
    Verdict.NOT_MEASURED: "none",
    Verdict.NOT_PUBLISHED: "none",
    Verdict.STATEMENT: "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRef:
    slug: str
    name: str

    @property
    def path(self) -> str:
        return f"/components/{self.slug}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be bad in a window, and how much of that is left. Whole units, floored: `total` is exactly what
    still meets the target, so that in a window that is over `left` ≥ 0 says the same as met.

    `eligible` is what was measured and, in a running window, all that is still to come. Minutes are None for checks.
    `left` is negative where more was spent than there was; `left_percent` (floored, never below 0) is None of a
    budget of nothing.
    """

    unit: Unit
    eligible: int
    total: int
    spent: int
    left: int
    total_minutes: int | None
    left_minutes: int | None
    left_percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """How fast the budget is spent: the bad share of the last `hours` by the share that is allowed.

    1 spends exactly the budget in the window. `rate` (floored) is None where nothing was measured, or no budget is.
    """

    hours: int
    rate: Decimal | None
    good: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of one window. `good` + `bad` is what was measured; slow intervals are good.

    `maintenance` and `not_ours` (an incident that was somebody else's) are left out, `excluded` is both. `unknown` is
    what nobody measured. `availability` is good of measured, `coverage` measured of measured and unknown. With checks
    as the unit `good` are those within the limit, and nothing is known of the others' numbers: they are 0.
    """

    unit: Unit
    good: int
    bad: int
    maintenance: int
    not_ours: int
    unknown: int
    availability: Decimal | None
    coverage: Decimal | None

    @property
    def excluded(self) -> int:
        return self.maintenance + self.not_ours

    @property
    def measured(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component of an objective, judged by itself."""

    component: ComponentRef
    figures: Figures | None
    latency_ms: float | None
    verdict: Verdict
    budget: Budget | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveRow:
    """An objective and what became of it between `begin` and `end`.

    `promise` is the target in words ("99.9 % of five-minute intervals in each calendar month"); `say` the operator's
    own sentence. `target_percent` is exact (of checks for latency: the percentile). `limit_ms` is that of latencies
    and heartbeats; `latency_ms` the measured percentile. `note` says what a reader must know about the window: that
    it is running, that it is partial and why, when figures will be published. `parts` has each component; the row's
    own figures take an interval as good when all are good. `burn` is filled for what runs now, else empty.
    """

    slug: str
    name: str
    kind: ObjectiveKind
    window: ObjectiveWindow
    promise: str
    say: str
    components: tuple[ComponentRef, ...]
    target_percent: Decimal | None
    percentile: int | None
    limit_ms: float | None
    begin: datetime
    end: datetime
    is_running: bool
    is_partial: bool
    note: str
    figures: Figures | None
    latency_ms: float | None
    verdict: Verdict
    budget: Budget | None
    burn: tuple[Burn, ...]
    parts: tuple[Part, ...]

    @property
    def met(self) -> bool | None:
        """None: not measured, not published, or nothing to measure."""
        return {Verdict.MET: True, Verdict.MISSED: False}.get(self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A promise that was not kept in a month that is over. `sentence` says which, and by how much."""

    month: str
    slug: str
    name: str
    sentence: str

    @property
    def path(self) -> str:
        return f"/slo/{self.month}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Below `below` per cent, `credit` per cent of the month's fee are given back. `is_hit`: this one applies."""

    below: Decimal
    credit: Decimal
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """A tier of the SLA. `credit` in per cent, 0 where the target was met, None where nothing was measured."""

    slug: str
    name: str
    target: Decimal
    verdict: Verdict
    credit: Decimal | None
    budget: Budget | None
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaReport:
    """The SLA in a window. `text` and `dispute` are Markdown of the operator's: render them with the page's own."""

    name: str
    text: str
    dispute: str
    window: ObjectiveWindow
    components: tuple[ComponentRef, ...]
    begin: datetime
    end: datetime
    is_running: bool
    note: str
    figures: Figures | None
    tiers: tuple[TierRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """A calendar month in the page's zone: `month` is "2026-10", `title` "October 2026".

    `begin` and `end` are the month's bounds as aware UTC; `previous` and `following` the months beside it that have a
    report. Objectives with a rolling window have the thirty days that end with the month, or now.
    """

    month: str
    title: str
    zone_name: str
    begin: datetime
    end: datetime
    is_running: bool
    previous: str | None
    following: str | None
    rows: tuple[ObjectiveRow, ...]
    misses: tuple[Miss, ...]
    sla: SlaReport | None
    generated_at: datetime

    @property
    def path(self) -> str:
        return f"/slo/{self.month}/"
