"""One DNS query, over UDP and, where the answer does not fit, over TCP; to addresses that were checked."""

import asyncio
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

import dns.message

from probes.checkers.base import CheckFailed
from probes.checkers.dns_records import MOST_WIRE, Answer, Unreadable, read_answer
from statuspage.core.http.errors import LookupFailed, OutboundError, connection_error
from statuspage.core.http.resolver import Endpoint, connect

LENGTH = struct.Struct("!H")
MOST_DATAGRAM = 4096
# A datagram that is lost is sent once more: that happens on the best of lines.
ROUNDS = 2
# Answers that are none of ours, from one server: after as many, it does not speak DNS.
MOST_STRAY = 50
NOT_DNS = "The resolver does not answer as a DNS server does."
RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
MOST_SERVERS = 3


def system_servers(path: Path = RESOLV_CONF) -> tuple[Endpoint, ...]:
    """The resolvers this machine was given, at most three, as its own lookups have it. Raises LookupFailed."""
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            resolver.read_resolv_conf(file)
    except (OSError, dns.resolver.NoResolverConfiguration, ValueError):
        raise LookupFailed("This machine has no resolver: name one with the key resolver.") from None
    servers = [str(server) for server in resolver.nameservers]
    return tuple(Endpoint(address=server, port=PORT) for server in servers[:MOST_SERVERS])


async def exchange(query: dns.message.QueryMessage, servers: Sequence[Endpoint], *, deadline: float) -> Answer:
    """The first usable answer: each server in turn, twice around, each turn with a fair share of the time left.

    An answer that says the server would not or could not look is given when no other server has a better one. Raises
    CheckFailed (truncated, not DNS), a member of OutboundError (refused, no route), or TimeoutError.
    """
    turns = [*servers] * ROUNDS
    loop = asyncio.get_running_loop()
    poor: Answer | None = None
    failures: list[Exception] = []
    for position, server in enumerate(turns):
        now = loop.time()
        until = now + max(0.0, deadline - now) / (len(turns) - position)
        try:
            answer = await _ask(query, server, until=until, deadline=deadline)
        except TimeoutError:
            continue
        except (CheckFailed, OutboundError) as error:
            failures.append(error)
            continue
        if answer.code in {"NOERROR", "NXDOMAIN"}:
            return answer
        poor = poor or answer
    if poor is not None:
        return poor
    if failures:
        raise failures[0]
    raise TimeoutError


async def _ask(query: dns.message.QueryMessage, server: Endpoint, *, until: float, deadline: float) -> Answer:
    async with asyncio.timeout_at(until):
        answer = await _over_udp(query, server)
    if not answer.is_truncated:
        return answer
    try:
        async with asyncio.timeout_at(deadline):
            return await _over_tcp(query, server, deadline)
    except TimeoutError:
        raise CheckFailed("The answer was cut short, and over TCP there was none in time.") from None
    except OutboundError as error:
        raise CheckFailed(f"The answer was cut short, and over TCP: {error}") from error


async def _over_udp(query: dns.message.QueryMessage, server: Endpoint) -> Answer:
    """What comes from elsewhere the kernel drops; what comes from the server and is no answer to us is passed over."""
    loop = asyncio.get_running_loop()
    with socket.socket(server.family, socket.SOCK_DGRAM) as opened:
        try:
            opened.settimeout(0)
            opened.connect((server.address, server.port))
            await loop.sock_sendall(opened, query.to_wire())
            for _ in range(MOST_STRAY):
                try:
                    return read_answer(query, await loop.sock_recv(opened, MOST_DATAGRAM))
                except Unreadable:
                    # Whoever floods us must not keep the others from running.
                    await asyncio.sleep(0)
        except OSError as error:
            raise connection_error(error) from error
    raise CheckFailed(NOT_DNS)


async def _over_tcp(query: dns.message.QueryMessage, server: Endpoint, deadline: float) -> Answer:
    opened = await connect([server], deadline=deadline)
    reader, writer = await asyncio.open_connection(sock=opened)
    try:
        wire = query.to_wire()
        writer.write(LENGTH.pack(len(wire)) + wire)
        await writer.drain()
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if length > MOST_WIRE:
            raise CheckFailed(f"The answer is larger than {MOST_WIRE // 1024} kB.")
        return read_answer(query, await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        raise CheckFailed("The answer was cut short, and over TCP the resolver broke the connection off.") from None
    except Unreadable:
        raise CheckFailed(NOT_DNS) from None
    except OSError as error:
        raise connection_error(error) from error
    finally:
        writer.transport.abort()
