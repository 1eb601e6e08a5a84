"""Redis, the broker, is stopped: the page says that nothing is measured, on-call is told, and it goes on by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.stack import Stack, eventually
from tests.journeys.target import Target
from tests.services import Service

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
interval = "2s"
timeout = "1s"
allow_private = true
"""
STALE = "Monitoring data is stale"


@pytest.fixture
def broker(stack: Stack, redis_service: Service) -> Iterator[Service]:
    target = Target()
    target.go_up()
    stack.load_config(CONFIG.format(page=stack.url, target=target.url))
    yield redis_service
    target.go_down()


def results(stack: Stack) -> int:
    return int(stack.query("SELECT count(*) FROM probes_proberesult")[0][0])


def signals(stack: Stack) -> list[str]:
    rows = stack.query("SELECT state FROM incidents_signal WHERE fingerprint = 'monitoring:stale' ORDER BY id")
    return [state for (state,) in rows]


def component(stack: Stack) -> dict[str, Any]:
    (said,) = stack.get("/status.json").json()["components"]
    return dict(said)


def test_without_its_broker_the_page_says_that_it_does_not_know(stack: Stack, broker: Service) -> None:
    # Measured first: before that it would say that nothing has been measured yet, for good.
    eventually(lambda: any(said["last_checked_at"] for said in stack.get("/status.json").json()["components"]))
    assert stack.get("/status.json").json()["overall_state"] == "operational"
    assert STALE not in stack.get("/").text

    broker.stop()
    try:
        # A silence is a silence after a minute.
        eventually(lambda: STALE in stack.get("/").text, within=180)
        assert "All Systems Operational" not in stack.get("/").text
        assert "No fresh measurement since" in stack.get("/").text
        eventually(lambda: component(stack)["detail"] == "No fresh measurement.")
        assert component(stack)["state"] != "operational"
        eventually(lambda: signals(stack) == ["firing"])
        assert stack.query("SELECT 1 FROM incidents_incident") == []
    finally:
        broker.start()

    was = results(stack)
    eventually(lambda: results(stack) > was + 2, within=180)
    eventually(lambda: STALE not in stack.get("/").text and "All Systems Operational" in stack.get("/").text)
    eventually(lambda: signals(stack) == ["resolved"])
