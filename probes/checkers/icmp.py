"""ICMP: echo requests, and how many of them are answered.

Needs a datagram ICMP socket (Linux: `net.ipv4.ping_group_range`) or a raw one (CAP_NET_RAW). A raw socket hears every
reply that the target sends to this machine, so that an answer counts only with our identifier, number and token.
"""

import asyncio
import errno
import os
import secrets
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
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
from probes.checkers.icmp_packets import ECHO_REPLY, ECHO_REPLY_V6, PAYLOAD_LENGTH, Echo, build_request, parse_reply
from probes.enums import Outcome
from statuspage.core.http.errors import THEIRS, ConnectFailed, OutboundError, OutOfResources, connection_error
from statuspage.core.http.resolver import Endpoint

MOST_PACKETS = 20
# Between two requests; less where the timeout leaves less.
SPACING_SECONDS = 0.2
TOKEN_LENGTH = 16
MOST_REPLY = 2048
NOT_ALLOWED = (
    "This machine may not send ICMP: let net.ipv4.ping_group_range include the worker's group, "
    "or give the worker CAP_NET_RAW."
)
REFUSED = frozenset({errno.EPERM, errno.EACCES, errno.EPROTONOSUPPORT})
# What is not ours may come too; from a target that sends more of it no answer is waited for.
MOST_STRAY = 1000
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1  # linux/icmp.h, linux/icmpv6.h


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpConfig:
    """`max_loss` in percent: more is degraded, all of it is down."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"host", "count", "max_loss"})

    host: str
    count: int = 3
    max_loss: int = 50

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        host = fields.text("host", most=255)
        if host:
            fields.host("host", host)
        return cls(
            host=host,
            count=fields.integer("count", default=3, least=1, most=MOST_PACKETS),
            max_loss=fields.integer("max_loss", default=50, least=0, most=99),
        )


class IcmpChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = IcmpConfig(**request.config)
        deadline = loop_deadline(request)
        endpoints = await context.resolver.resolve(
            config.host, 0, allow_private=request.allow_private, deadline=deadline
        )
        times = await _first_to_answer(endpoints, config.count, deadline)
        if not times:
            pings = "The ping was" if config.count == 1 else f"None of {config.count} pings was"
            negated = " not" if config.count == 1 else ""
            raise CheckFailed(f"{pings}{negated} answered within {say_limit(request.timeout)}.")
        return _judge(request, config, times)


def _judge(request: CheckRequest, config: IcmpConfig, times: Sequence[float]) -> CheckResult:
    average_ms = sum(times) / len(times) * 1000
    share = f"{len(times)} of {config.count} pings answered"
    lost = (config.count - len(times)) * 100 / config.count
    if lost > config.max_loss:
        detail = f"{share}, {round(lost)} % lost; at most {config.max_loss} % may be."
        return CheckResult(outcome=Outcome.DEGRADED, latency_ms=average_ms, detail=detail)
    return measured(request, f"{share}, on average", average_ms)


async def _first_to_answer(endpoints: Sequence[Endpoint], count: int, deadline: float) -> list[float]:
    """Seconds until each answer, of the first address that gave any. Each address gets a fair share of the time.

    Raises a member of OutboundError when every address failed at once, the target's own trouble before ours.
    """
    loop = asyncio.get_running_loop()
    failures: list[OutboundError] = []
    for position, endpoint in enumerate(endpoints):
        now = loop.time()
        share = max(0.0, deadline - now) / (len(endpoints) - position)
        try:
            with _open(endpoint) as opened:
                times = await _Pings(opened, endpoint, count).make(now + share, share / (2 * count))
        except OSError as error:
            failures.append(connection_error(error))
            continue
        except OutboundError as error:
            failures.append(error)
            continue
        if times:
            return times
    theirs = [failure for failure in failures if not failure.is_ours]
    if theirs or len(failures) == len(endpoints):
        raise (theirs or failures)[0]
    return []


def _open(endpoint: Endpoint) -> socket.socket:
    """A socket that hears and sends to this address alone. Raises OutOfResources when neither sort is allowed."""
    protocol = socket.IPPROTO_ICMP if endpoint.family == socket.AF_INET else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            opened = socket.socket(endpoint.family, kind, protocol)
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            continue
        try:
            opened.settimeout(0)
            if kind == socket.SOCK_RAW:
                _hear_replies_only(opened)
            opened.connect((endpoint.address, 0))
        except BaseException:
            opened.close()
            raise
        return opened
    raise OutOfResources(NOT_ALLOWED)


def _hear_replies_only(opened: socket.socket) -> None:
    """Linux drops the rest in the kernel; elsewhere it is dropped here."""
    with suppress(OSError):
        if opened.family == socket.AF_INET:
            opened.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ (1 << ECHO_REPLY)))
        else:
            words = [0xFFFFFFFF] * 8
            words[ECHO_REPLY_V6 // 32] ^= 1 << ECHO_REPLY_V6 % 32
            opened.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *words))


@dataclass(slots=True)
class _Pings:
    """One address's requests, and the answers that are ours."""

    opened: socket.socket
    endpoint: Endpoint
    count: int
    token: bytes = field(default_factory=lambda: secrets.token_bytes(TOKEN_LENGTH))
    identifier: int = field(default_factory=lambda: secrets.randbelow(0x10000))
    sent_at: dict[int, float] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    failure: OutboundError | None = None

    @property
    def version(self) -> int:
        return 6 if self.endpoint.family == socket.AF_INET6 else 4

    async def make(self, deadline: float, spacing: float) -> list[float]:
        """Seconds until each answer. Raises what the network said if it said so and nothing was answered."""
        listening = asyncio.create_task(self._listen())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._send(min(SPACING_SECONDS, spacing))
                    await listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if self.failure is not None and not self.times:
            raise self.failure
        return list(self.times.values())

    async def _send(self, spacing: float) -> None:
        loop = asyncio.get_running_loop()
        for sequence in range(1, self.count + 1):
            payload = self.token + os.urandom(PAYLOAD_LENGTH - TOKEN_LENGTH)
            packet = build_request(
                Echo(identifier=self.identifier, sequence=sequence, payload=payload), version=self.version
            )
            self.sent_at[sequence] = time.perf_counter()
            try:
                await loop.sock_sendall(self.opened, packet)
            except OSError as error:
                self.failure = self.failure or connection_error(error)
            if sequence < self.count:
                await asyncio.sleep(spacing)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        told = stray = 0
        while len(self.times) + told < self.count and stray < MOST_STRAY:
            try:
                raw = await loop.sock_recv(self.opened, MOST_REPLY)
            except OSError as error:
                # A router's answer to one of ours: the target itself says no more to it.
                told += 1
                self.failure = self.failure or _heard(error)
                continue
            if not self._take(raw, time.perf_counter()):
                stray += 1
                # A flood of what is not ours must not keep the others from running.
                await asyncio.sleep(0)

    def _take(self, raw: bytes, now: float) -> bool:
        reply = parse_reply(raw, version=self.version)
        if reply is None or reply.payload[:TOKEN_LENGTH] != self.token or reply.sequence in self.times:
            return False
        is_datagram = self.opened.type == socket.SOCK_DGRAM  # there the kernel chooses the identifier, and minds it
        if reply.sequence not in self.sent_at or (reply.identifier != self.identifier and not is_datagram):
            return False
        self.times[reply.sequence] = now - self.sent_at[reply.sequence]
        return True


def _heard(error: OSError) -> OutboundError:
    """Our own route was there when the socket was connected: what came since then, others said."""
    if error.errno in THEIRS:
        return ConnectFailed(THEIRS[error.errno])
    if error.errno == errno.ENETUNREACH:
        return ConnectFailed("A router on the way has no route to that network.")
    return ConnectFailed("A router on the way refused the ping.")
