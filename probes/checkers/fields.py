"""Reads a probe's keys one by one and collects everything that is wrong with them.

`${NAME}` in a URL, a token or a path stands for an environment variable (or the file NAME_FILE points to). It is
expanded to be looked at and when a check is made, and kept as written: a secret is neither stored nor shown.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from yarl import URL

from probes.checkers import hiding
from statuspage.core.durations import format_duration, parse_duration
from statuspage.core.env import Env
from statuspage.core.errors import BlockedAddress, ConfigurationError
from statuspage.core.http.errors import InvalidUrl
from statuspage.core.http.netguard import check_address, literal_address, normalise_host

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
USER_INFO = re.compile(r"//[^/?#]*@")
LONGEST_TEXT = 2000
HIDDEN = "(hidden)"


class MissingVariable(Exception):
    """What a text refers to and the environment does not give, for people.

    `expected` is what should be there instead, as a configuration that is refused says it.
    """

    def __init__(self, said: str, *, expected: str = "") -> None:
        super().__init__(said)
        self.expected = expected or said


class UnusableVariable(MissingVariable):
    """What a text stands for cannot be used where it stands, for people and without the value."""


def expand(text: str, environ: Mapping[str, str], *, quoted: Callable[[str], str] | None = None) -> str:
    """The text with each `${NAME}` replaced, its value through `quoted` first. Raises MissingVariable."""
    if "${" not in text:
        return text
    env = Env(environ)

    def value_of(match: re.Match[str]) -> str:
        try:
            value = env.text(match[1])
        except ImproperlyConfigured as error:
            raise MissingVariable(
                f"{match[1]} is not set in the environment", expected=f"the environment variable {match[1]} to be set"
            ) from error
        hiding.note(match[1], value)
        return quoted(value) if quoted else value

    expanded = PLACEHOLDER.sub(value_of, text)
    if "${" in PLACEHOLDER.sub("", text):
        raise MissingVariable("a variable is written ${NAME}", expected="a variable written ${NAME}")
    return expanded


def hide_user_info(url: str) -> str:
    """A URL that may be shown: without what stands before the @."""
    return USER_INFO.sub("//…@", url)


class Fields:
    """One table of configuration. Each reader returns a usable value even where it has noted an error."""

    def __init__(self, mapping: Mapping[str, Any], *, key: str, environ: Mapping[str, str]) -> None:
        self.mapping, self.key, self.environ = mapping, key, environ
        self.errors: list[ConfigurationError] = []
        self.allow_private = False

    def refuse(self, name: str, expected: str, *, value: object = None, shown: bool = True) -> None:
        found = self.mapping.get(name) if value is None else value
        if not shown and found is not None:
            found = HIDDEN
        elif isinstance(found, str):
            found = hide_user_info(found)
        self.errors.append(ConfigurationError(key=f"{self.key}.{name}", value=found, expected=expected))

    def text(
        self,
        name: str,
        *,
        default: str | None = None,
        most: int = LONGEST_TEXT,
        shown: bool = True,
        lines: bool = False,
    ) -> str:
        value = self.mapping.get(name, default)
        if value is None:
            self.refuse(name, "a text")
            return ""
        if not isinstance(value, str) or (not value.strip() and default is None):
            self.refuse(name, "a text", shown=shown)
            return default or ""
        if len(value) > most:
            self.refuse(name, f"at most {most} characters", value=f"{value[:40]}…", shown=shown)
        if any(ord(character) < 32 and not (lines and character in "\t\r\n") for character in value):
            self.refuse(name, "a text on one line", shown=shown)
        return value

    def expanded(self, name: str, text: str, *, shown: bool = True, quoted: Callable[[str], str] | None = None) -> str:
        """What the text stands for; empty where a name is missing, which is noted."""
        try:
            return expand(text, self.environ, quoted=quoted)
        except MissingVariable as error:
            self.refuse(name, error.expected, shown=shown)
            return ""

    def usable(self, name: str, *, default: str = "", most: int = LONGEST_TEXT, lines: bool = False) -> str:
        """A text as written, whose names are all set."""
        text = self.text(name, default=default, most=most, lines=lines)
        if is_placeholder(text) or "${" in text:
            self.expanded(name, text)
        return text

    def number(self, name: str) -> float | None:
        """A finite number; None, noted, for anything else."""
        value = self.mapping.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(name, "a number")
            return None
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, default: str) -> str:
        value = self.mapping.get(name, default)
        if value not in choices:
            self.refuse(name, f"one of {', '.join(choices)}")
            return default
        return str(value)

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.mapping.get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "true or false")
            return default
        return value

    def integer(self, name: str, *, default: int | None, least: int, most: int) -> int:
        value = self.mapping.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(name, f"a whole number from {least} to {most}")
            return default if default is not None else least
        return value

    def duration(self, name: str, *, default: timedelta, least: timedelta, most: timedelta) -> timedelta:
        if name not in self.mapping:
            return default
        value = self.mapping[name]
        try:
            duration = parse_duration(value) if isinstance(value, str) else None
        except ValueError:
            duration = None
        if duration is None:
            self.refuse(name, "a duration such as 500ms, 30s or 15m")
            return default
        if not least <= duration <= most:
            self.refuse(name, f"a duration from {format_duration(least)} to {format_duration(most)}")
            return default
        return duration

    def host(self, name: str, host: str, *, shown_as: object = None) -> None:
        """Note a host that is none, or an address we may not go to. A name is looked at when it is connected to."""
        try:
            address = literal_address(normalise_host(host))
            if address is not None:
                check_address(address, allow_private=self.allow_private)
        except BlockedAddress as error:
            reason = str(error).removesuffix(".")
            if isinstance(shown_as, str) and is_placeholder(shown_as):
                # The sentence begins with what the variable stands for, and may end with it in another form.
                reason = f"it {reason.partition(' ')[2].partition('; write it as')[0]}"
            self.refuse(name, f"a target that may be probed: {reason}", value=shown_as)
        except InvalidUrl:
            self.refuse(name, "a host name or an address", value=shown_as)

    def url(self, name: str, *, schemes: tuple[str, ...], default: str | None = None) -> str:
        """A URL of one of the schemes with a host we may go to, as written."""
        text = self.text(name, default=default)
        expected = f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        expanded = self.expanded(name, text) if text else ""
        if not expanded:
            return text
        try:
            url = URL(expanded)
            host, port = url.raw_host or "", url.explicit_port
        except ValueError:
            self.refuse(name, expected)
            return text
        if url.scheme not in schemes or not host or port == 0:
            self.refuse(name, f"{expected} and names a host")
        else:
            self.host(name, host, shown_as=text)
        return text


def is_placeholder(text: str) -> bool:
    return PLACEHOLDER.search(text) is not None
