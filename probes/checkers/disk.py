"""A folder: that it is there, can be written to, and has room."""

import errno
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from probes.checkers.base import CheckContext, CheckFailed, CheckRequest, CheckResult, measured
from probes.checkers.fields import Fields, expand
from probes.enums import Outcome

# Less than a twentieth of the disk, where that is less than 256 MB: about when databases begin to stumble.
LEAST_FREE_BYTES = 256 * 1024 * 1024
LEAST_FREE_SHARE = 0.05
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskConfig:
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})

    path: str

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        written = fields.text("path")
        path = fields.expanded("path", written) if written else ""
        if path and not Path(path).is_absolute():
            fields.refuse("path", "an absolute path")
        return cls(path=written)


class DiskChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        path = expand(DiskConfig(**request.config).path, os.environ)
        latency_ms, free, total = await context.in_thread(f"disk {path}", lambda: _write_and_measure(path))
        if free < min(LEAST_FREE_BYTES, total * LEAST_FREE_SHARE):
            detail = f"Only {say_bytes(free)} free."
            return CheckResult(outcome=Outcome.DEGRADED, latency_ms=latency_ms, detail=detail)
        return measured(request, f"{say_bytes(free)} free, written", latency_ms)


def _write_and_measure(path: str) -> tuple[float, int, int]:
    """Milliseconds to write and flush a small file, bytes free, bytes in all. Runs in a thread."""
    started = time.perf_counter()
    try:
        with tempfile.NamedTemporaryFile(dir=path, prefix=".probe-") as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())
        latency_ms = (time.perf_counter() - started) * 1000
        usage = shutil.disk_usage(path)
    except OSError as error:
        if error.errno in OURS:
            raise
        if error.errno in FULL:
            raise CheckFailed(f"The disk of {path} is full.") from error
        raise CheckFailed(f"The folder {path} is missing or read-only.") from error
    return latency_ms, usage.free, usage.total


def say_bytes(size: int) -> str:
    if size >= 10**9:
        return f"{size / 10**9:.0f} GB"
    return f"{size // 10**6} MB"
