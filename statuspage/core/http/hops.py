"""One request after another: where a redirect leads, and what of the first request may go there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from statuspage.core.http.errors import InvalidUrl, RedirectRefused

# What of the caller's headers follows a redirect to another origin: any other may carry a secret.
HARMLESS_HEADERS = frozenset({"accept", "accept-language", "cache-control", "content-type"})
BODY_HEADERS = frozenset({"content-type", "content-encoding", "content-language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    status: int
    location: str


def _parse(url: str) -> URL:
    try:
        parsed = URL(url)
    except ValueError:
        raise InvalidUrl("That is not a URL.") from None
    if parsed.scheme not in {"http", "https"} or not parsed.raw_host or not parsed.port:
        raise InvalidUrl("A URL must begin with http:// or https:// and name a host.")
    return parsed.with_fragment(None)


def first_hop(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Hop:
    """A user and a password in the URL become a header, so that no redirect inherits them unseen."""
    parsed = _parse(url)
    if parsed.user is not None or parsed.password is not None:
        encoded = aiohttp.encode_basic_auth(parsed.user or "", parsed.password or "")
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        headers["Authorization"] = encoded
        parsed = parsed.with_user(None)
    return Hop(method=method, url=parsed, headers=headers, body=body)


def next_hop(hop: Hop, redirect: Redirect, *, same_host: bool) -> Hop:
    """Where a redirect leads (RFC 9110, section 15.4). Raises RedirectRefused."""
    try:
        url = _parse(str(hop.url.join(URL(redirect.location))))
    except (ValueError, InvalidUrl):
        raise RedirectRefused("The redirect leads to no web address.") from None
    if url.user is not None or url.password is not None:
        raise RedirectRefused("The redirect carries a password.")
    if hop.url.scheme == "https" and url.scheme == "http":
        raise RedirectRefused("The redirect leads from https to http.")
    if same_host and url.raw_host != hop.url.raw_host:
        raise RedirectRefused("The redirect leads to another host.")
    headers, method, body = hop.headers, hop.method, hop.body
    if redirect.status == 303 or (redirect.status in {301, 302} and method == "POST"):
        method, body = ("HEAD" if method == "HEAD" else "GET"), None
        headers = {name: value for name, value in headers.items() if name.lower() not in BODY_HEADERS}
    if url.origin() != hop.url.origin():
        headers = {name: value for name, value in headers.items() if name.lower() in HARMLESS_HEADERS}
        if body is not None:
            raise RedirectRefused("The redirect would take the request's body to another origin.")
    return Hop(method=method, url=url, headers=headers, body=body)
