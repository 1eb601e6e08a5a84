"""What is read for the documents of one moment."""

from datetime import timedelta

from incidents.models import Incident
from statuspage.web.facts import FEED_ENTRIES, MOST_HOT, hot_incidents
from tests.unit.web.conftest import NOON

DAY = timedelta(days=1)


def incident(number: int, *, days: float, is_open: bool = False) -> Incident:
    at = NOON - days * DAY
    status = "investigating" if is_open else "resolved"
    return Incident(pk=number, started_at=at, resolved_at=None if is_open else at, status=status)


def test_what_is_open_recent_or_among_the_newest_is_hot() -> None:
    rows = [incident(number, days=number) for number in range(100)]
    rows.append(incident(100, days=300, is_open=True))
    hot = [row.pk for row in hot_incidents(rows, NOON)]
    assert hot == [*range(FEED_ENTRIES), 100]


def test_a_storm_of_incidents_does_not_make_all_of_them_hot_and_the_open_ones_stay() -> None:
    rows = [incident(number, days=number / 1000) for number in range(3000)]
    rows += [incident(3000 + number, days=20, is_open=True) for number in range(5)]
    hot = [row.pk for row in hot_incidents(rows, NOON)]
    assert len(hot) == MOST_HOT
    assert hot[-5:] == [3000, 3001, 3002, 3003, 3004]
    assert hot == sorted(hot)
