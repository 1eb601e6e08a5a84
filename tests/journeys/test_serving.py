"""The public page stays up when what it is made from is gone, and is right again by itself."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.journeys.stack import Stack, eventually
from tests.services import Service

# What visitors are promised while the database is away; a request that waited for it would take as long as that is.
SLOWEST_SECONDS = 2.0


@dataclass
class Visits:
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


@contextmanager
def visitors(stack: Stack, path: str = "/", *, count: int = 3) -> Iterator[Visits]:
    """People who ask for the page all the time, each by a new connection, and count what they get."""
    visits, gone = Visits(), threading.Event()

    def visit() -> None:
        while not gone.is_set():
            started = time.monotonic()
            try:
                response = httpx.get(stack.url + path, timeout=10, trust_env=False)
            except httpx.HTTPError as error:
                visits.failures.append(repr(error))
            else:
                visits.statuses[response.status_code] += 1
            visits.slowest = max(visits.slowest, time.monotonic() - started)
            gone.wait(0.05)

    threads = [threading.Thread(target=visit) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield visits
    finally:
        gone.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def published(stack: Stack) -> Stack:
    """With an edition in memory and on the disk."""
    eventually(lambda: stack.get("/readyz").json()["ready"])
    return stack


def show_change(stack: Stack, name: str) -> None:
    stack.query("UPDATE components_page SET name = %s, version = version + 1", name)


def seconds_until_shown(stack: Stack, name: str) -> float:
    started = time.monotonic()
    eventually(lambda: name in stack.get("/").text, every=0.02)
    return time.monotonic() - started


def all_is_well(stack: Stack) -> bool:
    return stack.get("/readyz").status_code == 200 and stack.get("/admin/login/").status_code == 200


def test_a_change_is_visible_long_before_the_next_refresh(published: Stack) -> None:
    show_change(published, "Changed a moment ago")
    assert seconds_until_shown(published, "Changed a moment ago") < SLOWEST_SECONDS


def test_a_change_is_visible_long_before_the_next_refresh_on_every_web_process(published: Stack) -> None:
    with published.another_web() as another:
        started = time.monotonic()
        published.manage("incident", "open", "--title", "Seen everywhere", "--severity", "minor", "--message", "Look.")
        committed_at = time.monotonic()
        for url in (published.url, another):
            eventually(lambda url=url: "Seen everywhere" in httpx.get(url, trust_env=False).text, every=0.02)  # type: ignore[misc]  # url is bound now
        assert time.monotonic() - committed_at < SLOWEST_SECONDS, f"opened after {committed_at - started:.1f} s"


def test_documents_are_sent_compressed_and_only_once(published: Stack) -> None:
    first = published.get("/", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Vary"] == "Accept-Encoding"
    again = published.get("/", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_head_tells_the_length_and_sends_nothing(published: Stack) -> None:
    head, get = (published.client.request(method, "/status.json") for method in ("HEAD", "GET"))
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.content == b""


def test_an_evil_host_is_refused_and_poisons_nothing(published: Stack) -> None:
    assert published.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert "evil.example" not in published.get("/", headers={"X-Forwarded-Host": "evil.example"}).text


def test_a_stopped_database_costs_visitors_nothing(published: Stack, postgres_service: Service) -> None:
    with visitors(published) as visits:
        postgres_service.stop()
        try:
            eventually(lambda: published.get("/readyz").status_code == 503)
            staff = published.get("/admin/login/?next=/admin/", headers={"Cookie": "sessionid=abcdefghijklmnop"})
            public = published.get("/")
            time.sleep(1)
        finally:
            postgres_service.start()
        eventually(lambda: all_is_well(published))
    assert public.status_code == 200
    assert (staff.status_code, staff.headers["Retry-After"]) == (503, "30")
    assert visits.failures == []
    assert set(visits.statuses) == {200}
    assert visits.slowest < SLOWEST_SECONDS
    show_change(published, "Back after the stop")
    assert seconds_until_shown(published, "Back after the stop") < SLOWEST_SECONDS


def test_a_frozen_database_holds_no_request(published: Stack, postgres_service: Service) -> None:
    cookie = {"Cookie": "sessionid=abcdefghijklmnop"}
    assert published.get("/admin/login/", headers=cookie).status_code == 200
    with visitors(published) as visits:
        postgres_service.freeze()
        try:
            slowest = 0.0
            for _ in range(8):
                started = time.monotonic()
                staff = published.get("/admin/login/", headers=cookie)
                slowest = max(slowest, time.monotonic() - started)
                assert staff.status_code == 503
        finally:
            postgres_service.thaw()
        eventually(lambda: all_is_well(published))
    assert slowest < SLOWEST_SECONDS + 0.5
    assert visits.failures == []
    assert set(visits.statuses) == {200}
    assert visits.slowest < SLOWEST_SECONDS
    assert published.get("/admin/login/", headers=cookie).status_code == 200


def test_a_restart_while_the_database_is_down_serves_the_last_edition(
    published: Stack, postgres_service: Service
) -> None:
    show_change(published, "The last that was known")
    assert seconds_until_shown(published, "The last that was known") < SLOWEST_SECONDS
    time.sleep(0.5)  # it is on the disk right after it is in memory
    postgres_service.stop()
    try:
        published.kill("web")
        published.start("web")
        page = published.get("/")
        readiness = published.get("/readyz")
        alive = published.get("/healthz")
    finally:
        postgres_service.start()
    assert page.status_code == 200
    assert "The last that was known" in page.text
    assert (readiness.status_code, alive.status_code) == (503, 200)
    eventually(lambda: all_is_well(published))
    show_change(published, "Known again")
    assert seconds_until_shown(published, "Known again") < SLOWEST_SECONDS
