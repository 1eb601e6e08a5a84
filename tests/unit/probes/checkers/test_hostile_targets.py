"""Every kind that goes out over TCP, against every way a target is hostile: one result, in time, with a sentence."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import trustme

from probes.checkers import CheckResult
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import (
    Behaviour,
    Recording,
    Server,
    answer,
    closed_port,
    drip,
    endless,
    hang,
    send,
    send_then_hang,
    serving,
)
from tests.unit.core.http.conftest import Names
from tests.unit.probes.checkers.conftest import check_once

type Config = Callable[[str, int], dict[str, Any]]

PLAIN: dict[ProbeKind, Config] = {
    ProbeKind.HTTP: lambda host, port: {"url": f"http://{host}:{port}/", "expect_body": "fine"},
    ProbeKind.JSON: lambda host, port: {"url": f"http://{host}:{port}/", "path": "$.a"},
    ProbeKind.WEBSOCKET: lambda host, port: {"url": f"ws://{host}:{port}/"},
    ProbeKind.GRPC: lambda host, port: {"url": f"grpc://{host}:{port}"},
    ProbeKind.S3: lambda host, port: {"endpoint": f"http://{host}:{port}", "bucket": "media"},
}
SECURE: dict[ProbeKind, Config] = {
    ProbeKind.HTTP: lambda host, port: {"url": f"https://{host}:{port}/"},
    ProbeKind.JSON: lambda host, port: {"url": f"https://{host}:{port}/", "path": "$.a"},
    ProbeKind.WEBSOCKET: lambda host, port: {"url": f"wss://{host}:{port}/"},
    ProbeKind.GRPC: lambda host, port: {"url": f"grpcs://{host}:{port}"},
    ProbeKind.S3: lambda host, port: {"endpoint": f"https://{host}:{port}", "bucket": "media"},
}
KINDS = list(PLAIN)
OVER_HTTP = [ProbeKind.HTTP, ProbeKind.JSON]
BLOCKED = "http://169.254.169.254/latest/meta-data/"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.value)
def kind(request: pytest.FixtureRequest) -> ProbeKind:
    return ProbeKind(request.param)


def meet(kind: ProbeKind, behaviour: Behaviour, **options: Any) -> CheckResult:
    async def body() -> CheckResult:
        async with serving(behaviour) as server:
            return await check_once(kind, PLAIN[kind]("127.0.0.1", server.port), **options)

    return asyncio.run(body())


def endless_headers() -> Behaviour:
    """Ten megabytes of them, and no end."""
    return endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"y" * 4000 + b"\r\n")


def circling() -> Behaviour:
    return answer(302, b"", headers="Location: /\r\n")


def leading_inside() -> Behaviour:
    return answer(302, b"", headers=f"Location: {BLOCKED}\r\n")


@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        drip(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"y" * 500, every=0.02),
        send_then_hang(b"HTTP/1.1 101 Switching Protocols\r\n"),
        send_then_hang(b"\0\0\0\x04\0\0\0\0\0"),
    ],
    ids=["hangs", "drips", "stops in the head", "stops after settings"],
)
def test_what_never_ends_ends_at_the_timeout(kind: ProbeKind, behaviour: Behaviour) -> None:
    result = meet(kind, behaviour, timeout=timedelta(milliseconds=300))
    said = {"No answer within 300 ms.", "The answer is not HTTP.", "The server does not speak HTTP/2 there."}
    assert result.outcome == Outcome.DOWN
    assert result.detail in said


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 60_000),
        endless(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nabcd\r\n" * 5000),
        answer(200, gzip.compress(b"\0" * 30_000_000), headers="Content-Encoding: gzip\r\n"),
        endless_headers(),
        endless(b"", b"\xff" * 60_000),
        endless(b"\0\0\0\x04\0\0\0\0\0", b"\0\0\0\x04\0\0\0\0\0" * 5000),
        circling(),
        leading_inside(),
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbroken off"),
        send(b""),
    ],
    ids=[
        "endless body",
        "endless chunks",
        "gzip bomb",
        "endless headers",
        "endless noise",
        "endless settings",
        "redirect loop",
        "redirect inside",
        "broken off",
        "silent close",
    ],
)
def test_what_is_too_much_or_nonsense_is_down_with_a_sentence(kind: ProbeKind, behaviour: Behaviour) -> None:
    result = meet(kind, behaviour, timeout=timedelta(seconds=2))
    is_up = kind is ProbeKind.S3 and result.detail.startswith("Bucket found")  # HEAD has no body to be wrong
    assert is_up or result.outcome == Outcome.DOWN
    assert result.detail.endswith((".", " ms"))
    assert "itself failed" not in result.detail


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (circling(), "The redirects go round in a circle."),
        (
            leading_inside(),
            "The redirect is not followed: 169.254.169.254 is a cloud metadata address; it is never contacted.",
        ),
        (endless_headers(), "The answer's headers are too large."),
    ],
)
def test_redirects_and_headers_say_what_was_wrong(kind: ProbeKind, behaviour: Behaviour, detail: str) -> None:
    result = meet(kind, behaviour)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_refused_connection_says_so(kind: ProbeKind) -> None:
    result = asyncio.run(check_once(kind, PLAIN[kind]("127.0.0.1", closed_port())))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


@pytest.mark.parametrize(
    ("name", "is_trusted", "detail"),
    [
        ("other.example", True, "The certificate is for another name."),
        ("target.example", False, "The certificate's issuer is unknown."),
    ],
)
def test_a_wrong_certificate_says_what_is_wrong(kind: ProbeKind, name: str, is_trusted: bool, detail: str) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server_side)
    server_side.set_alpn_protocols(["h2", "http/1.1"])

    def trusting() -> ssl.SSLContext:
        context = ssl.create_default_context()
        if is_trusted:
            authority.configure_trust(context)
        return context

    async def body() -> CheckResult:
        resolver = Resolver(threads=1, lookup=Names(target_example=["127.0.0.1"]))
        client = GuardedClient(resolver=resolver, trusting=trusting)
        async with serving(answer(), tls=server_side) as server:
            return await check_once(kind, SECURE[kind]("target.example", server.port), client=client)

    result = asyncio.run(body())
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_server_without_tls_says_so(kind: ProbeKind) -> None:
    async def plain(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def body() -> CheckResult:
        async with serving(plain) as server:
            return await check_once(kind, SECURE[kind]("127.0.0.1", server.port))

    result = asyncio.run(body())
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The server does not speak TLS there.")


def test_a_handshake_that_hangs_ends_at_the_timeout(kind: ProbeKind) -> None:
    async def body() -> CheckResult:
        async with serving(hang) as server:
            config = SECURE[kind]("127.0.0.1", server.port)
            return await check_once(kind, config, timeout=timedelta(milliseconds=400))

    assert asyncio.run(body()).detail == "No answer within 400 ms."


def test_a_name_that_changes_its_address_is_met_where_it_was_checked(kind: ProbeKind) -> None:
    """The second answer leads to a blocked address; nobody asks for it."""
    names = Names(rebinding_example=["127.0.0.1", "169.254.169.254"])

    async def body() -> Server:
        client = GuardedClient(resolver=Resolver(threads=1, lookup=names))
        async with serving(answer()) as server:
            await check_once(kind, PLAIN[kind]("rebinding.example", server.port), client=client)
            return server

    assert asyncio.run(body()).connections == 1
    assert names.asked == ["rebinding.example"]


@pytest.mark.parametrize("address", ["169.254.169.254", "10.1.2.3", "::ffff:127.0.0.1", "127.0.0.1"])
def test_a_name_that_leads_inside_is_never_connected_to(kind: ProbeKind, address: str) -> None:
    async def body() -> tuple[CheckResult, int]:
        client = GuardedClient(resolver=Resolver(threads=1, lookup=Names(inside_example=[address])))
        async with serving(answer()) as server:
            config = PLAIN[kind]("inside.example", server.port)
            result = await check_once(kind, config, client=client, allow_private=False)
            return result, server.connections

    result, connections = asyncio.run(body())
    assert (result.outcome, connections) == (Outcome.ERROR, 0)
    assert result.detail.startswith("inside.example leads to ")


def test_a_target_with_an_ipv6_address_alone_is_met(kind: ProbeKind) -> None:
    async def body() -> int:
        met = 0

        async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal met
            met += 1
            writer.close()

        listener = await asyncio.start_server(accept, "::1", 0)
        port = listener.sockets[0].getsockname()[1]
        client = GuardedClient(resolver=Resolver(threads=1, lookup=Names(six_example=["::1"])))
        try:
            await check_once(kind, PLAIN[kind]("six.example", port), client=client)
            await check_once(kind, PLAIN[kind]("[::1]", port))
        finally:
            listener.close()
        return met

    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    assert asyncio.run(body()) == 2


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
