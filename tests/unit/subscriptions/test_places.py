"""Who may begin, and which host is left alone: no network, no clock but the one that is told."""

import pytest

from subscriptions.senders import places
from subscriptions.senders.places import Places


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(places, "MOST_A_HOST", 2)
    monkeypatch.setattr(places, "MOST_SLOW_A_HOST", 3)


def begin(here: Places, host: str, *keys: int, now: float = 0.0) -> None:
    for key in keys:
        here.begin(host, key, now)


def test_a_host_gets_a_few_places_and_each_host_its_own() -> None:
    here = Places()
    begin(here, "a", 1, 2)
    assert not here.has_room("a", 0.5)
    assert here.has_room("b", 0.5)
    here.end("a", 1, 0.6, answered=True)
    assert here.has_room("a", 0.6)


def test_all_hosts_together_get_so_many() -> None:
    here = Places()
    for number in range(10):
        begin(here, f"host-{number}", number)
    assert here.is_full
    assert not here.has_room("another", 0.0)
    here.end("host-3", 3, 1.0, answered=False)
    assert here.has_room("another", 1.0)


def test_what_hangs_gives_its_place_on_if_the_host_answers_others() -> None:
    here = Places()
    begin(here, "a", 1, 2)
    assert not here.has_room("a", 5.0)
    here.end("a", 1, 5.0, answered=True)
    begin(here, "a", 3, now=5.0)
    assert here.has_room("a", 5.1)  # 2 is slow by now, 3 is not
    begin(here, "a", 4, now=5.1)
    assert not here.has_room("a", 5.2)
    assert here.has_room("a", 6.2)
    begin(here, "a", 5, now=6.2)
    begin(here, "a", 6, now=7.5)
    assert not here.has_room("a", 60.0)  # two places and three slow ones


def test_two_failures_without_an_answer_take_a_host_out() -> None:
    here = Places()
    begin(here, "a", 1, 2)
    here.end("a", 1, 15.0, answered=False)
    assert not here.is_down("a")
    here.end("a", 2, 15.0, answered=False)
    assert here.is_down("a")
    assert here.down() == {"a"}


def test_a_host_that_answered_others_meanwhile_stays() -> None:
    here = Places()
    begin(here, "a", 1, 2)
    begin(here, "a", 3, now=1.0)
    here.end("a", 3, 2.0, answered=True)
    for key in (1, 2):
        here.end("a", key, 15.0, answered=False)
    assert here.down() == set()
    begin(here, "a", 4, 5, now=16.0)
    for key in (4, 5):
        here.end("a", key, 31.0, answered=False)
    assert here.down() == {"a"}
