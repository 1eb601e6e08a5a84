"""Celery's file broker for one machine, made safe for several processes.

Kombu's own `filesystem` transport creates a message's file, then locks it, then writes it, while a reader takes what
is there without asking for the lock: a message that is read while it is written comes out empty, one in fifty under
load, and takes the worker down. Here a message appears whole (written aside, then renamed) and is taken whole (renamed
away, then read). `statuspage.celery` puts this in the place of kombu's.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

# A dot in front: neither the transport nor a person takes it for a message.
_WRITTEN_ASIDE = ".new-"
_TAKEN = ".taken-"


class Channel(filesystem.Channel):
    """Messages are `<nanoseconds>_<random>.<queue>.msg`; the oldest is taken first."""

    def _put(self, queue: str, payload: dict[str, Any], **_options: Any) -> None:  # type: ignore[override]  # the stubs call it payload here, message one class up
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        _write_whole(folder / name, json.dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002 -- kombu's signature
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 -- names are enough, five times a second
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{_TAKEN}{name}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                # Another process was faster.
                continue
            content = taken.read_text(encoding="utf-8")
            taken.unlink()
            with suppress(ValueError):
                # What is no message is not from us, or from a disk that was full: nothing of it can be used.
                if isinstance(message := json.loads(content), dict):
                    return message
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        folder = Path(self.control_folder)
        binding = [routing_key or "", pattern or "", queue or ""]
        with _only_one(folder):
            table = [list(known) for known in self.get_table(exchange)]
            if binding not in table:
                _write_whole(folder / f"{exchange}.exchange", json.dumps([binding, *table]))


class Transport(filesystem.Transport):
    """`filesystem://` with the channel above."""

    Channel = Channel


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_name(f"{_WRITTEN_ASIDE}{uuid.uuid4().hex}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
