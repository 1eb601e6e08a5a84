"""What a mail server says before it is given any mail: banner, EHLO, STARTTLS, QUIT.

Nothing here sends mail. Lines and replies have a size; the caller keeps the deadline. The server's own words are for
its operator: sentences name its codes alone.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from probes.checkers.base import CheckFailed

type Receive = Callable[[int], Awaitable[bytes]]
type Send = Callable[[bytes], Awaitable[None]]

# RFC 5321 4.5.3.1.5 says 512; servers that say a little more than they may are no outage.
MOST_LINE = 2048
MOST_LINES = 100
CHUNK = 4096
REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
NOT_SMTP = "The server does not answer as a mail server does."
NO_STARTTLS = "The server does not offer STARTTLS."
HUNG_UP = "The server broke the connection off."


class Unreadable(Exception):
    """Not a line of an SMTP reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a reply, without its end."""

    code: int
    is_last: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    code: int
    lines: tuple[str, ...]

    @property
    def keywords(self) -> frozenset[str]:
        """The extensions of a reply to EHLO, in capitals: the first line is a greeting."""
        return frozenset(line.split()[0].upper() for line in self.lines[1:] if line.strip())


def parse_line(raw: bytes) -> Line:
    """`b"250-STARTTLS\\r\\n"` → code 250, more to come. Raises Unreadable."""
    match = REPLY.fullmatch(raw.rstrip(b"\r\n"))
    if match is None:
        raise Unreadable
    return Line(code=int(match[1]), is_last=match[2] != b"-", text=(match[3] or b"").decode("utf-8", "replace"))


class Dialogue:
    """Over whatever receives and sends. `receive` gives what is there, and nothing at the end."""

    def __init__(self, receive: Receive, send: Send, *, name: str) -> None:
        self._receive, self._send, self._name = receive, send, name
        self._left = b""
        self.awaited = "the banner"

    @classmethod
    def plain(cls, opened: socket.socket, *, name: str = "") -> Self:
        """Over a connected socket that does not block. `name` is what we call ourselves, else our address."""
        loop = asyncio.get_running_loop()
        return cls(
            lambda most: loop.sock_recv(opened, most),
            lambda data: loop.sock_sendall(opened, data),
            name=name or own_address(opened),
        )

    @classmethod
    def over(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, name: str) -> Self:
        async def send(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        return cls(reader.read, send, name=name)

    async def greeting(self) -> Reply:
        """The banner. Raises CheckFailed when it is not one that welcomes us."""
        banner = await self._reply()
        if banner.code == 220:
            return banner
        if banner.code in {421, 554}:
            raise CheckFailed(f"The server takes no mail connections now ({banner.code}).")
        raise CheckFailed(f"The server greets with {banner.code}, expected 220.")

    async def hello(self) -> Reply:
        """EHLO, or HELO with a server that knows no other."""
        answer = await self._ask(f"EHLO {self._name}")
        if answer.code in {500, 502, 504}:
            older = await self._ask(f"HELO {self._name}")
            answer = Reply(code=older.code, lines=older.lines[:1])
        if answer.code != 250:
            raise CheckFailed(f"The server refused our greeting: EHLO answered {answer.code}.")
        return answer

    async def start_tls(self) -> None:
        """Until the server waits for a handshake. What it says before is not encrypted, and so not believed."""
        answer = await self._ask("STARTTLS")
        if answer.code != 220:
            raise CheckFailed(f"The server offers STARTTLS and refused it: answered {answer.code}.")
        if self._left:
            raise CheckFailed("The server goes on talking between STARTTLS and the handshake.")

    async def switch_to_tls(self) -> None:
        """Banner, EHLO and STARTTLS in one. Raises CheckFailed when the server does not offer it."""
        await self.greeting()
        if "STARTTLS" not in (await self.hello()).keywords:
            raise CheckFailed(NO_STARTTLS)
        await self.start_tls()

    async def quit(self) -> None:
        """Politely, and without a complaint of our own: what was to be measured was."""
        with suppress(CheckFailed, OSError):
            await self._ask("QUIT")

    async def _ask(self, command: str) -> Reply:
        self.awaited = f"an answer to {command.partition(' ')[0]}"
        try:
            await self._send(command.encode("ascii") + b"\r\n")
        except OSError:
            raise CheckFailed(HUNG_UP) from None
        return await self._reply()

    async def _reply(self) -> Reply:
        lines: list[Line] = []
        while not lines or not lines[-1].is_last:
            if len(lines) == MOST_LINES:
                raise CheckFailed(f"The server's reply has more than {MOST_LINES} lines.")
            try:
                lines.append(parse_line(await self._line()))
            except Unreadable:
                raise CheckFailed(NOT_SMTP) from None
            if lines[-1].code != lines[0].code:
                raise CheckFailed(NOT_SMTP)
        return Reply(code=lines[0].code, lines=tuple(line.text for line in lines))

    async def _line(self) -> bytes:
        while b"\n" not in self._left:
            if len(self._left) > MOST_LINE:
                raise CheckFailed(f"The server's reply has a line of more than {MOST_LINE} bytes.")
            try:
                data = await self._receive(CHUNK)
            except OSError:
                data = b""
            if not data:
                raise CheckFailed(HUNG_UP)
            self._left += data
        line, _, self._left = self._left.partition(b"\n")
        return line


def own_address(opened: socket.socket) -> str:
    """How EHLO writes an address (RFC 5321 4.1.3), when we have no better name."""
    address = ip_address(opened.getsockname()[0].partition("%")[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
