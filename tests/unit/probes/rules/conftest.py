"""Probes from real configuration, and results that come every thirty seconds of frozen time."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from probes import heartbeats
from probes.checkers import CHECKERS, CheckContext, CheckResult
from probes.engine import _job
from probes.enums import Outcome, ProbeKind
from probes.measured import Measured
from probes.models import ProbeLocation
from probes.record import record_batch

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)

Load = Callable[[str], str]


@pytest.fixture
def load(tmp_path: Path, db: None) -> Load:
    """Load a configuration the way an operator does, taking out what it does not have; returns what was printed."""

    def run(text: str) -> str:
        file = tmp_path / "page.toml"
        file.write_text(text)
        out = StringIO()
        call_command("load_config", str(file), "--prune", stdout=out)
        return out.getvalue()

    return run


class Engine:
    """What measures: a clock that only it moves."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller
        self.now = NOON

    def wait(self, span: timedelta = STEP) -> None:
        self.now += span
        self._traveller.move_to(self.now)

    def finds(
        self,
        slug: str,
        outcome: Outcome = Outcome.UP,
        *,
        latency_ms: float | None = 10.0,
        location: str = "default",
        at: datetime | None = None,
        **values: float,
    ) -> None:
        """One result of this probe, due now."""
        answered = outcome in {Outcome.UP, Outcome.DEGRADED}
        detail = f"Fine in {latency_ms:g} ms" if answered and latency_ms is not None else f"{outcome.label} it is."
        result = CheckResult(
            outcome=outcome, latency_ms=latency_ms if answered else None, detail=detail, values=values
        )
        self._record(slug, result, location, at)

    def looks(self, slug: str) -> CheckResult:
        """The probe looks at what was reported to it."""
        row = ProbeLocation.objects.select_related("probe__heartbeat").get(probe__slug=slug)
        request = _job(row, self.now, heartbeats.read([row])).request
        result = asyncio.run(_check(request))
        self._record(slug, result, row.location, None)
        return result

    def _record(self, slug: str, result: CheckResult, location: str, at: datetime | None) -> None:
        probe_id = ProbeLocation.objects.values_list("probe_id", flat=True).get(probe__slug=slug, location=location)
        at = at or self.now
        record_batch(
            location=location,
            measured=[Measured(probe_id=probe_id, scheduled_at=at, started_at=at, result=result)],
        )


async def _check(request: Any) -> CheckResult:
    assert request.kind in {ProbeKind.HEARTBEAT, ProbeKind.WORKERS}
    return await CHECKERS[request.kind].check(request, CheckContext())


@pytest.fixture
def engine() -> Iterator[Engine]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield Engine(traveller)
