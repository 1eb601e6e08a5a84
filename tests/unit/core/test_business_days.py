from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.business_days import business_days_of, check_country, end_of_business_day
from statuspage.core.errors import ValidationFailed

LONDON, BERLIN, UTC_ZONE = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
AUCKLAND, HONOLULU = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")

EARLIEST, LATEST = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2035-01-01")


@pytest.mark.parametrize(
    ("start", "days", "zone", "code", "end"),
    [
        # Over one weekend, from any day of the week.
        ("2026-11-16T09:00", 5, LONDON, "", "2026-11-23T23:59:59"),
        ("2026-11-20T23:00", 1, LONDON, "", "2026-11-23T23:59:59"),
        ("2026-11-21T09:00", 1, LONDON, "", "2026-11-23T23:59:59"),
        ("2026-11-22T23:59", 7, LONDON, "", "2026-12-01T23:59:59"),
        # Today's end, and from a weekend the end of Monday.
        ("2026-11-20T09:00", 0, LONDON, "", "2026-11-20T23:59:59"),
        ("2026-11-21T09:00", 0, LONDON, "", "2026-11-23T23:59:59"),
        # Over the year's end: 25 and 28 December and 1 January are holidays of GB. Scotland's 2 January is a Saturday,
        # held on the 4th.
        ("2026-12-23T17:00", 5, LONDON, "", "2026-12-30T23:59:59"),
        ("2026-12-23T17:00", 5, LONDON, "GB", "2027-01-04T23:59:59"),
        ("2026-12-23T17:00", 5, LONDON, "GB-SCT", "2027-01-05T23:59:59"),
        # Easter Monday is a holiday in England, and in GB as a whole not.
        ("2026-04-02T12:00", 1, LONDON, "GB", "2026-04-06T22:59:59"),
        ("2026-04-02T12:00", 1, LONDON, "GB-ENG", "2026-04-07T22:59:59"),
        # Epiphany is one in Bavaria only.
        ("2026-01-05T12:00", 1, BERLIN, "DE", "2026-01-06T22:59:59"),
        ("2026-01-05T12:00", 1, BERLIN, "DE-BY", "2026-01-07T22:59:59"),
        # A leap day is a day.
        ("2028-02-28T12:00", 1, UTC_ZONE, "", "2028-02-29T23:59:59"),
        # The clocks change on the Sunday between: Monday ends at its own midnight.
        ("2026-10-23T09:00", 1, LONDON, "", "2026-10-26T23:59:59"),
        ("2026-03-27T09:00", 1, LONDON, "", "2026-03-30T22:59:59"),
        # It is Monday in Auckland already, and still Sunday in Honolulu.
        ("2026-11-22T20:00", 1, AUCKLAND, "", "2026-11-24T10:59:59"),
        ("2026-11-22T20:00", 1, HONOLULU, "", "2026-11-24T09:59:59"),
        # Where the weekend is Friday and Saturday, Sunday is a business day.
        ("2026-11-19T12:00", 1, UTC_ZONE, "IL", "2026-11-22T23:59:59"),
    ],
)
def test_the_end_of_the_nth_business_day(start: str, days: int, zone: ZoneInfo, code: str, end: str) -> None:
    found = end_of_business_day(datetime.fromisoformat(start).replace(tzinfo=UTC), days, zone, business_days_of(code))
    assert found.isoformat() == f"{end}+00:00"


@given(
    start=st.datetimes(min_value=EARLIEST, max_value=LATEST, timezones=st.just(UTC)),
    days=st.integers(1, 30),
    zone=st.sampled_from([LONDON, BERLIN, AUCKLAND, HONOLULU, ZoneInfo("America/St_Johns")]),
    holidays=st.sets(st.integers(0, 90)),
)
def test_it_is_the_nth_of_the_days_that_count(start: datetime, days: int, zone: ZoneInfo, holidays: set[int]) -> None:
    """Against a list: the days after, without weekends and holidays; the n-th of it; the last second of its clocks."""
    today = start.astimezone(zone).date()
    free = {today + timedelta(days=offset) for offset in holidays}

    def counts(day: date) -> bool:
        return day.isoweekday() <= 5 and day not in free

    after = [today + timedelta(days=offset) for offset in range(1, 200)]
    end = end_of_business_day(start, days, zone, counts).astimezone(zone)
    assert end.date() == [day for day in after if counts(day)][days - 1]
    assert (end + timedelta(seconds=1)).date() == end.date() + timedelta(days=1)
    assert f"{end:%H:%M:%S}" == "23:59:59"


@pytest.mark.parametrize("code", ["", "GB", "GB-ENG", "DE-BY", "US-CA", "JP"])
def test_a_country_or_a_part_of_one_is_known(code: str) -> None:
    check_country(code)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("XX", "XX is no country whose holidays are known"),
        ("gb", "gb is no country whose holidays are known; did you mean GB?"),
        ("Germany", "expected one such as GB, or a part of one such as DE-BY"),
        ("DE-XX", "DE-XX is no part of DE whose holidays are known; expected one of: DE-BB, DE-BE"),
        ("DE-", "nothing after the hyphen"),
        ("-", "is no country"),
        ("DE-BY-X", "is no part of DE"),
        ("../x", "is no country"),
    ],
)
def test_what_nobody_knows_is_refused_with_what_is_known(code: str, sentence: str) -> None:
    with pytest.raises(ValidationFailed, match=r"holidays|country|hyphen") as refused:
        check_country(code)
    assert sentence in refused.value.sentence
    assert refused.value.field == "holidays"
