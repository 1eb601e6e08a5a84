"""What a push may say, and the sentence for what it may not."""

import json
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.enums import MetricKind
from probes.metrics.minutes import minute_of, time_of
from probes.metrics.push import MOST_POINTS, Push, PushTooLarge, parse_push
from statuspage.core.errors import DomainError, ValidationFailed

from .conftest import NOON

NOW = minute_of(NOON)


def read(body: bytes | str, kind: MetricKind = MetricKind.GAUGE) -> Push:
    return parse_push(body.encode() if isinstance(body, str) else body, kind=kind, now=NOON)


@pytest.mark.parametrize("body", ["12", '{"value": 12}', '{"value": 12, "at": null}', " 12.0\n"])
def test_a_number_without_a_time_is_of_this_minute(body: str) -> None:
    assert read(body) == Push(values={NOW: 12.0}, is_now=True)


@pytest.mark.parametrize("at", ["2026-11-21T12:00:59Z", "2026-11-21T13:00:00+01:00", "2026-11-21T12:00:00.123456Z"])
def test_a_number_with_a_time_is_of_the_minute_that_time_is_in(at: str) -> None:
    assert read(json.dumps({"value": 12, "at": at})) == Push(values={NOW: 12.0}, is_now=False)


def test_of_a_gauge_the_last_point_of_a_minute_stands() -> None:
    assert read(_points(("11:59:10", 1), ("11:59:20", 2), ("11:58:00", 3))).values == {NOW - 1: 2.0, NOW - 2: 3.0}


def test_a_counters_points_of_a_minute_are_added_up() -> None:
    found = read(_points(("11:59:10", 1), ("11:59:20", 2)), MetricKind.COUNTER_24H)
    assert found.values == {NOW - 1: 3.0}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "not JSON"),
        ("{nonsense", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[" * 30_000, "not JSON"),
        ("9" * 5_000, "not JSON"),
        ('{"value": NaN}', "not JSON"),
        ('{"value": -Infinity}', "not JSON"),
        ("[1, 2]", "value must be a number"),
        ("null", "value must be a number"),
        ("{}", "value must be a number"),
        ('{"value": "12"}', "value must be a number"),
        ('{"value": true}', "value must be a number"),
        ('{"value": 1e400}', "between -2^53 and 2^53"),
        ('{"value": 9007199254740993}', "between -2^53 and 2^53"),
        (f'{{"value": -{"9" * 400}}}', "between -2^53 and 2^53"),
        ('{"value": 1, "time": "2026-11-21T12:00:00Z"}', "no key 'time' here: at and value are known"),
        ('{"points": [], "value": 1}', "no key 'value' here: points are known"),
        ('{"value": 1, "at": 1795262400}', "at must be a time with its offset"),
        ('{"value": 1, "at": "2026-11-21T12:00:00"}', "at must be a time with its offset"),
        ('{"value": 1, "at": "yesterday"}', "at must be a time with its offset"),
        ('{"value": 1, "at": "0001-01-01T00:00:00+23:59"}', "at is more than 30 days ago"),
        ('{"value": 1, "at": "9999-12-31T23:59:59-23:59"}', "5 minutes ahead"),
        ('{"value": 1, "at": "2026-11-21T12:05:31Z"}', "5 minutes ahead"),
        ('{"value": 1, "at": "2026-10-22T12:00:29Z"}', "more than 30 days ago"),
        ('{"points": []}', "points must be a list"),
        ('{"points": {"at": 1}}', "points must be a list"),
        ('{"points": [3]}', "points[0] must be an object"),
        ('{"points": [{"value": 3}]}', "points[0].at must be a time"),
        ('{"points": [{"at": "2026-11-21T12:00:00Z", "value": null}]}', "points[0].value must be a number"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(body: str | bytes, said: str) -> None:
    with pytest.raises(ValidationFailed, match=re.escape(said)) as refusal:
        read(body)
    assert refusal.value.sentence.endswith(".")


def test_five_minutes_ahead_and_thirty_days_late_are_still_taken() -> None:
    for at in (NOON + timedelta(minutes=5), NOON - timedelta(days=30)):
        assert read(json.dumps({"value": 1, "at": at.isoformat()})).values == {minute_of(at): 1.0}


def test_a_gauge_may_be_negative_and_a_counter_may_not() -> None:
    assert read("-3").values == {NOW: -3.0}
    with pytest.raises(ValidationFailed, match="is negative"):
        read("-3", MetricKind.COUNTER_24H)


def test_five_hundred_points_are_taken_and_one_more_is_not() -> None:
    points = [("11:59:00", 1)] * MOST_POINTS
    assert read(_points(*points), MetricKind.COUNTER_24H).values == {NOW - 1: 500.0}
    with pytest.raises(PushTooLarge, match="at most 500"):
        read(_points(*points, ("11:59:00", 1)))


def test_more_than_64_kilobytes_are_not_even_read() -> None:
    with pytest.raises(PushTooLarge, match="64,000 bytes"):
        read(b"1" + b" " * 64_000)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes().map(str),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["value", "at", "points", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON_VALUES, st.sampled_from(MetricKind))
def test_whatever_is_sent_is_either_numbers_near_now_or_refused(sent: object, kind: MetricKind) -> None:
    try:
        push = read(json.dumps(sent), kind)
    except DomainError:
        return
    assert push.values
    for minute, value in push.values.items():
        assert abs(value) <= 2**53
        assert -timedelta(days=30, minutes=1) <= time_of(minute) - NOON <= timedelta(minutes=5)


def _points(*points: tuple[str, float]) -> str:
    return json.dumps({"points": [{"at": f"2026-11-21T{time}Z", "value": value} for time, value in points]})
