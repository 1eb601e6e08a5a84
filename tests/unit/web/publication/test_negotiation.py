from datetime import UTC, datetime
from random import Random

import pytest
from django.test import RequestFactory
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from hypothesis import given
from hypothesis import strategies as st

from statuspage.web.publication.negotiation import choose_encoding, etag_matches, not_modified_since

ETAG = '"0123abc-br"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000, gzip;q=0", ""),
        ("*", "br"),
        ("*;q=0.1", "br"),
        ("*;q=0", ""),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0.2, identity", ""),
        ("gzip, identity", "gzip"),
        ("GZIP ; Q=0.9", "gzip"),
        ("identity;q=0", ""),
        ("gzip;q=nonsense", ""),
        ("gzip;q=2", ""),
        ("gzip;q=-1", ""),
        ("deflate", ""),
        (",,;;=,q=1", ""),
    ],
)
def test_the_coding_with_the_highest_weight_is_used(header: str, expected: str) -> None:
    assert choose_encoding(header) == expected


WEIGHTS = st.one_of(st.none(), st.integers(0, 1000))


@given(br=WEIGHTS, gzip=WEIGHTS, identity=WEIGHTS, anything=WEIGHTS, order=st.randoms(use_true_random=False))
def test_any_weights_give_what_the_plain_reading_of_the_rule_gives(
    br: int | None, gzip: int | None, identity: int | None, anything: int | None, order: Random
) -> None:
    named = {"br": br, "gzip": gzip, "identity": identity, "*": anything}
    items = [f"{coding};q={weight / 1000:.3f}" for coding, weight in named.items() if weight is not None]
    order.shuffle(items)

    def weight_of(coding: str) -> int:
        return next((w for w in (named[coding], anything) if w is not None), 0)

    # In words: of the codings we have and the client takes, the heaviest; our order between equals. No coding wins
    # only when the client named it with a higher weight.
    ours = [coding for coding in ("br", "gzip") if weight_of(coding) > 0]
    best = max(ours, key=weight_of, default="")
    if best and identity is not None and identity > weight_of(best):
        best = ""
    assert choose_encoding(", ".join(items)) == best


@given(st.text(max_size=120))
def test_no_header_however_odd_breaks_the_choice(header: str) -> None:
    assert choose_encoding(header) in {"", "gzip", "br"}


@pytest.mark.parametrize(
    "header",
    [ETAG, f"W/{ETAG}", "*", " * ", f'"other", {ETAG}', f'W/"other",{ETAG}', f'"a,b" , W/{ETAG} ', f'"",{ETAG}'],
)
def test_a_client_that_names_the_tag_has_it(header: str) -> None:
    assert etag_matches(header, ETAG)


@pytest.mark.parametrize("header", ["", '"other"', "0123abc-br", '"0123abc"', f'"x{ETAG}', 'W/"', '"*"', "nonsense"])
def test_a_client_that_names_other_tags_has_it_not(header: str) -> None:
    assert not etag_matches(header, ETAG)


TAGS = st.lists(
    st.one_of(st.just(ETAG), st.text("abc,-", max_size=6).map(lambda text: f'"{text}"')).flatmap(
        lambda tag: st.sampled_from([tag, f"W/{tag}"])
    ),
    min_size=1,
    max_size=6,
)


@given(tags=TAGS, separator=st.sampled_from([",", ", ", " , ", ",\t"]))
def test_any_list_of_tags_is_read_as_a_list(tags: list[str], separator: str) -> None:
    assert etag_matches(separator.join(tags), ETAG) == (ETAG in {tag.removeprefix("W/") for tag in tags})


@given(tags=TAGS)
def test_django_reads_the_same_list_the_same_way(tags: list[str]) -> None:
    if any("," in tag for tag in tags):
        return  # Django splits at every comma
    request = RequestFactory().get("/", headers={"if-none-match": ", ".join(tags)})
    answer = get_conditional_response(request, etag=ETAG)
    assert etag_matches(", ".join(tags), ETAG) == (answer is not None and answer.status_code == 304)


@given(st.text(max_size=120))
def test_no_list_however_odd_breaks_the_comparison(header: str) -> None:
    assert etag_matches(header, ETAG) in {True, False}


@given(ours=st.integers(0, 4_000_000_000), theirs=st.integers(0, 4_000_000_000))
def test_not_modified_means_that_ours_is_not_later(ours: int, theirs: int) -> None:
    assert not_modified_since(http_date(theirs), http_date(ours)) == (ours <= theirs)


def test_a_date_in_an_old_format_is_understood() -> None:
    ours = http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp())
    assert not_modified_since("Sun Nov  6 08:49:37 1994", ours)


@pytest.mark.parametrize("header", ["", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_is_none_means_modified(header: str) -> None:
    assert not not_modified_since(header, http_date(0))


def test_a_document_without_a_date_is_always_modified() -> None:
    assert not not_modified_since(http_date(0), "")
