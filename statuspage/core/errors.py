"""What can go wrong by our own rules, as one tree.

    DomainError                 400
    ├── ValidationFailed        400  a field, and what is wrong with it
    ├── ConfigurationError      400  a file, a key path, the value and what was expected
    │   └── UnknownKey
    ├── NotFound                404
    ├── Conflict                409
    │   ├── InvalidTransition        the state machine has no such step
    │   ├── StaleRevision            somebody else changed it in the meantime
    │   └── Duplicate                it is open already
    ├── NoToken             401  a program did not say who it is
    ├── BlockedAddress          400  the guarded client may not go there
    └── RateLimited             429

Each carries a sentence a person can act on (`sentence`, which is also `str(error)`) and an HTTP status; the mapping to
responses is `statuspage.web.errors.middleware`.
"""

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_VALUE = 100
_PASSWORD = re.compile(r"(://[^\s/@:]*:)[^\s/@]*@")


class DomainError(Exception):
    """The root: a rule of ours was broken, and the message says which, in a sentence for people."""

    http_status = 400
    title = "This cannot be done"

    @property
    def sentence(self) -> str:
        return str(self)


class ValidationFailed(DomainError):
    title = "Something in the form is not right"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ConfigurationError(DomainError):
    """One thing that is wrong in a configuration: the key path, the value found and what was expected there.

    Whoever knows only a part of the file leaves the place out; whoever read the file sets it with `place`.
    """

    title = "The configuration is not right"

    def __init__(self, *, key: str, value: object, expected: str, file: str = "", line: int | None = None) -> None:
        super().__init__()
        self.file, self.line, self.key, self.value, self.expected = file, line, key, value, expected

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{place}: {self.reason}." if place else f"{self.reason}."

    @property
    def reason(self) -> str:
        # TOML has no null: nothing there means that the key was left out.
        found = "is missing" if self.value is None else f"is {_shown(self.value)}"
        return f"{self.key} {found}; expected {self.expected}"

    def place(self, file: str, line: int | None) -> None:
        self.file, self.line = file, line


class UnknownKey(ConfigurationError):
    """A key that nothing reads: most often a slip of the pen, so the nearest known one is named."""

    def __init__(self, *, key: str, value: object, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(re.sub(r".*[.\]]", "", key), names, n=1)
        expected = f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"
        super().__init__(key=key, value=value, expected=expected)

    @property
    def reason(self) -> str:
        return f"{self.key} is not a key here ({self.expected})"


class NoToken(DomainError):
    http_status = 401
    title = "A token is needed"


class NotFound(DomainError):
    http_status = 404
    title = "There is no such thing here"


class Conflict(DomainError):
    http_status = 409
    title = "It has changed in the meantime"


class InvalidTransition(Conflict):
    title = "That step is not possible from here"


class StaleRevision(Conflict):
    """Somebody else changed the row since the form was shown; the typed text must be kept by the caller."""


class Duplicate(Conflict):
    title = "It is open already"


class BlockedAddress(DomainError):
    title = "That address is not allowed"


class RateLimited(DomainError):
    http_status = 429
    title = "Too many requests"

    def __init__(self, sentence: str, *, retry_after_seconds: int = 60) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


def _shown(value: object) -> str:
    """As the file writes it, cut to what a line holds, and without the password of a URL."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = _PASSWORD.sub(r"\1***@", text)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
