from datetime import UTC, datetime, timedelta

import pytest

from incidents.cadence import next_update_due
from incidents.enums import IncidentStatus

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "every", "promised", "due"),
    [
        (IncidentStatus.INVESTIGATING, HALF, None, NOON + HALF),
        (IncidentStatus.INVESTIGATING, HALF, HOUR, NOON + HOUR),
        (IncidentStatus.MONITORING, None, HOUR, NOON + HOUR),
        (IncidentStatus.MONITORING, None, None, None),
        (IncidentStatus.RESOLVED, HALF, HOUR, None),
    ],
)
def test_a_promise_wins_over_the_cadence_and_the_resolved_owe_nothing(
    status: IncidentStatus, every: timedelta | None, promised: timedelta | None, due: datetime | None
) -> None:
    assert next_update_due(posted_at=NOON, status=status, update_every=every, promised=promised) == due
