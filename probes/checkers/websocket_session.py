"""One conversation over WebSocket (RFC 6455): the protocol of the `websockets` package, on a connection of ours.

It never opens, follows or keeps a connection itself.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Mapping

from websockets import exceptions
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN, Event
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI
from yarl import URL

from probes.checkers.base import CheckFailed
from probes.checkers.stream import READ_AT_ONCE
from statuspage.core.http.client import USER_AGENT

LARGEST_MESSAGE = 64 * 1024
NORMAL_CLOSURE = 1000
NOT_WEBSOCKET = "The server does not answer as a WebSocket does."
# At its lowest level the package logs whole requests, and with them what is in their headers.
SILENT = logging.getLogger("probes.checkers.websocket.protocol")
SILENT.setLevel(logging.CRITICAL)
REDIRECTION = range(300, 400)


class Session:
    """Whoever opens it keeps the deadline. Every method raises CheckFailed, with a sentence, or OSError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, url: URL) -> None:
        self._reader, self._writer = reader, writer
        self._uri = _uri(url)
        self._events: deque[Event] = deque()
        self._message = bytearray()
        self._protocol = self._speak()

    def _speak(self, subprotocols: list[Subprotocol] | None = None) -> ClientProtocol:
        return ClientProtocol(self._uri, subprotocols=subprotocols, max_size=LARGEST_MESSAGE, logger=SILENT)

    async def open(self, headers: Mapping[str, str], *, subprotocol: str) -> None:
        if subprotocol:
            self._protocol = self._speak([Subprotocol(subprotocol)])
        request = self._protocol.connect()
        for name, value in {"User-Agent": USER_AGENT, **headers}.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        event = await self._next()
        if not isinstance(event, Response) or self._protocol.handshake_exc is not None:
            raise CheckFailed(_handshake_words(self._protocol.handshake_exc))
        if subprotocol and self._protocol.subprotocol != subprotocol:
            raise CheckFailed(f"The server does not speak the subprotocol {subprotocol}.")

    async def send(self, text: str) -> None:
        if self._protocol.state is OPEN:
            self._protocol.send_text(text.encode())
            await self._flush()

    async def wait_for(self, text: str) -> None:
        """Until a message of the server contains the text."""
        wanted = text.encode()
        while True:
            frame = await self._frame()
            if frame.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                self._message += frame.data
                if frame.fin:
                    message = bytes(self._message)
                    self._message.clear()
                    if wanted in message:
                        return

    async def ping(self) -> None:
        """Until the server has answered our ping."""
        token = secrets.token_bytes(8)
        if self._protocol.state is OPEN:  # else what closed it is still to be read
            self._protocol.send_ping(token)
        while True:
            frame = await self._frame()
            if frame.opcode is Opcode.PONG and frame.data == token:
                return

    def close(self) -> None:
        """Say so, and wait for nobody."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(NORMAL_CLOSURE)
            self._writer.write(b"".join(self._protocol.data_to_send()))

    async def _frame(self) -> Frame:
        event = await self._next()
        if not isinstance(event, Frame):
            raise CheckFailed(NOT_WEBSOCKET)
        if event.opcode is Opcode.CLOSE:
            received = self._protocol.close_rcvd
            raise CheckFailed(f"The server closed the WebSocket (code {received.code if received else 'missing'}).")
        return event

    async def _next(self) -> Event:
        """The next event; what the protocol has to say meanwhile is sent."""
        is_over = False
        while not self._events:
            self._refuse_what_is_wrong(is_over=is_over)
            await self._flush()
            data = await self._reader.read(READ_AT_ONCE)
            is_over = not data
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            self._events.extend(self._protocol.events_received())
        return self._events.popleft()

    def _refuse_what_is_wrong(self, *, is_over: bool) -> None:
        protocol = self._protocol
        if protocol.handshake_exc is not None:
            raise CheckFailed(_handshake_words(protocol.handshake_exc, is_over=is_over))
        if isinstance(protocol.parser_exc, exceptions.PayloadTooBig):
            raise CheckFailed("The server sent a message of more than 64 kB.")
        if is_over:
            raise CheckFailed("The server broke the connection.")
        if protocol.parser_exc is not None:
            raise CheckFailed(NOT_WEBSOCKET)

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
        await self._writer.drain()


def _uri(url: URL) -> WebSocketURI:
    """The parts as the guard read them: one parser from the check to the request."""
    is_secure = url.scheme == "wss"
    return WebSocketURI(
        secure=is_secure,
        host=url.raw_host or "",
        port=url.explicit_port or (443 if is_secure else 80),
        path=url.raw_path or "/",
        query=url.raw_query_string,
        username=url.user,
        password=url.password if url.user is None or url.password is not None else "",
    )


def _handshake_words(error: Exception | None, *, is_over: bool = False) -> str:
    if isinstance(error, exceptions.InvalidStatus):
        status = error.response.status_code
        if status in REDIRECTION:
            return f"Answered {status}: a redirect of a WebSocket is not followed."
        return f"Answered {status} instead of opening the WebSocket."
    cause = error.__cause__ if isinstance(error, exceptions.InvalidMessage) else error
    if isinstance(cause, exceptions.SecurityError) or "too long" in str(cause) or "too large" in str(cause):
        return "The answer's headers are too large."
    if isinstance(error, exceptions.NegotiationError):
        return "The server chose what was not offered to it."
    if isinstance(cause, EOFError) or (is_over and error is None):
        return "The server closed the connection without an answer."
    if isinstance(error, exceptions.InvalidMessage):
        return "The answer is not HTTP."
    return NOT_WEBSOCKET
