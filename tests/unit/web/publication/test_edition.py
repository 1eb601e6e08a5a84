import gzip
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import brotli
import pytest
from django.test import override_settings

from statuspage.web.publication.edition import Document, Edition, build_documents
from statuspage.web.publication.headers import SecurityHeaders
from tests.unit.web.publication.conftest import LONG_BODY, NOON, Page


def build(*pages: Page, previous: dict[str, Document] | None = None, built_at: datetime = NOON) -> dict[str, Document]:
    return build_documents(pages, built_at=built_at, security=SecurityHeaders.from_settings(), previous=previous)


def test_every_coding_holds_the_same_body() -> None:
    variants = build(Page())["/"].variants
    assert variants[""].body == LONG_BODY
    assert gzip.decompress(variants["gzip"].body) == LONG_BODY
    assert brotli.decompress(variants["br"].body) == LONG_BODY


def test_each_coding_has_an_entity_tag_of_its_own() -> None:
    assert len({variant.etag for variant in build(Page())["/"].variants.values()}) == 3


def test_the_same_body_has_the_same_tags_and_bytes_in_every_process() -> None:
    first, second = build(Page())["/"], build(Page(), built_at=NOON + timedelta(seconds=7))["/"]
    assert {k: (v.etag, v.body) for k, v in first.variants.items()} == {
        k: (v.etag, v.body) for k, v in second.variants.items()
    }


def test_another_body_has_another_tag() -> None:
    first, second = build(Page())["/"], build(Page(body=LONG_BODY + b" "))["/"]
    assert not {v.etag for v in first.variants.values()} & {v.etag for v in second.variants.values()}


@pytest.mark.parametrize("body", [b"", b"ok", b"x" * 299])
def test_a_short_body_is_not_compressed(body: bytes) -> None:
    assert set(build(Page(body=body))["/"].variants) == {""}


def test_a_body_that_cannot_be_compressed_is_sent_as_it_is() -> None:
    noise = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(100))
    assert set(build(Page(body=noise))["/"].variants) == {""}


def test_an_unchanged_document_is_taken_over_compressed_and_all() -> None:
    first = build(Page(), Page(path="/feed"))
    second = build(
        Page(body=LONG_BODY + b"!"), Page(path="/feed", last_modified=NOON + timedelta(hours=1)), previous=first
    )
    assert second["/feed"] is first["/feed"]
    assert second["/"] is not first["/"]


@pytest.mark.parametrize("change", [{"status": 503}, {"content_type": "text/plain"}, {"cache_control": "no-store"}])
def test_the_same_body_under_other_headers_is_another_document(change: dict[str, Any]) -> None:
    first = build(Page())
    assert build(replace(Page(), **change), previous=first)["/"] is not first["/"]


def test_a_document_that_is_gone_is_gone() -> None:
    first = build(Page(), Page(path="/feed"))
    assert set(build(Page(), previous=first)) == {"/"}


def test_a_changed_body_is_dated_later_even_where_the_page_says_it_did_not_change() -> None:
    first = build(Page())
    second = build(Page(body=b"new"), previous=first, built_at=NOON + timedelta(seconds=30))
    assert second["/"].last_modified == "Sat, 21 Nov 2026 12:00:30 GMT"


def test_two_bodies_of_one_second_carry_no_date_that_could_confuse_them() -> None:
    first = build(Page())
    second = build(Page(body=b"new"), previous=first)
    assert second["/"].last_modified == ""
    assert "Last-Modified" not in dict(second["/"].variants[""].headers[0])


def test_hsts_is_for_requests_by_https_only() -> None:
    with override_settings(SECURE_HSTS_SECONDS=60, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True):
        plain, secure = build(Page())["/"].variants[""].headers
    assert "Strict-Transport-Security" not in dict(plain)
    assert dict(secure)["Strict-Transport-Security"] == "max-age=60; includeSubDomains; preload"


def test_an_edition_is_fresh_for_three_refreshes() -> None:
    edition = Edition(version=1, built_at=NOON, build_ms=1, documents={}, refresh_seconds=10)
    assert edition.is_fresh(NOON + timedelta(seconds=30))
    assert not edition.is_fresh(NOON + timedelta(seconds=31))
