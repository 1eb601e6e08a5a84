"""A certificate: whether it is trusted, and how long it still holds.

One that is not trusted is read as well, over a second connection that trusts anything: an operator wants to know
both that it is wrong and when it ends.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from probes.checkers.base import (
    CheckContext,
    CheckFailed,
    CheckRequest,
    CheckResult,
    down,
    loop_deadline,
    measured,
    say_limit,
)
from probes.checkers.fields import Fields
from probes.checkers.handshake import hang_up, shake_hands
from probes.checkers.late import load
from probes.checkers.smtp_dialogue import Dialogue
from probes.enums import Outcome
from statuspage.core import clock
from statuspage.core.durations import format_duration, parse_duration
from statuspage.core.http.errors import CERTIFICATE_WORDS, InvalidUrl, OutboundError, TlsFailed
from statuspage.core.http.netguard import normalise_host
from statuspage.core.http.resolver import Endpoint, connect

if TYPE_CHECKING:
    from probes.checkers.certificates import Chain

PORT = 443
STARTTLS = ("smtp",)
SMTP_PORT = 25
WARN_BELOW = timedelta(days=21)
FAIL_BELOW = timedelta(days=3)
LONGEST = timedelta(days=366)
HAS_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """Durations are kept in the shortest form, such as `"21d"`. `starttls` empty: TLS from the first byte."""

    KEYS: ClassVar[frozenset[str]] = frozenset(
        {"host", "port", "server_name", "warn_below", "fail_below", "verify", "starttls"}
    )

    host: str
    port: int = PORT
    server_name: str = ""
    warn_below: str = "21d"
    fail_below: str = "3d"
    verify: bool = True
    starttls: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        host = fields.text("host", most=255)
        if host:
            fields.host("host", host)
        starttls = fields.choice("starttls", STARTTLS, default="") if "starttls" in fields.mapping else ""
        least = timedelta()
        warn_below = fields.duration("warn_below", default=WARN_BELOW, least=least, most=LONGEST)
        fail_below = fields.duration("fail_below", default=min(FAIL_BELOW, warn_below), least=least, most=LONGEST)
        if fail_below > warn_below:
            fields.refuse("fail_below", f"at most warn_below, {format_duration(warn_below)}")
        return cls(
            host=host,
            port=fields.integer("port", default=SMTP_PORT if starttls else PORT, least=1, most=65535),
            server_name=_read_server_name(fields),
            warn_below=format_duration(warn_below),
            fail_below=format_duration(fail_below),
            verify=fields.boolean("verify", default=True),
            starttls=starttls,
        )


def _read_server_name(fields: Fields) -> str:
    if "server_name" not in fields.mapping:
        return ""
    name = fields.text("server_name", most=253)
    try:
        return normalise_host(name) if name else ""
    except InvalidUrl:
        fields.refuse("server_name", "the host name that the certificate is for")
        return ""


class TlsChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = TlsConfig(**request.config)
        deadline = loop_deadline(request)
        await load("probes.checkers.certificates")
        endpoints = await context.resolver.resolve(
            config.host, config.port, allow_private=request.allow_private, deadline=deadline
        )
        visit = _Visit(config=config, endpoints=endpoints, deadline=deadline, timeout=request.timeout)
        if not config.verify:
            chain, latency_ms = await visit.read(context.client.unverified_tls)
            return judge(request, config, chain, latency_ms)
        try:
            chain, latency_ms = await visit.read(context.tls)
        except TlsFailed as error:
            if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
            return await _read_anyway(error, error.__cause__, visit, context)
        return judge(request, config, chain, latency_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """Where the certificate is, and until when we look for it (in the event loop's time)."""

    config: TlsConfig
    endpoints: tuple[Endpoint, ...]
    deadline: float
    timeout: timedelta

    async def read(self, tls: ssl.SSLContext) -> tuple["Chain", float]:
        """The chain and the milliseconds of the handshake."""
        from probes.checkers.certificates import Unreadable, read_chain

        opened = await connect(self.endpoints, deadline=self.deadline)
        try:
            async with asyncio.timeout_at(self.deadline):
                if self.config.starttls:
                    try:
                        await Dialogue.plain(opened).switch_to_tls()
                    except BaseException:
                        opened.close()
                        raise
                started = time.perf_counter()
                name = self.config.server_name or normalise_host(self.config.host)
                _, writer = await shake_hands(opened, tls=tls, server_name=name)
        except TimeoutError:
            limit = say_limit(self.timeout)
            raise CheckFailed(f"Connected, but the TLS handshake was not finished within {limit}.") from None
        latency_ms = (time.perf_counter() - started) * 1000
        try:
            return read_chain(_presented(writer.get_extra_info("ssl_object"))), latency_ms
        except Unreadable:
            raise CheckFailed("The server's certificate cannot be read.") from None
        finally:
            hang_up(writer)


def _presented(connection: ssl.SSLObject) -> list[bytes]:
    """The certificates that the visitor's trust hangs on, the server's own first.

    The authority at the end of a verified chain is left out: it is in our own store, where another may replace it.
    """
    if connection.context.verify_mode is ssl.CERT_NONE:
        return list(connection.get_unverified_chain())
    chain = list(connection.get_verified_chain())
    return chain[:-1] if len(chain) > 1 else chain


async def _read_anyway(
    error: OutboundError, cause: ssl.SSLCertVerificationError, visit: _Visit, context: CheckContext
) -> CheckResult:
    """Down; with the dates of what was not trusted, if they can be had in the time that is left."""
    from probes.checkers.certificates import say_date, say_days

    try:
        chain, latency_ms = await visit.read(context.client.unverified_tls)
    except (CheckFailed, OutboundError, TimeoutError):
        return down(str(error))
    now = clock.now()
    days = chain.leaf.days_left(now)
    when = f"{say_days(days)} ({say_date(chain.leaf.expires_at)})"
    values = {"days_left": days}
    if days < 0:
        return down(f"The certificate expired {when}.", latency_ms=latency_ms, values=values)
    because = _because(error)
    if cause.verify_code == HAS_EXPIRED:
        because = "another one that vouches for it has expired"
    elif cause.verify_code not in CERTIFICATE_WORDS:
        because = f"{because} ({cause.verify_message.lower()})"
    return down(f"The certificate is not trusted: {because}; it expires {when}.", latency_ms=latency_ms, values=values)


def _because(error: OutboundError) -> str:
    """`"The certificate is self-signed."` → `"it is self-signed"`."""
    sentence = str(error).removesuffix(".")
    for subject, pronoun in (("The certificate's", "its"), ("The certificate", "it")):
        if sentence.startswith(subject):
            return pronoun + sentence.removeprefix(subject)
    return sentence


def judge(request: CheckRequest, config: TlsConfig, chain: "Chain", latency_ms: float) -> CheckResult:
    """What the first certificate to expire makes of it."""
    from probes.checkers.certificates import say_date, say_days

    now: datetime = clock.now()
    first = chain.first_to_expire
    days = first.days_left(now)
    left = first.expires_at - now
    values = {"days_left": days}
    subject = "The certificate"
    if first is not chain.leaf and first.expires_at < chain.leaf.expires_at:
        subject = f"The intermediate certificate{f' “{first.name}”' if first.name else ''}"
    verb = "expires" if days >= 0 else "expired"
    sentence = f"{subject} {verb} {say_days(days)} ({say_date(first.expires_at)})"
    if days < 0 or left < parse_duration(config.fail_below):
        return down(f"{sentence}.", latency_ms=latency_ms, values=values)
    if left < parse_duration(config.warn_below):
        return CheckResult(outcome=Outcome.DEGRADED, latency_ms=latency_ms, detail=f"{sentence}.", values=values)
    return measured(request, f"{sentence}, handshake", latency_ms, values)
