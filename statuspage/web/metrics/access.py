"""Who may read `/metrics`: whoever has the token; without one only a private network, and nobody through a proxy.

The numbers name no person, but they tell a stranger how many subscribers there are and when we are weak.
"""

import hmac
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

from statuspage.core.client_address import client_ip

# What proxies add: each says that somebody else asks than who connects.
FORWARDED = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"),
    *("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
)


def may_read(request: HttpRequest) -> bool:
    """With METRICS_TOKEN: `Authorization: Bearer <token>`. Without: from loopback and private addresses.

    A proxy that is not counted in TRUSTED_PROXY_COUNT, or that names nobody, hides who asks: then nobody is answered
    without a token.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    visitor = client_ip(request)
    if any(name in request.META for name in FORWARDED) and visitor == str(request.META.get("REMOTE_ADDR", "")):
        # It would be the proxy's own address, which is near.
        return False
    return _is_near(visitor)


def _is_near(ip: str) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_private
