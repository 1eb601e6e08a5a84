"""From a name to a connection, by way of the guard.

The address checked is the address connected to. A name is looked up once, each of its addresses is checked, and the
caller connects to what came back; nothing looks the name up again, so an answer that changes between the check and
the connection (DNS rebinding) changes nothing.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import LookupFailed, NoSuchHost, OutboundError, connection_error
from statuspage.core.http.netguard import Network, check_address, literal_address, normalise_host

type Lookup = Callable[..., Sequence[tuple[Any, ...]]]

MOST_ADDRESSES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A checked address to connect to, without any further lookup."""

    address: str
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


class Resolver:
    """Looks names up with the machine's own resolver (so /etc/hosts counts), in threads of its own, and checks them.

    A resolver that hangs takes at most these threads, never the event loop or the threads of others.
    """

    def __init__(self, *, threads: int = 32, lookup: Lookup = socket.getaddrinfo) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="resolver")
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int, *, allow_private: bool, deadline: float, opened: Sequence[Network] = ()
    ) -> tuple[Endpoint, ...]:
        """The addresses of `host` we may connect to, in the resolver's order, at most eight, never none.

        `deadline` is in the event loop's time; `opened` as in `check_address`. Raises BlockedAddress when no address
        is allowed, NoSuchHost when there is none, LookupFailed when the resolver does not tell, InvalidUrl for what
        is no host.
        """
        host = normalise_host(host)
        literal = literal_address(host)
        if literal is not None:
            check_address(literal, allow_private=allow_private, opened=opened)
            return (Endpoint(address=str(literal), port=port),)
        try:
            async with asyncio.timeout_at(deadline):
                found = await self._look_up(host, port)
        except TimeoutError:
            raise LookupFailed(f"The name {host} could not be looked up in time.") from None
        return _allowed(host, port, found, allow_private=allow_private, opened=opened)

    async def _look_up(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(self._pool, lambda: self._lookup(host, port, type=socket.SOCK_STREAM))
        except socket.gaierror as error:
            if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY}:
                raise NoSuchHost(f"{host} has no address.") from error
            raise LookupFailed(f"The name {host} could not be looked up.") from error
        except UnicodeError as error:
            raise NoSuchHost(f"{host} has no address.") from error
        except OSError as error:
            raise connection_error(error) from error
        return list(dict.fromkeys(str(row[4][0]) for row in rows))

    def close(self) -> None:
        """Threads still waiting for an answer end by themselves; nobody waits for them."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _allowed(
    host: str, port: int, found: list[str], *, allow_private: bool, opened: Sequence[Network]
) -> tuple[Endpoint, ...]:
    allowed = []
    refusal: BlockedAddress | None = None
    for address in found:
        try:
            check_address(address, allow_private=allow_private, name=host, opened=opened)
        except BlockedAddress as error:
            refusal = refusal or error
        else:
            allowed.append(Endpoint(address=address, port=port))
    if allowed:
        return tuple(allowed[:MOST_ADDRESSES])
    raise refusal or NoSuchHost(f"{host} has no address.")


async def connect(endpoints: Sequence[Endpoint], *, deadline: float) -> socket.socket:
    """A connected, non-blocking socket to the first endpoint that takes us; each gets a fair share of the time left.

    Raises a member of OutboundError, the target's own trouble before ours (an IPv6 address we have no route to says
    nothing when the IPv4 one refused), or TimeoutError when nobody answered.
    """
    loop = asyncio.get_running_loop()
    failures: list[OutboundError] = []
    for position, endpoint in enumerate(endpoints):
        now = loop.time()
        share = (deadline - now) / (len(endpoints) - position)
        try:
            async with asyncio.timeout_at(now + share):
                return await _connect_one(endpoint)
        except TimeoutError:
            continue
        except OSError as error:
            failures.append(connection_error(error))
    theirs = [failure for failure in failures if not failure.is_ours]
    if theirs or len(failures) == len(endpoints):
        raise (theirs or failures)[0]
    raise TimeoutError


async def _connect_one(endpoint: Endpoint) -> socket.socket:
    connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connection, (endpoint.address, endpoint.port))
    except BaseException:
        connection.close()
        raise
    return connection
