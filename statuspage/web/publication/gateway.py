"""The gateway: WSGI in front of Django that answers published documents from memory.

On the way of a hot document there is no lock, no query and no Django. Django's promises are kept: what Django would
refuse (a Host that is not allowed) or redirect (plain HTTP where HTTPS is required) is left to Django, and the
documents carry the headers its middleware would set.
"""

import time
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from statuspage.web.publication.edition import Document, Special
from statuspage.web.publication.headers import Headers
from statuspage.web.publication.negotiation import choose_encoding, etag_matches, not_modified_since, prefers_json
from statuspage.web.publication.publisher import Publisher

ALLOWED_METHODS = "GET, HEAD, OPTIONS"
PREFLIGHT_SECONDS = "86400"
# Longer than any a browser sends: not worth a place in the cache of parsed headers.
LONGEST_ACCEPT_ENCODING = 200
LONGEST_ACCEPT = 500
RETRY_WHEN_LATE = 120
NOTHING: list[bytes] = []


class Gateway:
    """Published paths from the publisher's edition, everything else to Django.

    `probe_answers` are paths answered before anything else is looked at, Host included: whoever asks whether the
    process is alive does so by an address, not by a name.
    """

    def __init__(
        self,
        django: WSGIApplication,
        publisher: Publisher,
        *,
        probe_answers: dict[str, Callable[[], tuple[str, Headers, bytes]]] | None = None,
    ) -> None:
        self._django = django
        self._publisher = publisher
        self._probe_answers = probe_answers or {}
        self._host_is_allowed = _host_check(settings.ALLOWED_HOSTS, is_debug=settings.DEBUG)
        self._host_key = "HTTP_X_FORWARDED_HOST" if settings.USE_X_FORWARDED_HOST else "HTTP_HOST"
        self._needs_https = settings.SECURE_SSL_REDIRECT
        self._proxy_https = settings.SECURE_PROXY_SSL_HEADER

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, edition = environ["PATH_INFO"], self._publisher.edition
        if edition is not None:
            document = edition.documents.get(path)
            if document is None:
                document = self._kept(path)
            if document is not None:
                answer = self._answer(document, environ, start_response)
                if answer is not None:
                    return answer
        if path in self._probe_answers:
            return self._answer_probe(path, environ, start_response)
        return self._django(environ, start_response)

    def _kept(self, path: str) -> Document | None:
        entry = self._publisher.current(path)
        return entry.document if entry is not None else None

    def _answer(
        self, document: Document, environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes] | None:
        """None: it is for Django to answer. The query string is ignored, but for what few documents take."""
        special = document.source.special
        if special is not None and special.takes_query and asks_for(environ["QUERY_STRING"], special.takes_query):
            return None
        method, host = environ["REQUEST_METHOD"], environ.get(self._host_key)
        if host is None or not self._host_is_allowed(host):
            return None
        is_secure = self._is_secure(environ)
        if self._needs_https and not is_secure:
            return None
        if method == "OPTIONS":
            return _answer_options(document, start_response, is_secure=is_secure)
        if method not in ("GET", "HEAD"):
            return None
        if special is not None:
            document = self._as_asked(document, special, environ)
        return _send(document, environ, start_response, is_secure=is_secure, with_body=method == "GET")

    def _as_asked(self, document: Document, special: Special, environ: WSGIEnvironment) -> Document:
        """The same in JSON for a program that asks for it."""
        if special.for_programs and wants_json(environ):
            edition = self._publisher.edition
            return (edition.documents.get(special.for_programs) if edition else None) or document
        return document

    def _is_secure(self, environ: WSGIEnvironment) -> bool:
        """As HttpRequest.is_secure: the proxy's word where one is configured and speaks, else the connection's."""
        if self._proxy_https is not None:
            name, secure = self._proxy_https
            value: str | None = environ.get(name)
            if value is not None:
                return value.partition(",")[0].strip() == secure
        return bool(environ["wsgi.url_scheme"] == "https")

    def _answer_probe(self, path: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._django(environ, start_response)
        status_line, headers, body = self._probe_answers[path]()
        start_response(status_line, [*headers, ("Content-Length", str(len(body)))])
        return [body] if environ["REQUEST_METHOD"] == "GET" else NOTHING


def asks_for(query: str, names: Collection[str]) -> bool:
    """Whether one of these parameters is in the query and says something."""
    if not query:
        return False
    parts = (part.partition("=") for part in query.split("&"))
    return any(name in names and value for name, _, value in parts)


def _send(
    document: Document,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    *,
    is_secure: bool,
    with_body: bool,
) -> list[bytes]:
    variants = document.variants
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    choose = choose_encoding if len(accepted) <= LONGEST_ACCEPT_ENCODING else choose_encoding.__wrapped__
    variant = variants.get(choose(accepted)) or variants[""]
    if document.is_ok and _client_has_it(environ, variant.etag, document.last_modified):
        start_response("304 Not Modified", variant.not_modified_headers[is_secure].copy())
        return NOTHING
    # A copy: the server may add to the list it is given.
    headers = variant.headers[is_secure].copy()
    special = document.source.special
    if special is not None and special.retry_at is not None:
        headers.append(("Retry-After", retry_after(special.retry_at)))
    start_response(document.status_line, headers)
    return [variant.body] if with_body else NOTHING


def wants_json(environ: WSGIEnvironment) -> bool:
    accept = environ.get("HTTP_ACCEPT", "")
    return len(accept) <= LONGEST_ACCEPT and prefers_json(accept)


def retry_after(retry_at: int) -> str:
    """Whole seconds from now; for a moment that has passed a short wait, since nobody knows better."""
    seconds = retry_at - int(time.time())
    return str(seconds if seconds > 0 else RETRY_WHEN_LATE)


def _client_has_it(environ: WSGIEnvironment, etag: str, last_modified: str) -> bool:
    """RFC 9110, 13.2.2: a date is looked at only where no entity tag is given."""
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:
        return etag_matches(if_none_match, etag)
    if_modified_since = environ.get("HTTP_IF_MODIFIED_SINCE")
    return if_modified_since is not None and not_modified_since(if_modified_since, last_modified)


def _answer_options(document: Document, start_response: StartResponse, *, is_secure: bool) -> list[bytes]:
    """What may be done, and the answer to a browser's preflight."""
    security = [header for header in document.variants[""].headers[is_secure] if header[0] in SECURITY_ON_OPTIONS]
    headers: Headers = [
        ("Allow", ALLOWED_METHODS),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", ALLOWED_METHODS),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Max-Age", PREFLIGHT_SECONDS),
        *security,
    ]
    start_response("204 No Content", headers)
    return NOTHING


SECURITY_ON_OPTIONS = frozenset({"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy"})


def _host_check(allowed_hosts: list[str], *, is_debug: bool) -> Callable[[str], bool]:
    """HttpRequest.get_host's rule, remembered for the few hosts that are really asked for."""
    hosts = list(allowed_hosts)
    if is_debug and not hosts:
        hosts = [".localhost", "127.0.0.1", "[::1]"]

    @lru_cache(maxsize=256)
    def is_allowed(host: str) -> bool:
        domain, _port = split_domain_port(host)
        return bool(domain) and validate_host(domain, hosts)

    return is_allowed
