"""gRPC health probes against a small HTTP/2 server, and against worse ones."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from probes.checkers.base import stored
from probes.checkers.fields import Fields
from probes.checkers.grpc import GrpcConfig
from probes.checkers.grpc_messages import request_message
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from tests.hostile import Behaviour, Recording, Server, closed_port, hang, serving
from tests.unit.probes.checkers.conftest import check_once

SERVING = b"\0\0\0\0\x02\x08\x01"
HEAD = [(":status", "200"), ("content-type", "application/grpc")]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def at(server: Server, **keys: Any) -> dict[str, Any]:
    return {"url": f"grpc://127.0.0.1:{server.port}", **keys}


type Reply = Callable[[H2Connection, int], None]


def answering(reply: Reply, noted: list[Any] | None = None) -> Behaviour:
    """Reads one call and answers it so; what was asked goes into `noted`."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while True:
            for event in connection.receive_data(await reader.readexactly(1)):
                if noted is not None and isinstance(event, RequestReceived):
                    noted.append({name.decode(): value.decode() for name, value in event.headers})
                if noted is not None and isinstance(event, DataReceived):
                    noted.append(event.data)
                if isinstance(event, StreamEnded):
                    reply(connection, event.stream_id)
            writer.write(connection.data_to_send())
            await writer.drain()

    return behave


def saying(data: bytes = SERVING, *, status: str = "0", head: list[tuple[str, str]] = HEAD) -> Reply:
    def reply(connection: H2Connection, stream: int) -> None:
        connection.send_headers(stream, head)
        connection.send_data(stream, data)
        connection.send_headers(stream, [("grpc-status", status)], end_stream=True)

    return reply


def refusing(*headers: tuple[str, str]) -> Reply:
    """Headers alone, as gRPC says that there is no answer."""
    return lambda connection, stream: connection.send_headers(stream, [*HEAD[:1], *headers], end_stream=True)


def test_a_server_that_serves_is_up(check_server: Any) -> None:
    noted: list[Any] = []
    result = check_server(ProbeKind.GRPC, answering(saying(), noted), lambda server: at(server, service="shop.Orders"))
    assert result.outcome == Outcome.UP, result.detail
    assert result.detail == f"SERVING in {round(result.latency_ms)} ms"
    head, message = noted
    assert (head[":method"], head[":path"]) == ("POST", "/grpc.health.v1.Health/Check")
    assert (head["content-type"], head["te"], head["grpc-timeout"]) == ("application/grpc", "trailers", "3000m")
    assert head[":authority"].startswith("127.0.0.1:")
    assert message == request_message("shop.Orders")


def test_metadata_goes_along_and_into_no_log(
    check_server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SECRET", "hunter2-long")
    noted: list[Any] = []
    keys = {"headers": {"Authorization": "Bearer ${SECRET}"}}
    with caplog.at_level(logging.DEBUG):
        result = check_server(ProbeKind.GRPC, answering(saying(), noted), lambda server: at(server, **keys))
    assert result.outcome == Outcome.UP
    assert noted[0]["authorization"] == "Bearer hunter2-long"
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (saying(b"\0\0\0\0\0"), "The server does not know whether it serves."),
        (saying(b"\0\0\0\0\x02\x08\x02"), "The server says that it is not serving."),
        (saying(b"\0\0\0\0\x02\x08\x03"), "The server does not know that service."),
        (saying(b"\0\0\0\0\x02\x08\x09"), "The server answered with an unknown status (9)."),
        (refusing(HEAD[1], ("grpc-status", "5")), "The server does not know that service."),
        (refusing(HEAD[1], ("grpc-status", "12")), "The server does not have the gRPC health service."),
        (refusing(HEAD[1], ("grpc-status", "16")), "The login was refused."),
        (saying(b"", status="14"), "The server says that it is unavailable."),
        (saying(b"", status="99"), "The call failed (gRPC status 99)."),
        (saying(b"", status="<script>"), "The call failed (gRPC status unknown)."),
        (saying(b"\x01\0\0\0\0"), "The answer is not one of the gRPC health service."),
        (saying(b"x" * 5000), "The answer is not gRPC."),
        (saying(head=[(":status", "503")]), "Answered 503 instead of gRPC."),
        (saying(head=[(":status", "200"), ("content-type", "text/html")]), "The answer is not gRPC."),
        (refusing(HEAD[1]), "The answer is not gRPC."),
        (
            lambda connection, stream: connection.reset_stream(stream, 8),
            "The server gave the call up (HTTP/2 error 8).",
        ),
        (
            lambda connection, _stream: connection.close_connection(error_code=11),
            "The server ended the connection (HTTP/2 error 11).",
        ),
    ],
)
def test_another_answer_says_what_it_means(reply: Reply, detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.GRPC, answering(reply), at)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def raw(data: bytes, *, forever: bytes = b"", stays: bool = False, every: float = 0) -> Behaviour:
    """Sends these bytes whatever is asked, the last ones again and again."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(PREFACE))
        writer.write(data)
        await writer.drain()
        while forever:
            writer.write(forever)
            await writer.drain()
            await asyncio.sleep(every)
        if stays:
            await asyncio.sleep(60)

    return behave


def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body


SETTINGS = frame(4, 0, 0, b"")
# One header of 3000 bytes, and then 3000 times the same one by its number in the table.
BOMB = b"\x40\x01a\x7f\xb9\x16" + b"b" * 3000 + b"\xbe" * 3000
DATA, HEADERS, PINGS, CONTINUATION = 0, 1, 6, 9


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "The server does not speak HTTP/2 there."),
        (raw(b"+PONG\r\n" * 10), "The server does not speak HTTP/2 there."),
        (raw(b""), "The server broke the connection before it answered."),
        (raw(SETTINGS), "The server broke the connection before it answered."),
        (raw(SETTINGS, forever=frame(PINGS, 0, 0, b"12345678") * 50), "The server sends far more than an answer."),
        (raw(SETTINGS, forever=SETTINGS * 100), "The server sends far more than an answer."),
        (
            raw(SETTINGS + frame(HEADERS, 4, 1, b"\x88" + BOMB)),
            "The answer's headers are too large.",
        ),
        (raw(SETTINGS + frame(DATA, 0, 1, b"x" * 20_000)), "The server does not speak HTTP/2 there."),
        (raw(SETTINGS + frame(DATA, 0, 1, b"early")), "The server does not speak HTTP/2 there."),
    ],
    ids=["http1", "redis", "nothing", "settings", "pings", "settings for ever", "header bomb", "large frame", "early"],
)
def test_what_is_no_grpc_is_said_to_be_none(behaviour: Behaviour, detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.GRPC, behaviour, at)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_headers_without_end_are_cut(check_server: Any) -> None:
    behaviour = raw(SETTINGS + frame(HEADERS, 0, 1, b"\x88"), forever=frame(CONTINUATION, 0, 1, b"\x00" * 10))
    result = check_server(ProbeKind.GRPC, behaviour, at)
    assert result.outcome == Outcome.DOWN
    assert result.detail in {"The server does not speak HTTP/2 there.", "The answer's headers are too large."}


@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        raw(SETTINGS, stays=True),
        raw(b"", forever=b"\0", every=0.05),
        raw(SETTINGS, forever=frame(PINGS, 1, 0, b"12345678"), every=0.05),
        answering(lambda *_: None),
    ],
    ids=["hangs", "settings", "drips", "pings", "no answer"],
)
def test_no_answer_in_time_is_down(behaviour: Behaviour, check_server: Any) -> None:
    result = check_server(ProbeKind.GRPC, behaviour, at, timeout=timedelta(milliseconds=300))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.GRPC, {"url": f"grpc://127.0.0.1:{closed_port()}"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_private_target_without_permission_is_never_asked(check_server: Any) -> None:
    result = check_server(ProbeKind.GRPC, answering(saying()), at, allow_private=False)
    assert result.outcome == Outcome.ERROR
    assert result.detail == "127.0.0.1 is a loopback address; set allow_private to probe it."


@pytest.mark.parametrize(
    ("name", "protocols", "keys", "detail"),
    [
        ("localhost", ["h2"], {}, "SERVING in"),
        ("other.example", ["h2"], {}, "The certificate is for another name."),
        ("other.example", ["h2"], {"verify_tls": False}, "SERVING in"),
        ("localhost", [], {}, "The server does not offer HTTP/2, which gRPC needs."),
    ],
)
def test_certificates_and_protocols_are_looked_at(
    name: str, protocols: list[str], keys: dict[str, Any], detail: str
) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server_side)
    if protocols:
        server_side.set_alpn_protocols(protocols)

    def trusting() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    async def body() -> str:
        async with serving(answering(saying()), tls=server_side) as server:
            config = {"url": f"grpcs://localhost:{server.port}", **keys}
            return (await check_once(ProbeKind.GRPC, config, client=GuardedClient(trusting=trusting))).detail

    assert asyncio.run(body()).startswith(detail)


def test_the_configuration_keeps_what_is_said() -> None:
    keys = {"url": "grpcs://api.example.com:8443", "service": "shop.v1.Orders"}
    fields = Fields(keys, key="probe", environ={})
    assert stored(GrpcConfig.parse(fields)) == keys
    assert fields.errors == []


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"url": "https://api.example.com"}, "url is "),
        ({"service": "a b"}, 'service is "a b"; expected the full name of a service'),
        ({"headers": {"grpc-timeout": "1S"}}, "headers.grpc-timeout is "),
        ({"headers": {"te": "x"}}, "headers.te is "),
    ],
)
def test_a_wrong_key_says_what_was_expected(keys: dict[str, Any], sentence: str) -> None:
    fields = Fields({"url": "grpcs://api.example.com", **keys}, key="probe", environ={})
    GrpcConfig.parse(fields)
    (error,) = fields.errors
    assert str(error).removeprefix("probe.").startswith(sentence)
