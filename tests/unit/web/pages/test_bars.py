"""The drawing of the days, its words and its table."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from components.enums import ComponentStatus
from statuspage.web.pages import bars
from statuspage.web.readmodels import Day

TODAY = date(2026, 11, 21)
OK, MAJOR, UNKNOWN = ComponentStatus.OPERATIONAL, ComponentStatus.MAJOR_OUTAGE, ComponentStatus.UNKNOWN


def days(*states: ComponentStatus, share: str | None = None) -> list[Day]:
    last = len(states) - 1
    percentage = None if share is None else Decimal(share)
    return [
        Day(date=TODAY - timedelta(days=last - place), state=state, percentage=percentage)
        for place, state in enumerate(states)
    ]


def parse(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 -- our own markup: that it is well-formed is what is tested


def test_there_is_a_bar_a_day_with_its_state_and_its_date() -> None:
    drawing = parse(bars.svg(days(*[OK] * 89, MAJOR), summary="words"))
    rects = list(drawing.iter("rect"))
    assert len(rects) == 90
    assert (rects[-1].get("class"), rects[-1].findtext("title")) == ("down", "21 Nov: major outage")
    assert [rect.get("x") for rect in rects[:3]] == [None, "10", "20"]


def test_a_day_with_nothing_to_tell_is_a_rect_alone_and_the_script_knows_its_date() -> None:
    drawing = parse(bars.svg(days(UNKNOWN, OK), summary="words"))
    assert [(len(rect), rect.get("class")) for rect in drawing.iter("rect")] == [(0, "none"), (0, None)]
    assert [svg.get("data-until") for svg in drawing.iter("svg")] == ["2026-11-21"]


def test_an_operational_day_that_was_not_available_throughout_says_so() -> None:
    drawing = parse(bars.svg(days(OK, share="99.65"), summary="words"))
    assert [title.text for title in drawing.iter("title")] == [
        "21 Nov: operational, 99.65\N{NO-BREAK SPACE}% available"
    ]


def test_the_drawing_is_an_image_with_a_name_for_screen_readers() -> None:
    drawing = parse(bars.svg(days(OK), summary='a < b & "c"')).find("svg")
    assert drawing is not None
    assert (drawing.get("role"), drawing.get("aria-label")) == ("img", 'a < b & "c"')


def test_a_tooltip_says_how_much_was_available_where_it_was_not_all() -> None:
    assert "21 Nov: major outage, 97.91\N{NO-BREAK SPACE}% available" in bars.svg(
        days(MAJOR, share="97.91"), summary=""
    )


def test_a_tooltip_says_why_a_day_is_worse_than_its_figure() -> None:
    (day,) = days(MAJOR, share="97.91")
    said = bars.svg([replace(day, note="declared")], summary="")
    assert "21 Nov: major outage (declared), 97.91\N{NO-BREAK SPACE}% available" in said


def test_the_summary_counts_states_and_names_the_bad_days() -> None:
    words = bars.summary(days(UNKNOWN, OK, OK, MAJOR), percentage=Decimal("99.91"), coverage=Decimal("98.00"))
    assert words == (
        "Last 4 days: 2 operational, 1 major outage (21 Nov), 1 without data. "
        "99.91\N{NO-BREAK SPACE}% uptime, 98.00\N{NO-BREAK SPACE}% of the time measured."
    )


def test_the_summary_invents_no_figure() -> None:
    assert bars.summary(days(OK), percentage=None, coverage=None).endswith("Availability is not measured.")


def test_equal_days_are_one_row_of_the_short_table_and_bad_ones_their_own() -> None:
    states = [UNKNOWN, UNKNOWN, OK, OK, OK, MAJOR]
    found = [row.findtext("th") for row in parse(bars.short_table(days(*states))).iter("tr")]
    assert found == ["Day, UTC", "21 November", "18 to 20 November", "16 to 17 November"]


def test_the_full_table_has_every_day_newest_first() -> None:
    found = [row.findtext("th/a") for row in parse(bars.full_table(days(OK, OK))).iter("tr")]
    assert found[1:] == ["21 November", "20 November"]


def test_each_day_of_the_full_table_leads_to_its_page() -> None:
    found = [link.get("href") for link in parse(bars.full_table(days(OK, MAJOR))).iter("a")]
    assert found == ["2026-11-21/", "2026-11-20/"]


def test_linked_bars_lead_to_the_days_and_are_no_image_then() -> None:
    drawing = parse(bars.svg(days(OK, MAJOR), summary="words", is_linked=True)).find("svg")
    assert drawing is not None
    assert drawing.get("role") == "group"
    assert [link.get("href") for link in drawing.iter("a")] == ["2026-11-20/", "2026-11-21/"]
    assert [title.text for title in drawing.iter("title")] == ["20 Nov: operational", "21 Nov: major outage"]
