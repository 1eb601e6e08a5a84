"""A secret of the environment, put wherever a probe may have one, is in no sentence and no log."""

import json
import logging
from typing import Any

import pytest

from probes.checkers.fields import Fields
from probes.checkers.http import HttpConfig
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import Recording, Server, answer, closed_port
from tests.unit.core.http.conftest import Names

SECRET = "hunter2-VERY-long"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)


async def echo(reader: Recording, writer: Any) -> None:
    """Whatever was sent comes back, in the body, in a header and as JSON."""
    head = await reader.head()
    told = json.dumps({"said": f"{head} {SECRET}", "word": SECRET})
    await_body = f"HTTP/1.1 200 OK\r\nX-Said: {SECRET}\r\nConnection: close\r\n\r\n{told}"
    writer.write(await_body.encode())
    await writer.drain()


@pytest.mark.parametrize(
    "keys",
    [
        {"headers": {"Authorization": "Bearer ${SECRET}"}, "expect_status": [404]},
        {"headers": {"X-Api-Key": "${SECRET}"}, "expect_body": "not there ${SECRET}"},
        {"method": "POST", "body": "${SECRET}", "expect_not_body": "${SECRET}"},
        {"expect_body_matches": "^${SECRET}$"},
        {"expect_headers": {"X-Said": "not ${SECRET}"}},
        {"expect_headers": {"X-Said": {"contains": "not ${SECRET}"}}},
        {"expect_json": [{"path": "$.word", "op": "!=", "value": "${SECRET}"}]},
        {"expect_json": [{"path": "$.word", "op": "==", "value": "other"}], "headers": {"A": "${SECRET}"}},
        {"expect_json": [{"path": "$.said", "op": "==", "value": "x"}], "headers": {"A": "${SECRET}"}},
        {"expect_json": [{"path": "$.word", "op": ">", "value": 1}], "headers": {"A": "${SECRET}"}},
    ],
)
def test_an_assertion_that_fails_does_not_say_it(
    keys: dict[str, Any], check_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        result = check_server(ProbeKind.HTTP, echo, lambda server: {"url": f"{server.url}/?key=${{SECRET}}", **keys})
    assert result.outcome == Outcome.DOWN
    assert "hunter2" not in result.detail.lower()
    assert "hunter2" not in caplog.text.lower()


@pytest.mark.parametrize(
    "url",
    [
        "http://${SECRET}/",
        "http://${SECRET}.invalid/",
        "http://user:${SECRET}@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/${SECRET}?q=${SECRET}",
        "http://${SECRET} /",
        "http://[${SECRET}]/",
        "${SECRET}",
        "http://127.0.0.1:${SECRET}/",
    ],
)
@pytest.mark.parametrize("kind", [ProbeKind.HTTP, ProbeKind.JSON])
def test_an_error_that_names_the_url_does_not_say_it(
    url: str, kind: ProbeKind, check: Any, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"url": url.replace("{port}", str(closed_port())), **({"path": "$.a"} if kind == ProbeKind.JSON else {})}
    with caplog.at_level(logging.DEBUG):
        # No name of these is asked of anybody.
        result = check(kind, config, client=GuardedClient(resolver=Resolver(threads=1, lookup=Names())))
    assert result.outcome != Outcome.UP
    assert "hunter2" not in result.detail.lower()
    assert "hunter2" not in caplog.text.lower()


def test_a_redirect_does_not_take_it_elsewhere(check_server: Any) -> None:
    noted: list[Server] = []

    async def elsewhere(reader: Recording, writer: Any) -> None:
        first = not noted[0].requests
        port = noted[0].port
        to_other = answer(302, b"", headers=f"Location: http://localhost:{port}/other\r\n")
        await (to_other if first else answer())(reader, writer)

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return {"url": server.url, "headers": {"X-Api-Key": "${SECRET}", "Cookie": "a=${SECRET}"}}

    result = check_server(ProbeKind.HTTP, elsewhere, config)
    assert result.outcome == Outcome.UP
    assert SECRET in noted[0].requests[0]
    assert SECRET not in noted[0].requests[1]


@pytest.mark.parametrize("value", ["169.254.169.254", "0xa9fea9fe", "10.20.30.40"])
def test_a_blocked_host_from_the_environment_is_not_named_when_it_is_refused(value: str) -> None:
    fields = Fields({"url": "http://${HOST}/"}, key="probe", environ={"HOST": value})
    HttpConfig.parse(fields)
    (error,) = fields.errors
    assert str(error).startswith('probe.url is "http://${HOST}/"; expected a target that may be probed: it is a')
    assert value not in str(error)
    assert "169.254" not in str(error)


@pytest.mark.parametrize(
    "keys",
    [
        {"headers": {"Authorization": "Bearer ${SECRET}\r\n"}},
        {"headers": {"A b": "${SECRET}"}},
        {"headers": {"A": "${SECRET} ${GONE}"}},
        {"body": "${SECRET}"},
        {"method": "POST", "body": "${SECRET} ${GONE}"},
        {"expect_body": "${SECRET} ${GONE}"},
        {"expect_body_matches": "(${SECRET}"},
        {"expect_headers": {"A": "${SECRET} ${GONE}"}},
        {"expect_json": [{"path": "$.a", "op": "<", "value": "${SECRET}"}]},
        {"expect_json": [{"path": "$.a", "op": "matches", "value": "(${SECRET}"}]},
        {"url": "ftp://${SECRET}/"},
        {"url": "http://[${SECRET}/"},
    ],
)
def test_no_error_of_the_configuration_says_it(keys: dict[str, Any]) -> None:
    fields = Fields({"url": "https://api.example.com", **keys}, key="probe", environ={"SECRET": SECRET})
    HttpConfig.parse(fields)
    assert fields.errors
    assert "hunter2" not in " ".join(map(str, fields.errors)).lower()
