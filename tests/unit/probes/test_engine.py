import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from components.enums import ComponentStatus
from components.models import Component
from probes import engine
from probes.checkers import CheckRequest, CheckResult
from probes.checking import Job
from probes.enums import Outcome, ProbeKind
from probes.leases import Batch, claim_due
from probes.loop import check_loop, close_check_loop
from probes.models import ProbeLocation, ProbeResult
from statuspage.core import clock

from .conftest import LOCATION, make_probe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("check_loop_ends")]


@pytest.fixture
def open_port() -> Iterator[int]:
    """A port of this machine that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def tcp_probe(component: Component, slug: str, port: int) -> None:
    make_probe(component, slug, kind=ProbeKind.TCP, config={"host": "127.0.0.1", "port": port}, allow_private=True)
    ProbeLocation.objects.filter(probe__slug=slug).update(next_due_at=clock.now() - timedelta(seconds=1))


def started(batches: list[Batch]) -> int:
    return engine.tick(LOCATION, batches.append)


def test_a_tick_and_its_batch_measure_the_real_thing(api: Component, open_port: int, closed_port: int) -> None:
    tcp_probe(api, "there", open_port)
    tcp_probe(api, "gone", closed_port)
    batches: list[Batch] = []
    assert started(batches) == 2
    assert engine.run_batch(batches[0].lease) == 2
    outcomes = dict(ProbeLocation.objects.values_list("probe__slug", "last_outcome"))
    assert outcomes == {"there": "up", "gone": "down"}
    assert Component.objects.get().status == ComponentStatus.OPERATIONAL


def test_recording_gives_the_lease_back(api: Component, open_port: int) -> None:
    tcp_probe(api, "there", open_port)
    batches: list[Batch] = []
    started(batches)
    engine.run_batch(batches[0].lease)
    row = ProbeLocation.objects.get()
    assert (row.lease, row.leased_until) == ("", None)


def test_the_same_batch_run_twice_measures_once(api: Component, open_port: int) -> None:
    tcp_probe(api, "there", open_port)
    batches: list[Batch] = []
    started(batches)
    assert engine.run_batch(batches[0].lease) == 1
    assert engine.run_batch(batches[0].lease) == 0
    assert ProbeResult.objects.count() == 1


def test_a_second_beat_is_harmless(api: Component, open_port: int) -> None:
    tcp_probe(api, "there", open_port)
    batches: list[Batch] = []
    assert started(batches) == 1
    assert started(batches) == 0
    assert len(batches) == 1


def test_a_broker_that_is_gone_loses_nothing(api: Component, open_port: int) -> None:
    tcp_probe(api, "there", open_port)

    def broken(batch: Batch) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        engine.tick(LOCATION, broken)
    row = ProbeLocation.objects.get()
    assert row.next_due_at is not None
    assert row.leased_until is not None
    ProbeLocation.objects.update(leased_until=clock.now(), next_due_at=clock.now())
    assert claim_due(LOCATION) is not None


def test_a_large_backlog_is_claimed_in_several_batches_of_one_tick(
    api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.engine.BATCH_SIZE", 500)
    for number in range(501):
        make_probe(api, f"p{number}")
    ProbeLocation.objects.update(next_due_at=clock.now() - timedelta(seconds=1))
    batches: list[Batch] = []
    assert started(batches) == 501
    assert [batch.size for batch in batches] == [500, 1]


def test_a_checker_that_does_not_end_is_our_own_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(request: CheckRequest, context: object) -> CheckResult:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    monkeypatch.setattr("probes.checking.run_check", endless)
    monkeypatch.setattr("probes.checking.GRACE_SECONDS", 0.05)
    request = CheckRequest(
        kind=ProbeKind.TCP,
        name="stuck",
        config={},
        timeout=timedelta(milliseconds=20),
        degraded_above=None,
        allow_private=True,
    )
    measured = engine.check_all([Job(probe_id=1, scheduled_at=clock.now(), request=request)])
    assert [one.result.outcome for one in measured] == [Outcome.ERROR]


def test_many_checks_are_started_one_after_another_so_that_they_do_not_measure_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def instant(request: CheckRequest, context: object) -> CheckResult:
        return CheckResult(outcome=Outcome.UP, latency_ms=1.0, detail="fine")

    monkeypatch.setattr("probes.checking.run_check", instant)
    request = CheckRequest(
        kind=ProbeKind.TCP,
        name="quick",
        config={},
        timeout=timedelta(seconds=1),
        degraded_above=None,
        allow_private=True,
    )
    jobs = [Job(probe_id=number, scheduled_at=clock.now(), request=request) for number in range(31)]
    starts = [one.started_at for one in engine.check_all(jobs)]
    assert max(starts) - min(starts) >= timedelta(milliseconds=29)


def test_one_loop_serves_every_thread_of_the_process() -> None:
    loops: list[object] = []
    threads = [threading.Thread(target=lambda: loops.append(check_loop())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, loops))) == 1


def test_a_loop_that_was_closed_is_made_anew() -> None:
    first = check_loop()
    close_check_loop()
    assert check_loop() is not first


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_makes_a_loop_of_its_own() -> None:
    parent = check_loop()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # In the child: whatever happens, do not return into the test run.
        try:
            own = check_loop()
            fine = own is not parent and own.run(_answer(), timeout=5) == 42
            os.write(writer, b"y" if fine else b"n")
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    answer = os.read(reader, 1)
    os.close(reader)
    assert answer == b"y"


async def _answer() -> int:
    return 42
