"""The colours of a component's days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from components.enums import ComponentStatus
from probes.selectors import ComponentAvailability, DaySummary
from statuspage.web.pages.days import Change, Span, declared_days, measured_days, spans_of

TODAY = date(2026, 11, 21)
DATES = [TODAY - timedelta(days=back) for back in range(4, -1, -1)]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEGIN = datetime(2026, 11, 17, tzinfo=UTC)
OK, DEGRADED, PARTIAL, MAJOR = (
    ComponentStatus.OPERATIONAL,
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
)
UNKNOWN = ComponentStatus.UNKNOWN


def states(spans: list[Span]) -> list[ComponentStatus]:
    return [day.state for day in declared_days(DATES, spans, now=NOW)]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_state_that_holds_since_before_the_window_colours_every_day() -> None:
    spans = spans_of([], current=OK, since=at(1), begin=BEGIN)
    assert states(spans) == [OK] * 5


def test_days_before_the_first_known_state_are_hollow() -> None:
    log = [Change(old=UNKNOWN, new=OK, at=at(19, 8))]
    assert states(spans_of(log, current=OK, since=at(19, 8), begin=BEGIN)) == [UNKNOWN, UNKNOWN, OK, OK, OK]


def test_a_component_that_never_had_a_state_is_hollow() -> None:
    assert states(spans_of([], current=UNKNOWN, since=at(1), begin=BEGIN)) == [UNKNOWN] * 5


def test_a_day_has_its_worst_state() -> None:
    log = [
        Change(old=OK, new=DEGRADED, at=at(18, 10)),
        Change(old=DEGRADED, new=MAJOR, at=at(18, 11)),
        Change(old=MAJOR, new=OK, at=at(18, 12)),
    ]
    assert states(spans_of(log, current=OK, since=at(18, 12), begin=BEGIN)) == [OK, MAJOR, OK, OK, OK]


def test_trouble_over_at_midnight_leaves_the_next_day_alone() -> None:
    assert states([Span(state=PARTIAL, begin=at(18, 22), end=at(19))]) == [UNKNOWN, PARTIAL, UNKNOWN, UNKNOWN, UNKNOWN]


def test_trouble_of_an_instant_is_seen() -> None:
    assert states([Span(state=PARTIAL, begin=at(18, 22), end=at(18, 22))])[1] is PARTIAL


def test_trouble_that_goes_on_colours_until_today() -> None:
    assert states([Span(state=MAJOR, begin=at(20, 23), end=None)]) == [UNKNOWN, UNKNOWN, UNKNOWN, MAJOR, MAJOR]


def test_what_was_before_and_after_the_window_is_left_out() -> None:
    assert states([Span(state=MAJOR, begin=at(1), end=at(2)), Span(state=OK, begin=at(1), end=None)]) == [OK] * 5


def availability(**days: DaySummary) -> ComponentAvailability:
    return ComponentAvailability(
        days=tuple(days.values()), good=0, bad=0, coverage=None, percentage_floored=Decimal("99.99")
    )


def summary(day: date, *, good: int = 0, bad: int = 0, worst: ComponentStatus = UNKNOWN) -> DaySummary:
    return DaySummary(date=day, good=good, bad=bad, degraded=0, maintenance=0, unknown=0, worst=worst)


def test_a_measured_day_has_its_floored_share() -> None:
    (day,) = measured_days(availability(a=summary(TODAY, good=287, bad=1, worst=PARTIAL)), [], now=NOW)
    assert (day.state, day.percentage, day.coverage) == (PARTIAL, Decimal("99.65"), Decimal("100.00"))


def test_what_people_declared_shows_where_it_is_worse_than_measured() -> None:
    said = [Span(state=MAJOR, begin=at(21, 9), end=None)]
    (day,) = measured_days(availability(a=summary(TODAY, good=288, worst=OK)), said, now=NOW)
    assert (day.state, day.note, day.percentage) == (MAJOR, "declared", Decimal("100.00"))


def test_what_a_probe_finds_now_is_said_to_be_measured() -> None:
    now = [Span(state=MAJOR, begin=NOW, end=None, is_measured=True)]
    (day,) = measured_days(availability(a=summary(TODAY, good=288, worst=OK)), now, now=NOW)
    assert (day.state, day.note) == (MAJOR, "measured now")
    # What people say is said to be theirs only where it is worse than that.
    both = [*now, Span(state=MAJOR, begin=at(21, 9), end=None)]
    (day,) = measured_days(availability(a=summary(TODAY, good=288, worst=OK)), both, now=NOW)
    assert day.note == "measured now"


def test_no_day_has_the_colour_of_a_measurement_that_no_figure_counts_yet() -> None:
    now = [Span(state=MAJOR, begin=NOW, end=None, is_measured=True)]
    (day,) = measured_days(availability(a=summary(TODAY)), now, now=NOW)
    assert (day.state, day.percentage, day.note) == (UNKNOWN, None, "")


def test_a_declared_state_never_makes_an_unmeasured_day_green() -> None:
    said = [Span(state=OK, begin=at(1), end=None)]
    (day,) = measured_days(availability(a=summary(TODAY)), said, now=NOW)
    assert (day.state, day.percentage) == (UNKNOWN, None)
