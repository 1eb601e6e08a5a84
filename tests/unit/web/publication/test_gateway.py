import gzip
import threading
from collections.abc import Iterable
from typing import Any

import brotli
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError
from django.test import override_settings

from statuspage.web.publication.edition import Special
from statuspage.web.publication.gateway import Gateway
from statuspage.web.publication.publisher import Publisher
from tests.unit.web.publication.conftest import LONG_BODY, NOON, Answer, Page, Site, ask

DJANGO = b"answered by Django"


def behind(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [DJANGO]


@pytest.fixture
def gateway(publisher: Publisher) -> Gateway:
    publisher.step()
    return Gateway(behind, publisher)


def test_a_published_path_is_answered_from_the_edition(gateway: Gateway) -> None:
    answer = ask(gateway)
    assert (answer.status, answer.body) == (200, LONG_BODY)
    assert answer.headers["Content-Length"] == str(len(LONG_BODY))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Last-Modified"] == "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize("path", ["/admin/", "/nothing", "", "//", "/./", "/é"])
def test_any_other_path_is_for_django(gateway: Gateway, path: str) -> None:
    assert ask(gateway, path).body == DJANGO


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "BREW"])
def test_any_other_method_is_for_django(gateway: Gateway, method: str) -> None:
    assert ask(gateway, method=method).body == DJANGO


def test_a_query_string_does_not_walk_round_the_edition(gateway: Gateway) -> None:
    assert ask(gateway, QUERY_STRING="x=1") == ask(gateway)


@pytest.mark.parametrize("query", ["q=disk", "x=1&q=disk", "page=2&q=disk&x", "q=&severity=major"])
def test_a_query_that_the_document_takes_is_for_django(publisher: Publisher, site: Site, query: str) -> None:
    site.pages = [Page(special=Special(takes_query=("q", "severity")))]
    publisher.step()
    assert ask(Gateway(behind, publisher), QUERY_STRING=query).body == DJANGO


@pytest.mark.parametrize("query", ["", "x=1", "q", "q=", "q=&severity=", "xq=1", "Q=1", "page=2", "&&=&", "q" * 9000])
def test_any_other_query_does_not_walk_round_such_a_document(publisher: Publisher, site: Site, query: str) -> None:
    site.pages = [Page(special=Special(takes_query=("q", "severity")))]
    publisher.step()
    assert ask(Gateway(behind, publisher), QUERY_STRING=query).body == LONG_BODY


def test_a_kept_redirect_is_answered_without_django(gateway: Gateway, publisher: Publisher) -> None:
    page = Page(path="/incidents/a/", status=301, special=Special(location="/incidents/b/"))
    publisher.keep(page, version=1)
    answer = ask(gateway, "/incidents/a/", HTTP_IF_NONE_MATCH="*")
    assert (answer.status, answer.headers["Location"]) == (301, "/incidents/b/")


def test_head_says_the_same_without_a_body(gateway: Gateway) -> None:
    head, get = ask(gateway, method="HEAD"), ask(gateway)
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


@pytest.mark.parametrize(("accepted", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_coding_that_the_client_takes_is_used(gateway: Gateway, accepted: str, unpack: Any) -> None:
    answer = ask(gateway, HTTP_ACCEPT_ENCODING=accepted)
    assert answer.headers["Content-Encoding"] == accepted
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert unpack(answer.body) == LONG_BODY


@pytest.mark.parametrize("accepted", ["gzip;q=0", "deflate", "*;q=0", "x" * 5000])
def test_a_client_that_takes_no_coding_gets_none(gateway: Gateway, accepted: str) -> None:
    answer = ask(gateway, HTTP_ACCEPT_ENCODING=accepted)
    assert "Content-Encoding" not in answer.headers
    assert answer.body == LONG_BODY


@pytest.mark.parametrize("accepted", ["", "gzip", "br"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_has_it_gets_304(gateway: Gateway, accepted: str, method: str) -> None:
    etag = ask(gateway, HTTP_ACCEPT_ENCODING=accepted).headers["ETag"]
    answer = ask(gateway, method=method, HTTP_ACCEPT_ENCODING=accepted, HTTP_IF_NONE_MATCH=f'"old", W/{etag}')
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert {"Cache-Control", "Vary"} <= set(answer.headers)
    assert not {"Content-Length", "Content-Type", "Content-Encoding"} & set(answer.headers)


def test_a_client_that_has_another_coding_gets_the_one_it_asks_for(gateway: Gateway) -> None:
    etag = ask(gateway, HTTP_ACCEPT_ENCODING="gzip").headers["ETag"]
    assert ask(gateway, HTTP_IF_NONE_MATCH=etag).status == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sat, 21 Nov 2026 12:00:00 GMT", 304),
        ("Sat, 21 Nov 2026 12:00:01 GMT", 304),
        ("Sat, 21 Nov 2026 11:59:59 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_a_date_is_compared_where_there_is_no_tag(gateway: Gateway, since: str, status: int) -> None:
    assert ask(gateway, HTTP_IF_MODIFIED_SINCE=since).status == status


def test_a_tag_that_does_not_match_outweighs_a_date_that_does(gateway: Gateway) -> None:
    since = "Sat, 21 Nov 2026 12:00:00 GMT"
    assert ask(gateway, HTTP_IF_MODIFIED_SINCE=since, HTTP_IF_NONE_MATCH='"other"').status == 200


def test_a_document_that_is_an_error_is_never_not_modified(publisher: Publisher, site: Site) -> None:
    site.pages = [Page(path="/maintenance/", status=503)]
    publisher.step()
    gateway = Gateway(behind, publisher)
    assert ask(gateway, "/maintenance/", HTTP_IF_NONE_MATCH="*").status == 503


def test_options_says_what_may_be_done_and_answers_a_preflight(gateway: Gateway) -> None:
    answer = ask(gateway, method="OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("host", ["testserver", "testserver:8000", "TestServer", "testserver."])
def test_an_allowed_host_is_served(gateway: Gateway, host: str) -> None:
    assert ask(gateway, HTTP_HOST=host).body == LONG_BODY


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "test server", "testserver:x", "", "@"])
def test_a_host_that_is_not_allowed_is_for_django(gateway: Gateway, host: str) -> None:
    assert ask(gateway, HTTP_HOST=host).body == DJANGO


def test_no_host_at_all_is_for_django(gateway: Gateway) -> None:
    assert ask(gateway, HTTP_HOST=None).body == DJANGO


@pytest.mark.django_db
def test_django_refuses_an_evil_host(publisher: Publisher) -> None:
    publisher.step()
    application = Gateway(get_wsgi_application(), publisher)
    assert ask(application, HTTP_HOST="evil.example").status == 400


@pytest.mark.parametrize(
    ("allowed", "host", "is_served"),
    [
        ([".example.com"], "example.com", True),
        ([".example.com"], "a.b.example.com:81", True),
        ([".example.com"], "notexample.com", False),
        (["*"], "anything.example", True),
        (["*"], "no thing", False),
        (["[::1]"], "[::1]:8000", True),
        (["127.0.0.1"], "127.0.0.1:1", True),
    ],
)
def test_hosts_are_matched_as_django_matches_them(
    publisher: Publisher, allowed: list[str], host: str, is_served: bool
) -> None:
    publisher.step()
    with override_settings(ALLOWED_HOSTS=allowed):
        gateway = Gateway(behind, publisher)
    assert (ask(gateway, HTTP_HOST=host).body == LONG_BODY) == is_served


def test_a_forwarded_host_counts_for_nothing(gateway: Gateway) -> None:
    assert ask(gateway, HTTP_X_FORWARDED_HOST="evil.example") == ask(gateway)


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
def test_plain_http_is_for_django_where_https_is_required(publisher: Publisher) -> None:
    publisher.step()
    gateway = Gateway(behind, publisher)
    assert ask(gateway).body == DJANGO
    assert ask(gateway, HTTP_X_FORWARDED_PROTO="http", wsgi__url_scheme="https").body == DJANGO
    assert ask(gateway, HTTP_X_FORWARDED_PROTO="https, http").body == LONG_BODY
    assert ask(gateway, wsgi__url_scheme="https").body == LONG_BODY


@override_settings(SECURE_SSL_REDIRECT=True)
def test_the_proxys_word_counts_only_where_one_is_configured(publisher: Publisher) -> None:
    publisher.step()
    assert ask(Gateway(behind, publisher), HTTP_X_FORWARDED_PROTO="https").body == DJANGO


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("hsts", [0, 3600])
def test_documents_carry_the_headers_that_djangos_middleware_sets(
    make_publisher: Any, site: Site, scheme: str, hsts: int
) -> None:
    with override_settings(SECURE_HSTS_SECONDS=hsts, SECURE_HSTS_INCLUDE_SUBDOMAINS=True):
        publisher: Publisher = make_publisher()
        publisher.step()
        django = get_wsgi_application()
        ours = ask(Gateway(django, publisher), wsgi__url_scheme=scheme)
        theirs = ask(django, "/healthz", wsgi__url_scheme=scheme)
    assert theirs.status == 200
    by_the_view = {"Content-Type", "Content-Length", "Cache-Control"}
    security = {name: value for name, value in theirs.headers.items() if name not in by_the_view}
    assert "Content-Security-Policy" in security
    assert security == {name: ours.headers.get(name) for name in security}


def test_no_edition_yet_means_django(publisher: Publisher) -> None:
    assert ask(Gateway(behind, publisher)).body == DJANGO


def test_serving_goes_on_while_the_database_is_gone(gateway: Gateway, publisher: Publisher, site: Site) -> None:
    site.trouble = OperationalError("gone")
    publisher.step()
    assert ask(gateway).body == LONG_BODY


def test_a_kept_page_is_answered_without_django(gateway: Gateway, publisher: Publisher) -> None:
    publisher.keep(Page(path="/incidents/a/", body=b"kept"), version=1)
    assert ask(gateway, "/incidents/a/").body == b"kept"


def test_a_query_string_does_not_walk_round_a_kept_page(gateway: Gateway, publisher: Publisher) -> None:
    publisher.keep(Page(path="/incidents/a/", body=b"kept"), version=1)
    assert ask(gateway, "/incidents/a/", QUERY_STRING="x=1").body == b"kept"


def test_probe_paths_are_answered_whatever_the_host(publisher: Publisher) -> None:
    probes = {"/healthz": lambda: ("200 OK", [("Content-Type", "text/plain")], b"ok\n")}
    gateway = Gateway(behind, publisher, probe_answers=probes)
    assert ask(gateway, "/healthz", HTTP_HOST="10.0.0.7:8000").body == b"ok\n"
    assert ask(gateway, "/healthz", method="HEAD").body == b""
    assert ask(gateway, "/healthz", method="POST").body == DJANGO


def test_many_threads_get_what_they_ask_for(gateway: Gateway, publisher: Publisher, site: Site) -> None:
    wrong: list[Answer] = []

    def visit(accepted: str, unpack: Any) -> None:
        for _ in range(300):
            answer = ask(gateway, HTTP_ACCEPT_ENCODING=accepted)
            if answer.status != 200 or not unpack(answer.body).startswith(b"edition"):
                wrong.append(answer)

    site.pages, site.version = [Page(body=b"edition 0" * 100)], 2
    publisher.step()
    threads = [
        threading.Thread(target=visit, args=args)
        for args in (("br", brotli.decompress), ("gzip", gzip.decompress), ("", bytes)) * 2
    ]
    for thread in threads:
        thread.start()
    for number in range(50):
        site.pages, site.version = [Page(body=b"edition %d" % number * 100, last_modified=NOON)], 3 + number
        publisher.step()
    for thread in threads:
        thread.join()
    assert wrong == []
