from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from statuspage.core.business_days import add_business_days

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2026, 11, 16, 9, tzinfo=UTC), 5, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 20, 23, tzinfo=UTC), 1, datetime(2026, 11, 23, 23, tzinfo=UTC)),
        (datetime(2026, 11, 21, 9, tzinfo=UTC), 1, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), 1, datetime(2027, 1, 1, 9, tzinfo=UTC)),
        # the clocks go back on Sunday 25 October: the same wall-clock time on Monday
        (datetime(2026, 10, 23, 9, tzinfo=UTC), 1, datetime(2026, 10, 26, 10, tzinfo=UTC)),
    ],
)
def test_weekends_do_not_count_and_the_wall_clock_stays(start: datetime, days: int, end: datetime) -> None:
    assert add_business_days(start, days, LONDON) == end
