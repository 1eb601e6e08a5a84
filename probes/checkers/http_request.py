"""How to ask: the keys that every probe over HTTP has, and the asking."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from probes.checkers.base import OPTIONAL, CheckContext, CheckRequest
from probes.checkers.fields import Fields, UnusableVariable, expand, is_placeholder
from statuspage.core.http.client import MOST_REDIRECTS, Fetched, fetch

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAME_HOST = "same"
MOST_HEADERS = 30
LONGEST_BODY = 10_000
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# What frames the message or the connection is the client's to say (RFC 9110, section 7.6.1; RFC 9112, section 6).
FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
SECRET_NAME = re.compile(r"authorization|cookie|token|secret|passw|credential|(api|access|auth|private)[-_]?key")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequestConfig:
    """`follow_redirects`: all (True), none (False), on the same host ("same"), or as the kind sees fit (None)."""

    REQUEST_KEYS: ClassVar[frozenset[str]] = frozenset(
        {"url", "method", "headers", "body", "follow_redirects", "max_redirects", "verify_tls"}
    )

    url: str
    method: str = field(default="GET", metadata=OPTIONAL)
    headers: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    body: str = field(default="", metadata=OPTIONAL)
    follow_redirects: bool | str | None = field(default=None, metadata=OPTIONAL)
    max_redirects: int = field(default=MOST_REDIRECTS, metadata=OPTIONAL)
    verify_tls: bool = field(default=True, metadata=OPTIONAL)

    @classmethod
    def parse_request(cls, fields: Fields, **others: Any) -> Self:
        """One with the keys of the request as they are written, and these others."""
        method = fields.choice("method", METHODS, default="GET")
        body = fields.usable("body", most=LONGEST_BODY, lines=True)
        if body and method in {"GET", "HEAD"}:
            fields.refuse("body", f"no body with {method}: set method to POST, say", shown=False)
        return cls(
            url=fields.url("url", schemes=("http", "https")),
            method=method,
            headers=read_headers(fields),
            body=body,
            follow_redirects=_read_redirects(fields),
            max_redirects=fields.integer("max_redirects", default=MOST_REDIRECTS, least=1, most=10),
            verify_tls=fields.boolean("verify_tls", default=True),
            **others,
        )


def _read_redirects(fields: Fields) -> bool | str | None:
    value = fields.mapping.get("follow_redirects")
    if value is None or isinstance(value, bool) or value == SAME_HOST:
        return value
    fields.refuse("follow_redirects", f'true, false or "{SAME_HOST}" (on the same host)')
    return None


def read_headers(fields: Fields, *, taken: frozenset[str] = frozenset()) -> dict[str, str]:
    """The headers as written. `taken` are those that the protocol itself sends, in lower case."""
    given = fields.mapping.get("headers", {})
    if not isinstance(given, dict) or len(given) > MOST_HEADERS:
        fields.refuse("headers", f'a table of at most {MOST_HEADERS} headers, such as {{ Accept = "text/html" }}')
        return {}
    if len({name.lower() for name in given}) < len(given):
        fields.refuse("headers", "each header once: upper and lower case are the same", shown=False)
    return {name: value for name, value in given.items() if _is_header(fields, name, value, taken)}


def _is_header(fields: Fields, name: str, value: object, taken: frozenset[str]) -> bool:
    expected = ""
    if not HEADER_NAME.fullmatch(name):
        expected = "the name of a header"
    elif name.lower() in FRAMING | taken:
        expected = f"no {name} header: it is for the probe itself to send"
    elif not isinstance(value, str) or len(value) > LONGEST_BODY:
        expected = "a text"
    elif SECRET_NAME.search(name.lower()) and not is_placeholder(value):
        expected = "its value from the environment, as ${NAME}: by its name it is a secret"
    elif CONTROL.search(value) or CONTROL.search(fields.expanded("headers", value, shown=False)):
        expected = "a text on one line"
    if expected:
        fields.refuse(f"headers.{name[:100]}", expected, value=value, shown=False)
    return not expected


def expand_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """As they go out. Raises MissingVariable, also for a value with a line break: it would be a header of its own."""
    expanded = {name: expand(value, os.environ).strip() for name, value in headers.items()}
    for name, value in expanded.items():
        if CONTROL.search(value):
            raise UnusableVariable(f"the header {name} would not be on one line")
    return expanded


async def ask(
    config: HttpRequestConfig, request: CheckRequest, context: CheckContext, *, follow: bool = True
) -> Fetched:
    """The answer. `follow` is whether redirects are followed where the configuration leaves it open."""
    headers, body = expand_headers(config.headers), expand(config.body, os.environ).encode() or None
    if body and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = _content_type(body)
    follows = follow if config.follow_redirects is None else bool(config.follow_redirects)
    return await fetch(
        context.client,
        config.method,
        expand(config.url, os.environ),
        timeout=request.timeout.total_seconds(),
        headers=headers,
        body=body,
        max_redirects=config.max_redirects if follows else 0,
        same_host=config.follow_redirects == SAME_HOST,
        verify_tls=config.verify_tls,
        allow_private=request.allow_private,
    )


def _content_type(body: bytes) -> str:
    return "application/json" if body.lstrip()[:1] in {b"{", b"["} else "text/plain; charset=utf-8"
