"""An HTTP request: its status, its body, its time."""

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from probes.checkers.base import CheckContext, CheckFailed, CheckRequest, CheckResult, measured
from probes.checkers.fields import Fields, expand
from statuspage.core.http.client import MOST_BODY, MOST_REDIRECTS, Fetched, fetch

SUCCESS = range(200, 300)
MOST_STATUSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """`expect_status` empty means any 2xx. The status is that of the last answer, after redirects, unless a redirect
    is what is expected."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "expect_status", "expect_body"})

    url: str
    expect_status: Sequence[int] = ()
    expect_body: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        return cls(
            url=fields.url("url", schemes=("http", "https")),
            expect_status=_read_statuses(fields),
            expect_body=fields.text("expect_body", default=""),
        )

    def accepts(self, status: int) -> bool:
        return status in (self.expect_status or SUCCESS)

    @property
    def expected_words(self) -> str:
        return " or ".join(str(status) for status in self.expect_status) or "2xx"


def _read_statuses(fields: Fields) -> list[int]:
    given = fields.mapping.get("expect_status", [])
    if not isinstance(given, list) or len(given) > MOST_STATUSES:
        fields.refuse("expect_status", "a list of HTTP statuses such as [200, 204]")
        return []
    if any(isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599 for status in given):
        fields.refuse("expect_status", "a list of HTTP statuses from 200 to 599")
        return []
    return list(given)


class HttpChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = HttpConfig(**request.config)
        wants_redirect = any(300 <= status < 400 for status in config.expect_status)
        answer = await fetch(
            context.client,
            "GET",
            expand(config.url, os.environ),
            timeout=request.timeout.total_seconds(),
            max_redirects=0 if wants_redirect else MOST_REDIRECTS,
            allow_private=request.allow_private,
        )
        if not config.accepts(answer.status):
            raise CheckFailed(f"Answered {answer.status}, expected {config.expected_words}.")
        if config.expect_body:
            _look_for(config.expect_body, answer)
        return measured(request, f"GET {answer.status}", answer.elapsed_ms)


def _look_for(expected: str, answer: Fetched) -> None:
    shown = expected if len(expected) <= 60 else f"{expected[:60]}…"
    text, is_cut = _plain_body(answer)
    if expected.encode() in text:
        return
    where = "first megabyte of the body" if is_cut else "body"
    raise CheckFailed(f'The {where} does not contain "{shown}".')


def _plain_body(answer: Fetched) -> tuple[bytes, bool]:
    """The body without its compression, which we asked the server to leave out; at most a megabyte of it."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return answer.body, answer.is_cut
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise CheckFailed(f"The body is compressed ({encoding[:20]}) though we asked for it plain.")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        text = inflater.decompress(answer.body, MOST_BODY)
    except zlib.error:
        raise CheckFailed("The body is not the gzip it says it is.") from None
    return text, answer.is_cut or bool(inflater.unconsumed_tail)
