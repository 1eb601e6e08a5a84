"""A CSV file of confirmed subscribers, row by row. A line that is wrong is left out with the reason; the rest goes on.

Errors: `ValidationFailed` at `file` for what makes the whole of it useless.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from zoneinfo import available_timezones

from components.models import Component
from incidents.models import SeverityPolicy
from statuspage.core import clock
from statuspage.core.errors import ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.text import clean_line
from subscriptions.choices import DEFAULT_EVENTS, Choice
from subscriptions.enums import Event, SubscriberState
from subscriptions.languages import LANGUAGES

COLUMNS = (
    "email",
    "components",
    "groups",
    "events",
    "updates",
    "minimum_severity",
    "time_zone",
    "language",
    "confirmed_at",
)
# Of our own export: who has left is no confirmed subscriber anywhere.
STATE = "state"
READ = (*COLUMNS, STATE)
# What our own export says of who follows one incident and asked for nothing else.
NOTHING_ELSE = "none"
# 100,000 rows with every column are about 10 MB.
LARGEST_FILE = 30_000_000
SEPARATORS = re.compile(r"[;,\s]+")
# What a spreadsheet would take for a formula stands behind an apostrophe in our own export.
DEFUSED = re.compile(r"^'(?=[=+\-@])")
YES = frozenset({"", "yes", "true", "1", "on", "all"})
NO = frozenset({"no", "false", "0", "off", "none"})
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Somebody to be told, and when they said yes; None: the file does not say."""

    line: int
    email: str
    choice: Choice
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the words in a file can mean on this page."""

    components: dict[str, int]
    severities: dict[str, int]
    # Key of a group and those in it: who chose all of it chose each.
    groups: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    time_zones: frozenset[str] = field(default_factory=lambda: frozenset(available_timezones()))

    @classmethod
    def load(cls) -> Self:
        """Three queries."""
        return cls(
            components=dict(Component.objects.visible().values_list("slug", "pk")),
            severities=dict(SeverityPolicy.objects.values_list("slug", "pk")),
            groups=_groups(),
        )


def decode(content: bytes) -> str:
    """The text of an uploaded file. Raises ValidationFailed if it is none, or too large."""
    if len(content) > LARGEST_FILE:
        raise too_large()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationFailed("file", "The file is not UTF-8: save it as “CSV UTF-8”, then try again.") from None
    if "\x00" in text:
        raise ValidationFailed("file", "The file is no CSV: it contains NUL.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def too_large() -> ValidationFailed:
    most = f"{LARGEST_FILE // 1_000_000} MB"
    return ValidationFailed("file", f"The file is larger than {most}: split it, and import one after the other.")


def read_rows(text: str, vocabulary: Vocabulary) -> Iterator[Row | LeftOut]:
    """Each row that is not empty, in order, read as one goes along; the same text gives the same rows again."""
    reader = csv.reader(_lines(text), delimiter=_delimiter(text))
    try:
        places = _places(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found = {name: cells[at] for name, at in places.items() if at < len(cells)}
                yield _row(reader.line_num, found, vocabulary)
    except csv.Error as error:
        raise ValidationFailed("file", f"Line {reader.line_num} is no CSV ({error}).") from None


def ignored_columns(text: str) -> list[str]:
    """The names in the header that mean nothing to us, so that a slip of the pen is seen."""
    header = next(csv.reader(_lines(text), delimiter=_delimiter(text)), [])
    return [clean_line(cell)[:LONGEST_SHOWN] for cell in header if _name(cell) not in READ and cell.strip()]


def _lines(text: str) -> Iterator[str]:
    """Without a copy of the whole."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _delimiter(text: str) -> str:
    """Spreadsheets write what their country separates by."""
    header = next(_lines(text), "")
    return next((mark for mark in ",;\t" if mark in header), ",")


def _name(cell: str) -> str:
    return clean_line(cell).lower().replace(" ", "_")


def _places(header: list[str]) -> dict[str, int]:
    names = [_name(cell) for cell in header]
    if COLUMNS[0] not in names:
        raise ValidationFailed("file", f"The first line has to name the columns, and one of them is {COLUMNS[0]}.")
    twice = [name for name in READ if names.count(name) > 1]
    if twice:
        raise ValidationFailed("file", f"The first line names the column {twice[0]} twice.")
    return {name: names.index(name) for name in READ if name in names}


def _row(line: int, cells: dict[str, str], vocabulary: Vocabulary) -> Row | LeftOut:
    def cell(name: str) -> str:
        return DEFUSED.sub("", clean_line(cells.get(name, "")))

    try:
        _must_be_confirmed(cell(STATE))
        return Row(
            line=line,
            email=normalise_address(cell("email")),
            choice=_choice(cell, vocabulary),
            confirmed_at=_confirmed_at(cell("confirmed_at")),
        )
    except ValidationFailed as error:
        return LeftOut(line=line, reason=error.sentence)


def _must_be_confirmed(state: str) -> None:
    if state.lower() not in {"", SubscriberState.CONFIRMED}:
        shown = state[:LONGEST_SHOWN]
        raise ValidationFailed(STATE, f"Their state is {shown!r}: only who is confirmed is brought in.")


def _choice(cell: Callable[[str], str], vocabulary: Vocabulary) -> Choice:
    time_zone, language, severity = cell("time_zone"), cell("language"), cell("minimum_severity")
    if time_zone and time_zone not in vocabulary.time_zones:
        raise _unknown("time zone", time_zone)
    if language and language not in LANGUAGES:
        raise _unknown("language of our mails", language)
    if severity and severity not in vocabulary.severities:
        raise _unknown("severity", severity)
    groups = [_found("group", slug, vocabulary.groups) for slug in _words(cell("groups"))]
    components = [_found("component", slug, vocabulary.components) for slug in _words(cell("components"))]
    members = [member for _, theirs in groups for member in theirs]
    return Choice(
        component_ids=tuple(dict.fromkeys([*components, *members])),
        group_ids=tuple(dict.fromkeys(key for key, _ in groups)),
        events=_events(cell("events")),
        updates=_updates(cell("updates")),
        minimum_severity_id=vocabulary.severities.get(severity),
        time_zone=time_zone,
        language=language,
    )


def _found[T](what: str, slug: str, known: dict[str, T]) -> T:
    if slug not in known:
        raise _unknown(what, slug)
    return known[slug]


def _groups() -> dict[str, tuple[int, tuple[int, ...]]]:
    found: dict[str, tuple[int, tuple[int, ...]]] = {}
    rows = Component.objects.visible().filter(group__isnull=False).values_list("group__slug", "group", "pk")
    for slug, group, member in rows.order_by("pk"):
        found[slug] = (group, (*found.get(slug, (group, ()))[1], member))
    return found


def _events(text: str) -> frozenset[Event]:
    words = _words(text)
    if words == [NOTHING_ELSE]:
        raise ValidationFailed("events", "They follow one incident and asked for nothing else.")
    for word in words:
        if word not in Event.values:
            raise _unknown("event", word)
    return frozenset(Event(word) for word in words) or DEFAULT_EVENTS


def _updates(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise ValidationFailed("updates", f"updates is {text[:LONGEST_SHOWN]!r}; expected yes or no.")
    return word in YES


def _confirmed_at(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        shown = text[:LONGEST_SHOWN]
        raise ValidationFailed(
            "confirmed_at", f"confirmed_at is {shown!r}; expected a time such as 2025-03-01T09:30Z."
        ) from None
    if moment > clock.now():
        raise ValidationFailed("confirmed_at", "confirmed_at is in the future.")
    return moment


def _words(text: str) -> list[str]:
    return [word for word in SEPARATORS.split(text) if word]


def _unknown(what: str, word: str) -> ValidationFailed:
    return ValidationFailed("file", f"There is no {what} called {word[:LONGEST_SHOWN]!r} here.")
