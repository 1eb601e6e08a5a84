"""The words that pages and mails share."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.maintenance import wording

NOW = datetime(2026, 5, 19, 14, 14, tzinfo=UTC)
END = datetime(2026, 5, 19, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expects", "said"),
    [(True, "Downtime is expected."), (False, "No downtime is expected."), (None, "")],
)
def test_downtime_is_said_or_nothing(expects: bool | None, said: str) -> None:
    assert wording.downtime_sentence(expects) == said


@pytest.mark.parametrize(
    ("level", "note", "said"),
    [("low", "read-only mode", "low: read-only mode"), ("high", "", "high"), ("", "slow", "slow"), ("", "", "")],
)
def test_impact_is_its_level_and_its_note(level: str, note: str, said: str) -> None:
    assert wording.impact_phrase(level, note) == said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=76, minutes=59), "announced 76 hours ahead"),
        (timedelta(hours=1), "announced 1 hour ahead"),
        (timedelta(minutes=59), "announced 59 minutes ahead"),
        (timedelta(seconds=5), "announced less than a minute ahead"),
        (timedelta(days=9), "announced 9 days ahead"),
        (timedelta(), "announced after it had begun"),
    ],
)
def test_never_more_ahead_than_it_was(ahead: timedelta, said: str) -> None:
    assert wording.announced_phrase(NOW - ahead, NOW) == said


@pytest.mark.parametrize(
    ("now", "estimate", "said"),
    [
        (NOW, None, "on schedule"),
        (END, None, "on schedule"),
        (NOW, END - 5 * MINUTE, "on schedule, expected to end at 16:55"),
        (NOW, END + 20 * MINUTE, "expected to run over, expected to end at 17:20"),
        (END + 12 * MINUTE, END + 20 * MINUTE, "runs over by 12 min, expected to end at 17:20"),
        (END + 30 * MINUTE, END + 20 * MINUTE, "runs over by 30 min"),
        (END, END + 600 * MINUTE, "expected to run over, expected to end at 03:00 on 20 May"),
    ],
)
def test_where_a_window_stands(now: datetime, estimate: datetime | None, said: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert wording.progress_phrase(now, scheduled_until=END, estimated_until=estimate, zone=zone) == said


def test_the_expected_end_is_the_estimate_then_the_announced_one_then_nothing() -> None:
    later = END + 20 * MINUTE
    assert wording.expected_end(NOW, scheduled_until=END, estimated_until=later) == later
    assert wording.expected_end(NOW, scheduled_until=END, estimated_until=None) == END
    assert wording.expected_end(later, scheduled_until=END, estimated_until=later) is None


def test_services_are_down_or_healthy() -> None:
    states = ["offline"] * 3 + ["restarting"] + ["queued"] * 3 + ["operational"] * 5
    assert wording.down_and_healthy(states) == (4, 8)
