"""Redis probes against servers that speak just enough of its protocol."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from probes.enums import Outcome, ProbeKind
from tests.hostile import Behaviour, Recording, Server, closed_port, hang


def url_of(server: Server) -> dict[str, Any]:
    return {"url": f"redis://127.0.0.1:{server.port}/0"}


def speaking(*answers: bytes) -> Behaviour:
    """Answers each command with the next of these."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            count = int((await reader.readuntil(b"\r\n"))[1:])
            for _ in range(2 * count):
                await reader.readuntil(b"\r\n")
            writer.write(answer)
            await writer.drain()
        await reader.readuntil(b"\r\n")

    return behave


def test_a_server_that_answers_ping_is_up(check_server: Any) -> None:
    result = check_server(ProbeKind.REDIS, speaking(b"+PONG\r\n"), url_of)
    assert result.outcome == Outcome.UP
    assert result.detail == f"PING in {round(result.latency_ms)} ms"


def test_the_login_and_the_database_are_sent_first(check_server: Any) -> None:
    behaviour = speaking(b"+OK\r\n", b"+OK\r\n", b"+PONG\r\n")
    result = check_server(
        ProbeKind.REDIS, behaviour, lambda server: {"url": f"redis://me:secret@127.0.0.1:{server.port}/3"}
    )
    assert result.outcome == Outcome.UP


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"-NOAUTH Authentication required.\r\n", "The login was refused."),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "The server is loading its data."),
        (b"-ERR max number of clients reached\r\n", "The server has too many connections."),
        (b"-ERR something else at 10.1.2.3\r\n", "The server answered PING with an error."),
        (b"+WHAT\r\n", "The server does not answer PING as Redis does."),
        (b"HTTP/1.1 400 Bad Request\r\n", "The server does not answer as Redis does."),
        (b"", "The server broke the connection."),
    ],
)
def test_another_answer_is_down_in_our_own_words(said: bytes, detail: str, check_server: Any) -> None:
    async def closing(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"PING\r\n")
        writer.write(said)
        await writer.drain()

    result = check_server(ProbeKind.REDIS, closing, url_of)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_wrong_login_is_down(check_server: Any) -> None:
    behaviour = speaking(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
    result = check_server(
        ProbeKind.REDIS, behaviour, lambda server: {"url": f"redis://me:wrong@127.0.0.1:{server.port}"}
    )
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The login was refused.")


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.REDIS, {"url": f"redis://127.0.0.1:{closed_port()}"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_server_that_hangs_is_down_in_time(scheme: str, check_server: Any) -> None:
    result = check_server(
        ProbeKind.REDIS,
        hang,
        lambda server: {"url": f"{scheme}://127.0.0.1:{server.port}"},
        timeout=timedelta(milliseconds=300),
    )
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


def test_a_server_without_tls_says_so(check_server: Any) -> None:
    async def plain(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR unknown command\r\n")
        await writer.drain()

    result = check_server(ProbeKind.REDIS, plain, lambda server: {"url": f"rediss://127.0.0.1:{server.port}"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The server does not speak TLS there.")


def test_our_own_server_needs_no_permission(check_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def config(server: Server) -> dict[str, Any]:
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{server.port}/0")
        return {"url": "default"}

    result = check_server(ProbeKind.REDIS, speaking(b"+PONG\r\n"), config, allow_private=False)
    assert result.outcome == Outcome.UP


def test_a_private_address_without_permission_is_our_trouble(check: Any) -> None:
    result = check(ProbeKind.REDIS, {"url": "redis://127.0.0.1:1"}, allow_private=False)
    assert result.outcome == Outcome.ERROR
