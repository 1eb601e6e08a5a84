"""An HTTP request: its status, its headers, its body, its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from probes.checkers import assertions
from probes.checkers.base import OPTIONAL, CheckContext, CheckRequest, CheckResult, measured
from probes.checkers.fields import Fields
from probes.checkers.http_request import HttpRequestConfig, ask
from probes.checkers.patterns import read_pattern
from statuspage.core.http.client import MOST_BODY, Fetched

OF_A_BODY = ("expect_body", "expect_not_body", "expect_body_matches", "expect_json", "min_size", "max_size")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig(HttpRequestConfig):
    """`expect_status` empty means any 2xx. The status is that of the last answer, after redirects; where a redirect
    is what is expected, none is followed unless `follow_redirects` says so."""

    KEYS: ClassVar[frozenset[str]] = HttpRequestConfig.REQUEST_KEYS | {"expect_status", "expect_headers", *OF_A_BODY}

    expect_status: Sequence[assertions.Status] = ()
    expect_body: str = ""
    expect_not_body: str = field(default="", metadata=OPTIONAL)
    expect_body_matches: str = field(default="", metadata=OPTIONAL)
    expect_headers: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)
    expect_json: Sequence[Any] = field(default=(), metadata=OPTIONAL)
    min_size: int | None = field(default=None, metadata=OPTIONAL)
    max_size: int | None = field(default=None, metadata=OPTIONAL)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        config = cls.parse_request(
            fields,
            expect_status=assertions.read_statuses(fields),
            expect_headers=assertions.read_header_checks(fields),
            expect_body=fields.usable("expect_body"),
            expect_not_body=fields.usable("expect_not_body"),
            expect_body_matches=read_pattern(fields, "expect_body_matches"),
            expect_json=tuple(assertions.read_comparisons(fields)),
            min_size=_read_size(fields, "min_size"),
            max_size=_read_size(fields, "max_size"),
        )
        if config.method == "HEAD":
            for name in OF_A_BODY:
                if name in fields.mapping:
                    fields.refuse(name, "another method: an answer to HEAD has no body", shown=False)
        return config

    @property
    def expects_redirect(self) -> bool:
        return any(
            status in assertions.REDIRECTION
            for expected in self.expect_status
            for status in (assertions.statuses_of(expected)[0], assertions.statuses_of(expected)[-1])
        )


def _read_size(fields: Fields, name: str) -> int | None:
    if name not in fields.mapping:
        return None
    return fields.integer(name, default=0, least=0, most=MOST_BODY)


class HttpChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = HttpConfig(**request.config)
        answer = await ask(config, request, context, follow=not config.expects_redirect)
        await _look_at(config, answer)
        return measured(request, f"{config.method} {answer.status}", answer.elapsed_ms)


async def _look_at(config: HttpConfig, answer: Fetched) -> None:
    """The status first: what else is wrong with an error page says little."""
    assertions.check_status(answer, config.expect_status)
    assertions.check_headers(answer, config.expect_headers)
    if config.min_size is not None or config.max_size is not None:
        assertions.check_size(answer, least=config.min_size, most=config.max_size)
    contains, lacks, matches = config.expect_body, config.expect_not_body, config.expect_body_matches
    if contains or lacks or matches:
        await assertions.check_body(answer, contains=contains, lacks=lacks, matches=matches)
    if config.expect_json:
        await assertions.check_json(answer, config.expect_json)
