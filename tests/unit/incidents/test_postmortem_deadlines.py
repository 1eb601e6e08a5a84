"""When a postmortem is due: the earliest of what asks for one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.models import PostmortemRule
from incidents.postmortem_deadlines import Facts, deadline
from statuspage.core.business_days import is_weekday

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
LONG = PostmortemRule(slug="long", longer_than=timedelta(minutes=30), business_days=5)
DATA = PostmortemRule(slug="data", data_impact=True, business_days=3)
EITHER = PostmortemRule(slug="either", longer_than=timedelta(minutes=30), data_impact=True, business_days=5)


@pytest.mark.parametrize(
    ("severity_days", "minutes", "data_impact", "rules", "day", "because"),
    [
        (None, 10, False, [], None, ""),
        (7, 10, False, [], date(2026, 11, 25), "severity Critical: 7 business days"),
        (1, 10, False, [], date(2026, 11, 17), "severity Critical: 1 business day"),
        (None, 30, False, [LONG], None, ""),
        (None, 31, False, [LONG], date(2026, 11, 23), "longer than 30 minutes: 5 business days"),
        (None, 10, True, [LONG, DATA], date(2026, 11, 19), "data was touched: 3 business days"),
        (None, 10, False, [DATA], None, ""),
        (None, 10, True, [EITHER], date(2026, 11, 23), "data was touched: 5 business days"),
        (None, 40, False, [EITHER], date(2026, 11, 23), "longer than 30 minutes: 5 business days"),
        (7, 40, True, [LONG, DATA], date(2026, 11, 19), "data was touched: 3 business days"),
        (5, 40, False, [LONG], date(2026, 11, 23), "severity Critical: 5 business days"),
        (0, 10, False, [], date(2026, 11, 16), "severity Critical: 0 business days"),
    ],
)
def test_the_earliest_of_what_asks_for_one(
    severity_days: int | None,
    minutes: int,
    data_impact: bool,
    rules: list[PostmortemRule],
    day: date | None,
    because: str,
) -> None:
    facts = Facts(
        severity="Critical",
        severity_days=severity_days,
        data_impact=data_impact,
        started_at=MONDAY - timedelta(minutes=minutes),
        resolved_at=MONDAY,
    )
    found = deadline(facts, rules, zone=BERLIN, is_business_day=is_weekday)
    assert (found and found.due_at.astimezone(BERLIN).date()) == day
    assert (found.because if found else "") == because
