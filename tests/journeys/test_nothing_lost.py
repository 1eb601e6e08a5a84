"""Everybody is told, whatever is killed, cut off or refused; counted by the mail server (faults 5 to 9 and 11)."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.nothing_lost import MAILERS, OPEN, SEED, UPDATE, Storm, count_what_came, until
from tests.services import Service
from tests.smtp_sink import smtp_sink

READERS = 2_000


@pytest.fixture
def storm(database_url: str, redis_service: Service, tmp_path: Path) -> Iterator[Storm]:
    subprocess.run(["redis-cli", "-u", redis_service.url, "FLUSHALL"], check=True, capture_output=True, timeout=10)
    running = Storm(folder=tmp_path, database_url=database_url, redis_url=redis_service.url)
    yield running
    running.stop()


def test_all_are_told_whatever_happens_to_the_senders(storm: Storm, tmp_path: Path) -> None:
    with smtp_sink(tmp_path, "--faults", "0.04", "--until", str(READERS // 2), "--gone", "gone") as sink:
        storm.use(sink, mails_a_second=100)
        storm.shell(SEED, READERS=READERS)
        storm.start("beat", "sweeper", *MAILERS)
        storm.shell(OPEN)
        until(lambda: sink.count() > 0, 60)
        outcome = storm.blow(sink, readers=READERS, kills=3, cuts=2, flushes=1, patience=150)
        storm.stop()
        count_what_came(outcome, sink, readers=READERS, messages=1)
    assert (outcome.unserved, outcome.gone_but_served, outcome.other_ids) == (set(), set(), set())
    assert outcome.unexplained == set()
    assert len(outcome.repeated) <= outcome.most_repeats
    states = dict(storm.query("SELECT state, count(*) FROM subscriptions_delivery GROUP BY state"))
    assert states == {"sent": READERS * 99 // 100, "failed": READERS // 100}
    suppressed = storm.query("SELECT count(*) FROM subscriptions_subscriber WHERE state = 'suppressed'")
    assert suppressed == [(READERS // 100,)]


def test_what_waited_for_a_sender_comes_in_order_and_once(storm: Storm, tmp_path: Path) -> None:
    with smtp_sink(tmp_path) as sink:
        storm.use(sink)
        storm.start("beat", "sweeper")
        served = READERS * 99 // 100
        for number in (1, 2):
            storm.shell(UPDATE)
            until(partial(have_waiting, storm, number * served), 60)
        assert sink.count() == 0
        storm.start(*MAILERS)
        until(lambda: not storm.waiting(), 90)
        sink.settled()
        lines = sink.lines()
    assert len(lines) == 2 * served
    by_reader: dict[str, list[str]] = {}
    for line in lines:
        # A Message-ID is the notice's, a dot, and the reader's.
        by_reader.setdefault(line.recipient, []).append(line.message_id.partition(".")[0])
    first, second = notices(storm)
    assert {tuple(order) for order in by_reader.values()} == {(f"<{first}", f"<{second}")}


def have_waiting(storm: Storm, number: int) -> bool:
    return storm.waiting() == number


def notices(storm: Storm) -> list[str]:
    """The updates', the older first."""
    rows = storm.query("SELECT public_id FROM incidents_notice WHERE kind = 'incident.updated' ORDER BY id")
    return [str(public_id) for (public_id,) in rows]
