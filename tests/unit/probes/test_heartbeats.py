from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from components.models import Component
from probes.enums import ProbeKind
from probes.heartbeats import (
    LARGEST_BODY,
    HeartbeatBody,
    HeartbeatEvent,
    HeartbeatTooLarge,
    parse_body,
    probe_of,
    record_heartbeat,
    report_worker_heartbeat,
)
from probes.models import Heartbeat, Probe
from probes.services import retire_probe
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.tokens import hash_token

from .conftest import NOON, make_probe

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
