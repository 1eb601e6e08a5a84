"""What a client accepts and what it already has, read from its headers. Pure; RFC 9110."""

import re
from functools import lru_cache

from django.utils.http import parse_http_date_safe

# Best first: what we would rather send when a client likes several equally.
ENCODINGS = ("br", "gzip")
IDENTITY = ""
_QVALUE = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z")
_ENTITY_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|\Z)')


@lru_cache(maxsize=512)
def choose_encoding(accept_encoding: str) -> str:
    """The content coding to answer with: "br", "gzip" or "" for none (RFC 9110, 12.5.3).

    The highest weight wins; between equals Brotli, then gzip, then no coding. A coding with a weight of 0 or a weight
    that cannot be read is not used. Where nothing at all is acceptable no coding is used, as the RFC allows.
    """
    weights = _weights(accept_encoding)
    anything = weights.get("*", 0.0)
    best, best_weight = IDENTITY, weights.get("identity", 0.0)
    for encoding in reversed(ENCODINGS):
        weight = weights.get(encoding, anything)
        if weight > 0 and weight >= best_weight:
            best, best_weight = encoding, weight
    return best


def _weights(accept_encoding: str) -> dict[str, float]:
    """Weight by coding, as the header says it; an earlier mention of a coding wins."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        coding = coding.removeprefix("x-")
        if coding:
            weights.setdefault(coding, _weight(parameters))
    return weights


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            return float(value) if _QVALUE.match(value) else 0.0
    return 1.0


def etag_matches(if_none_match: str, etag: str) -> bool:
    """Whether the client has it already: weak comparison with each entity tag of the list, or `*` (RFC 9110, 13.1.2).

    `etag` is ours, quoted and strong. A list that is malformed counts up to where it is.
    """
    if if_none_match == etag:
        return True
    value = if_none_match.strip()
    if value == "*":
        return True
    opaque = etag[1:-1]
    position = 0
    while match := _ENTITY_TAG.match(value, position):
        if match.group(1) == opaque:
            return True
        position = match.end()
        while position < len(value) and value[position] in ", \t":
            position += 1
    return False


def not_modified_since(if_modified_since: str, last_modified: str) -> bool:
    """Whether nothing changed since the date the client names (RFC 9110, 13.1.3). A date that is none never matches.

    `last_modified` is the HTTP date of the document, "" when it has none to go by.
    """
    if not last_modified:
        return False
    if if_modified_since == last_modified:
        return True
    theirs, ours = parse_http_date_safe(if_modified_since), parse_http_date_safe(last_modified)
    return theirs is not None and ours is not None and ours <= theirs


# A browser names text/html; what names neither is shown the page.
_PROGRAMS = ("application/problem+json", "application/json", "application/*")
_PEOPLE = ("text/html", "application/xhtml+xml", "text/*")


@lru_cache(maxsize=512)
def prefers_json(accept: str) -> bool:
    """Whether an answer in JSON was asked for rather than a page (RFC 9110, 12.5.1)."""
    weights = _weights(accept)
    programs = max((weights.get(name, 0.0) for name in _PROGRAMS), default=0.0)
    return programs > max((weights.get(name, 0.0) for name in _PEOPLE), default=0.0)
