"""Checks by target over the last thirty days: what `/v1/status/sla` says."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from components.uptime import floored_percentage
from probes.models import Probe
from probes.objectives.targets import target_name
from probes.series_checks import last_results, probe_checks
from probes.series_span import rolling
from statuspage.core import clock

DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One target, over all probes of it. `ok` + `fail` are the checks that say something of it; errors of our own do
    not. `uptime_percent` is floored to two decimals, None of no checks.

    `last_check_at` is the newest result of all, `last_failure_at` the newest failure in the window.
    """

    target: str
    ok: int
    fail: int
    uptime_percent: Decimal | None
    last_check_at: datetime | None
    last_failure_at: datetime | None

    @property
    def total(self) -> int:
        return self.ok + self.fail


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaFeed:
    """`begin` and `end` are aware UTC; rows in the order of the page."""

    begin: datetime
    end: datetime
    rows: tuple[TargetRow, ...]


def sla_feed() -> SlaFeed:
    """The targets of visible components' probes. Five queries; one alone without probes."""
    begin, end = rolling(DAYS, clock.now())
    probes = list(
        Probe.objects.filter(retired_at__isnull=True, component__is_visible=True, component__retired_at__isnull=True)
        .order_by("component__position", "component_id", "pk")
        .values_list("pk", "name", "config", "allow_private")
    )
    ids = [pk for pk, *_ in probes]
    made = probe_checks(ids, begin, end) if ids else {}
    newest = last_results(ids) if ids else {}
    rows: dict[str, TargetRow] = {}
    for pk, name, config, allow_private in probes:
        target = target_name(name=name, config=config, allow_private=allow_private)
        own, known = made[pk], rows.get(target)
        ok, fail = own.ok + (known.ok if known else 0), own.down + (known.fail if known else 0)
        rows[target] = TargetRow(
            target=target,
            ok=ok,
            fail=fail,
            uptime_percent=floored_percentage(ok, ok + fail),
            last_check_at=_later(newest.get(pk), known.last_check_at if known else None),
            last_failure_at=_later(own.last_failure_at, known.last_failure_at if known else None),
        )
    return SlaFeed(begin=begin, end=end, rows=tuple(rows.values()))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
