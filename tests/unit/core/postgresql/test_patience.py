from collections.abc import Iterator
from time import monotonic

import pytest

from statuspage.core.postgresql import patience


@pytest.fixture(autouse=True)
def no_watch_is_left_behind() -> Iterator[None]:
    yield
    patience.watch_database(None)
    patience._watch.is_watching = False


def test_without_a_watch_a_wait_is_never_over() -> None:
    assert not patience.is_limited()
    assert not patience.is_over(monotonic() - 3600)
    assert not patience.is_known_silent()


def test_a_slow_query_of_a_database_that_answers_is_left_alone() -> None:
    patience.watch_database(lambda: False)
    assert not patience.is_over(monotonic() - 3600)


def test_a_wait_for_a_silent_database_is_over_after_a_second() -> None:
    patience.watch_database(lambda: True)
    assert not patience.is_over(monotonic() - 0.9)
    assert patience.is_over(monotonic() - 1.1)
    assert patience.is_known_silent()


def test_the_watching_thread_goes_by_the_time_and_not_by_what_it_said() -> None:
    patience.watch_database(lambda: True)
    patience.this_thread_watches()
    assert not patience.is_known_silent()
    assert not patience.is_over(monotonic() - 1.4)
    assert patience.is_over(monotonic() - 1.6)
