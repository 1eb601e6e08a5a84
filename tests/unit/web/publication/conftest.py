"""A document to publish, a publisher that reads it, and a browser that speaks WSGI."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from statuspage.web.publication.edition import Rendered, Special
from statuspage.web.publication.publisher import Publisher
from statuspage.web.publication.sources import PageVersion

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LONG_BODY = b"<!doctype html><title>Status</title>" + b"<p>All Systems Operational</p>" * 200


@dataclass(frozen=True, kw_only=True)
class Page:
    path: str = "/"
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    cache_control: str = "public, max-age=5"
    last_modified: datetime | None = NOON
    special: Special | None = None
    body: bytes = LONG_BODY


@dataclass
class Site:
    """What the publisher sees of the database: change it as a test goes on."""

    version: int = 1
    refresh_seconds: int = 30
    pages: list[Page] = field(default_factory=lambda: [Page()])
    trouble: Exception | None = None
    template_trouble: Exception | None = None

    def read_version(self) -> PageVersion:
        if self.trouble:
            raise self.trouble
        return PageVersion(self.version, self.refresh_seconds)

    def render(self) -> Iterable[Rendered]:
        if self.template_trouble:
            raise self.template_trouble
        return self.pages


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def make_publisher(site: Site) -> Callable[..., Publisher]:
    def make(*, folder: Path | None = None, poll_seconds: float = 0.01) -> Publisher:
        return Publisher(read_version=site.read_version, render=site.render, folder=folder, poll_seconds=poll_seconds)

    return make


@pytest.fixture
def publisher(make_publisher: Callable[..., Publisher]) -> Publisher:
    return make_publisher()


def ask(application: Any, path: str = "/", *, method: str = "GET", **environ: str | None) -> Answer:
    """One request by hand, without what is None.

    Checks what every WSGI response must be: text headers, a list that is ours to change.
    """
    seen: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        seen.update(status=int(status[:3]), headers=headers.copy())
        headers.append(("Server", "test"))

    request = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "HTTP_HOST": "testserver",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **{name.replace("__", "."): value for name, value in environ.items()},
    }
    chunks = application({key: value for key, value in request.items() if value is not None}, start_response)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    names = [name for name, _ in seen["headers"]]
    assert len(names) == len(set(names)), f"a header comes twice: {names}"
    return Answer(status=seen["status"], headers=dict(seen["headers"]), body=body)
