"""A day of slots as four rows."""

import xml.etree.ElementTree as ET
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from statuspage.web.charts.strip import Stretch, strip


def rects(*stretches: Stretch) -> list[tuple[str | None, str | None, str | None]]:
    drawing = ET.fromstring(strip(stretches, summary="words"))  # noqa: S314 -- our own markup
    return [(rect.get("x"), rect.get("y"), rect.get("width")) for rect in drawing.iter("rect")]


def test_a_stretch_lies_in_the_row_of_its_hours() -> None:
    assert rects(Stretch(begin=72, end=144, css="ok", title="")) == [("0%", "30", "100%")]
    assert rects(Stretch(begin=36, end=54, css="ok", title="")) == [("50%", "0", "25%")]


def test_a_stretch_over_midday_is_drawn_in_both_rows() -> None:
    assert rects(Stretch(begin=126, end=162, css="down", title="")) == [("75%", "30", "25%"), ("0%", "60", "25%")]


def test_what_a_stretch_says_is_its_tooltip_and_does_nothing() -> None:
    drawing = ET.fromstring(  # noqa: S314 -- our own markup
        strip([Stretch(begin=0, end=1, css="down", title="<b>14:05 & later</b>")], summary='a "day"')
    )
    assert [title.text for title in drawing.iter("title")] == ["<b>14:05 & later</b>"]
    assert [svg.get("aria-label") for svg in drawing.iter("svg")] == ['a "day"']


@given(st.lists(st.integers(0, 288), min_size=2, max_size=20))
def test_together_the_rects_are_as_wide_as_the_stretches(bounds: list[int]) -> None:
    places = sorted(set(bounds))
    stretches = [Stretch(begin=begin, end=end, css="ok", title="") for begin, end in pairwise(places)]
    drawn = sum(float(str(width).rstrip("%")) for _, _, width in rects(*stretches))
    assert abs(drawn * 72 / 100 - (places[-1] - places[0])) < 0.1
