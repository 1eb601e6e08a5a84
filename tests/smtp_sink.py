"""A fast SMTP server in a process of its own that counts what it takes and, if asked, fails now and then.

python -m tests.smtp_sink --log FILE [--port N] [--faults 0.02] [--until N] [--gone PREFIX] [--no-pipelining]

It prints its port. Each message that it takes is a line of the log: seconds of the machine's monotonic clock, a word,
the Message-ID and the recipient. The word is `taken`, or `dropped` if it took the message and closed the connection
without a word, as a server does that dies before it answers. Half a second after the last message the log is complete.

`--faults` is the share of messages that meet a fault, one of FAULTS by chance; no recipient meets a second one,
and after `--until` messages there are none.
Recipients that begin with `--gone` are refused for good: 550 5.1.1.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, override

from statuspage.management.processes import Child, stop_children

AT_NEXT_MAIL = "421 at MAIL"
FAULTS = (AT_NEXT_MAIL, "451 at RCPT", "421 at RCPT", "451 after DATA", "dropped after DATA", "dropped at DATA")
CLOSING = b"421 4.3.2 closing\r\n"
END = b"\r\n.\r\n"
FLUSH_SECONDS = 0.2


class Ledger:
    """The log, and which faults are still to come."""

    def __init__(self, file: BinaryIO, *, faults: float, until: int, gone: bytes, pipelining: bool) -> None:
        self._file, self._share, self._until, self.gone = file, faults, until, gone
        self._taken = 0
        self._chance = random.Random(2026)  # noqa: S311 -- the same faults each time, not a secret
        self._had_one: set[bytes] = set()
        self.hello = b"250-sink\r\n" + (b"250-PIPELINING\r\n" if pipelining else b"") + b"250 SIZE 10000000\r\n"

    def note(self, word: bytes, message: bytes, recipient: bytes) -> None:
        begin = message.find(b"Message-ID: ") + 12
        name = message[begin : message.find(b"\r\n", begin)]
        self._taken += 1
        self._file.write(b"%.6f %s %s %s\n" % (time.monotonic(), word, name, recipient))

    def fault_for(self, recipient: bytes) -> str:
        """Empty for most; a recipient who had one has no other."""
        if not self._share or self._taken >= self._until or self._chance.random() >= self._share:
            return ""
        fault = self._chance.choice(FAULTS)
        return fault if fault == AT_NEXT_MAIL or self.may_fail(recipient) else ""

    def may_fail(self, recipient: bytes) -> bool:
        """Whether this one had no fault yet; from now on they had."""
        fresh = recipient not in self._had_one
        self._had_one.add(recipient)
        return fresh

    async def flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self._file.flush()


class Session(asyncio.Protocol):
    """One connection. A fault is drawn at RCPT, so that one "at MAIL" meets the message after it, if that comes in one
    go with its recipient."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._buffer = b""
        self._answers: list[bytes] = []
        self._in_data = False
        self._recipient = b""
        self._fault = ""
        self._next_mail_fails = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (answer := self._step()) is not None and not self._transport.is_closing():
            self._answers.append(answer)
        self._say()

    def _say(self) -> None:
        """All at once: what is asked in one go is answered in one go."""
        if self._answers and not self._transport.is_closing():
            self._transport.write(b"".join(self._answers))
        self._answers.clear()

    def _step(self) -> bytes | None:
        """The answer to the next command or message; None: more has to come first."""
        message, found, rest = self._buffer.partition(END if self._in_data else b"\r\n")
        if not found:
            return None
        self._buffer = rest
        if self._in_data:
            return self._take(message)
        word = message[:4].upper()
        if word == b"MAIL":
            return self._begin_mail()
        if word == b"RCPT":
            return self._address(message[9:-1])
        if word == b"DATA":
            return self._begin_data()
        if word == b"EHLO":
            return self._ledger.hello
        if word == b"QUIT":
            return self._close_with(b"221 bye\r\n")
        return b"250 ok\r\n"

    def _begin_mail(self) -> bytes:
        """Refused if the last message was to bring that on, and whom this one is for had no fault yet."""
        if not self._next_mail_fails or not self._buffer.upper().startswith(b"RCPT TO:<"):
            return b"250 ok\r\n"
        recipient = self._buffer[9 : self._buffer.find(b">")]
        return self._close_with(CLOSING) if self._ledger.may_fail(recipient) else b"250 ok\r\n"

    def _address(self, recipient: bytes) -> bytes:
        self._recipient = b""
        if self._ledger.gone and recipient.startswith(self._ledger.gone):
            return b"550 5.1.1 no such user\r\n"
        self._fault = self._ledger.fault_for(recipient)
        if self._fault == AT_NEXT_MAIL:
            self._next_mail_fails = True
        if self._fault == "421 at RCPT":
            return self._close_with(CLOSING)
        if self._fault == "451 at RCPT":
            return b"451 4.3.0 later\r\n"
        self._recipient = recipient
        return b"250 ok\r\n"

    def _begin_data(self) -> bytes:
        if not self._recipient:
            return b"554 5.5.1 no valid recipients\r\n"
        if self._fault == "dropped at DATA":
            self._transport.abort()
            return b""
        self._in_data = True
        return b"354 go ahead\r\n"

    def _take(self, message: bytes) -> bytes:
        self._in_data = False
        if self._fault == "451 after DATA":
            return b"451 4.3.0 later\r\n"
        dropped = self._fault == "dropped after DATA"
        self._ledger.note(b"dropped" if dropped else b"taken", message, self._recipient)
        if dropped:
            self._transport.abort()
        return b"250 taken\r\n"

    def _close_with(self, words: bytes) -> bytes:
        self._answers.append(words)
        self._say()
        self._transport.close()
        return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message that the sink took."""

    at: float
    dropped: bool
    message_id: str
    recipient: str


class Sink:
    """The server in its process, seen from outside."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.log = folder / "sink.log"
        self.log.touch()
        command = [sys.executable, "-m", "tests.smtp_sink", "--log", str(self.log), *arguments]
        port_file = folder / "sink.port"
        with port_file.open("wb") as output:
            self._child = Child("smtp sink", command, cwd=Path(__file__).parents[1], output=output)
        deadline = time.monotonic() + 30
        while not (said := port_file.read_text()).endswith("\n"):
            if self._child.exit_code is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The sink did not start: {said}")
            time.sleep(0.05)
        self.port = int(said)

    def lines(self, *, skip: int = 0) -> list[Line]:
        """What it took, oldest first, without the first `skip`."""
        return [_read(line) for line in self.log.read_text().splitlines()[skip:]]

    def count(self) -> int:
        with self.log.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))

    def settled(self) -> int:
        """The count once nothing comes any more."""
        last, now = -1, self.count()
        while now != last:
            time.sleep(3 * FLUSH_SECONDS)
            last, now = now, self.count()
        return now

    def stop(self) -> None:
        stop_children([self._child])


@contextmanager
def smtp_sink(folder: Path, *arguments: str) -> Iterator[Sink]:
    sink = Sink(folder, *arguments)
    try:
        yield sink
    finally:
        sink.stop()


def ids_by_recipient(lines: list[Line]) -> dict[str, Counter[str]]:
    """Recipient → Message-ID → how often it was taken."""
    found: dict[str, Counter[str]] = {}
    for line in lines:
        found.setdefault(line.recipient, Counter())[line.message_id] += 1
    return found


def _read(line: str) -> Line:
    at, word, message_id, recipient = line.split(" ")
    return Line(at=float(at), dropped=word == "dropped", message_id=message_id, recipient=recipient)


async def serve(options: argparse.Namespace) -> None:
    with options.log.open("ab", buffering=1 << 16) as file:
        ledger = Ledger(
            file,
            faults=options.faults,
            until=options.until,
            gone=options.gone.encode(),
            pipelining=not options.no_pipelining,
        )
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Session(ledger), "127.0.0.1", options.port)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await ledger.flush_now_and_then()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--until", type=int, default=sys.maxsize)
    parser.add_argument("--gone", default="")
    parser.add_argument("--no-pipelining", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
