"""The guarded client against servers that mean it harm. Nothing here leaves loopback."""

import asyncio
import base64
import gzip
import os
import socket
import time
from typing import Any

import pytest

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.client import GuardedClient, fetch
from statuspage.core.http.errors import (
    BadAnswer,
    ConnectFailed,
    DeadlineExceeded,
    InvalidUrl,
    LookupFailed,
    NoSuchHost,
    OutboundError,
)
from statuspage.core.http.resolver import Resolver
from tests.hostile import (
    Behaviour,
    Recording,
    answer,
    closed_port,
    drip,
    endless,
    hang,
    send,
    send_then_hang,
    serving,
)
from tests.unit.core.http.conftest import Names, get


# --- ordinary answers ----------------------------------------------------------------------------------------------
def test_an_answer_comes_back_whole() -> None:
    fetched, _ = get(answer(201, b"hello", headers="X-Thing: yes\r\n"))
    assert (fetched.status, fetched.body, fetched.is_cut, fetched.http_version) == (201, b"hello", False, "1.1")
    assert fetched.headers["x-thing"] == "yes"
    assert 0 < fetched.elapsed_ms < 3000


def test_the_request_asks_for_a_plain_body_and_no_second_use_of_the_connection() -> None:
    _, server = get(answer())
    head = server.requests[0].lower()
    assert "accept-encoding: identity" in head
    assert "connection: close" in head
    assert "cookie" not in head


def test_each_fetch_makes_its_own_connection() -> None:
    async def body() -> int:
        keep = send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        async with serving(keep) as server, GuardedClient() as client:
            for _ in range(3):
                await fetch(client, "GET", server.url, timeout=3, allow_private=True)
            return server.connections

    assert asyncio.run(body()) == 3


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    async def body() -> list[str]:
        resolver = Resolver(threads=1, lookup=Names(shop_example=["127.0.0.1"]))
        sets_one = answer(200, b"ok", headers="Set-Cookie: seen=before; Path=/\r\n")
        async with serving(sets_one) as server, GuardedClient(resolver=resolver) as client:
            for _ in range(2):
                await fetch(client, "GET", f"http://shop.example:{server.port}/", timeout=3, allow_private=True)
            return server.requests

    requests = asyncio.run(body())
    assert len(requests) == 2
    assert "cookie" not in "".join(requests).lower()


def test_a_password_in_the_url_is_sent_as_a_header_and_not_in_the_url() -> None:
    fetched, server = get(answer(), url=lambda server: f"http://me:secret@127.0.0.1:{server.port}/")
    assert base64.b64encode(b"me:secret").decode() in server.requests[0]
    assert "secret" not in fetched.url


def test_a_password_in_the_url_goes_before_a_header_in_any_case() -> None:
    _, server = get(
        answer(),
        url=lambda server: f"http://me:secret@127.0.0.1:{server.port}/",
        headers={"authorization": "Bearer x"},
    )
    assert server.requests[0].lower().count("authorization:") == 1
    assert "Bearer x" not in server.requests[0]


def test_a_body_is_posted() -> None:
    received: list[bytes] = []

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        received.append(await reader.readuntil(b"}"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    fetched, _ = get(behave, method="POST", body=b'{"a":1}')
    assert (fetched.status, received) == (204, [b'{"a":1}'])


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    fetched, _ = get(answer())
    assert fetched.status == 200


# --- where it does not go ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "017700000001"])
def test_a_blocked_host_is_refused_and_never_connected_to(host: str) -> None:
    async def body() -> int:
        async with serving(answer()) as server, GuardedClient() as client:
            with pytest.raises(BlockedAddress):
                await fetch(client, "GET", f"http://{host}:{server.port}/", timeout=3)
            return server.connections

    assert asyncio.run(body()) == 0


def test_a_name_that_leads_inside_is_refused_and_never_connected_to() -> None:
    async def body() -> int:
        resolver = Resolver(threads=1, lookup=Names(inside_example=["127.0.0.1"]))
        async with serving(answer()) as server, GuardedClient(resolver=resolver) as client:
            with pytest.raises(BlockedAddress, match=r"inside.example leads to a loopback address"):
                await fetch(client, "GET", f"http://inside.example:{server.port}/", timeout=3)
            return server.connections

    assert asyncio.run(body()) == 0


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked() -> None:
    # The first answer is the one checked; a second lookup would lead to the metadata service.
    names = Names(rebinding_example=["127.0.0.1", "169.254.169.254"])
    fetched, server = get(answer(), names=names, url=lambda server: f"http://rebinding.example:{server.port}/")
    assert fetched.status == 200
    assert names.asked == ["rebinding.example"]
    assert server.connections == 1


def test_a_name_that_has_turned_bad_is_refused_at_the_next_fetch() -> None:
    async def body() -> int:
        resolver = Resolver(threads=1, lookup=Names(rebinding_example=["127.0.0.1", "169.254.169.254"]))
        async with serving(answer()) as server, GuardedClient(resolver=resolver) as client:
            url = f"http://rebinding.example:{server.port}/"
            await fetch(client, "GET", url, timeout=3, allow_private=True)
            with pytest.raises(BlockedAddress, match="metadata"):
                await fetch(client, "GET", url, timeout=3, allow_private=True)
            return server.connections

    assert asyncio.run(body()) == 1


def test_a_socket_to_an_address_that_was_not_checked_is_not_even_made() -> None:
    async def body() -> int:
        async with serving(answer()) as server, GuardedClient() as client:
            with pytest.raises(OSError, match="not checked"):
                await client.session.get(server.url)
            return server.connections

    assert asyncio.run(body()) == 0


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com", "http://", "nonsense"],
)
def test_only_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(InvalidUrl):
        get(answer(), url=lambda _server: url)


def test_a_name_without_address_says_so() -> None:
    with pytest.raises(NoSuchHost, match=r"^gone.example has no address\.$"):
        get(answer(), url=lambda _server: "http://gone.example/")


# --- answers that never end, or are too much -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100, every=0.05),
        send_then_hang(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, every=0.05),
    ],
    ids=["silence", "dripping head", "silent body", "dripping body"],
)
def test_what_does_not_end_ends_at_the_deadline(behaviour: Behaviour) -> None:
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"^No answer within 0.4 s\.$"):
        get(behaviour, timeout=0.4)
    assert time.monotonic() - started < 1.5


def test_the_deadline_spans_all_redirects() -> None:
    left = [f"/{number}" for number in range(5)]

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        await answer(302, b"", headers=f"Location: {left.pop(0)}\r\n")(reader, writer)

    with pytest.raises(DeadlineExceeded):
        get(behave, timeout=0.4)


def test_an_endless_body_is_cut() -> None:
    fetched, _ = get(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), max_body=100_000)
    assert (len(fetched.body), fetched.is_cut) == (100_000, True)


def test_an_endless_chunked_body_is_cut() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    fetched, _ = get(endless(head, b"10000\r\n" + b"x" * 65536 + b"\r\n"), max_body=100_000)
    assert (len(fetched.body), fetched.is_cut) == (100_000, True)


def test_a_gzip_bomb_stays_packed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    fetched, _ = get(answer(200, bomb, headers="Content-Encoding: gzip\r\n"))
    assert fetched.body == bomb


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65536),
        endless(b"HTTP/1.1 200 OK\r\n", b"X-Many: yes\r\n" * 1000),
        send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000_000 + b"\r\n\r\n"),
        endless(b"HTTP/1.1 200 ", b"x" * 65536),
    ],
    ids=["one endless header", "endless headers", "10 MB header", "endless status line"],
)
def test_headers_without_end_are_too_large(behaviour: Behaviour) -> None:
    with pytest.raises(BadAnswer, match=r"^The answer's headers are too large\.$"):
        get(behaviour)


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_not_http_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(BadAnswer, match=r"^The answer is not HTTP\.$"):
        get(send(raw))


def test_a_connection_closed_without_a_word_says_so() -> None:
    with pytest.raises(BadAnswer, match="closed the connection without an answer"):
        get(send(b""))


def test_a_request_that_failed_is_not_quietly_made_again() -> None:
    async def body() -> int:
        async with serving(send(b"")) as server, GuardedClient() as client:
            with pytest.raises(BadAnswer):
                await fetch(client, "GET", server.url, timeout=3, allow_private=True)
            return server.connections

    assert asyncio.run(body()) == 1


def test_a_body_that_breaks_off_says_so() -> None:
    with pytest.raises(BadAnswer, match="broke off"):
        get(send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))


def test_a_refused_connection_says_so() -> None:
    with pytest.raises(ConnectFailed, match=r"^Connection refused\.$"):
        get(answer(), url=lambda _server: f"http://127.0.0.1:{closed_port()}/")


def test_no_descriptors_left_is_our_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> bool:
        async with serving(answer()) as server, GuardedClient() as client:
            held: list[int] = []
            try:
                while True:
                    held.append(os.dup(0))
            except OSError:
                pass
            try:
                with pytest.raises(OutboundError, match="descriptors") as failure:
                    await fetch(client, "GET", server.url, timeout=3, allow_private=True)
            finally:
                for descriptor in held:
                    os.close(descriptor)
            return failure.value.is_ours

    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        assert asyncio.run(body())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_resolver_in_trouble_is_our_trouble() -> None:
    class Trouble(Names):
        def __call__(self, *_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(LookupFailed) as failure:
        get(answer(), names=Trouble(), url=lambda _server: "http://api.example/")
    assert failure.value.is_ours
