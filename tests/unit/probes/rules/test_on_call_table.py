"""A messenger's published table "page on-call when", row by row: loaded as configuration, driven by results."""

from datetime import timedelta

import pytest

from components.models import Component
from incidents.models import Incident, Signal
from probes.enums import Outcome
from probes.heartbeats import HeartbeatBody, probe_of, record_heartbeat

from .conftest import Engine, Load

UP, DOWN, ERROR = Outcome.UP, Outcome.DOWN, Outcome.ERROR
WORKERS_TOKEN = "workers-0123456789"
OUTBOX_TOKEN = "outbox-0123456789"
SOCKET_TOKEN = "socket-0123456789"

TABLE = f"""
[[components]]
slug = "api"
name = "API (PostgreSQL)"
[[components.probes]]
slug = "postgres"
kind = "postgres"
url = "postgresql://status@127.0.0.1/app"
allow_private = true
opens_incident = false
[[components.probes.rules]]
when = "consecutive_failures"
limit = 2
then = ["page"]

[[components]]
slug = "cache"
name = "Cache (Redis)"
[[components.probes]]
slug = "redis"
name = "Redis"
kind = "redis"
url = "redis://127.0.0.1:6379/0"
allow_private = true
opens_incident = false
[[components.probes.rules]]
slug = "fails"
when = "consecutive_failures"
limit = 1
then = ["page"]
[[components.probes.rules]]
slug = "slow"
when = "latency_above"
limit = "200ms"
for = "2m"
then = ["page", "degrade"]

[[components]]
slug = "websocket"
name = "WebSocket"
[[components.probes]]
slug = "realtime"
name = "websocket"
kind = "heartbeat"
token = "{SOCKET_TOKEN}"
max_age = "60s"
opens_incident = false
[[components.probes.rules]]
when = "heartbeat_older_than"
limit = "90s"
then = ["page"]

[[components]]
slug = "workers"
name = "Workers (push, retention, exports)"
[[components.probes]]
slug = "workers"
name = "Workers"
kind = "workers"
token = "{WORKERS_TOKEN}"
workers = ["push", "retention", "exports"]
max_age = "60s"
opens_incident = false
[[components.probes.rules]]
slug = "stale"
when = "heartbeat_older_than"
limit = "5m"
then = ["page"]
[[components.probes.rules]]
slug = "failed-jobs"
when = "value_above"
value = "failed_jobs"
limit = 0
then = ["page"]

[[components]]
slug = "storage"
name = "Storage (encrypted media)"
[[components.probes]]
slug = "media"
kind = "disk"
path = "/tmp"
opens_incident = false
[[components.probes.rules]]
when = "consecutive_failures"
limit = 2
then = ["page"]

[[components]]
slug = "push"
name = "Push (APNs / FCM)"
[[components.probes]]
slug = "outbox"
name = "Outbox"
kind = "heartbeat"
token = "{OUTBOX_TOKEN}"
max_age = "2m"
opens_incident = false
[[components.probes.rules]]
slug = "backlog"
when = "value_growing"
value = "backlog"
for = "5m"
then = ["page"]
say = "Outbox backlog has grown for {{for}}: {{value}} messages."
"""


@pytest.fixture(autouse=True)
def loaded(engine: Engine, load: Load) -> None:
    load(TABLE)


def paged() -> list[str]:
    """Whom on-call is paged about now, without `probe:`."""
    unresolved = Signal.objects.unresolved().filter(pages=True).order_by("fingerprint")
    return [signal.fingerprint.removeprefix("probe:") for signal in unresolved]


def said() -> str:
    return Signal.objects.unresolved().get().detail


@pytest.mark.parametrize("slug", ["postgres", "media"])
def test_api_and_storage_page_when_the_probe_fails_two_consecutive_checks(engine: Engine, slug: str) -> None:
    for outcome, expected in [(UP, []), (DOWN, []), (UP, []), (DOWN, []), (ERROR, []), (DOWN, [slug])]:
        engine.finds(slug, outcome)
        assert paged() == [f"{one}#consecutive-failures" for one in expected]
        engine.wait()
    assert said() == f"{slug} has failed 2 times in a row."
    engine.finds(slug, UP)
    assert paged() == []


def test_cache_pages_when_ping_fails(engine: Engine) -> None:
    engine.finds("redis", UP)
    engine.wait()
    engine.finds("redis", DOWN)
    assert paged() == ["redis#fails"]
    assert said() == "Redis has been failing since 12:00 UTC."
    engine.wait()
    engine.finds("redis", UP)
    assert paged() == []


def test_cache_pages_when_the_round_trip_is_above_200_ms_for_two_minutes(engine: Engine) -> None:
    for latency_ms in (250, 260, 270, 280):
        engine.finds("redis", latency_ms=latency_ms)
        engine.wait()
    assert paged() == []
    engine.finds("redis", latency_ms=240)
    assert paged() == ["redis#slow"]
    assert said() == "Redis answers in 240 ms, slower than 200 ms for 2 minutes."
    assert Component.objects.get(slug="cache").status == "degraded_performance"
    engine.wait()
    engine.finds("redis", latency_ms=12)
    assert paged() == []
    assert Component.objects.get(slug="cache").status == "operational"


def test_a_round_trip_above_200_ms_with_a_quick_one_in_between_pages_nobody(engine: Engine) -> None:
    for latency_ms in (250, 250, 250, 250, 199, 250, 250, 250, 250):
        engine.finds("redis", latency_ms=latency_ms)
        engine.wait()
    assert paged() == []


def test_websocket_pages_when_the_heartbeat_is_older_than_90_s(engine: Engine) -> None:
    record_heartbeat(probe=probe_of(SOCKET_TOKEN), body=HeartbeatBody())
    for _ in range(3):
        engine.wait()
        engine.looks("realtime")
    # 90 s old: late by its own limit of 60 s, but not older than 90 s.
    assert paged() == []
    engine.wait()
    engine.looks("realtime")
    assert paged() == ["realtime#heartbeat-older-than"]
    assert said() == "websocket: the last heartbeat was 2 minutes ago, more than 90 seconds."
    record_heartbeat(probe=probe_of(SOCKET_TOKEN), body=HeartbeatBody())
    engine.wait()
    engine.looks("realtime")
    assert paged() == []


def test_websocket_that_was_never_seen_pages_once_it_could_have_been(engine: Engine) -> None:
    assert engine.looks("realtime").detail == "No websocket heartbeat seen yet."
    for _ in range(4):
        assert paged() == []
        engine.wait()
        engine.looks("realtime")
    assert paged() == ["realtime#heartbeat-older-than"]


def test_a_new_rule_pages_nobody_about_a_websocket_that_has_not_had_its_time_since(engine: Engine, load: Load) -> None:
    load(TABLE.replace('limit = "90s"', 'limit = "1h"'))
    engine.wait(timedelta(minutes=10))
    assert engine.looks("realtime").outcome == DOWN
    load(TABLE)
    assert engine.looks("realtime").outcome == ERROR
    assert paged() == []
    for _ in range(4):
        assert paged() == []
        engine.wait()
        engine.looks("realtime")
    assert paged() == ["realtime#heartbeat-older-than"]


def report(worker: str, *, failed_jobs: int | None = None) -> None:
    record_heartbeat(probe=probe_of(WORKERS_TOKEN), body=HeartbeatBody(worker=worker, failed_jobs=failed_jobs))


def test_workers_page_when_any_is_stale_for_more_than_five_minutes(engine: Engine) -> None:
    for worker in ("push", "retention", "exports"):
        report(worker)
    for _ in range(10):
        engine.wait()
        report("push")
        report("exports")
        engine.looks("workers")
    assert paged() == []
    engine.wait()
    result = engine.looks("workers")
    assert paged() == ["workers#stale"]
    assert result.detail == "retention: last heartbeat 5 minutes ago, expected every 60 seconds."
    report("retention")
    engine.wait()
    engine.looks("workers")
    assert paged() == []


def test_workers_page_when_the_failed_job_depth_is_above_0(engine: Engine) -> None:
    for worker in ("push", "retention"):
        report(worker)
    report("exports", failed_jobs=0)
    engine.looks("workers")
    assert paged() == []
    report("exports", failed_jobs=3)
    engine.wait()
    assert engine.looks("workers").detail == "3 workers, oldest heartbeat 30 s ago, 3 failed jobs"
    assert paged() == ["workers#failed-jobs"]
    assert said() == "Workers: failed jobs at 3, above 0."


def test_push_pages_when_the_outbox_backlog_grows_for_five_minutes_straight(engine: Engine) -> None:
    outbox = probe_of(OUTBOX_TOKEN)
    for minute in range(6):
        assert paged() == []
        record_heartbeat(probe=outbox, body=HeartbeatBody(backlog=1000 + 200 * minute))
        # Between two heartbeats the same number is seen again: that neither grows nor ceases to.
        for _ in range(2):
            engine.looks("outbox")
            engine.wait()
    assert paged() == ["outbox#backlog"]
    assert said() == "Outbox backlog has grown for 5 minutes: 2,000 messages."
    record_heartbeat(probe=outbox, body=HeartbeatBody(backlog=1900))
    engine.looks("outbox")
    assert paged() == []


def test_push_does_not_page_when_the_backlog_stands_still_once(engine: Engine) -> None:
    outbox = probe_of(OUTBOX_TOKEN)
    for backlog in (1, 2, 3, 4, 4, 5, 6, 7, 8):
        record_heartbeat(probe=outbox, body=HeartbeatBody(backlog=backlog))
        engine.looks("outbox")
        engine.wait(timedelta(minutes=1))
    assert paged() == []


def test_paging_alone_says_nothing_in_public(engine: Engine) -> None:
    for _ in range(2):
        engine.finds("postgres", DOWN)
        engine.wait()
    assert paged()
    assert not Incident.objects.exists()
    assert Component.objects.get(slug="api").status == "unknown"
