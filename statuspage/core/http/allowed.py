"""Where messages of ours may go: URLs that subscribers gave us, and the internal hosts that the operator opened.

What is checked here is how the URL is written, so that a mistake is said to the person who makes it. Where its name
leads is checked at each connection (`resolver`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

from yarl import URL

from statuspage.core.errors import BlockedAddress, ValidationFailed
from statuspage.core.http.errors import InvalidUrl
from statuspage.core.http.netguard import Network, check_address, literal_address, normalise_host

LONGEST_URL = 2000
HIGHEST_PORT = 65535
# Names that only a local network knows (RFC 6761, 6762, 8375, 9476), whatever they lead to.
INTERNAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "alt")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowList:
    """Internal places that may be posted to: hosts (on one port, or on any) and networks. Empty: none."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, words: Iterable[str]) -> Self:
        """From `host`, `host:port` and `10.0.0.0/8`. Raises ValueError with a sentence."""
        hosts, networks = set(), []
        for word in words:
            if "/" in word:
                networks.append(_network(word))
            else:
                hosts.add(_host(word))
        return cls(hosts=frozenset(hosts), networks=tuple(networks))

    def names(self, url: URL) -> bool:
        """Whether this URL's host is on the list as it is written, or is an address in one of its networks."""
        host = url.raw_host or ""
        if (host, None) in self.hosts or (host, url.port) in self.hosts:
            return True
        try:
            address = literal_address(host)
        except (BlockedAddress, InvalidUrl):
            return False
        return address is not None and any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL in its one form, and its host, with the port if it is not the usual one."""

    url: str
    host: str


def check_target(text: object, allowed: AllowList, *, field: str = "url") -> Target:
    """A URL that messages may go to. Raises ValidationFailed at `field` with a sentence for who typed it."""
    url = _parse(text, field)
    is_allowed = allowed.names(url)
    if url.scheme != "https" and not (url.scheme == "http" and is_allowed):
        raise ValidationFailed(field, "The URL has to begin with https://.")
    if url.user is not None or url.password is not None:
        raise ValidationFailed(field, "Leave the user name and the password out of the URL.")
    if not is_allowed:
        _check_host(url.raw_host or "", field)
    return Target(url=str(url), host=host_of(url))


def host_of(url: URL) -> str:
    """The host as limits count it: with the port, unless it is the scheme's own."""
    host = url.raw_host or ""
    return host if url.is_default_port() else f"{host}:{url.port}"


def _parse(text: object, field: str) -> URL:
    if not isinstance(text, str) or not text.strip():
        raise ValidationFailed(field, "Give the URL that messages go to.")
    text = text.strip()
    if len(text) > LONGEST_URL:
        raise ValidationFailed(field, f"The URL is longer than {LONGEST_URL} characters.")
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValidationFailed(field, "The URL has characters that no URL has.")
    try:
        url = URL(text).with_fragment(None)
        normalise_host(url.raw_host or "")
        url = url.with_port(None) if url.is_default_port() else url
        usable = bool(url.port) and url.scheme in {"http", "https"}
        str(url).encode("ascii")
    except (ValueError, InvalidUrl):
        usable = False
    if not usable or len(str(url)) > LONGEST_URL:
        raise ValidationFailed(field, "That is not a URL: it reads like https://hooks.example.com/status.")
    return url


def _check_host(host: str, field: str) -> None:
    try:
        address = literal_address(host)
        if address is not None:
            check_address(address, allow_private=False)
    except (BlockedAddress, InvalidUrl):
        raise ValidationFailed(field, "We do not post to that address: give one on the public internet.") from None
    name = host.rstrip(".")
    if address is None and ("." not in name or name.endswith(tuple(f".{inside}" for inside in INTERNAL_NAMES))):
        raise ValidationFailed(field, "We do not post to internal names: give one on the public internet.")


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a network such as 10.0.0.0/8") from None


def _host(word: str) -> tuple[str, int | None]:
    name, colon, port = word.rpartition(":")
    if not colon or (word.count(":") > 1 and not name.endswith("]")):
        name, port = word, ""
    try:
        host = normalise_host(name)
    except InvalidUrl:
        host = ""
    if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT)):
        raise ValueError(f"{word!r} is neither a host nor host:port")
    return host, int(port) if port else None
