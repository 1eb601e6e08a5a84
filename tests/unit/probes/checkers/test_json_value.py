"""JSON probes: one value, its number, its sentence."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from probes.checkers.base import stored
from probes.checkers.fields import Fields
from probes.checkers.json_value import JsonConfig
from probes.enums import Outcome, ProbeKind
from tests.hostile import Recording, Server, answer

BODY = json.dumps({"outbox": {"backlog": 12}, "state": "fine", "flag": False}).encode()
BACKLOG = {"path": "$.outbox.backlog", "label": "Outbox backlog", "unit": "messages"}


@pytest.fixture
def ask(check_server: Any) -> Any:
    def run(*, behaviour: Any = None, options: dict[str, Any] | None = None, **keys: Any) -> Any:
        def config(server: Server) -> dict[str, Any]:
            return {"url": server.url, **keys}

        return check_server(ProbeKind.JSON, behaviour or answer(200, BODY), config, **(options or {}))

    return run


@pytest.mark.parametrize(
    ("keys", "detail", "values"),
    [
        (BACKLOG, "Outbox backlog 12 messages", {"value": 12.0}),
        ({"path": "$.outbox.backlog"}, "$.outbox.backlog is 12", {"value": 12.0}),
        ({**BACKLOG, "op": "<", "value": 100}, "Outbox backlog 12 messages", {"value": 12.0}),
        ({"path": "$.state", "op": "==", "value": "fine"}, '$.state is "fine"', {}),
        ({"path": "$.flag", "op": "==", "value": False, "label": "Read-only"}, "Read-only false", {}),
        ({"path": "$.gone", "op": "exists", "value": False}, "The JSON has no $.gone, as expected", {}),
    ],
)
def test_a_value_is_said_and_kept(keys: dict[str, Any], detail: str, values: dict[str, float], ask: Any) -> None:
    result = ask(**keys)
    assert (result.outcome, result.detail, result.values) == (Outcome.UP, detail, values)
    assert result.latency_ms is not None


@pytest.mark.parametrize(
    ("keys", "detail", "values"),
    [
        ({**BACKLOG, "op": "<", "value": 10}, "Outbox backlog is 12 messages, expected < 10.", {"value": 12.0}),
        ({"path": "$.outbox.backlog", "op": "==", "value": 1}, "$.outbox.backlog is 12, expected 1.", {"value": 12.0}),
        ({"path": "$.state", "op": "==", "value": "bad"}, '$.state is "fine", expected "bad".', {}),
        ({"path": "$.state"}, '$.state is "fine", not a number.', {}),
        ({"path": "$.flag"}, "$.flag is false, not a number.", {}),
        ({"path": "$.outbox", "label": "Outbox"}, "Outbox is an object of 1, not a number.", {}),
        ({"path": "$.gone"}, "The JSON has no $.gone.", {}),
        ({"path": "$.gone", "op": "<", "value": 1}, "The JSON has no $.gone.", {}),
        ({"path": "$.outbox.backlog", "expect_status": [201]}, "Answered 200, expected 201.", {}),
    ],
)
def test_a_value_that_is_not_as_it_should_be_is_down(
    keys: dict[str, Any], detail: str, values: dict[str, float], ask: Any
) -> None:
    result = ask(**keys)
    assert (result.outcome, result.detail, result.values) == (Outcome.DOWN, detail, values)


def test_a_slow_answer_keeps_its_number(ask: Any) -> None:
    async def slow(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await answer(200, BODY)(reader, writer)

    result = ask(behaviour=slow, options={"degraded_above": timedelta(milliseconds=50)}, **BACKLOG)
    assert (result.outcome, result.values) == (Outcome.DEGRADED, {"value": 12.0})
    assert result.detail == (
        f"Outbox backlog 12 messages; answered in {round(result.latency_ms)} ms, slower than 50 ms."
    )


def test_a_body_that_is_no_json_is_down(ask: Any) -> None:
    result = ask(behaviour=answer(200, b"<html>"), **BACKLOG)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The body is not JSON.")


def test_the_configuration_keeps_what_is_said() -> None:
    keys = {"url": "https://api.example.com/queues", **BACKLOG, "op": "<", "value": 100}
    fields = Fields(keys, key="probe", environ={})
    assert stored(JsonConfig.parse(fields)) == keys
    assert fields.errors == []


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"path": "backlog"}, 'path is "backlog"; expected a path that begins with $'),
        ({"op": "<"}, "value is missing; expected a number."),
        ({"op": "<", "value": True}, "value is true; expected a number."),
        ({"value": [1]}, "value is [1]; expected a number."),
        ({"method": "HEAD"}, 'method is "HEAD"; expected another method'),
    ],
)
def test_a_wrong_key_says_what_was_expected(keys: dict[str, Any], sentence: str) -> None:
    fields = Fields({"url": "https://api.example.com", "path": "$.a", **keys}, key="probe", environ={})
    JsonConfig.parse(fields)
    assert str(fields.errors[0]).removeprefix("probe.").startswith(sentence)
