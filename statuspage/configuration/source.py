"""The text of a configuration file: TOML read, and the line of each key found again."""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statuspage.core.errors import DomainError

LARGEST_FILE = 1_000_000
BARE_KEY = r"""[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'"""
DOTTED_KEY = rf"(?:{BARE_KEY})(?:\s*\.\s*(?:{BARE_KEY}))*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({DOTTED_KEY})\s*\]")
ASSIGNMENT = re.compile(rf"\s*({DOTTED_KEY})\s*=")
LAST_PART = re.compile(r"(\.[^.\[\]]+|\[\d+\]|^[^.\[\]]+)$")


class UnreadableFile(DomainError):
    """The file cannot be read at all, or is not TOML."""

    title = "The configuration cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was read: `data` is its TOML, `lines` the 1-based line of each key path as far as found."""

    file: str
    data: dict[str, Any]
    lines: dict[str, int]

    def line_of(self, key: str) -> int | None:
        """The line of the key, else of the nearest table around it."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = LAST_PART.sub("", key)
        return None


def read_source(path: Path) -> Source:
    """Read and parse the file. Raises `UnreadableFile` with the file and, where TOML knows it, the line."""
    text = _read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        place = f"{path}:{where[1] if where else len(text.splitlines())}"
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise UnreadableFile(f"{place}: this is not TOML: {reason}.") from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits; brackets in brackets without end.
        raise UnreadableFile(f"{path}: this is not TOML that can be read: {error}.") from error
    return Source(file=str(path), data=data, lines=find_lines(text))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(raw) > LARGEST_FILE:
        raise UnreadableFile(f"{path} is larger than {LARGEST_FILE:,} bytes: that is not a configuration of ours.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"{path}:{line}: the file is not UTF-8 text.") from error


def find_lines(text: str) -> dict[str, int]:
    """Key path → line, best effort: headers and the keys below them; what is inside inline tables is not found."""
    lines: dict[str, int] = {}
    # Tables that have no header of their own, where the first one within them has its.
    on_the_way: dict[str, int] = {}
    counts: Counter[str] = Counter()
    prefix = ""
    open_quotes = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if open_quotes:
            open_quotes = "" if line.count(open_quotes) % 2 else open_quotes
            continue
        if header := HEADER.match(line):
            prefix = _table_path(_parts(header[2]), counts, is_array=header[1] == "[[")
            lines.setdefault(prefix, number)
            for table in _around(prefix):
                on_the_way.setdefault(table, number)
        elif assignment := ASSIGNMENT.match(line):
            for key in _paths(prefix, _parts(assignment[1])):
                lines.setdefault(key, number)
        open_quotes = next((quotes for quotes in ('"""', "'''") if line.count(quotes) % 2), "")
    return on_the_way | lines


def _table_path(parts: list[str], counts: Counter[str], *, is_array: bool) -> str:
    """`[[components.probes]]` → `components[2].probes[0]`: each array in the path is at its newest element."""
    path = ""
    for position, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        is_last = position == len(parts) - 1
        if is_last and is_array:
            counts[path] += 1
        if counts[path]:
            path = f"{path}[{counts[path] - 1}]"
    return path


def _around(path: str) -> list[str]:
    """`sla.tiers[0].credits[1]` → `sla` and `sla.tiers[0]`."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _paths(prefix: str, parts: list[str]) -> list[str]:
    """A dotted key names each table on its way."""
    paths = []
    for part in parts:
        prefix = f"{prefix}.{part}" if prefix else part
        paths.append(prefix)
    return paths


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(BARE_KEY, dotted)]
