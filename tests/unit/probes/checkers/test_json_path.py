"""Paths into JSON: what they find, and that nothing else can happen."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers.json_path import BadPath, NoSuchPlace, find, parse_path

DOCUMENT = {"queue": {"depth": 120, "odd key": 1, "naïve": 2}, "nodes": [{"up": True}, {"up": False}], "it's": "four"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DOCUMENT),
        ("$.queue.depth", 120),
        ('$.queue["odd key"]', 1),
        ("$['queue']['odd key']", 1),
        ("$.queue.naïve", 2),
        ('$.queue["na\\u00efve"]', 2),
        ("$.nodes[0].up", True),
        ("$.nodes[-1].up", False),
        ("$.nodes.length()", 2),
        ("$.queue.length()", 3),
        ('$["it\'s"].length()', 4),
    ],
)
def test_a_path_leads_to_one_place(path: str, expected: object) -> None:
    assert find(parse_path(path), DOCUMENT) == expected


@pytest.mark.parametrize(
    "path",
    ["$.no", "$.queue.depth.more", "$.nodes[2]", "$.nodes[-3]", "$.nodes.up", "$.queue[0]", "$.queue.depth.length()"],
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    with pytest.raises(NoSuchPlace):
        find(parse_path(path), DOCUMENT)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "queue",
        "$queue",
        "$.",
        "$..queue",
        "$[*]",
        "$[?(@.a)]",
        "$[1:2]",
        "$['a",
        '$["\\x"]',
        "$.a b",
        "$.length().a",
        "$" + ".a" * 33,
        "$." + "a" * 200,
    ],
)
def test_what_is_no_path_of_ours_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match=r"^a "):
        parse_path(path)


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)


@given(documents, st.data())
def test_every_place_of_a_document_has_a_path(document: Any, data: st.DataObject) -> None:
    place, path = document, "$"
    while isinstance(place, dict | list) and place and len(path) < 120:
        step = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(-len(place), len(place))))
        place, path = place[step], f"{path}[{json.dumps(step)}]"
    assert find(parse_path(path), document) is place


@given(
    st.text(alphabet="$.[]\"'\\-0123456789abé()*? ", max_size=40).map("$".__add__) | st.text(max_size=40), documents
)
def test_any_text_is_a_path_or_refused_and_finds_something_or_nothing(text: str, document: Any) -> None:
    try:
        path = parse_path(text)
    except BadPath:
        return
    try:
        found = find(path, document)
    except NoSuchPlace:
        return
    # The same path leads to the same place.
    assert find(parse_path(text), document) == found
