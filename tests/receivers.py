"""A real HTTP server that receives webhooks, on a free port of this machine, with injected failures.

By path: `/500` and any other number answers with it, `/hang` takes the request and says nothing, `/drop` closes the
connection without a word, `/slow` sends a byte of its body now and then, `/late` answers well, but late, `/endless`
never ends its body, `/echo` sends a challenge back as JSON and `/echo-text` as text. `answers` are given
first, by path, one after another.
"""

import asyncio
import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

type Handler = Callable[["Request", asyncio.StreamWriter], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`requests` is all that came, whatever was answered; `open_now` are the connections at this moment."""

    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    open_now: int = 0
    most_open: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task that waits is held by nobody else.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            request = await _read(reader)
            self.requests.append(request)
            answers = self.answers[request.path]
            how = answers.pop(0) if answers else request.path.strip("/")
            if how == "hang":
                await reader.read()  # until the other side goes
            await _answer(how, request, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(path=head[0].split(" ")[1], headers=headers, body=body)


async def _answer(how: str, request: Request, writer: asyncio.StreamWriter) -> None:
    match how:
        case "drop" | "hang":
            writer.transport.abort()
        case "slow":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                writer.write(b" ")
                await asyncio.sleep(1)
        case "late":
            await asyncio.sleep(0.3)
            _send(writer, "200", "")
        case "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b" " * 65536)
                await writer.drain()
        case "echo" | "echo-text":
            challenge = json.loads(request.body).get("challenge", "")
            _send(writer, "200", json.dumps({"challenge": challenge}) if how == "echo" else f"{challenge}\n")
        case "redirect":
            _send(writer, "302", "", "Location: /elsewhere\r\n")
        case _:
            code, _, rest = how.partition(" ")
            _send(writer, code if code.isdigit() else "200", "", f"{rest}\r\n" if rest else "")
    await writer.drain()


def _send(writer: asyncio.StreamWriter, code: str, body: str, headers: str = "") -> None:
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    writer.write(head.encode() + body.encode())
