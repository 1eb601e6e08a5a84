"""Who is asking, behind a known number of proxies of ours."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The address of the visitor.

    Each trusted proxy appends the address it saw to X-Forwarded-For, so with N of them the N-th from the right is the
    true one and all before it is whatever the visitor chose to write.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    count: int = settings.TRUSTED_PROXY_COUNT
    if not count:
        return direct
    seen = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    if len(seen) < count:
        return direct
    try:
        return str(ip_address(seen[-count]))
    except ValueError:
        return direct


def neighbourhood(ip: str) -> str:
    """The address that a limit is counted for: one IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
