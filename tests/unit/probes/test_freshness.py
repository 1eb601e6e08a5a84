"""How old a measurement may be before it says nothing any more."""

from datetime import timedelta

import pytest

from probes.freshness import is_stale, stale_after

from .conftest import NOON

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("interval", "fresh_for"),
    [
        # Two intervals and what the second result may be on its way.
        (30 * SECOND, 70 * SECOND),
        (600 * SECOND, 1210 * SECOND),
        # A minute at least: a worker that restarts is not yet a silence.
        (26 * SECOND, 62 * SECOND),
        (25 * SECOND, 60 * SECOND),
        (5 * SECOND, 60 * SECOND),
    ],
)
def test_a_measurement_is_fresh_up_to_and_with_the_last_moment(interval: timedelta, fresh_for: timedelta) -> None:
    assert stale_after(interval) == fresh_for
    assert not is_stale(NOON, interval, NOON + fresh_for)
    assert is_stale(NOON, interval, NOON + fresh_for + INSTANT)


def test_what_was_never_measured_is_not_an_old_measurement() -> None:
    assert not is_stale(None, SECOND, NOON)
