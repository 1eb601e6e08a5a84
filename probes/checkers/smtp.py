"""A mail server: its banner, EHLO, STARTTLS and a certificate that holds. No mail is sent."""

import asyncio
import re
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Self

from probes.checkers.base import (
    CheckContext,
    CheckFailed,
    CheckRequest,
    CheckResult,
    loop_deadline,
    measured,
    say_limit,
)
from probes.checkers.fields import Fields
from probes.checkers.handshake import hang_up, shake_hands
from probes.checkers.smtp_dialogue import NO_STARTTLS, Dialogue, Reply, own_address
from statuspage.core.http.netguard import normalise_host
from statuspage.core.http.resolver import connect

PORT = 25
TLS_PORT = 465
STARTTLS = ("required", "optional", "never")
OWN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
# How long a farewell is waited for once everything is measured.
FAREWELL_SECONDS = 0.5
HANDSHAKE = "the end of the TLS handshake"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpConfig:
    """`tls` is TLS from the first byte; with it there is no STARTTLS. `helo_name` empty: our own address."""

    KEYS: ClassVar[frozenset[str]] = frozenset(
        {"host", "port", "starttls", "tls", "verify", "expect_banner", "helo_name"}
    )

    host: str
    port: int = PORT
    starttls: str = "optional"
    tls: bool = False
    verify: bool = True
    expect_banner: str = ""
    helo_name: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        host = fields.text("host", most=255)
        if host:
            fields.host("host", host)
        tls = fields.boolean("tls", default=False)
        starttls = fields.choice("starttls", STARTTLS, default="never" if tls else "optional")
        if tls and starttls != "never":
            fields.refuse("starttls", "nothing, or tls = false: what is encrypted from the start has no STARTTLS")
        helo_name = fields.text("helo_name", default="", most=253)
        if helo_name and not OWN_NAME.fullmatch(helo_name):
            fields.refuse("helo_name", "a host name, such as probe.example.com")
        return cls(
            host=host,
            port=fields.integer("port", default=TLS_PORT if tls else PORT, least=1, most=65535),
            starttls=starttls,
            tls=tls,
            verify=fields.boolean("verify", default=True),
            expect_banner=fields.text("expect_banner", default="", most=200),
            helo_name=helo_name,
        )


class SmtpChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = SmtpConfig(**request.config)
        deadline = loop_deadline(request)
        started = time.perf_counter()
        endpoints = await context.resolver.resolve(
            config.host, config.port, allow_private=request.allow_private, deadline=deadline
        )
        opened = await connect(endpoints, deadline=deadline)
        visit = _Visit(config, opened, context.tls if config.verify else context.client.unverified_tls)
        try:
            async with asyncio.timeout_at(deadline):
                what = await visit.make()
            latency_ms = (time.perf_counter() - started) * 1000
            await visit.say_goodbye(deadline)
        except TimeoutError:
            limit = say_limit(request.timeout)
            raise CheckFailed(f"Connected, but {visit.awaited} did not come within {limit}.") from None
        finally:
            visit.end()
        return measured(request, what, latency_ms)


class _Visit:
    """One conversation, from the banner to the farewell, on a connection that ends with it."""

    def __init__(self, config: SmtpConfig, opened: socket.socket, tls: ssl.SSLContext) -> None:
        self._config, self._opened, self._tls = config, opened, tls
        self._name = config.helo_name or own_address(opened)
        self._dialogue: Dialogue | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def awaited(self) -> str:
        """What the server has been asked for last."""
        return self._dialogue.awaited if self._dialogue else HANDSHAKE

    async def make(self) -> str:
        """What was reached, for the sentence."""
        dialogue = await self._encrypt() if self._config.tls else Dialogue.plain(self._opened, name=self._name)
        self._dialogue = dialogue
        _look_for(self._config.expect_banner, await dialogue.greeting())
        answer = await dialogue.hello()
        if not self._wants_starttls(answer):
            return "EHLO over TLS" if self._config.tls else "EHLO"
        await dialogue.start_tls()
        self._dialogue = None
        self._dialogue = await self._encrypt()
        await self._dialogue.hello()
        return "EHLO and STARTTLS"

    async def say_goodbye(self, deadline: float) -> None:
        """All is measured; a server that does not say goodbye in return is not the worse for it."""
        if self._dialogue is not None:
            soon = asyncio.get_running_loop().time() + FAREWELL_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(deadline, soon)):
                    await self._dialogue.quit()

    def end(self) -> None:
        if self._writer is not None:
            hang_up(self._writer)
        self._opened.close()

    async def _encrypt(self) -> Dialogue:
        name = normalise_host(self._config.host)
        reader, self._writer = await shake_hands(self._opened, tls=self._tls, server_name=name)
        return Dialogue.over(reader, self._writer, name=self._name)

    def _wants_starttls(self, answer: Reply) -> bool:
        offered = "STARTTLS" in answer.keywords
        if self._config.starttls == "required" and not offered:
            raise CheckFailed(NO_STARTTLS)
        return offered and self._config.starttls != "never"


def _look_for(expected: str, banner: Reply) -> None:
    if expected and not any(expected in line for line in banner.lines):
        shown = expected if len(expected) <= 60 else f"{expected[:60]}…"
        raise CheckFailed(f'The banner does not contain "{shown}".')
