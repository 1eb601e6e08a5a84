"""A second location: a worker of its own on its own queue, and what is said once that worker is gone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from statuspage.management.processes import Child, stop_children
from tests.journeys.stack import ROOT, Stack, eventually
from tests.journeys.target import Target

ELSEWHERE = "eu-west"
CONFIG = """
[page]
name = "Acme"
url = "{page}"
refresh = "5s"

[[components]]
slug = "api"
name = "API gateway"

[[components.probes]]
slug = "api-http"
kind = "http"
url = "{target}"
locations = ["default", "eu-west"]
interval = "2s"
timeout = "1s"
allow_private = true
"""


@pytest.fixture(scope="module")
def target(stack: Stack) -> Iterator[Target]:
    server = Target()
    server.go_up()
    stack.load_config(CONFIG.format(page=stack.url, target=server.url))
    yield server
    server.go_down()


@contextmanager
def worker_at(location: str, stack: Stack) -> Iterator[Child]:
    """As on another machine: it shares the broker and the database, and takes its own queue alone."""
    env = {**stack.env, "PROBE_LOCATION": location, "DATA_DIR": str(stack.folder / f"data-{location}")}
    command = [
        *(sys.executable, "-m", "celery", "--app", "statuspage", "worker", "--queues", f"probes.{location}"),
        *("--pool", "threads", "--concurrency", "2", "--hostname", f"{location}@%h"),
    ]
    with (stack.folder / f"{location}.log").open("ab") as log:
        child = Child(location, command, env=env, cwd=ROOT, output=log)
    try:
        yield child
    finally:
        stop_children([child])


def results_at(location: str, stack: Stack) -> int:
    return int(stack.query("SELECT count(*) FROM probes_proberesult WHERE location = %s", location)[0][0])


def states(stack: Stack) -> dict[str, bool]:
    """By location, whether its last result is fresh, as the component's page says it."""
    html = stack.get("/components/api/").text
    return {place: "No data" not in html.split(f">{place}<")[1].split("</tr>")[0] for place in ("default", ELSEWHERE)}


def test_a_location_whose_worker_is_gone_has_no_data_and_is_never_down(stack: Stack, target: Target) -> None:
    with worker_at(ELSEWHERE, stack) as elsewhere:
        eventually(lambda: results_at(ELSEWHERE, stack) > 2 and results_at("default", stack) > 2)
        eventually(lambda: states(stack) == {"default": True, ELSEWHERE: True})
        stop_children([elsewhere], grace_seconds=0)

    # A silence is a silence after a minute.
    eventually(lambda: states(stack) == {"default": True, ELSEWHERE: False}, within=180)
    assert stack.get("/status.json").json()["overall_state"] == "operational"
    assert stack.query("SELECT 1 FROM components_statuschange WHERE new_status = 'major_outage'") == []
    assert stack.query("SELECT 1 FROM incidents_incident") == []
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as broker:
        waiting = broker.llen(f"probes.{ELSEWHERE}")
    # A minute of batches is thirty.
    assert int(waiting) < 40

    was = results_at(ELSEWHERE, stack)
    with worker_at(ELSEWHERE, stack):
        eventually(lambda: results_at(ELSEWHERE, stack) > was + 2, within=180)
        eventually(lambda: states(stack) == {"default": True, ELSEWHERE: True})


def test_an_outage_that_both_see_is_one_incident(stack: Stack, target: Target) -> None:
    with worker_at(ELSEWHERE, stack):
        was = results_at(ELSEWHERE, stack)
        eventually(lambda: results_at(ELSEWHERE, stack) > was + 2 and results_at("default", stack) > 2)
        target.go_down()
        eventually(lambda: stack.get("/status.json").json()["overall_state"] == "down")
        target.go_up()
        eventually(lambda: stack.get("/status.json").json()["overall_state"] == "operational")
    assert len(stack.query("SELECT 1 FROM incidents_incident")) == 1
