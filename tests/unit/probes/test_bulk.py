from datetime import timedelta

import pytest

from components.models import Component
from probes.bulk import insert_results, update_rows
from probes.models import ProbeLocation, ProbeResult

from .conftest import LOCATION, NOON, make_probe

pytestmark = pytest.mark.django_db
AWKWARD = ["", "NULL", "a,b", 'say "x"', "it's", "back\\slash", "{1,2}", "100 % %s", "ä→✓", "null", " "]


def test_any_text_comes_back_as_it_was_written(api: Component) -> None:
    rows = []
    for number, text in enumerate(AWKWARD):
        probe = make_probe(api, f"p{number}")
        row = ProbeLocation.objects.get(probe=probe)
        row.last_detail, row.last_latency_ms, row.is_slow = text, number / 3 or None, bool(number % 2)
        row.last_result_at = NOON + timedelta(microseconds=number) if number else None
        rows.append(row)
    update_rows(ProbeLocation, rows, ["last_detail", "last_latency_ms", "is_slow", "last_result_at"])
    for row in rows:
        kept = ProbeLocation.objects.get(pk=row.pk)
        assert (kept.last_detail, kept.last_latency_ms, kept.is_slow, kept.last_result_at) == (
            row.last_detail,
            row.last_latency_ms,
            row.is_slow,
            row.last_result_at,
        )


def test_results_come_back_as_they_were_written_and_only_new_ones_are_named(api: Component) -> None:
    results = [
        ProbeResult(
            probe=make_probe(api, f"p{number}"),
            location=LOCATION,
            scheduled_at=NOON,
            started_at=NOON + timedelta(seconds=1),
            outcome="down",
            latency_ms=None if number else 1.5,
            detail=text,
        )
        for number, text in enumerate(AWKWARD)
    ]
    assert insert_results(results[:3]) == {result.probe_id for result in results[:3]}
    assert insert_results(results) == {result.probe_id for result in results[3:]}
    kept = {result.probe_id: (result.latency_ms, result.detail) for result in ProbeResult.objects.all()}
    assert kept == {result.probe_id: (result.latency_ms, result.detail) for result in results}


def test_nothing_is_no_statement(api: Component) -> None:
    update_rows(ProbeLocation, [], ["last_detail"])
    assert insert_results([]) == set()
