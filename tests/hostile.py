"""Servers that misbehave, on loopback and a free port, for the tests of whatever connects out."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, cast

type Behaviour = Callable[[Recording, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Where it listens, and the head of each request it was sent."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """A server that reads one request head and then behaves. Ends with everything it still holds open."""
    server, tasks = Server(), set[asyncio.Task[None]]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await behaviour(Recording(reader, server), writer)
        finally:
            writer.close()

    listener = await asyncio.start_server(accept, address, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Recording:
    """A reader that notes each request head in the server."""

    def __init__(self, reader: asyncio.StreamReader, server: Server) -> None:
        self._reader, self._server = reader, server

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        return await self._reader.readuntil(separator)

    async def readexactly(self, count: int) -> bytes:
        return await self._reader.readexactly(count)

    async def head(self) -> str:
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self._server.requests.append(text)
        return text


def answer(status: int = 200, body: bytes = b"ok", *, headers: str = "") -> Behaviour:
    """An ordinary HTTP answer. `headers` are whole lines."""
    raw = f"HTTP/1.1 {status} Words\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return send(raw.encode("latin-1") + body)


def redirecting(*locations: str, status: int = 302) -> Behaviour:
    """Each request is redirected to the next location; then an ordinary answer."""
    left = list(locations)

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        following = answer(status, b"", headers=f"Location: {left.pop(0)}\r\n") if left else answer()
        await following(reader, writer)

    return behave


def send(raw: bytes) -> Behaviour:
    """Read a request head, send these bytes, close."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(raw)
        await writer.drain()

    return behave


def drip(raw: bytes, *, every: float) -> Behaviour:
    """Send a byte, wait, send a byte…"""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        for byte in raw:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)

    return behave


def endless(head: bytes, chunk: bytes) -> Behaviour:
    """Send a head, and then the same bytes for ever."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)  # drain alone does not let the others run

    return behave


def send_then_hang(raw: bytes) -> Behaviour:
    """Send these bytes, and no more."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await send(raw)(reader, writer)
        await asyncio.sleep(60)

    return behave


async def hang(_reader: Recording, _writer: asyncio.StreamWriter) -> None:
    """Accept, and never say a word."""
    await asyncio.sleep(60)


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(raw: bytes, *, then_hang: bool = False) -> Behaviour:
    """Send these bytes to whoever connects, unasked."""

    async def behave(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if then_hang:
            await asyncio.sleep(60)

    return behave


def dribble(raw: bytes, *, every: float) -> Behaviour:
    """A byte, a pause, a byte…, unasked."""

    async def behave(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        for byte in raw:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)

    return behave


def flood(chunk: bytes) -> Behaviour:
    """The same bytes for ever, unasked."""

    async def behave(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)  # drain alone does not let the others run

    return behave


async def close_at_once(_reader: Recording, _writer: asyncio.StreamWriter) -> None:
    """Accept, and hang up."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answers: Callable[[bytes], Iterable[bytes]], server: Server) -> None:
        self._answers, self._server = answers, server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        self._server.connections += 1
        for answer in self._answers(data):
            if self._transport is not None:
                self._transport.sendto(answer, address)


@asynccontextmanager
async def answering_datagrams(
    answers: Callable[[bytes], Iterable[bytes]], *, tcp: Behaviour | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Each datagram gets these datagrams back. With `tcp` there is a server of that sort on the same port."""
    async with AsyncExitStack() as held:
        server = await held.enter_async_context(serving(tcp, address=address)) if tcp else Server()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(answers, server), local_addr=(address, server.port)
        )
        held.callback(transport.close)
        server.port = transport.get_extra_info("sockname")[1]
        yield server
