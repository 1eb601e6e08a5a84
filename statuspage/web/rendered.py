"""One public document as bytes with its headers: what renderers make, the publisher keeps and the views answer."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.template.loader import render_to_string

from statuspage.web.publication.edition import Special

HTML = "text/html; charset=utf-8"
JSON = "application/json"
# Asked for again at every look, answered with 304 where nothing changed; what is old is better than an error.
REVALIDATE = "public, max-age=0, stale-if-error=86400"
NO_STORE = "no-store"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDocument:
    """One public document, the same for everybody. `last_modified` is aware, None where there is no telling."""

    path: str
    status: int
    content_type: str
    body: bytes
    cache_control: str
    last_modified: datetime | None
    special: Special | None = None


def html(path: str, template: str, context: dict[str, Any]) -> RenderedDocument:
    return document(path, HTML, render_to_string(template, context).encode())


def document(
    path: str,
    content_type: str,
    body: bytes,
    *,
    status: int = HTTPStatus.OK,
    cache_control: str = REVALIDATE,
    special: Special | None = None,
) -> RenderedDocument:
    return RenderedDocument(
        path=path,
        status=int(status),
        content_type=content_type,
        body=body,
        cache_control=cache_control,
        last_modified=None,
        special=special,
    )
