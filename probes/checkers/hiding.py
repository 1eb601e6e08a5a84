"""Keeps what `${NAME}` stood for out of sentences and logs, whoever wrote them.

Each check notes the values it expands; before its sentence leaves, every one of them is put back to its name. That is
the last gate: a checker should not show what it was not asked to in the first place.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote, urlsplit

# Anything shorter is no secret, and is part of ordinary words and numbers.
SHORTEST_HIDDEN = 4

_noted: ContextVar[dict[str, str] | None] = ContextVar("_noted", default=None)


@contextmanager
def collecting() -> Iterator[None]:
    """Within it, what is expanded is noted and `hide` knows it."""
    token = _noted.set({})
    try:
        yield
    finally:
        _noted.reset(token)


def note(name: str, value: str) -> None:
    noted = _noted.get()
    if noted is None:
        return
    for form in _forms(value):
        if len(form) >= SHORTEST_HIDDEN:
            noted.setdefault(form, name)


def hide(text: str) -> str:
    """The text with each noted value, in any case, back to the `${NAME}` it came from."""
    noted = _noted.get()
    if not noted or not text:
        return text
    for value in sorted(noted, key=len, reverse=True):
        text = re.compile(re.escape(value), re.IGNORECASE).sub(f"${{{noted[value]}}}", text)
    return text


def _forms(value: str) -> Iterator[str]:
    """As it is, as a URL or JSON writes it, and the parts of a URL that errors name alone."""
    yield value
    yield value.strip()
    yield quote(value)
    yield quote(value, safe="")
    if "://" not in value:
        return
    try:
        parts = urlsplit(value)
        pieces = (parts.netloc, parts.hostname, parts.username, parts.password)
    except ValueError:
        return
    yield from (piece for piece in pieces if piece)
