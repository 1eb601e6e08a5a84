"""When a postmortem is due, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.models import PostmortemRule
from statuspage.core.business_days import IsBusinessDay, end_of_business_day
from statuspage.core.durations import say_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`due_at` is the end of a business day in the page's zone, as a UTC moment; `because` a line for staff."""

    due_at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides about it. `severity_days` None: the severity asks for none."""

    severity: str
    severity_days: int | None
    data_impact: bool
    started_at: datetime
    resolved_at: datetime

    @property
    def lasted(self) -> timedelta:
        return self.resolved_at - self.started_at


def deadline(
    facts: Facts, rules: Iterable[PostmortemRule], *, zone: ZoneInfo, is_business_day: IsBusinessDay
) -> Deadline | None:
    """The earliest of what the severity and each rule that fits ask for, counted from the end of the incident.

    None where none is owed. Of two that ask for the same day the severity's reason stands, then the first rule's.
    """
    asked: list[tuple[int, str]] = []
    if facts.severity_days is not None:
        asked.append((facts.severity_days, f"severity {facts.severity}"))
    for rule in rules:
        reason = _reason(rule, facts)
        if reason:
            asked.append((rule.business_days, reason))
    if not asked:
        return None
    days, reason = min(asked, key=lambda pair: pair[0])
    return Deadline(
        due_at=end_of_business_day(facts.resolved_at, days, zone, is_business_day),
        because=f"{reason}: {days} business {'day' if days == 1 else 'days'}",
    )


def _reason(rule: PostmortemRule, facts: Facts) -> str:
    """Why this rule asks for one; empty where it does not."""
    if rule.data_impact and facts.data_impact:
        return "data was touched"
    if rule.longer_than is not None and facts.lasted > rule.longer_than:
        return f"longer than {say_duration(rule.longer_than)}"
    return ""
