import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError

from components.models import Component
from probes import recorder as recorder_module
from probes.checkers import CheckRequest, CheckResult
from probes.checking import Job
from probes.enums import Outcome, ProbeKind
from probes.loop import check_loop
from probes.measured import Measured
from probes.models import ProbeResult
from probes.recorder import Recorder, parts_of
from statuspage.core import clock

from .conftest import LOCATION, make_probe

pytestmark = pytest.mark.usefixtures("check_loop_ends")


def measured(probe_id: int) -> Measured:
    now = clock.now()
    result = CheckResult(outcome=Outcome.UP, latency_ms=1.0, detail="fine")
    return Measured(probe_id=probe_id, scheduled_at=now, started_at=now, result=result)


def job(probe_id: int, name: str, **changes: object) -> Job:
    request = CheckRequest(
        kind=ProbeKind.TCP,
        name=name,
        config={},
        timeout=timedelta(seconds=30),
        degraded_above=None,
        allow_private=True,
    )
    return Job(probe_id=probe_id, scheduled_at=clock.now(), request=request, **changes)  # type: ignore[arg-type]  # the test says which


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Checks named "hangs" end when this is set, all others at once."""
    let_go = threading.Event()

    async def check(request: CheckRequest, context: object) -> CheckResult:
        if request.name == "hangs":
            await asyncio.to_thread(let_go.wait, 20)
        return CheckResult(outcome=Outcome.UP, latency_ms=1.0, detail="fine")

    monkeypatch.setattr("probes.checking.run_check", check)
    yield let_go
    let_go.set()


@pytest.fixture
def recorder(hanging: threading.Event) -> Iterator[Recorder]:
    """Nothing of it is left for the next test: its thread goes on."""
    recorder = Recorder(check_loop())
    yield recorder
    hanging.set()
    recorder.drain(timeout=30)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> "Kept":
    kept = Kept()
    monkeypatch.setattr(recorder_module, "record_batch", kept)
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 0.01)
    return kept


class Kept:
    """What was recorded, in its order; `came` waits for a probe."""

    def __init__(self) -> None:
        self.probes: list[int] = []
        self.changed = threading.Condition()
        self.fails = 0

    def __call__(self, *, location: str, measured: list[Measured]) -> int:
        assert location == LOCATION
        with self.changed:
            if self.fails:
                self.fails -= 1
                raise OperationalError("the database is gone")
            self.probes += [one.probe_id for one in measured]
            self.changed.notify_all()
        return len(measured)

    def came(self, probe_id: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: probe_id in self.probes, timeout=60)


def test_what_answers_is_recorded_without_waiting_for_what_hangs(
    kept: Kept, recorder: Recorder, hanging: threading.Event
) -> None:
    recorder.submit(LOCATION, [job(1, "hangs"), job(2, "answers")])
    assert kept.came(2)
    assert 1 not in kept.probes
    hanging.set()
    assert kept.came(1)


def test_the_next_batch_does_not_wait_for_the_one_before(kept: Kept, recorder: Recorder) -> None:
    recorder.submit(LOCATION, [job(number, "hangs") for number in range(4)])
    recorder.submit(LOCATION, [job(100, "answers")])
    assert kept.came(100)


def test_results_that_could_not_be_recorded_are_given_up_and_the_next_ones_kept(
    kept: Kept, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    kept.fails = 1
    recorder.submit(LOCATION, [job(1, "answers")])
    recorder.drain()
    recorder.submit(LOCATION, [job(2, "answers")])
    assert kept.came(2)
    assert 1 not in kept.probes
    assert "1 results from default could not be recorded." in caplog.text


def test_a_check_whose_lease_ran_out_before_it_began_is_not_made(kept: Kept, recorder: Recorder) -> None:
    recorder.submit(LOCATION, [job(1, "answers", until=clock.now() - timedelta(seconds=1)), job(2, "answers")])
    recorder.drain()
    assert kept.probes == [2]


def test_before_the_process_ends_what_is_in_flight_is_recorded(
    kept: Kept, recorder: Recorder, hanging: threading.Event
) -> None:
    recorder.submit(LOCATION, [job(1, "hangs")])
    threading.Timer(0.2, hanging.set).start()
    recorder.drain(timeout=60)
    assert kept.probes == [1]


def test_what_hangs_for_longer_is_not_waited_for(kept: Kept, recorder: Recorder) -> None:
    recorder.submit(LOCATION, [job(1, "hangs")])
    recorder.drain(timeout=0.1)
    assert kept.probes == []


def test_a_part_has_each_probe_once_and_one_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "MOST_AT_ONCE", 2)
    found = [("a", 1), ("a", 2), ("a", 1), ("b", 1), ("a", 3)]
    parts = parts_of([(location, measured(probe_id)) for location, probe_id in found])
    assert [(location, [one.probe_id for one in part]) for location, part in parts] == [
        ("a", [1, 2]),
        ("a", [1, 3]),
        ("b", [1]),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_recorders_own_thread_writes_to_the_database(api: Component, recorder: Recorder) -> None:
    probe = make_probe(api)
    recorder.submit(LOCATION, [job(probe.pk, "answers")])
    recorder.drain(timeout=60)
    assert ProbeResult.objects.get().outcome == "up"
