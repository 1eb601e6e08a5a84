"""The one HTTP client that goes where somebody told us to: for probes and webhooks.

Each hop is resolved once, checked, and connected to at the address that was checked. Redirects are followed by hand,
so that each hop meets the same guard. No connection is used twice, no proxy and no credential is taken from the
environment, no cookie is kept, nothing is decompressed, and everything has a size and a deadline.

It is aiohttp's client itself: one URL parser from the check to the socket (two that disagree are how guards are
walked around), its own errors, and half the processor time of a wrapper around it.
"""

import asyncio
import errno
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from socket import AF_INET, AddressFamily, socket
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import (
    BadAnswer,
    BlockedRedirect,
    ConnectFailed,
    DeadlineExceeded,
    InvalidUrl,
    OutboundError,
    RedirectRefused,
    connection_error,
)
from statuspage.core.http.hops import Hop, Redirect, first_hop, next_hop
from statuspage.core.http.netguard import Network
from statuspage.core.http.resolver import Endpoint, Resolver

USER_AGENT = "statuspage-probe/0.1"
MOST_BODY = 1024 * 1024
MOST_HEADER_LINE = 8190
MOST_HEADERS = 100
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OWN_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}

# The checked addresses of the hop this task is making. aiohttp asks for them instead of looking anything up.
_endpoints: ContextVar[tuple[Endpoint, ...]] = ContextVar("_endpoints", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One whole answer, after redirects. `headers` has lower-case names, the last of several values.

    `body` is as sent (not decompressed), at most `max_body` bytes; `is_cut` says there was more. `elapsed_ms` runs on
    the monotonic clock from the lookup of the first name to the last byte read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    elapsed_ms: float
    http_version: str
    url: str


class CheckedAddresses(AbstractResolver):
    """aiohttp's resolver, which looks nothing up."""

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:  # noqa: ARG002 -- aiohttp's signature
        return [
            ResolveResult(hostname=host, host=end.address, port=end.port, family=end.family, proto=0, flags=0)
            for end in _endpoints.get()
        ]

    async def close(self) -> None:
        pass


def checked_socket(address_info: tuple[Any, ...]) -> socket:
    """The last gate: every socket aiohttp opens is made here, also to an address the URL spelled out."""
    family, kind, protocol, _, target = address_info
    if ip_address(target[0]) not in {ip_address(end.address) for end in _endpoints.get()}:
        raise PermissionError(errno.EPERM, "the address was not checked")
    return socket(family, kind, protocol)


class GuardedClient:
    """What fetches share on one event loop: a session, one TLS context, the resolver."""

    def __init__(
        self,
        *,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        trusting: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """`trusting` makes a context with the authorities to trust; `tls` stands for the first it would make."""
        self.resolver = resolver or Resolver()
        self._tls = tls
        self._trusting = trusting
        self._http2_tls: ssl.SSLContext | None = None
        self._unverified: dict[str, ssl.SSLContext] = {}
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        # Costs 20 ms: once, and not on the event loop.
        if self._tls is None:
            self._tls = await asyncio.to_thread(self._trusting)
        connector = aiohttp.TCPConnector(
            resolver=CheckedAddresses(),
            socket_factory=checked_socket,
            ssl=self._tls,
            use_dns_cache=False,
            force_close=True,
            limit=0,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
            auto_decompress=False,
            trust_env=False,
            max_line_size=MOST_HEADER_LINE,
            max_field_size=MOST_HEADER_LINE,
            max_headers=MOST_HEADERS,
        )
        # A request that failed is a result: aiohttp would quietly ask once more. It has no public switch for that.
        self._session._retry_connection = False  # noqa: SLF001 -- see above

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        self.resolver.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    @property
    def tls(self) -> ssl.SSLContext:
        if self._tls is None:
            raise RuntimeError("The client is not open.")
        return self._tls

    @property
    def unverified_tls(self) -> ssl.SSLContext:
        """Encrypts, and takes whatever certificate comes: for whoever asked for that."""
        return self._unverified_for("")

    async def http2_tls(self, *, verify: bool = True) -> ssl.SSLContext:
        """As `tls`, and offers HTTP/2 alone (ALPN, RFC 9113, section 3.2). Made when it is first wanted."""
        if not verify:
            return self._unverified_for("h2")
        if self._http2_tls is None:
            context = await asyncio.to_thread(self._trusting)
            context.set_alpn_protocols(["h2"])
            self._http2_tls = context
        return self._http2_tls

    def _unverified_for(self, protocol: str) -> ssl.SSLContext:
        if protocol not in self._unverified:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if protocol:
                context.set_alpn_protocols([protocol])
            self._unverified[protocol] = context
        return self._unverified[protocol]

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("The client is not open.")
        return self._session


async def fetch(
    client: GuardedClient,
    method: str,
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109 -- the deadline spans several awaits, and which one it cut matters
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    max_body: int = MOST_BODY,
    max_redirects: int = MOST_REDIRECTS,
    same_host: bool = False,
    verify_tls: bool = True,
    allow_private: bool = False,
    opened: Sequence[Network] = (),
) -> Fetched:
    """Ask once and return the whole answer, whatever its status, within `timeout` seconds.

    With `max_redirects=0` a redirect is an answer like any other; with `same_host` one to another host is refused.
    `headers` hold neither line breaks nor what frames a message. To another origin go neither they, but for those
    that say nothing of anybody, nor the body. Raises BlockedAddress (nothing was connected to) or a member of
    `OutboundError`.
    """
    started = time.perf_counter()
    deadline = asyncio.get_running_loop().time() + timeout
    hop = first_hop(method, url, headers or {}, body)
    seen: set[tuple[str, URL]] = set()
    while True:
        seen.add((hop.method, hop.url))
        host, port = hop.url.raw_host or "", hop.url.port or 0
        try:
            endpoints = await client.resolver.resolve(
                host, port, allow_private=allow_private, deadline=deadline, opened=opened
            )
        except BlockedAddress as error:
            if len(seen) == 1:
                raise
            raise BlockedRedirect(f"The redirect is not followed: {error}") from error
        pinned = _endpoints.set(endpoints)
        try:
            async with asyncio.timeout_at(deadline):
                answer = await _ask(
                    client, hop, follow=max_redirects > 0, verify=verify_tls, max_body=max_body, started=started
                )
        except TimeoutError:
            raise DeadlineExceeded(f"No answer within {timeout:g} s.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(error, endpoints) from error
        finally:
            _endpoints.reset(pinned)
        if isinstance(answer, Fetched):
            return answer
        hop = next_hop(hop, answer, same_host=same_host)
        if (hop.method, hop.url) in seen:
            raise RedirectRefused("The redirects go round in a circle.")
        if len(seen) > max_redirects:
            raise RedirectRefused(f"More than {max_redirects} redirects.")


async def _ask(
    client: GuardedClient, hop: Hop, *, follow: bool, verify: bool, max_body: int, started: float
) -> Fetched | Redirect:
    given = {name.lower() for name in hop.headers}
    headers = {name: value for name, value in OWN_HEADERS.items() if name.lower() not in given}
    response = await client.session.request(
        hop.method,
        hop.url,
        headers={**headers, **hop.headers},
        data=hop.body,
        allow_redirects=False,
        ssl=client.tls if verify else client.unverified_tls,
    )
    try:
        location = response.headers.get("Location", "")
        if follow and location and response.status in REDIRECTS:
            return Redirect(status=response.status, location=location)
        received, is_cut = await _read(response, max_body)
        return Fetched(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=received,
            is_cut=is_cut,
            elapsed_ms=(time.perf_counter() - started) * 1000,
            http_version=f"{response.version.major}.{response.version.minor}" if response.version else "",
            url=str(hop.url),
        )
    finally:
        response.close()


async def _read(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    received = bytearray()
    async for chunk in response.content.iter_any():
        received += chunk
        if len(received) > limit:
            return bytes(received[:limit]), True
    return bytes(received), False


def _translated(error: Exception, endpoints: tuple[Endpoint, ...]) -> OutboundError:
    """The member of our tree for what aiohttp raised."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError) and isinstance(error.certificate_error, OSError):
        return connection_error(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        translated = connection_error(error.os_error)
        if error.os_error.errno == errno.ENETUNREACH and len({end.family for end in endpoints}) > 1:
            # Only the last address is told of: no route for IPv6 here says nothing when IPv4 failed as well.
            return ConnectFailed("The connection failed.")
        return translated
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return BadAnswer("The server closed the connection without an answer.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return BadAnswer("The answer broke off.")
    if isinstance(error, OSError):
        return connection_error(error)
    if isinstance(error, aiohttp.InvalidURL):
        return InvalidUrl("That is not a URL.")
    if isinstance(error, aiohttp.ClientResponseError):
        too_long = "more than" in error.message or "Got more" in error.message or "Too many" in error.message
        return BadAnswer("The answer's headers are too large." if too_long else "The answer is not HTTP.")
    return BadAnswer("The answer is not HTTP.")
