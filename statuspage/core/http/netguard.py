"""Where this machine may connect on somebody else's word: the public internet, and nothing else unless allowed.

Pure: what an address is and how a host may be written. `resolver` applies it to names and connections.

Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), RFC 4291 (mapped, compatible),
RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
"""

import re
import socket
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import InvalidUrl

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network


class Blocked(StrEnum):
    """Why an address is refused, in the words of the sentence."""

    LOOPBACK = "a loopback address"
    PRIVATE = "a private address"
    SHARED = "a carrier-grade NAT address"
    LINK_LOCAL = "a link-local address"
    METADATA = "a cloud metadata address"
    MULTICAST = "a multicast address"
    BROADCAST = "the broadcast address"
    UNSPECIFIED = "an unspecified address"
    BENCHMARKING = "a benchmarking address"
    DOCUMENTATION = "a documentation address"
    RESERVED = "a reserved address"
    EMBEDDED = "an IPv6 form of an IPv4 address"
    TUNNEL = "an IPv6 address that leads to a blocked IPv4 address"


# What `allow_private` opens. Private networks include 100.64.0.0/10, which VPNs and cloud networks number from.
OPENED = frozenset({Blocked.LOOPBACK, Blocked.PRIVATE, Blocked.SHARED})

# First match wins: the exceptions stand above the networks they are in.
NETWORKS: tuple[tuple[Network, Blocked], ...] = tuple(
    (ip_network(network), reason)
    for network, reason in (
        ("169.254.169.254/32", Blocked.METADATA),  # AWS, Azure, Google, OpenStack, DigitalOcean
        ("169.254.170.0/24", Blocked.METADATA),  # credentials of AWS containers
        ("100.100.100.200/32", Blocked.METADATA),  # Alibaba
        ("192.0.0.192/32", Blocked.METADATA),  # Oracle
        ("168.63.129.16/32", Blocked.METADATA),  # Azure's host, a public address
        ("0.0.0.0/8", Blocked.UNSPECIFIED),
        ("10.0.0.0/8", Blocked.PRIVATE),
        ("100.64.0.0/10", Blocked.SHARED),
        ("127.0.0.0/8", Blocked.LOOPBACK),
        ("169.254.0.0/16", Blocked.LINK_LOCAL),
        ("172.16.0.0/12", Blocked.PRIVATE),
        ("192.0.0.0/24", Blocked.RESERVED),
        ("192.0.2.0/24", Blocked.DOCUMENTATION),
        ("192.88.99.0/24", Blocked.RESERVED),
        ("192.168.0.0/16", Blocked.PRIVATE),
        ("198.18.0.0/15", Blocked.BENCHMARKING),
        ("198.51.100.0/24", Blocked.DOCUMENTATION),
        ("203.0.113.0/24", Blocked.DOCUMENTATION),
        ("224.0.0.0/4", Blocked.MULTICAST),
        ("255.255.255.255/32", Blocked.BROADCAST),
        ("240.0.0.0/4", Blocked.RESERVED),
        ("::/128", Blocked.UNSPECIFIED),
        ("::1/128", Blocked.LOOPBACK),
        ("::/96", Blocked.EMBEDDED),  # IPv4-compatible
        ("::ffff:0:0/96", Blocked.EMBEDDED),  # IPv4-mapped
        ("::ffff:0:0:0/96", Blocked.EMBEDDED),  # IPv4-translated
        ("64:ff9b:1::/48", Blocked.RESERVED),  # NAT64 of local use: leads inside by definition
        ("100::/64", Blocked.RESERVED),
        ("2001:2::/48", Blocked.BENCHMARKING),
        ("2001:db8::/32", Blocked.DOCUMENTATION),
        ("2001::/23", Blocked.RESERVED),
        ("3fff::/20", Blocked.DOCUMENTATION),
        ("fd00:ec2::/32", Blocked.METADATA),  # AWS
        ("fd20:ce::254/128", Blocked.METADATA),  # Google
        ("fc00::/7", Blocked.PRIVATE),
        ("fe80::/10", Blocked.LINK_LOCAL),
        ("fec0::/10", Blocked.RESERVED),
        ("ff00::/8", Blocked.MULTICAST),
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
ISATAP_INTERFACES = (0x00005EFE, 0x02005EFE)


@lru_cache(maxsize=8192)
def blocked_as(address: Address) -> Blocked | None:
    """Why an address is refused by default; nothing for an ordinary public one."""
    if isinstance(address, IPv6Address) and (embedded := _embedded(address)):
        return Blocked.TUNNEL if any(blocked_as(inner) for inner in embedded) else None
    for network, reason in NETWORKS:
        if address.version == network.version and address in network:
            return reason
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return Blocked.RESERVED
    return None


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses a packet to this IPv6 address may end at or pass through."""
    number = int(address)
    if address in NAT64:
        return (IPv4Address(number & 0xFFFFFFFF),)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if address in GLOBAL_UNICAST and (number >> 32) & 0xFFFFFFFF in ISATAP_INTERFACES:
        return (IPv4Address(number & 0xFFFFFFFF),)
    return ()


def check_address(
    address: Address | str, *, allow_private: bool, name: str = "", opened: Iterable[Network] = ()
) -> None:
    """Raise BlockedAddress, with a sentence that says what to do, unless we may connect there.

    `allow_private` opens all of `OPENED`, `opened` what of it is in these networks. `name` is what the target is
    called where the address itself is nobody's business (the public reads the sentence).
    """
    if isinstance(address, str):
        address = ip_address(address)
    reason = blocked_as(address)
    if reason is None:
        return
    if reason in OPENED and (allow_private or any(address in network for network in opened)):
        return
    subject = f"{name} leads to" if name else f"{address} is"
    remedy = "set allow_private to probe it" if reason in OPENED else "it is never contacted"
    raise BlockedAddress(f"{subject} {reason.value}; {remedy}.")


def normalise_host(host: str) -> str:
    """The host as it goes on the wire: lower-case, IDNA, no brackets. Raises InvalidUrl."""
    try:
        normal = URL.build(scheme="http", host=host.strip("[]") if ":" in host else host).raw_host or ""
    except ValueError:
        normal = ""
    if not normal:
        raise InvalidUrl(f"{host[:80]!r} is not a host name or an address.")
    return normal


def literal_address(host: str) -> Address | None:
    """The address a (normalised) host spells out; nothing for a name.

    A host that ends in a number is an IPv4 address to every resolver (WHATWG URL, "ends in a number"), in whatever
    base and number of parts: only the usual four decimal numbers are taken, the disguises are refused.
    """
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError:
            raise InvalidUrl(f"{host[:80]!r} is not an IPv6 address.") from None
        if address.scope_id:
            raise BlockedAddress(f"{host[:80]} names a network interface; it is never contacted.")
        return address
    if not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]*", host.rstrip(".").rpartition(".")[2], re.ASCII):
        return None
    try:
        return IPv4Address(host)
    except ValueError:
        raise BlockedAddress(f"{host[:80]} is an IPv4 address in disguise; write it as {_plain(host)}.") from None


def _plain(host: str) -> str:
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return "four decimal numbers"
