"""Lines over time: what is drawn, said and listed."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from statuspage.web.charts import Chart, Limit, Line, Point, line_chart

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINES = (
    Line(name="p50", css="p50", whole=40.0),
    Line(name="p95", css="p95", whole=90.0),
    Line(name="p99", css="p99", whole=120.0),
)
FINITE = re.compile(r"-?\d+(?:\.\d+)?%?")


def points(*values: float | None) -> list[Point]:
    """An hour each, the last ends at noon; p95 is twice and p99 three times the p50."""
    return [
        Point(
            begin=NOON - (len(values) - place) * HOUR,
            end=NOON - (len(values) - place - 1) * HOUR,
            checks=0 if value is None else 120,
            values=(None, None, None) if value is None else (value, value * 2, value * 3),
        )
        for place, value in enumerate(values)
    ]


def chart(*values: float | None, limits: tuple[Limit, ...] = (), zone: str = "UTC") -> Chart:
    return line_chart(points(*values), lines=LINES, limits=limits, zone=ZoneInfo(zone), title="Latency, 5 hours")


def parse(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 -- our own markup: that it is well-formed is what is tested


def path(made: Chart, css: str) -> str:
    return next(found.get("d") or "" for found in parse(made.svg).iter("path") if found.get("class") == css)


def test_each_line_is_drawn_from_edge_to_edge_of_its_steps() -> None:
    drawn = path(chart(10, 20), "p50")
    assert [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", drawn)] == [250, 750]


def test_no_line_crosses_a_time_without_measurement() -> None:
    drawn = path(chart(10, 20, None, None, 30, 40), "p95")
    assert drawn.count("M") == 2
    assert drawn.count("L") == 2


def test_a_single_measurement_between_gaps_is_a_dot() -> None:
    assert re.fullmatch(r"M[\d.]+ [\d.]+h1", path(chart(None, 10, None), "p99"))


def test_higher_is_slower() -> None:
    low, high = (float(y) for y in re.findall(r" ([\d.]+)", path(chart(10, 20), "p50")))
    assert high < low


def test_a_limit_in_reach_is_drawn_and_named() -> None:
    made = chart(100, 150, limits=(Limit(ms=500, name="Degraded above"),))
    assert path(made, "limit").endswith("H1000")
    assert "Degraded above 500\N{NO-BREAK SPACE}ms" in {text.text for text in parse(made.svg).iter("text")}


def test_a_limit_far_above_does_not_press_the_lines_flat() -> None:
    made = chart(1, 1, limits=(Limit(ms=5000, name="Degraded above"),))
    assert not [found for found in parse(made.svg).iter("path") if found.get("class") == "limit"]
    assert "Degraded above 5\N{NO-BREAK SPACE}s ↑" in {text.text for text in parse(made.svg).iter("text")}


def test_the_axes_say_their_units_and_the_clock_of_the_page() -> None:
    texts = [text.text for text in parse(chart(*[100.0] * 24, zone="Europe/Berlin").svg).iter("text")]
    assert "300\N{NO-BREAK SPACE}ms" in texts
    assert "18:00" in texts


def test_the_drawing_is_an_image_said_in_words() -> None:
    made = chart(10, None, 30, limits=(Limit(ms=50, name="Degraded above"),))
    drawing = parse(made.svg).find("svg")
    assert drawing is not None
    assert (drawing.get("role"), drawing.get("aria-label")) == ("img", made.summary)
    assert made.summary.replace("\N{NO-BREAK SPACE}", " ") == (
        "Latency, 5 hours: p50 40 ms (from 10 ms to 30 ms), p95 90 ms (from 20 ms to 60 ms), "
        "p99 120 ms (from 30 ms to 90 ms). Degraded above 50 ms: passed by p95 in 1 of 3 steps, p99 in 1 of 3 steps. "
        "Nothing was measured in 1 of 3 steps."
    )


def test_nothing_measured_is_said_and_no_line_drawn() -> None:
    made = chart(None, None)
    assert made.is_empty
    assert made.summary == "Latency, 5 hours: nothing was measured."
    assert path(made, "p50") == ""


def test_the_table_has_every_step_newest_first_and_gaps_as_one_row() -> None:
    rows = [row.findtext("th") for row in parse(chart(10, None, None, 40).table).iter("tr")]
    assert [str(row).replace("\N{NO-BREAK SPACE}", " ") for row in rows] == [
        "When, UTC",
        "21 Nov, 11:00 to 12:00",
        "21 Nov, 09:00 to 11:00",
        "21 Nov, 08:00 to 09:00",
    ]


def test_names_from_people_do_nothing() -> None:
    hostile = '"><script>alert(1)</script>&'
    made = line_chart(
        points(10),
        lines=(Line(name=hostile, css="p50", whole=1), *LINES[1:]),
        limits=(Limit(ms=12, name=hostile),),
        zone=ZoneInfo("UTC"),
        title=hostile,
    )
    for markup in (made.svg, made.table, made.legend):
        assert not list(parse(markup).iter("script"))


latencies = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 60_000))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(latencies, latencies, latencies, st.integers(0, 10**9)), max_size=100),
    st.lists(st.floats(0.001, 1e6), max_size=3),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_whatever_was_measured_the_drawing_is_well_formed_and_finite(
    measured: list[tuple[float | None, float | None, float | None, int]], limits: list[float], zone: str
) -> None:
    made = line_chart(
        [
            Point(begin=NOON + place * HOUR, end=NOON + (place + 1) * HOUR, checks=checks, values=values)
            for place, (*values_list, checks) in enumerate(measured)
            for values in [(values_list[0], values_list[1], values_list[2])]
        ],
        lines=LINES,
        limits=[Limit(ms=limit, name="Limit") for limit in limits],
        zone=ZoneInfo(zone),
        title="Latency",
    )
    for element in parse(made.svg).iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "width", "dy"):
            assert FINITE.fullmatch(element.get(name, "0")), (name, element.get(name))
        for number in re.findall(r"[^MLHh\s]+", element.get("d", "")):
            assert FINITE.fullmatch(number)
            assert -1 <= float(number) <= 1001
    parse(made.table)
    parse(made.legend)
