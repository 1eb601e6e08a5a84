"""An edition: every hot public document of one moment, with all that a response needs made beforehand."""

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import brotli
from django.utils.http import http_date

from statuspage.web.publication.headers import Headers, SecurityHeaders

# Made again every half minute, so that time counts. On a long page full of bars the better qualities save a fifth of
# the bytes for 15 ms; on the small ones they save nothing.
GZIP_LEVEL = 8
BROTLI_QUALITY = 5
BROTLI_QUALITY_OF_LONG = 9
LONG_BYTES = 64 * 1024
# Below this a coding saves nothing: a response fits into one packet either way.
SMALLEST_WORTH_COMPRESSING = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """What few documents have beside a body.

    `retry_at` is when to ask again, in seconds since 1970: the answer says how long that is from now. `location` is
    where a redirect leads. `for_programs` is the path under which the edition has the same in JSON, for who asks for
    it. `content_security_policy` is the document's own: it carries its style in itself. `takes_query` are the names of
    parameters that make another document of it, which Django renders; any other query is ignored.
    """

    retry_at: int | None = None
    location: str = ""
    for_programs: str = ""
    content_security_policy: str = ""
    takes_query: tuple[str, ...] = ()


class Rendered(Protocol):
    """A document as the renderer gives it, see `statuspage.web.documents`."""

    @property
    def path(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def content_type(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def cache_control(self) -> str: ...
    @property
    def last_modified(self) -> datetime | None: ...
    @property
    def special(self) -> Special | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was rendered, by value: two equal sources make the same document."""

    path: str
    status: int
    content_type: str
    cache_control: str
    body: bytes
    special: Special | None = None

    @classmethod
    def of(cls, rendered: Rendered) -> "Source":
        return cls(
            path=rendered.path,
            status=rendered.status,
            content_type=rendered.content_type,
            cache_control=rendered.cache_control,
            body=rendered.body,
            special=rendered.special,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One content coding of a document. Headers come twice: for a plain request and for one by HTTPS."""

    body: bytes
    etag: str
    headers: tuple[Headers, Headers]
    not_modified_headers: tuple[Headers, Headers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document ready to be sent. `variants` has "" (no coding) always, "gzip" and "br" where they are smaller.

    `last_modified` is an HTTP date, or "" where two different bodies fell into the same second and a date cannot
    tell them apart.
    """

    source: Source
    status_line: str
    modified_at: int
    last_modified: str
    variants: Mapping[str, Variant]

    @property
    def is_ok(self) -> bool:
        return self.source.status == HTTPStatus.OK

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, near enough."""
        return sum(len(variant.body) for variant in self.variants.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The documents of one moment by path. `version` is the page's version they were rendered from.

    `built_at` is aware UTC; `build_ms` is what rendering and compressing took. `is_restored`: it was read from disk,
    so that a newer program or newer data may say it differently.
    """

    version: int
    built_at: datetime
    build_ms: float
    documents: Mapping[str, Document]
    refresh_seconds: int = 30
    is_restored: bool = False

    def age_seconds(self, now: datetime) -> float:
        return max(0.0, (now - self.built_at).total_seconds())

    def is_fresh(self, now: datetime) -> bool:
        """Not older than three refreshes: beyond that the page itself says that it could not be refreshed."""
        return self.age_seconds(now) <= 3 * self.refresh_seconds


def build_documents(
    rendered: Iterable[Rendered],
    *,
    built_at: datetime,
    security: SecurityHeaders,
    previous: Mapping[str, Document] | None = None,
) -> dict[str, Document]:
    """The documents by path. One that is the same as in `previous` is taken over as it is, compressed and all."""
    previous = previous or {}
    documents: dict[str, Document] = {}
    for item in rendered:
        source, before = Source.of(item), previous.get(item.path)
        if before is not None and before.source == source:
            documents[item.path] = before
        else:
            modified_at = _modified_at(item.last_modified or built_at, built_at, before)
            documents[item.path] = build_document(source, modified_at=modified_at, security=security, before=before)
    return documents


def _modified_at(said: datetime, built_at: datetime, before: Document | None) -> int:
    """Seconds since 1970. A body that changed is never dated as the one before it, if the clock allows."""
    modified_at = int(said.timestamp())
    if before is not None and modified_at <= before.modified_at:
        modified_at = int(built_at.timestamp())
    return modified_at


def build_document(
    source: Source, *, modified_at: int, security: SecurityHeaders, before: Document | None = None
) -> Document:
    """Compress once and make every header once."""
    is_dated = before is None or modified_at > before.modified_at
    last_modified = http_date(modified_at) if is_dated else ""
    fingerprint = hashlib.sha256(source.body).hexdigest()[:32]
    variants: dict[str, Variant] = {}
    for encoding, body in _encoded(source).items():
        variants[encoding] = _variant(
            source,
            body=body,
            encoding=encoding,
            etag=f'"{fingerprint}-{encoding}"' if encoding else f'"{fingerprint}"',
            last_modified=last_modified,
            security=security,
        )
    return Document(
        source=source,
        status_line=f"{source.status} {HTTPStatus(source.status).phrase}",
        modified_at=modified_at,
        last_modified=last_modified,
        variants=variants,
    )


def _encoded(source: Source) -> dict[str, bytes]:
    if len(source.body) < SMALLEST_WORTH_COMPRESSING:
        return {"": source.body}
    quality = BROTLI_QUALITY_OF_LONG if len(source.body) >= LONG_BYTES else BROTLI_QUALITY
    coded = {
        # mtime=0: the same body gives the same bytes on every process, as a strong entity tag promises.
        "gzip": gzip.compress(source.body, GZIP_LEVEL, mtime=0),
        "br": brotli.compress(source.body, mode=brotli.MODE_TEXT, quality=quality),
    }
    return {"": source.body} | {coding: body for coding, body in coded.items() if len(body) < len(source.body)}


def _variant(
    source: Source, *, body: bytes, encoding: str, etag: str, last_modified: str, security: SecurityHeaders
) -> Variant:
    special = source.special or Special()
    shared: Headers = [
        ("Cache-Control", source.cache_control),
        ("ETag", etag),
        ("Vary", "Accept, Accept-Encoding" if special.for_programs else "Accept-Encoding"),
        ("Access-Control-Allow-Origin", "*"),
    ]
    headers: Headers = [("Content-Type", source.content_type), ("Content-Length", str(len(body))), *shared]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    if last_modified:
        headers.append(("Last-Modified", last_modified))
    if special.location:
        headers.append(("Location", special.location))
    if special.content_security_policy:
        security = security.with_policy(special.content_security_policy)
    hsts = [header for header in security.secure if header not in security.plain]
    return Variant(
        body=body,
        etag=etag,
        headers=([*headers, *security.plain], [*headers, *security.secure]),
        not_modified_headers=(shared, [*shared, *hsts]),
    )
