"""The name under which a probe's checks are published: the host it asks, or its own name. Never a secret.

A host is told only where the whole world may look it up: not one that needs `allow_private`, not a private address,
not a name without a dot, nothing with a `${NAME}` in it. Users, passwords, paths and queries are never part of it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import InvalidUrl
from statuspage.core.http.netguard import check_address, literal_address, normalise_host

# In this order: whichever a kind's settings have says where it goes.
URL_KEYS = ("url", "endpoint")
HOST_KEYS = ("host", "hostname", "target", "domain", "name")


def target_name(*, name: str, config: Mapping[str, Any], allow_private: bool) -> str:
    """`api.example.com` for a probe of `https://user:secret@api.example.com:8443/health?key=…`, else its name."""
    host = "" if allow_private else host_of(config)
    return host if host and _is_public(host) else name


def host_of(config: Mapping[str, Any]) -> str:
    """The host a probe's settings lead to, as written; empty where they name none. Not for the public as it is."""
    for key in URL_KEYS:
        url = config.get(key)
        if isinstance(url, str) and url:
            try:
                return urlsplit(url).hostname or ""
            except ValueError:
                return ""
    host = next((host for key in HOST_KEYS if isinstance(host := config.get(key), str) and host), "")
    name, _, port = host.partition(":")
    return name if port.isdecimal() else host


def _is_public(host: str) -> bool:
    if "$" in host or "{" in host:
        return False
    try:
        address = literal_address(normalise_host(host))
        if address is None:
            return "." in host.strip(".") and not any(character in host for character in "/@:? \x00")
        check_address(address, allow_private=False)
    except (BlockedAddress, InvalidUrl):
        return False
    return True
