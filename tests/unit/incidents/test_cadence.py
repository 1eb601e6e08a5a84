from datetime import UTC, datetime, timedelta

import pytest

from incidents.cadence import Due, Rung, due_on_another_rung, next_due
from incidents.enums import DueReason, IncidentStatus

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)
INVESTIGATING, MONITORING, RESOLVED = (
    IncidentStatus.INVESTIGATING,
    IncidentStatus.MONITORING,
    IncidentStatus.RESOLVED,
)
FIRST, CADENCE, PROMISE = DueReason.FIRST_UPDATE, DueReason.CADENCE, DueReason.PROMISE


@pytest.mark.parametrize(
    ("status", "first", "every", "promised", "awaits_first_word", "expected"),
    [
        (INVESTIGATING, QUARTER, HALF, None, False, (HALF, CADENCE)),
        (INVESTIGATING, QUARTER, HALF, HOUR, False, (HOUR, PROMISE)),
        (INVESTIGATING, QUARTER, HALF, None, True, (QUARTER, FIRST)),
        (INVESTIGATING, QUARTER, HALF, HOUR, True, (HOUR, PROMISE)),
        (INVESTIGATING, None, HALF, None, True, (HALF, CADENCE)),
        (INVESTIGATING, QUARTER, None, None, True, (QUARTER, FIRST)),
        (MONITORING, QUARTER, None, HOUR, False, (HOUR, PROMISE)),
        (MONITORING, QUARTER, None, None, False, None),
        (RESOLVED, QUARTER, HALF, HOUR, True, None),
    ],
)
def test_what_is_owed_after_a_word(
    status: IncidentStatus,
    first: timedelta | None,
    every: timedelta | None,
    promised: timedelta | None,
    awaits_first_word: bool,
    expected: tuple[timedelta, DueReason] | None,
) -> None:
    due = next_due(
        posted_at=NOON,
        status=status,
        rung=Rung(first_update=first, update_every=every),
        promised=promised,
        awaits_first_word=awaits_first_word,
    )
    assert due == (expected and Due(at=NOON + expected[0], reason=expected[1]))


def moved(owed: Due | None, *, first: timedelta | None, every: timedelta | None, after: timedelta) -> Due | None:
    """Opened at noon, last word at 12:10, moved to the rung `after` noon."""
    return due_on_another_rung(
        owed=owed,
        rung=Rung(first_update=first, update_every=every),
        opened_at=NOON,
        last_word_at=NOON + timedelta(minutes=10),
        now=NOON + after,
    )


def test_a_promise_in_words_outlives_a_change_of_severity() -> None:
    promise = Due(at=NOON + HOUR, reason=PROMISE)
    assert moved(promise, first=QUARTER, every=HALF, after=QUARTER) == promise


def test_another_cadence_counts_from_the_last_word() -> None:
    owed = Due(at=NOON + HOUR, reason=CADENCE)
    assert moved(owed, first=QUARTER, every=HALF, after=QUARTER) == Due(
        at=NOON + timedelta(minutes=40), reason=CADENCE
    )


def test_a_rung_without_a_cadence_owes_nothing_more() -> None:
    assert moved(Due(at=NOON + HALF, reason=CADENCE), first=QUARTER, every=None, after=HOUR) is None


def test_a_tighter_cadence_that_would_be_over_counts_from_now() -> None:
    owed = Due(at=NOON + 2 * HOUR, reason=CADENCE)
    assert moved(owed, first=None, every=HALF, after=HOUR) == Due(at=NOON + HOUR + HALF, reason=CADENCE)
    assert moved(None, first=None, every=HALF, after=HOUR) == Due(at=NOON + HOUR + HALF, reason=CADENCE)


def test_what_is_late_stays_as_late_as_it_was() -> None:
    owed = Due(at=NOON + HALF, reason=CADENCE)
    assert moved(owed, first=None, every=QUARTER, after=HOUR) == owed


def test_a_slower_cadence_gives_a_late_word_its_time() -> None:
    owed = Due(at=NOON + HALF, reason=CADENCE)
    assert moved(owed, first=None, every=2 * HOUR, after=HOUR) == Due(
        at=NOON + 2 * HOUR + timedelta(minutes=10), reason=CADENCE
    )


def test_the_first_word_of_people_counts_from_the_opening() -> None:
    owed = Due(at=NOON + HOUR, reason=FIRST)
    assert moved(owed, first=HALF, every=HOUR, after=QUARTER) == Due(at=NOON + HALF, reason=FIRST)


def test_where_the_new_rung_asks_for_no_first_word_its_cadence_is_owed() -> None:
    owed = Due(at=NOON + QUARTER, reason=FIRST)
    assert moved(owed, first=None, every=HOUR, after=timedelta(minutes=12)) == Due(
        at=NOON + HOUR + timedelta(minutes=10), reason=CADENCE
    )
