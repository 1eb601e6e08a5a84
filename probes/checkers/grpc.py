"""A gRPC server, asked by the standard health protocol (grpc.health.v1) whether it serves."""

import os
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from yarl import URL

from probes.checkers.base import (
    OPTIONAL,
    CheckContext,
    CheckFailed,
    CheckRequest,
    CheckResult,
    loop_deadline,
    measured,
)
from probes.checkers.fields import Fields, expand
from probes.checkers.grpc_messages import ServingStatus
from probes.checkers.http_request import expand_headers, read_headers
from probes.checkers.stream import open_stream

SCHEMES = ("grpc", "grpcs")
SECURE_PORT = 443
PLAIN_PORT = 80
LONGEST_SERVICE = 200
SERVICE_NAME = re.compile(r"[\x21-\x7e]*", re.ASCII)
# What the call itself says (gRPC over HTTP2).
CALL = frozenset({"host", "content-type", "user-agent"})
SENTENCES: dict[int, str] = {
    ServingStatus.UNKNOWN: "The server does not know whether it serves.",
    ServingStatus.NOT_SERVING: "The server says that it is not serving.",
    ServingStatus.SERVICE_UNKNOWN: "The server does not know that service.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcConfig:
    """`service` empty asks for the server as a whole; `headers` are the metadata of the call."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "service", "headers", "verify_tls"})

    url: str
    service: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    verify_tls: bool = field(default=True, metadata=OPTIONAL)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        service = fields.text("service", default="", most=LONGEST_SERVICE)
        if not SERVICE_NAME.fullmatch(service):
            fields.refuse("service", "the full name of a service, such as shop.v1.Orders")
        headers = read_headers(fields, taken=CALL)
        for name in headers:
            if name.lower().startswith("grpc-"):
                fields.refuse(f"headers.{name}", "no grpc- header: those are the protocol's own", shown=False)
        return cls(
            url=fields.url("url", schemes=SCHEMES),
            service=service,
            headers=headers,
            verify_tls=fields.boolean("verify_tls", default=True),
        )


class GrpcChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        # Read when it is first needed: HTTP/2 brings 20 MB of tables with it.
        from probes.checkers.grpc_call import ask_health

        config = GrpcConfig(**request.config)
        url, headers = URL(expand(config.url, os.environ)), expand_headers(config.headers)
        is_secure = url.scheme == "grpcs"
        tls = await context.client.http2_tls(verify=config.verify_tls) if is_secure else None
        started = time.perf_counter()
        async with open_stream(
            context,
            url.raw_host or "",
            url.explicit_port or (SECURE_PORT if is_secure else PLAIN_PORT),
            tls=tls,
            allow_private=request.allow_private,
            deadline=loop_deadline(request),
        ) as (reader, writer):
            _check_protocol(writer.get_extra_info("ssl_object"))
            status = await ask_health(
                reader,
                writer,
                authority=url.raw_authority.rpartition("@")[2],
                scheme="https" if is_secure else "http",
                service=config.service,
                metadata=headers,
                timeout_ms=round(request.timeout.total_seconds() * 1000),
            )
        if status != ServingStatus.SERVING:
            raise CheckFailed(SENTENCES.get(status, f"The server answered with an unknown status ({status})."))
        return measured(request, "SERVING", (time.perf_counter() - started) * 1000)


def _check_protocol(tls: ssl.SSLObject | None) -> None:
    if tls is not None and tls.selected_alpn_protocol() != "h2":
        raise CheckFailed("The server does not offer HTTP/2, which gRPC needs.")
