"""Processor time and memory of running processes, read from /proc."""

import os
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.services import process_tree

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Usage:
    """Processor time and memory of a process and all below it."""

    pid: int
    peak_mb: float = 0.0
    cores: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    _began: tuple[float, float] = (0.0, 0.0)

    def begin(self) -> None:
        self._began = (time.monotonic(), self._now()[0])
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        self.stop.set()
        self.seconds = self._now()[0] - self._began[1]

    def _watch(self) -> None:
        last = self._began
        while not self.stop.wait(1):
            used, mb = self._now()
            moment = time.monotonic()
            self.cores.append((used - last[1]) / (moment - last[0]))
            last = (moment, used)
            self.peak_mb = max(self.peak_mb, mb)

    def _now(self) -> tuple[float, float]:
        """Seconds of processor time so far, and MB resident."""
        seconds = mb = 0.0
        for pid in process_tree(self.pid):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            seconds += (int(fields[11]) + int(fields[12])) / TICKS
            mb += int(fields[21]) * PAGE / 1e6
        return seconds, mb


def busiest(cores: Sequence[float]) -> str:
    minutes = (
        [statistics.mean(cores[at : at + 60]) for at in range(0, max(1, len(cores) - 59), 10)] if cores else [0.0]
    )
    return f"{max(cores, default=0):.0%} / {max(minutes):.0%}"
