"""One table of the file, read key by key: what is wrong is noted and reading goes on, so that all of it is told."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from statuspage.configuration.source import Source
from statuspage.core.durations import format_duration, parse_business_days, parse_duration
from statuspage.core.errors import ConfigurationError, UnknownKey
from statuspage.core.text import clean_line

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_SLUG = 80
SLUG_WORDS = "lower-case letters, digits and single dashes, at most {}"
HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?)+", re.ASCII | re.IGNORECASE)
PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
LONGEST_URL = 300
LONGEST_MARKDOWN = 20_000


class Reader:
    """Collects what is wrong in a source, in the order of the file. `environ` is what `${NAME}` is taken from."""

    def __init__(self, source: Source, environ: Mapping[str, str]) -> None:
        self.source = source
        self.environ = environ
        self._errors: list[ConfigurationError] = []

    @property
    def errors(self) -> list[ConfigurationError]:
        return sorted(self._errors, key=lambda error: error.line or 0)

    def wrong(self, key: str, value: object, expected: str) -> None:
        self.add(ConfigurationError(key=key, value=value, expected=expected))

    def add(self, error: ConfigurationError) -> None:
        """Note it, at its place in the file."""
        error.place(self.source.file, self.source.line_of(error.key))
        self._errors.append(error)

    def table(self, value: object, key: str) -> "Table | None":
        """The table at the key; None, and noted, if something else is there."""
        if isinstance(value, dict):
            return Table(self, value, key)
        self.wrong(key, value, f"a table, written [{key}]")
        return None


class Table:
    """A table whose known keys are those that were asked for: `done` notes all others."""

    def __init__(self, reader: Reader, data: dict[str, Any], key: str) -> None:
        self._reader, self._data, self.key = reader, data, key
        self._known: set[str] = set()

    def path(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name

    def wrong(self, name: str, expected: str) -> None:
        self._reader.wrong(self.path(name), self._data.get(name), expected)

    def hide(self, name: str, expected: str) -> None:
        """As `wrong`, without the value: it may be a secret."""
        self._reader.wrong(self.path(name), None if self._data.get(name) is None else "(hidden)", expected)

    def take(self, name: str) -> Any:
        """The raw value, or None; the key counts as known."""
        self._known.add(name)
        return self._data.get(name)

    def text(self, name: str, *, max_length: int, required: bool = False, filled: bool = False) -> str | None:
        """One line, cleaned. None if absent or wrong; `filled` may be absent but not empty."""
        expected = f"a text of {1 if required or filled else 0} to {max_length} characters on one line"
        value = self.take(name)
        if value is None:
            if required:
                self.wrong(name, expected)
            return None
        if not isinstance(value, str):
            self.wrong(name, f"{expected}, in quotes")
            return None
        expanded = self._expand(name, value)
        if expanded is None:
            return None
        cleaned = clean_line(expanded)
        if len(cleaned) > max_length or ((required or filled) and not cleaned):
            self.wrong(name, expected)
            return None
        return cleaned

    def slug(self, name: str = "slug", *, max_length: int = LONGEST_SLUG, required: bool = True) -> str | None:
        value = self.take(name)
        if value is None and not required:
            return None
        if isinstance(value, str) and SLUG.fullmatch(value) and len(value) <= max_length:
            return value
        self.wrong(name, SLUG_WORDS.format(max_length))
        return None

    def slugs(self, name: str) -> tuple[str, ...]:
        """A list of slugs, each once. Absent is none."""
        value = self.take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(name, 'a list of slugs, such as ["eu-west", "us-east"]')
            return ()
        for position, item in enumerate(value):
            if not isinstance(item, str) or not SLUG.fullmatch(item) or len(item) > LONGEST_SLUG:
                self._reader.wrong(f"{self.path(name)}[{position}]", item, SLUG_WORDS.format(LONGEST_SLUG))
                return ()
        return tuple(dict.fromkeys(value))

    def choice(self, name: str, choices: list[str]) -> str | None:
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(name, f"one of {', '.join(choices)}")
        return None

    def required_choice(self, name: str, choices: list[str]) -> str | None:
        if self.take(name) is None:
            self.wrong(name, f"one of {', '.join(choices)}")
            return None
        return self.choice(name, choices)

    def markdown(self, name: str, *, required: bool = False) -> str:
        """Several lines. Empty if absent or wrong."""
        value = self.take(name)
        if value is None and not required:
            return ""
        expected = f"a text of {1 if required else 0} to {LONGEST_MARKDOWN:,} characters"
        if not isinstance(value, str) or len(value) > LONGEST_MARKDOWN or (required and not value.strip()):
            self.wrong(name, expected)
            return ""
        if any(ord(character) < 32 and character not in "\n\r\t" for character in value):
            self.wrong(name, f"{expected} without control characters")
            return ""
        return value.strip()

    def named(self, name: str, known: Collection[str], what: str) -> tuple[str, ...]:
        """Slugs, each of which is in this file. Absent is none."""
        slugs = self.slugs(name)
        missing = [slug for slug in slugs if slug not in known]
        if missing:
            choice = f": {', '.join(known)}" if known else "; there is none"
            self.wrong(name, f"the slug of {what} in this file instead of {', '.join(missing)}{choice}")
        return slugs

    def boolean(self, name: str) -> bool | None:
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(name, "true or false")
        return None

    def whole(self, name: str, *, minimum: int, maximum: int) -> int | None:
        value = self.take(name)
        # TOML's true is Python's 1.
        if value is None or (type(value) is int and minimum <= value <= maximum):
            return value
        self.wrong(name, f"a whole number from {minimum} to {maximum}")
        return None

    def duration(self, name: str, *, minimum: timedelta, maximum: timedelta) -> timedelta | None:
        expected = f"a duration from {format_duration(minimum)} to {format_duration(maximum)}, such as "
        expected += f'"{format_duration(minimum)}"'
        found = self._parsed(name, parse_duration, expected)
        if found is not None and not minimum <= found <= maximum:
            self.wrong(name, expected)
            return None
        return found

    def business_days(self, name: str) -> int | None:
        return self._parsed(name, parse_business_days, 'a number of business days, such as "7bd"')

    def url(self, name: str, *, filled: bool = False) -> str | None:
        """An http or https address without user, query or fragment; no slash at its end."""
        value = self.text(name, max_length=LONGEST_URL, filled=filled)
        if not value:
            return value
        if not is_public_url(value):
            self._reader.wrong(
                self.path(name),
                value,
                "an address that begins with http:// or https:// and has no user, query or fragment",
            )
            return None
        return value.rstrip("/")

    def email(self, name: str) -> str | None:
        value = self.text(name, max_length=254)
        if not value:
            return value
        try:
            validate_email(value)
        except ValidationError:
            self.wrong(name, "an e-mail address, such as help@example.com")
            return None
        return value

    def tables(self, name: str) -> list["Table"]:
        """An array of tables, `[[name]]`. Absent is none."""
        value = self.take(name)
        path = self.path(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, f"a list of tables, each written [[{re.sub(r'\[\d+\]', '', path)}]]")
            return []
        found = (self._reader.table(item, f"{path}[{position}]") for position, item in enumerate(value))
        return [table for table in found if table is not None]

    def raw(self) -> dict[str, Any]:
        """The table as it stands in the file, for a reader of another layer."""
        return self._data

    def done(self) -> None:
        """Every key that nobody asked for is an error that names the nearest known one."""
        for name, value in self._data.items():
            if name not in self._known:
                self._reader.add(UnknownKey(key=self.path(name), value=value, known=self._known))

    def _parsed[T](self, name: str, parse: Callable[[str], T], expected: str) -> T | None:
        value = self.take(name)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return parse(value)
        except ValueError:
            pass
        self.wrong(name, expected)
        return None

    def _expand(self, name: str, value: str) -> str | None:
        """`${NAME}` from the environment; None, and noted, where one is not set."""
        environ = self._reader.environ
        missing = [variable for variable in dict.fromkeys(PLACEHOLDER.findall(value)) if variable not in environ]
        for variable in missing:
            self.wrong(name, f"the environment variable {variable} to be set")
        return None if missing else PLACEHOLDER.sub(lambda match: environ[match[1]], value)


def is_public_url(value: str) -> bool:
    """Host names of one word are allowed: they are somebody's intranet."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or parts.username is not None or parts.query or parts.fragment:
        return False
    is_v6 = parts.netloc.startswith("[")
    return " " not in value and (is_v6 or bool(HOST.fullmatch(host)))
