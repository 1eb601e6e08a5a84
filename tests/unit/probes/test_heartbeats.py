from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from components.models import Component
from incidents.models import Incident, Signal
from probes import distrust
from probes.checkers import CheckResult
from probes.engine import _job, check_all
from probes.enums import Outcome, ProbeKind
from probes.heartbeats import (
    LARGEST_BODY,
    HeartbeatBody,
    HeartbeatEvent,
    HeartbeatTooLarge,
    TooManyWorkers,
    parse_body,
    probe_of,
    read,
    record_heartbeat,
    report_worker_heartbeat,
)
from probes.models import Heartbeat, Probe, ProbeLocation, Slot, WorkerHeartbeat
from probes.rollup import roll_up
from probes.services import pause_probe, resume_probe, retire_probe, upsert_probe
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.tokens import hash_token

from .conftest import NOON, make_probe, record, spec

TOKEN = "0123456789abcdef"


@pytest.fixture
def job(api: Component) -> Probe:
    return make_probe(
        api, "nightly", kind=ProbeKind.HEARTBEAT, config={"max_age": "90s"}, token_hash=hash_token(TOKEN)
    )


def test_a_heartbeat_is_remembered(job: Probe, at_noon: time_machine.Traveller) -> None:
    record_heartbeat(probe=job, body=HeartbeatBody(failed_jobs=1, backlog=12, message="working"))
    beat = Heartbeat.objects.get()
    assert (beat.last_seen_at, beat.failed, beat.message) == (NOON, False, "working")
    assert (beat.failed_jobs, beat.backlog) == (1, 12)


def test_a_start_alone_does_not_say_that_the_job_is_well(job: Probe, at_noon: time_machine.Traveller) -> None:
    record_heartbeat(probe=job, event=HeartbeatEvent.START, body=HeartbeatBody())
    beat = Heartbeat.objects.get()
    assert (beat.started_at, beat.last_seen_at) == (NOON, None)


def test_a_failure_is_seen_and_the_next_heartbeat_ends_it(job: Probe, at_noon: time_machine.Traveller) -> None:
    record_heartbeat(probe=job, event=HeartbeatEvent.FAIL, body=HeartbeatBody(message="disk full"))
    assert Heartbeat.objects.values_list("failed", "message").get() == (True, "disk full")
    at_noon.move_to(NOON + timedelta(minutes=1))
    record_heartbeat(probe=job, body=HeartbeatBody())
    beat = Heartbeat.objects.get()
    assert (beat.failed, beat.message, beat.last_seen_at) == (False, "", NOON + timedelta(minutes=1))


def test_a_token_finds_its_probe(job: Probe) -> None:
    assert probe_of(TOKEN) == job


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "wrong", hash_token(TOKEN), "é\x00", "x" * 5000])
def test_any_other_token_finds_none(job: Probe, token: str) -> None:
    with pytest.raises(NotFound, match="No heartbeat has this address"):
        probe_of(token)


def test_an_empty_token_does_not_find_probes_without_one(api: Component) -> None:
    make_probe(api, "own", kind=ProbeKind.HEARTBEAT, config={"source": "worker"})
    with pytest.raises(NotFound):
        probe_of("")


def test_a_retired_heartbeat_is_not_found(job: Probe) -> None:
    retire_probe(probe=job)
    with pytest.raises(NotFound):
        probe_of(TOKEN)


def test_our_own_worker_reports_to_the_probes_that_watch_it(
    api: Component, job: Probe, at_noon: time_machine.Traveller
) -> None:
    own = make_probe(api, "worker", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "90s"})
    assert report_worker_heartbeat() == 1
    assert Heartbeat.objects.get().probe == own


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 9_000, "not JSON"),
        (b'{"failed_jobs": NaN}', "not JSON"),
        (b"[]", "not a JSON object"),
        (b"1", "not a JSON object"),
        (b'{"failed_jobs": -1}', "failed_jobs is not a whole number"),
        (b'{"failed_jobs": true}', "failed_jobs is not a whole number"),
        (b'{"backlog": 1.5}', "backlog is not a whole number"),
        (b'{"backlog": "12"}', "backlog is not a whole number"),
        (b'{"backlog": 1' + b"0" * 400 + b"}", "backlog is not a whole number"),
        (b'{"message": ["x"]}', "message is not a text"),
        (b'{"worker": 1}', "worker is not a text"),
    ],
)
def test_a_malformed_body_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ValidationFailed, match=sentence):
        parse_body(body)


def test_a_body_that_is_too_large_is_refused_with_a_sentence() -> None:
    with pytest.raises(HeartbeatTooLarge, match="at most 10,000 bytes"):
        parse_body(b" " * (LARGEST_BODY + 1))


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"other": 1}', b'{"backlog": null}'])
def test_a_body_may_say_nothing(body: bytes) -> None:
    assert parse_body(body) == HeartbeatBody()


def test_a_message_is_cleaned_and_cut() -> None:
    assert parse_body(b'{"message": "a\\u0000\\nb"}').message == "a b"
    assert len(parse_body(b'{"message": "' + b"x" * 5000 + b'"}').message) == 300


@given(body=st.binary(max_size=200))
def test_no_body_at_all_breaks_the_parser(body: bytes) -> None:
    parsed: HeartbeatBody | ValidationFailed
    try:
        parsed = parse_body(body)
    except ValidationFailed as error:
        parsed = error
    assert isinstance(parsed, HeartbeatBody) or parsed.sentence.endswith(".")


# --- several workers -------------------------------------------------------------------------------------------------


@pytest.fixture
def workers(api: Component) -> Probe:
    config = {"token_hash": "", "max_age": "5m", "workers": ["push"], "forget_after": "1d"}
    return make_probe(api, "workers", kind=ProbeKind.WORKERS, config=config, token_hash=hash_token(TOKEN))


def rows_of(probe: Probe) -> list[ProbeLocation]:
    return list(ProbeLocation.objects.filter(probe=probe).select_related("probe__heartbeat"))


def test_each_worker_is_remembered_by_its_name(workers: Probe, at_noon: time_machine.Traveller) -> None:
    assert probe_of(TOKEN) == workers
    record_heartbeat(probe=workers, body=HeartbeatBody(worker="push", failed_jobs=1))
    record_heartbeat(probe=workers, body=HeartbeatBody(worker="cleanup", backlog=4))
    at_noon.move_to(NOON + timedelta(minutes=1))
    record_heartbeat(probe=workers, event=HeartbeatEvent.FAIL, body=HeartbeatBody(worker="push", message="oh"))
    beats = WorkerHeartbeat.objects.order_by("worker").values_list("worker", "last_seen_at", "failed", "failed_jobs")
    assert list(beats) == [("cleanup", NOON, False, None), ("push", NOON + timedelta(minutes=1), True, None)]
    reports = read(rows_of(workers))[workers.pk].reports
    assert [(report.worker, report.backlog, report.message) for report in reports] == [
        ("cleanup", 4, ""),
        ("push", None, "oh"),
    ]


@pytest.mark.parametrize("name", ["", " ", "{}", "x" * 61])
def test_a_worker_without_a_name_is_told_how_to_say_it(workers: Probe, name: str) -> None:
    with pytest.raises(ValidationFailed, match="by \\?worker=NAME"):
        record_heartbeat(probe=workers, body=HeartbeatBody(worker=name))
    assert not WorkerHeartbeat.objects.exists()


def test_names_that_change_each_time_are_stopped_with_a_sentence(
    workers: Probe, at_noon: time_machine.Traveller
) -> None:
    for number in range(100):
        record_heartbeat(probe=workers, body=HeartbeatBody(worker=f"pod-{number}"))
    with pytest.raises(TooManyWorkers, match="100 workers report here already"):
        record_heartbeat(probe=workers, body=HeartbeatBody(worker="pod-100"))
    # Whoever is known, or expected, goes on.
    record_heartbeat(probe=workers, body=HeartbeatBody(worker="pod-7"))
    record_heartbeat(probe=workers, body=HeartbeatBody(worker="push"))
    at_noon.move_to(NOON + timedelta(days=1, seconds=1))
    record_heartbeat(probe=workers, body=HeartbeatBody(worker="pod-100"))
    assert sorted(WorkerHeartbeat.objects.values_list("worker", flat=True)) == ["pod-100", "push"]


def test_probes_that_wait_for_nobody_cost_no_query(
    api: Component, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = rows_of(make_probe(api))
    with django_assert_num_queries(0):
        assert read(rows) == {}


def test_a_heartbeat_that_is_looked_at_in_time_costs_no_query(
    job: Probe, at_noon: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    record_heartbeat(probe=job, body=HeartbeatBody(backlog=3))
    ProbeLocation.objects.update(last_result_at=NOON - timedelta(seconds=30))
    rows = rows_of(job)
    with django_assert_num_queries(0):
        reported = read(rows)[job.pk]
    assert reported.silence is None
    assert [report.backlog for report in reported.reports] == [3]


def test_a_silence_of_ours_is_written_down_when_it_ends(job: Probe, at_noon: time_machine.Traveller) -> None:
    away_since = NOON - timedelta(minutes=10)
    ProbeLocation.objects.update(last_result_at=away_since)
    silence = read(rows_of(job))[job.pk].silence
    assert silence is not None
    assert (silence.begin, silence.end) == (away_since, NOON)
    ProbeLocation.objects.update(last_result_at=NOON)
    at_noon.move_to(NOON + timedelta(seconds=30))
    assert read(rows_of(job))[job.pk].silence == silence


def test_a_location_that_was_away_alone_is_no_silence(job: Probe, at_noon: time_machine.Traveller) -> None:
    ProbeLocation.objects.update(last_result_at=NOON - timedelta(minutes=10))
    ProbeLocation.objects.create(probe=job, location="eu-west", last_result_at=NOON)
    assert read(rows_of(job))[job.pk].silence is None


# --- since when they are waited for ---------------------------------------------------------------------------------


def look(probe: Probe) -> CheckResult:
    """One check of what was reported, recorded."""
    row = ProbeLocation.objects.select_related("probe__heartbeat").get(probe=probe)
    now = clock.now()
    (one,) = check_all([_job(row, now, read([row]))])
    record(one)
    return one.result


@pytest.mark.usefixtures("check_loop_ends")
def test_a_job_never_heard_of_opens_no_incident_and_no_bad_slot_before_its_time_is_over(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    upsert_probe(
        component=api,
        spec=spec("nightly", kind=ProbeKind.HEARTBEAT, config={"source": "worker", "max_age": "15m"}, severity=None),
    )
    probe = Probe.objects.get()
    for minutes in range(16):
        at_noon.move_to(NOON + timedelta(minutes=minutes))
        assert look(probe).detail == "No nightly check heartbeat seen yet."
        distrust.sweep()
        roll_up()
    api.refresh_from_db()
    assert (api.status, Incident.objects.count(), Signal.objects.count()) == ("unknown", 0, 0)
    assert not Slot.objects.filter(down__gt=0).exists()
    for minutes in range(16, 19):
        at_noon.move_to(NOON + timedelta(minutes=minutes))
        assert look(probe).outcome is Outcome.DOWN
    api.refresh_from_db()
    assert (api.status, Incident.objects.count()) == ("major_outage", 1)


@pytest.mark.usefixtures("check_loop_ends")
@pytest.mark.parametrize("what", ["resumed", "brought back", "told another age"])
def test_a_job_never_heard_of_has_its_time_anew_when_it_is(
    api: Component, at_noon: time_machine.Traveller, what: str
) -> None:
    config = {"source": "worker", "max_age": "5m"}
    said = spec("nightly", kind=ProbeKind.HEARTBEAT, config=config)
    upsert_probe(component=api, spec=said)
    probe = Probe.objects.get()
    at_noon.move_to(NOON + timedelta(minutes=10))
    assert look(probe).outcome is Outcome.DOWN
    if what == "resumed":
        pause_probe(probe=probe)
        resume_probe(probe=probe)
    elif what == "brought back":
        retire_probe(probe=probe)
        upsert_probe(component=api, spec=said)
    else:
        upsert_probe(component=api, spec=replace(said, config=config | {"max_age": "4m"}))
    assert look(probe).outcome is Outcome.ERROR
    for minutes in range(11, 17):
        at_noon.move_to(NOON + timedelta(minutes=minutes))
        outcome = look(probe).outcome
    assert outcome is Outcome.DOWN
    # A name is no reason to wait anew.
    upsert_probe(component=api, spec=replace(said, name="nightly", config=Probe.objects.get().config))
    assert look(probe).outcome is Outcome.DOWN
