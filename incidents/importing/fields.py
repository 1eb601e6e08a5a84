"""One value out of a record, checked: each refusal names the key, shows what is there and says what would do."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from incidents.importing.records import Unusable
from statuspage.core.identifiers import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH
from statuspage.core.text import clean_line, clean_text

PUBLIC_ID = re.compile(rf"[a-z0-9]{{{PUBLIC_ID_LENGTH}}}")
URL_LENGTH = 300
SHOWN_LENGTH = 60
# A status page did not exist before, and a window is not announced for after.
FIRST_YEAR, LAST_YEAR = 2000, 2100

is_url = URLValidator(schemes=["http", "https"])


def shown(value: object) -> str:
    """The value as it can be repeated in a sentence."""
    text = clean_line(repr(value))
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"


def objects(row: Mapping[str, Any], key: str) -> list[Any]:
    """A list, or nothing."""
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unusable(f"{key} is {shown(value)}; expected a list.")
    return value


def as_object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unusable(f"{what} is {shown(value)}; expected an object.")
    return value


def text(row: Mapping[str, Any], key: str) -> str:
    """Several lines, clean; empty when absent."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable(f"{key} is {shown(value)}; expected text.")
    return clean_text(value)


def line(row: Mapping[str, Any], key: str, *, limit: int) -> str:
    """One line, clean, cut at the limit with an ellipsis."""
    value = clean_line(text(row, key))
    return value if len(value) <= limit else f"{value[: limit - 1].rstrip()}…"


def required_line(row: Mapping[str, Any], key: str, *, limit: int) -> str:
    value = line(row, key, limit=limit)
    if not value:
        raise Unusable(f"{key} is missing.")
    return value


def moment(row: Mapping[str, Any], key: str) -> datetime | None:
    """RFC 3339 with its zone, in UTC; None when absent."""
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Unusable(f"{key} is {shown(value)}; expected a time with its zone such as 2026-03-01T14:05:00Z.")


def day(row: Mapping[str, Any], key: str) -> date | None:
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise Unusable(f"{key} is {shown(value)}; expected a day such as 2026-03-01.") from None


def position(row: Mapping[str, Any]) -> int | None:
    value = row.get("position")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    return None


def flag(row: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = row.get(key)
    return value if isinstance(value, bool) else default


def choice[E: Enum](value: object, words: Mapping[str, E], what: str) -> E:
    """A word, whatever its case, with blanks or underscores."""
    word = clean_line(value).lower().replace(" ", "_") if isinstance(value, str) else ""
    if word not in words:
        raise Unusable(f"{what} is {shown(value)}; expected one of {', '.join(sorted(words))}.")
    return words[word]


def public_id(value: object) -> str | None:
    """The id as it is when it has the form of ours: 12 lower-case letters and digits, not all of them digits."""
    if isinstance(value, str) and PUBLIC_ID.fullmatch(value) and not value.isdigit():
        return value
    return None


def url(row: Mapping[str, Any], *keys: str) -> str:
    """The first of the keys that holds a usable http address; empty when none does."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and len(value) <= URL_LENGTH:
            try:
                is_url(value)
            except ValidationError:
                continue
            return value
    return ""


def derived_id(*parts: str) -> str:
    """12 letters and digits from what the row says, so that the same row read again is the same row."""
    number = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest())
    letters = []
    for _ in range(PUBLIC_ID_LENGTH):
        number, rest = divmod(number, len(PUBLIC_ID_ALPHABET))
        letters.append(PUBLIC_ID_ALPHABET[rest])
    return "".join(letters)


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in moments if at is not None), default=None)


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)
