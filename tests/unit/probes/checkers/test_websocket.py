"""WebSocket probes against servers that speak as much of RFC 6455 as the case needs."""

import asyncio
import base64
import hashlib
import logging
import re
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import trustme

from probes.checkers.base import stored
from probes.checkers.fields import Fields
from probes.checkers.websocket import WebSocketConfig
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from tests.hostile import Behaviour, Recording, Server, answer, closed_port, drip, endless, hang, send, serving
from tests.unit.probes.checkers.conftest import check_once

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


def at(server: Server, **keys: Any) -> dict[str, Any]:
    return {"url": f"ws://127.0.0.1:{server.port}/live", **keys}


def accept_of(head: str) -> str:
    key = re.search(r"(?i)sec-websocket-key: (\S+)", head)
    assert key is not None
    digest = hashlib.sha1((key[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())  # noqa: S324 -- RFC 6455
    return base64.b64encode(digest.digest()).decode()


def frame(first: int, data: bytes) -> bytes:
    assert len(data) < 126
    return bytes([first, len(data)]) + data


async def read_frame(reader: Recording) -> tuple[int, bytes]:
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    mask = await reader.readexactly(4)
    data = await reader.readexactly(size)
    return first, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


def speaking(talk: Callable[[Recording, asyncio.StreamWriter], Any], *, headers: str = "") -> Behaviour:
    """A right handshake, and then this."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        head = await reader.head()
        writer.write(f"{SWITCHING}Sec-WebSocket-Accept: {accept_of(head)}\r\n{headers}\r\n".encode())
        await writer.drain()
        await talk(reader, writer)

    return behave


async def echo(reader: Recording, writer: asyncio.StreamWriter) -> None:
    while True:
        first, data = await read_frame(reader)
        if first == CLOSE:
            return
        writer.write(frame(PONG if first == PING else first, data))
        await writer.drain()


async def silent(_reader: Recording, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def saying(raw: bytes) -> Behaviour:
    async def talk(reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(60)

    return speaking(talk)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "WebSocket opened, pong in"),
        ({"ping": False}, "WebSocket opened in"),
        ({"send": '{"op": "hello"}', "expect": "hello"}, "WebSocket opened, answered, pong in"),
    ],
)
def test_a_socket_that_opens_and_answers_is_up(keys: dict[str, Any], said: str, check_server: Any) -> None:
    result = check_server(ProbeKind.WEBSOCKET, speaking(echo), lambda server: at(server, **keys))
    assert result.outcome == Outcome.UP, result.detail
    assert result.detail == f"{said} {round(result.latency_ms)} ms"


def test_a_handshake_alone_is_enough_without_ping(check_server: Any) -> None:
    result = check_server(ProbeKind.WEBSOCKET, speaking(silent), lambda server: at(server, ping=False))
    assert result.outcome == Outcome.UP


def test_a_server_that_speaks_first_and_in_parts_is_understood(check_server: Any) -> None:
    parts = frame(PING, b"are you there") + frame(0x01, b"hel") + frame(PONG, b"") + frame(0x80, b"lo")
    result = check_server(ProbeKind.WEBSOCKET, saying(parts), lambda server: at(server, expect="hello", ping=False))
    assert result.outcome == Outcome.UP


def test_headers_subprotocol_and_login_are_sent(check_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2-long")
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return {
            "url": f"ws://me:${{SECRET}}@127.0.0.1:{server.port}/live?a=b",
            "headers": {"Origin": "https://app.example", "X-Api-Key": "${SECRET}"},
            "subprotocol": "chat",
        }

    behaviour = speaking(echo, headers="Sec-WebSocket-Protocol: chat\r\n")
    assert check_server(ProbeKind.WEBSOCKET, behaviour, config).outcome == Outcome.UP
    head = noted[0].requests[0]
    assert head.startswith("GET /live?a=b HTTP/1.1\r\n")
    login = base64.b64encode(b"me:hunter2-long").decode()
    for line in ("Origin: https://app.example", "X-Api-Key: hunter2-long", f"Authorization: Basic {login}"):
        assert line in head
    assert "Sec-WebSocket-Protocol: chat" in head


def test_what_is_sent_is_in_no_log(
    check_server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SECRET", "hunter2-long")
    keys = {"headers": {"X-Api-Key": "${SECRET}"}, "send": "${SECRET}", "expect": "${SECRET}"}
    with caplog.at_level(logging.DEBUG):
        result = check_server(ProbeKind.WEBSOCKET, speaking(echo), lambda server: at(server, **keys))
    assert result.outcome == Outcome.UP
    assert "hunter2" not in caplog.text + result.detail


SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
WRONG_ACCEPT = f"{SWITCHING}Sec-WebSocket-Accept: AAAA\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("behaviour", "keys", "detail"),
    [
        (answer(403), {}, "Answered 403 instead of opening the WebSocket."),
        (answer(200), {}, "Answered 200 instead of opening the WebSocket."),
        (
            answer(302, b"", headers="Location: http://169.254.169.254/\r\n"),
            {},
            "Answered 302: a redirect of a WebSocket is not followed.",
        ),
        (send(WRONG_ACCEPT), {}, "The server does not answer as a WebSocket does."),
        (send(b"HTTP/1.1 101 Yes\r\n\r\n"), {}, "The server does not answer as a WebSocket does."),
        (send(b"+PONG\r\n"), {}, "The answer is not HTTP."),
        (send(b""), {}, "The server closed the connection without an answer."),
        (
            endless(b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"y" * 1000 + b"\r\n"),
            {},
            "The answer's headers are too large.",
        ),
        (endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"y" * 1000), {}, "The answer's headers are too large."),
        (speaking(echo), {"subprotocol": "chat"}, "The server does not speak the subprotocol chat."),
        (
            speaking(echo, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            {},
            "The server chose what was not offered to it.",
        ),
        (saying(frame(CLOSE, b"\x03\xf0")), {}, "The server closed the WebSocket (code 1008)."),
        (saying(b"\xff\xff\xff\xff"), {}, "The server does not answer as a WebSocket does."),
        (saying(b"\x81\x7f" + (1 << 40).to_bytes(8)), {}, "The server sent a message of more than 64 kB."),
        (speaking(lambda *_: asyncio.sleep(0)), {}, "The server broke the connection."),
    ],
)
def test_what_is_wrong_is_said(behaviour: Behaviour, keys: dict[str, Any], detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.WEBSOCKET, behaviour, lambda server: at(server, **keys))
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


async def chatter(_reader: Recording, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(frame(TEXT, b"noise") * 100)
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "behaviour",
    [hang, drip(WRONG_ACCEPT, every=0.05), speaking(silent), speaking(chatter), saying(frame(PONG, b"other"))],
    ids=["hangs", "drips", "silent", "chatters", "wrong pong"],
)
def test_no_sign_of_life_in_time_is_down(behaviour: Behaviour, check_server: Any) -> None:
    result = check_server(ProbeKind.WEBSOCKET, behaviour, at, timeout=timedelta(milliseconds=300))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.WEBSOCKET, {"url": f"ws://127.0.0.1:{closed_port()}/"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_private_target_without_permission_is_never_asked(check_server: Any) -> None:
    result = check_server(ProbeKind.WEBSOCKET, speaking(echo), at, allow_private=False)
    assert result.outcome == Outcome.ERROR
    assert result.detail == "127.0.0.1 is a loopback address; set allow_private to probe it."


@pytest.mark.parametrize(
    ("name", "keys", "detail"),
    [
        ("localhost", {}, "WebSocket opened"),
        ("other.example", {}, "The certificate is for another name."),
        ("other.example", {"verify_tls": False}, "WebSocket opened"),
    ],
)
def test_certificates_are_looked_at(name: str, keys: dict[str, Any], detail: str) -> None:
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server_side)
    authority.configure_trust(client_side)

    async def body() -> str:
        async with serving(speaking(echo), tls=server_side) as server:
            config = {"url": f"wss://localhost:{server.port}/", **keys}
            client = GuardedClient(tls=client_side)
            return (await check_once(ProbeKind.WEBSOCKET, config, client=client)).detail

    assert asyncio.run(body()).startswith(detail)


def test_the_configuration_keeps_what_is_said() -> None:
    keys = {"url": "wss://live.example.com/socket", "send": "hello", "expect": "hello", "ping": False}
    fields = Fields(keys, key="probe", environ={})
    assert stored(WebSocketConfig.parse(fields)) == keys
    assert fields.errors == []


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"url": "https://live.example.com"}, "url is "),
        ({"headers": {"Sec-WebSocket-Key": "x"}}, "headers.Sec-WebSocket-Key is "),
        ({"headers": {"Upgrade": "x"}}, "headers.Upgrade is "),
        ({"subprotocol": "a, b"}, "subprotocol is "),
        ({"ping": 1}, "ping is 1; expected true or false."),
        ({"expect": "${GONE}"}, 'expect is "${GONE}"; expected the environment variable GONE to be set'),
    ],
)
def test_a_wrong_key_says_what_was_expected(keys: dict[str, Any], sentence: str) -> None:
    fields = Fields({"url": "wss://live.example.com", **keys}, key="probe", environ={})
    WebSocketConfig.parse(fields)
    (error,) = fields.errors
    assert str(error).removeprefix("probe.").startswith(sentence)
