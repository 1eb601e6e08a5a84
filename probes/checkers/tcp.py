"""A TCP connection: opened, and closed again."""

import time
from dataclasses import dataclass
from typing import ClassVar, Self

from probes.checkers.base import CheckContext, CheckRequest, CheckResult, loop_deadline, measured
from probes.checkers.fields import Fields
from statuspage.core.http.resolver import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpConfig:
    KEYS: ClassVar[frozenset[str]] = frozenset({"host", "port"})

    host: str
    port: int

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        host = fields.text("host", most=255)
        if host:
            fields.host("host", host)
        return cls(host=host, port=fields.integer("port", default=None, least=1, most=65535))


class TcpChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = TcpConfig(**request.config)
        deadline = loop_deadline(request)
        started = time.perf_counter()
        endpoints = await context.resolver.resolve(
            config.host, config.port, allow_private=request.allow_private, deadline=deadline
        )
        connection = await connect(endpoints, deadline=deadline)
        latency_ms = (time.perf_counter() - started) * 1000
        connection.close()
        return measured(request, "Connected", latency_ms)
