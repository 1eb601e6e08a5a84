"""The intervals behind a figure, each with what it counts as and, where it is left out, why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from components.models import Component
from components.uptime import SLOT, SlotState
from incidents.enums import MaintenanceStatus
from incidents.models import Maintenance
from probes.models import Correction
from probes.windows import Interval, component_intervals
from statuspage.core import clock


class CountsAs(StrEnum):
    """Availability is good of good and bad. What is left out and what nobody measured is in neither."""

    GOOD = "good"
    BAD = "bad"
    LEFT_OUT = "left_out"
    UNKNOWN = "unknown"


STATE_WORDS = {
    SlotState.UNKNOWN: "unknown",
    SlotState.GOOD: "good",
    SlotState.DEGRADED: "degraded",
    SlotState.BAD: "bad",
    SlotState.MAINTENANCE: "maintenance",
    SlotState.EXCLUDED: "not_ours",
}
COUNTS_AS = {
    SlotState.UNKNOWN: CountsAs.UNKNOWN,
    SlotState.GOOD: CountsAs.GOOD,
    SlotState.DEGRADED: CountsAs.GOOD,
    SlotState.BAD: CountsAs.BAD,
    SlotState.MAINTENANCE: CountsAs.LEFT_OUT,
    SlotState.EXCLUDED: CountsAs.LEFT_OUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Five minutes: `ok`, `fail` and `errors` (our own trouble) are checks. `reason` is empty where it counts."""

    starts_at: datetime
    state: str
    counts_as: CountsAs
    ok: int
    fail: int
    errors: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    begin: datetime
    end: datetime
    state: SlotState
    text: str


def evidence(component: Component, begin: datetime, end: datetime) -> Iterator[Evidence]:
    """Every interval of the window that counts, oldest first. Two queries more than `component_intervals`.

    Nothing counts after a component was retired, here as in reports.
    """
    if component.retired_at is not None:
        end = min(end, component.retired_at)
    reasons = [*_corrections(component, begin, end), *_maintenances(component, begin, end)]
    for interval in component_intervals(component.pk, begin, end):
        counts_as = COUNTS_AS[interval.state]
        yield Evidence(
            starts_at=interval.starts_at,
            state=STATE_WORDS[interval.state],
            counts_as=counts_as,
            ok=interval.ok,
            fail=interval.fail,
            errors=interval.errors,
            reason=_reason_of(interval, reasons) if counts_as is CountsAs.LEFT_OUT else "",
        )


def _reason_of(interval: Interval, reasons: list[_Reason]) -> str:
    """All that cover any of it, each once, in the order in which they were found."""
    covering = (
        reason.text
        for reason in reasons
        if reason.state is interval.state
        and reason.begin < interval.starts_at + SLOT
        and interval.starts_at < reason.end
    )
    return "; ".join(dict.fromkeys(covering))


def _corrections(component: Component, begin: datetime, end: datetime) -> list[_Reason]:
    rows = Correction.objects.valid().filter(components=component, starts_at__lt=end, ends_at__gt=begin)
    return [
        _Reason(begin=row.starts_at, end=row.ends_at, state=row.state, text=_said_in(row))
        for row in rows.select_related("maintenance").order_by("pk")
    ]


def _said_in(correction: Correction) -> str:
    """Of one that was made with a window that had begun already: what the window itself says, so that it is said
    once."""
    window = correction.maintenance
    if window is not None and correction.reason.startswith(window.reference):
        return _named(window)
    return correction.reason


def _named(window: Maintenance) -> str:
    return f"{window.reference} {window.title}"


def _maintenances(component: Component, begin: datetime, end: datetime) -> list[_Reason]:
    """Those that took place, from when they really began to when they really ended."""
    now = clock.now()
    never_began = Q(status=MaintenanceStatus.SCHEDULED) | Q(status=MaintenanceStatus.CANCELLED, started_at=None)
    rows = Maintenance.objects.filter(components=component).exclude(never_began)
    overlapping = rows.filter(
        Q(completed_at__isnull=True) | Q(completed_at__gt=begin),
        Q(started_at__lt=end) | Q(started_at__isnull=True, scheduled_for__lt=end),
    )
    return [
        _Reason(
            begin=row.started_at or row.scheduled_for,
            end=row.completed_at or now,
            state=SlotState.MAINTENANCE,
            text=_named(row),
        )
        for row in overlapping.order_by("scheduled_for", "pk")
    ]
