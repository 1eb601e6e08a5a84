"""What a day of a probe keeps of its five minutes, as bytes. Pure.

Checks: how many were up, degraded, down and errors of our own in each of the 288 slots, zlib over four planes of 288
unsigned 16-bit little-endian numbers; a regular day takes some thirty bytes. Hours: 24 latency histograms, zlib over
their 24 lengths (16 bit, little-endian) and then their bytes. Nothing at all is no bytes.
"""

import struct
import zlib
from array import array
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from components.uptime import SLOTS_A_DAY
from probes.histogram import decode, encode

HOURS_A_DAY = 24
SLOTS_AN_HOUR = 12
MOST_CHECKS = 0xFFFF
PLANES = 4
_LAYOUT = struct.Struct(f"<{PLANES * SLOTS_A_DAY}H")
_LENGTHS = struct.Struct(f"<{HOURS_A_DAY}H")


def _plane() -> "array[int]":
    return array("H", bytes(2 * SLOTS_A_DAY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """How many checks had which outcome. `ok` are those that were answered, slowly or not."""

    up: int = 0
    degraded: int = 0
    down: int = 0
    error: int = 0

    def __add__(self, other: "Checks") -> "Checks":
        return Checks(
            up=self.up + other.up,
            degraded=self.degraded + other.degraded,
            down=self.down + other.down,
            error=self.error + other.error,
        )

    @property
    def ok(self) -> int:
        return self.up + self.degraded


@dataclass(slots=True, kw_only=True)
class DayChecks:
    """The checks of each slot of a day, to be added to."""

    up: "array[int]" = field(default_factory=_plane)
    degraded: "array[int]" = field(default_factory=_plane)
    down: "array[int]" = field(default_factory=_plane)
    error: "array[int]" = field(default_factory=_plane)

    def add(self, index: int, checks: Checks) -> None:
        for plane, more in (
            (self.up, checks.up),
            (self.degraded, checks.degraded),
            (self.down, checks.down),
            (self.error, checks.error),
        ):
            plane[index] = min(plane[index] + more, MOST_CHECKS)

    def at(self, index: int) -> Checks:
        return Checks(up=self.up[index], degraded=self.degraded[index], down=self.down[index], error=self.error[index])

    def between(self, begin: int, end: int) -> Checks:
        """The sums of the slots `begin` ≤ i < `end`."""
        return Checks(
            up=sum(self.up[begin:end]),
            degraded=sum(self.degraded[begin:end]),
            down=sum(self.down[begin:end]),
            error=sum(self.error[begin:end]),
        )

    def last_failure(self, begin: int, end: int) -> int | None:
        """The last of these slots with a check that failed."""
        return next((index for index in range(end - 1, begin - 1, -1) if self.down[index]), None)


def pack_checks(checks: DayChecks) -> bytes:
    return zlib.compress(_LAYOUT.pack(*checks.up, *checks.degraded, *checks.down, *checks.error))


def unpack_checks(data: bytes) -> DayChecks:
    if not data:
        return DayChecks()
    numbers = _LAYOUT.unpack(zlib.decompress(data))
    planes = [array("H", numbers[start : start + SLOTS_A_DAY]) for start in range(0, len(numbers), SLOTS_A_DAY)]
    return DayChecks(up=planes[0], degraded=planes[1], down=planes[2], error=planes[3])


@lru_cache(maxsize=2048)
def checks_between(data: bytes, begin: int, end: int) -> Checks:
    """As `DayChecks.between`; most days of most probes are alike, so they are looked into once."""
    return unpack_checks(data).between(begin, end)


def pack_hours(hours: list[Counter[int]]) -> bytes:
    parts = [encode(hour) for hour in hours]
    if not any(parts):
        return b""
    return zlib.compress(_LENGTHS.pack(*(len(part) for part in parts)) + b"".join(parts))


def unpack_hours(data: bytes) -> list[Counter[int]]:
    if not data:
        return [Counter() for _ in range(HOURS_A_DAY)]
    raw = zlib.decompress(data)
    position, hours = _LENGTHS.size, []
    for length in _LENGTHS.unpack_from(raw):
        hours.append(decode(raw[position : position + length]))
        position += length
    return hours
