"""Rules of days, over both changes of the clocks, month ends and leap days."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.maintenance.recurrence import Recurrence, check_rule
from statuspage.core.errors import ValidationFailed

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def begins(
    rule: str, first: str, at: str, count: int, *, zone: ZoneInfo = LONDON, after: str = "2026-01-01T00:00Z"
) -> list[str]:
    series = Recurrence(
        rule=check_rule(rule, date.fromisoformat(first)),
        first_date=date.fromisoformat(first),
        begins=time.fromisoformat(at),
        duration=2 * HOUR,
    )
    found = series.occurrences(zone=zone, after=datetime.fromisoformat(after), count=count)
    assert all(one.ends_at - one.begins_at == 2 * HOUR for one in found)
    return [f"{one.begins_at:%Y-%m-%dT%H:%M}" for one in found]


def test_first_and_third_tuesday_at_two_keeps_its_wall_clock_time_over_the_year() -> None:
    found = begins("FREQ=MONTHLY;BYDAY=1TU,3TU", "2026-03-01", "02:00", 18)
    assert found[:4] == ["2026-03-03T02:00", "2026-03-17T02:00", "2026-04-07T01:00", "2026-04-21T01:00"]
    assert found[14:] == ["2026-10-06T01:00", "2026-10-20T01:00", "2026-11-03T02:00", "2026-11-17T02:00"]
    local = [datetime.fromisoformat(one).replace(tzinfo=UTC).astimezone(LONDON) for one in found]
    assert {(one.weekday(), one.hour, one.minute) for one in local} == {(1, 2, 0)}


@pytest.mark.parametrize(
    ("zone", "first", "at", "said"),
    [
        # In the gap no clock shows it: London goes from 01:00 to 02:00, Berlin from 02:00 to 03:00.
        (LONDON, "2026-03-29", "01:00", "2026-03-29T01:00"),
        (LONDON, "2026-03-29", "01:30", "2026-03-29T01:30"),
        (BERLIN, "2026-03-29", "02:00", "2026-03-29T01:00"),
        # In the overlap it comes twice: the first.
        (LONDON, "2026-10-25", "01:30", "2026-10-25T00:30"),
        (BERLIN, "2026-10-25", "02:30", "2026-10-25T00:30"),
    ],
)
def test_where_the_clocks_change_a_window_begins_once(zone: ZoneInfo, first: str, at: str, said: str) -> None:
    found = begins("FREQ=DAILY", first, at, 2, zone=zone)
    assert found[0] == said
    assert found[1][:10] != said[:10]


def test_quarterly_counts_from_the_first_day() -> None:
    found = begins("FREQ=MONTHLY;INTERVAL=3;BYDAY=2SU", "2026-02-01", "22:00", 5)
    assert [one[:10] for one in found] == ["2026-02-08", "2026-05-10", "2026-08-09", "2026-11-08", "2027-02-14"]


def test_the_last_day_of_each_month() -> None:
    found = begins("RRULE:freq=monthly; bymonthday=-1", "2028-01-01", "03:00", 4, after="2028-01-31T03:00Z")
    assert [one[:10] for one in found] == ["2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]


def test_a_leap_day_is_waited_for() -> None:
    found = begins("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01", "03:00", 2)
    assert [one[:10] for one in found] == ["2028-02-29", "2032-02-29"]


def test_until_is_a_whole_day_and_count_counts_from_the_first() -> None:
    assert len(begins("FREQ=DAILY;UNTIL=20260303", "2026-03-01", "23:00", 9)) == 3
    assert len(begins("FREQ=DAILY;COUNT=5", "2026-03-01", "23:00", 9, after="2026-03-03T00:00Z")) == 3


def test_one_that_began_this_moment_is_not_to_come() -> None:
    found = begins("FREQ=DAILY", "2026-03-01", "02:00", 1, after="2026-03-05T02:00Z")
    assert found == ["2026-03-06T02:00"]


def test_far_from_greenwich_the_day_is_the_pages() -> None:
    for name, wall in itertools.product(("Pacific/Kiritimati", "Pacific/Pago_Pago"), ("00:30", "23:30")):
        zone = ZoneInfo(name)
        after = datetime(2026, 3, 5, 12, tzinfo=UTC)
        series = Recurrence(
            rule="FREQ=DAILY", first_date=date(2026, 3, 1), begins=time.fromisoformat(wall), duration=HOUR
        )
        (found,) = series.occurrences(zone=zone, after=after, count=1)
        assert found.begins_at.astimezone(zone).date() == found.day
        assert after < found.begins_at <= after + timedelta(days=1)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=3",
        "BYDAY=TU",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=1TU",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=1e3",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20250101",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=x",
        "FREQ=YEARLY;BYMONTH=13",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        "EXDATE=20260101",
        "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 200),
        "{{7*7}}",
    ],
)
def test_a_rule_that_is_none_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_rule(rule, date(2026, 3, 1))
    assert refused.value.field == "rrule"
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("rule", ["BYMONTH=13", "BYMONTH=0", "BYMONTH=-1", "BYMONTH=9999999999", "BYMONTHDAY=0"])
def test_numbers_that_no_calendar_has_are_refused_before_all_of_it_is_searched(rule: str) -> None:
    with pytest.raises(ValidationFailed, match="is made of numbers from 1 to"):
        check_rule(f"FREQ=DAILY;{rule}", date(2026, 12, 1))


@pytest.mark.parametrize("first", [date.min, date(1999, 12, 31), date(3000, 1, 1), date.max])
def test_a_series_begins_in_years_that_people_mean(first: date) -> None:
    with pytest.raises(ValidationFailed, match="Choose a first day") as refused:
        check_rule("FREQ=DAILY", first)
    assert refused.value.field == "first_date"


def test_no_window_is_sought_where_the_calendar_ends() -> None:
    assert begins("FREQ=YEARLY;INTERVAL=469;BYMONTH=12;BYMONTHDAY=31", "2026-01-01", "23:00", 50) == [
        f"{year}-12-31T23:00" for year in (2026, 2495, 2964)
    ]
