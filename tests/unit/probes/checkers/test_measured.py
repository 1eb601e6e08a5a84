"""What a latency makes of a check that was answered."""

from datetime import timedelta

import pytest

from probes.checkers.base import CheckRequest, measured
from probes.enums import Outcome, ProbeKind


@pytest.mark.parametrize(
    ("latency_ms", "outcome"),
    [(499.9, Outcome.UP), (500.0, Outcome.UP), (500.1, Outcome.DEGRADED)],
)
def test_an_answer_is_slow_only_above_the_limit(latency_ms: float, outcome: Outcome) -> None:
    request = CheckRequest(
        kind=ProbeKind.TCP,
        name="api",
        config={},
        timeout=timedelta(seconds=3),
        degraded_above=timedelta(milliseconds=500),
        allow_private=False,
    )
    assert measured(request, "Connected", latency_ms).outcome == outcome
