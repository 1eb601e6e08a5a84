"""What the entries of a file share that are said and not measured: their surroundings, their names, their refusals."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from statuspage.configuration.moments import parse_day, parse_moment
from statuspage.configuration.source import Source
from statuspage.configuration.table import Reader, Table
from statuspage.core.durations import parse_duration
from statuspage.core.errors import ConfigurationError, DomainError, ValidationFailed

KEY_PREFIX = "file:"
REFERENCES = {"INC": re.compile(r"INC-\d{4}-\d{4}-[a-z]{1,4}", re.ASCII)}
REFERENCES |= {"MNT": re.compile(r"MNT-\d{4}-\d{4}-[a-z]{1,4}", re.ASCII)}
LONGEST_KEY = 60


class Refused(ConfigurationError):
    """An entry that no single key of it is to blame for: the rule it breaks is known only when it is written."""

    def __init__(self, *, key: str, sentence: str) -> None:
        super().__init__(key=key, value=None, expected=sentence)

    @property
    def reason(self) -> str:
        return f"{self.key} cannot be: {self.expected.rstrip('.')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry stands in the file."""

    source: Source
    key: str

    @contextmanager
    def named(self) -> Iterator[None]:
        """A rule that is broken within is said with file, line and key."""
        try:
            yield
        except ConfigurationError:
            raise
        except DomainError as error:
            key = f"{self.key}.{error.field}" if isinstance(error, ValidationFailed) else self.key
            refused = Refused(key=key, sentence=error.sentence)
            refused.place(self.source.file, self.source.line_of(key))
            raise refused from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What an entry is known by when the file is loaded again: a reference, or a key of the file's own."""

    reference: str | None
    key: str | None

    def __str__(self) -> str:
        return self.reference or self.key or ""

    @property
    def dedupe_key(self) -> str:
        return f"{KEY_PREFIX}{self.key}" if self.key else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What entries may refer to: slugs of the file, and of what is there. `now` is the moment of loading, UTC."""

    reader: Reader
    now: datetime
    zone: ZoneInfo
    components: Collection[str]
    severities: Collection[str]
    kinds: Collection[str]
    seen: dict[str, str] = field(default_factory=dict)

    def place(self, table: Table) -> Place:
        return Place(source=self.reader.source, key=table.key)

    def moment(self, table: Table, name: str, *, required: bool = False) -> datetime | None:
        """None if absent or wrong."""
        value = table.take(name)
        if value is None and not required:
            return None
        try:
            return parse_moment(value, now=self.now, zone=self.zone)
        except ValueError as error:
            table.wrong(name, str(error))
            return None

    def past(self, table: Table, name: str, *, required: bool = False) -> datetime | None:
        moment = self.moment(table, name, required=required)
        if moment is not None and moment > self.now:
            table.wrong(name, "a moment that has been")
            return None
        return moment

    def day(self, table: Table, name: str) -> date | None:
        try:
            return parse_day(table.take(name), now=self.now, zone=self.zone)
        except ValueError as error:
            table.wrong(name, str(error))
            return None

    def name(self, table: Table, prefix: str) -> Name:
        """`reference` or `key`, and not what another entry of this sort has."""
        reference, key = table.take("reference"), table.take("key")
        pattern = REFERENCES[prefix]
        if reference is not None and not (isinstance(reference, str) and pattern.fullmatch(reference)):
            table.wrong("reference", f"a reference such as {prefix}-2026-0814-a")
            reference = None
        elif reference is None or key is not None:
            key = table.slug("key", max_length=LONGEST_KEY)
            if reference is not None:
                table.wrong("key", "nothing: the entry has a reference, by which it is known")
        for taken in filter(None, (reference, key)):
            first = self.seen.setdefault(f"{prefix} {taken}", table.key)
            if first != table.key:
                table.wrong("reference" if reference else "key", f"one of its own: {first} has this one")
        return Name(reference=reference, key=None if reference else key)

    def names(self, prefix: str) -> list[str]:
        """All that were read, those of entries with mistakes too."""
        return [seen.removeprefix(f"{prefix} ") for seen in self.seen if seen.startswith(f"{prefix} ")]

    def components_of(self, table: Table, *, required: bool = False) -> tuple[str, ...]:
        found = table.named("components", self.components, "a component")
        if required and table.take("components") is None:
            table.wrong("components", 'a list of slugs of components, such as ["api"]')
        return found

    def one_of(self, table: Table, name: str, known: Collection[str], *, required: bool = False) -> str | None:
        """A slug out of those known."""
        value = table.take(name)
        if value is None and not required:
            return None
        if isinstance(value, str) and value in known:
            return value
        table.wrong(name, f"one of {', '.join(known)}" if known else "nothing: there is none of these")
        return None


def durations(table: Table, name: str) -> tuple[timedelta, ...]:
    """A list of durations. Absent is none."""
    value = table.take(name)
    try:
        if isinstance(value, list):
            return tuple(parse_duration(item) for item in value)
    except (ValueError, TypeError, AttributeError):
        pass
    if value is not None:
        table.wrong(name, 'a list of durations, such as ["24h", "1h"]')
    return ()
