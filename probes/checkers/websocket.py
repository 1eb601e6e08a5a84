"""A WebSocket: opened, asked for a sign of life, and let go."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from yarl import URL

from probes.checkers.base import OPTIONAL, CheckContext, CheckRequest, CheckResult, loop_deadline, measured
from probes.checkers.fields import Fields, expand
from probes.checkers.http_request import expand_headers, read_headers
from probes.checkers.stream import open_stream

SCHEMES = ("ws", "wss")
# What the handshake itself says (RFC 6455, section 4.1).
HANDSHAKE = frozenset(
    {
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
    }
)
TOKEN_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketConfig:
    """`send` is one text message after the handshake; `expect` is what a message from the server must contain."""

    KEYS: ClassVar[frozenset[str]] = frozenset(
        {"url", "headers", "subprotocol", "ping", "send", "expect", "verify_tls"}
    )

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    subprotocol: str = field(default="", metadata=OPTIONAL)
    ping: bool = field(default=True, metadata=OPTIONAL)
    send: str = field(default="", metadata=OPTIONAL)
    expect: str = field(default="", metadata=OPTIONAL)
    verify_tls: bool = field(default=True, metadata=OPTIONAL)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        subprotocol = fields.text("subprotocol", default="", most=100)
        if not TOKEN_CHARACTERS.issuperset(subprotocol):
            fields.refuse("subprotocol", "the name of one subprotocol")
        return cls(
            url=fields.url("url", schemes=SCHEMES),
            headers=read_headers(fields, taken=HANDSHAKE),
            subprotocol=subprotocol,
            ping=fields.boolean("ping", default=True),
            send=fields.usable("send", lines=True),
            expect=fields.usable("expect"),
            verify_tls=fields.boolean("verify_tls", default=True),
        )


class WebSocketChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        # Read when it is first needed: most installations have no such probe.
        from probes.checkers.websocket_session import Session

        config = WebSocketConfig(**request.config)
        url, headers = URL(expand(config.url, os.environ)), expand_headers(config.headers)
        message, wanted = expand(config.send, os.environ), expand(config.expect, os.environ)
        is_secure = url.scheme == "wss"
        tls = (context.tls if config.verify_tls else context.client.unverified_tls) if is_secure else None
        started = time.perf_counter()
        async with open_stream(
            context,
            url.raw_host or "",
            url.explicit_port or (443 if is_secure else 80),
            tls=tls,
            allow_private=request.allow_private,
            deadline=loop_deadline(request),
        ) as streams:
            session = Session(*streams, url=url)
            await session.open(headers, subprotocol=config.subprotocol)
            if message:
                await session.send(message)
            if wanted:
                await session.wait_for(wanted)
            if config.ping:
                await session.ping()
            latency_ms = (time.perf_counter() - started) * 1000
            session.close()
        return measured(request, _what(config), latency_ms)


def _what(config: WebSocketConfig) -> str:
    parts = ["WebSocket opened", "answered" if config.expect else "", "pong" if config.ping else ""]
    return ", ".join(part for part in parts if part)
