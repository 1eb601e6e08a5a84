"""Documents that need more than a body: when to ask again, a redirect, a form for programs, their own policy."""

from pathlib import Path

import pytest
import time_machine

from statuspage.web.publication import store
from statuspage.web.publication.edition import Edition, Special, build_documents
from statuspage.web.publication.gateway import RETRY_WHEN_LATE, Gateway
from statuspage.web.publication.headers import SecurityHeaders
from statuspage.web.publication.negotiation import prefers_json
from statuspage.web.publication.publisher import Publisher
from tests.unit.web.publication.conftest import NOON, Answer, Page, Site, ask
from tests.unit.web.publication.test_gateway import DJANGO, behind

END = int(NOON.timestamp()) + 3600
POLICY = "default-src 'none'; style-src 'sha256-abc'"
PAGES = [
    Page(),
    Page(path="/m/", status=503, special=Special(retry_at=END, for_programs="/m/#json")),
    Page(
        path="/m/#json",
        status=503,
        content_type="application/problem+json",
        body=b'{"status": 503}',
        special=Special(retry_at=END, for_programs="/m/#json"),
    ),
    Page(path="/gone/", status=302, body=b"", special=Special(location="/")),
    Page(path="/file", special=Special(content_security_policy=POLICY)),
]


@pytest.fixture
def gateway(site: Site, publisher: Publisher) -> Gateway:
    site.pages = list(PAGES)
    publisher.step()
    return Gateway(behind, publisher)


@pytest.mark.parametrize(("later", "seconds"), [(0, "3600"), (3599, "1"), (3600, str(RETRY_WHEN_LATE)), (9999, "120")])
def test_retry_after_counts_from_when_it_is_asked(gateway: Gateway, later: int, seconds: str) -> None:
    with time_machine.travel(NOON.timestamp() + later, tick=False):
        assert ask(gateway, "/m/").headers["Retry-After"] == seconds


def test_two_answers_do_not_share_their_headers(gateway: Gateway) -> None:
    answers = [ask(gateway, "/m/") for _ in range(3)]
    assert all("Retry-After" in answer.headers for answer in answers)
    assert "Retry-After" not in ask(gateway).headers


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/problem+json", True),
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/*;q=0.9, text/html;q=0.8", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json;q=0.4", False),
        ("application/json;q=0", False),
        ("*/*", False),
        ("", False),
        ("application/json" + " " * 600, False),
    ],
)
def test_json_is_for_who_asks_for_it(gateway: Gateway, accept: str, is_json: bool) -> None:
    answer = ask(gateway, "/m/", HTTP_ACCEPT=accept)
    assert answer.headers["Content-Type"].startswith("application/problem+json" if is_json else "text/html")
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.status == 503


def test_no_accept_however_odd_breaks_the_choice() -> None:
    assert not prefers_json("a" * 400)
    assert not prefers_json(";;;,,q=,=;\x7f")


def test_a_redirect_is_answered_from_memory(gateway: Gateway) -> None:
    answer = ask(gateway, "/gone/")
    assert (answer.status, answer.headers["Location"], answer.body) == (302, "/", b"")


def test_a_document_may_have_a_policy_of_its_own(gateway: Gateway) -> None:
    assert ask(gateway, "/file").headers["Content-Security-Policy"] == POLICY
    assert ask(gateway).headers["Content-Security-Policy"] != POLICY


def test_a_503_is_never_answered_as_not_modified(gateway: Gateway) -> None:
    answer = ask(gateway, "/m/")
    again: Answer = ask(gateway, "/m/", HTTP_IF_NONE_MATCH=answer.headers["ETag"])
    assert (again.status, again.body) == (503, answer.body)


def test_the_form_for_programs_has_no_address_of_its_own(gateway: Gateway) -> None:
    """A server hands on what stands before the number sign; should one not, it is the same answer and no secret."""
    assert ask(gateway, "/m/%23json").body == DJANGO


def test_all_of_it_comes_back_from_disk(tmp_path: Path) -> None:
    security = SecurityHeaders.from_settings()
    documents = build_documents(PAGES, built_at=NOON, security=security)
    store.save(Edition(version=1, built_at=NOON, build_ms=1, documents=documents), folder=tmp_path)
    restored = store.load(folder=tmp_path, security=security)
    assert restored is not None
    assert restored.documents == documents
