"""Wall-clock times where the clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from statuspage.core.wall_clock import exists, moment_at

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # thirty minutes of summer time


@pytest.mark.parametrize(
    ("wall", "zone", "moment"),
    [
        (datetime.fromisoformat("2026-01-15T02:30"), BERLIN, datetime(2026, 1, 15, 1, 30, tzinfo=UTC)),
        (datetime.fromisoformat("2026-07-15T02:30"), BERLIN, datetime(2026, 7, 15, 0, 30, tzinfo=UTC)),
        # 02:30 does not exist that night: 03:30, summer time.
        (datetime.fromisoformat("2026-03-29T02:30"), BERLIN, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # 02:30 comes twice that night: the first.
        (datetime.fromisoformat("2026-10-25T02:30"), BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Also where whoever asks has the second in mind.
        (
            datetime.fromisoformat("2026-10-25T02:30").replace(fold=1),
            BERLIN,
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
        (datetime.fromisoformat("2026-10-04T02:15"), LORD_HOWE, datetime(2026, 10, 3, 15, 45, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_time_is_one_moment(wall: datetime, zone: ZoneInfo, moment: datetime) -> None:
    assert moment_at(wall, zone) == moment


def test_hours_that_are_added_to_a_moment_are_hours_also_over_a_change_of_the_clocks() -> None:
    begin = moment_at(datetime.fromisoformat("2026-10-25T02:30"), BERLIN)
    assert begin + timedelta(hours=2) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "answer"),
    [
        (datetime.fromisoformat("2026-03-29T01:59"), True),
        (datetime.fromisoformat("2026-03-29T02:00"), False),
        (datetime.fromisoformat("2026-03-29T02:59"), False),
        (datetime.fromisoformat("2026-03-29T03:00"), True),
        (datetime.fromisoformat("2026-10-25T02:30"), True),
    ],
)
def test_a_time_that_no_clock_shows_does_not_exist(wall: datetime, answer: bool) -> None:
    assert exists(wall, BERLIN) is answer


def test_a_time_with_an_offset_is_no_wall_clock_time() -> None:
    with pytest.raises(ValueError, match="no offset"):
        moment_at(datetime(2026, 3, 29, 2, 0, tzinfo=UTC), BERLIN)
