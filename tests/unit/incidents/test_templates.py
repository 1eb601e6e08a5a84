"""Prepared words and the blanks in them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.enums import TemplateKind
from incidents.models import MessageTemplate
from incidents.templates import Filled, blanks, fill, fill_known, fill_text, templates_for
from statuspage.core.errors import ValidationFailed

WORDS = Filled(title="[[service]] is down in [[region]]", body="We are looking at **[[service]]**.\n\n[[ what next ]]")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("[[a]] and [[b]] and [[a]]", ("a", "b")),
        ("[[ service name ]]", ("service name",)),
        ("[[]] [[ ]] [a] [[a\nb]] [[a]b]]", ()),
        ("[[[a]]]", ("a",)),
        (f"[[{'x' * 60}]] [[{'y' * 61}]]", ("x" * 60,)),
        ("{{service}} {0} %(service)s ${service}", ()),
        ("[[Größe]] [[1]]", ("Größe", "1")),
    ],
)
def test_blanks_are_named_in_the_order_in_which_they_are_read(text: str, names: tuple[str, ...]) -> None:
    assert blanks(text) == names


def test_a_name_in_title_and_body_is_one_blank() -> None:
    assert blanks(WORDS.title, WORDS.body) == ("service", "region", "what next")


def test_every_blank_is_filled() -> None:
    filled = fill(WORDS, {"service": "API", "region": "eu-west", "what next": "More at noon."})
    assert filled == Filled(title="API is down in eu-west", body="We are looking at **API**.\n\nMore at noon.")


@pytest.mark.parametrize("value", ["", "  \t ", "\u202e"])
def test_a_blank_without_a_value_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(ValidationFailed, match="Fill in the blank “region”") as error:
        fill(WORDS, {"service": "API", "region": value, "what next": "x"})
    assert error.value.field == "title"


@pytest.mark.parametrize(
    "value",
    [
        "{{7*7}}",
        "{% load x %}",
        "{0.__class__}",
        "[[region]]",
        "[[service]]",
        r"\1 \g<0>",
        "$1 ${service}",
        "%s %(x)s",
    ],
)
def test_a_value_comes_out_as_it_was_written(value: str) -> None:
    assert (
        fill_text("[[service]] and [[region]]", {"service": value, "region": "R"}, field="message") == f"{value} and R"
    )


def test_what_looks_like_another_engines_blank_stays_text() -> None:
    assert fill_text("{{7*7}} {% x %} [[a]]", {"a": "b"}, field="message") == "{{7*7}} {% x %} b"


def test_a_value_is_one_line_without_control_characters() -> None:
    assert fill_text("[[a]]!", {"a": " two\r\nlines\x00\u202e "}, field="message") == "two lines!"


def test_a_value_has_an_end() -> None:
    with pytest.raises(ValidationFailed, match="has 501 characters"):
        fill_text("[[a]]", {"a": "x" * 501}, field="message")


def test_a_preview_fills_what_is_known() -> None:
    assert fill_known("[[a]] [[b]] [[c]]", {"a": "1", "b": " "}) == "1 [[b]] [[c]]"


def test_many_brackets_are_read_quickly() -> None:
    assert blanks("[[" * 10_000 + "a" * 20_000) == ()


@pytest.mark.django_db
def test_templates_are_asked_for_by_kind_in_the_order_of_staff() -> None:
    for slug, kind, position in (
        ("late", TemplateKind.UPDATE, 2),
        ("early", TemplateKind.UPDATE, 1),
        ("other", TemplateKind.REPLY, 0),
    ):
        MessageTemplate.objects.create(slug=slug, name=slug, kind=kind, position=position, body="x")
    with CaptureQueriesContext(connection) as queries:
        assert [template.slug for template in templates_for(TemplateKind.UPDATE)] == ["early", "late"]
    assert len(queries) == 1
