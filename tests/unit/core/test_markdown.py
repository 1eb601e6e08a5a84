import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.markdown import markdown_to_text, render_markdown


def test_lists_links_and_code_come_out_as_written() -> None:
    html = render_markdown("We found it:\n\n* CEP is **late**\n* `Webhooks` work\n\nSee <https://example.com/a>.")
    assert "<li>CEP is <strong>late</strong></li>" in html
    assert "<code>Webhooks</code>" in html
    assert '<a href="https://example.com/a" rel="noopener nofollow">' in html


def test_a_bare_address_becomes_a_link() -> None:
    assert '<a href="https://example.com/x?y=1"' in render_markdown("Look at https://example.com/x?y=1.")


def test_a_written_link_is_left_alone() -> None:
    assert render_markdown("[here](https://example.com)").count("<a ") == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```\ncurl https://e.example/a\n```", "<pre><code>curl https://e.example/a\n</code></pre>"),
        ("~~~ sh\ncurl https://e.example/a\n\nhttps://e.example/b", "curl https://e.example/a\n\nhttps://e.example/b"),
        ("Run `curl https://e.example/a` now", "<code>curl https://e.example/a</code>"),
        ("Run ``curl `https://e.example/a` `` now", "<code>curl `https://e.example/a` </code>"),
    ],
)
def test_an_address_in_code_stays_code(text: str, code: str) -> None:
    html = render_markdown(text)
    assert code in html
    assert "<a " not in html


def test_after_code_an_address_is_a_link_again() -> None:
    html = render_markdown("`a` https://e.example/b\n\n```\nhttps://e.example/c\n```\n\nhttps://e.example/d `e")
    assert re.findall(r'href="([^"]*)"', html) == ["https://e.example/b", "https://e.example/d"]


def test_headings_begin_below_those_of_the_page() -> None:
    assert render_markdown("# Cause") == "<h3>Cause</h3>"


def test_an_image_is_not_loaded_and_its_words_stay_as_a_link() -> None:
    html = render_markdown("![the graph](https://example.com/graph.png)")
    assert "<img" not in html
    assert '<a href="https://example.com/graph.png" rel="noopener nofollow">the graph</a>' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='https://e.example' onclick='x()'>y</a>",
        "[x](vbscript:x)",
        "<style>*{display:none}</style>",
        "<iframe src=https://evil.example></iframe>",
    ],
)
def test_hostile_text_is_inert(hostile: str) -> None:
    html = render_markdown(hostile)
    allowed = re.sub(r'</?(p|a|em|strong|code)( href="https://[^"]*"| rel="noopener nofollow")*>', "", html)
    assert "<" not in allowed
    assert not re.search(r'href="(?!https://)', html)


@pytest.mark.parametrize("text", ["{{7*7}}", "{% load static %}", "{0.real}", "`{0.__class__}`", "%(name)s"])
def test_template_syntax_comes_out_as_written(text: str) -> None:
    assert markdown_to_text(text) == text.strip("`")


@given(st.text(max_size=200))
def test_any_text_gives_only_allowed_tags(text: str) -> None:
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", render_markdown(text)))
    assert not tags & {"script", "img", "style", "iframe", "svg", "form", "input", "object", "h1", "h2"}


def test_the_end_of_a_line_is_a_break_in_a_form_and_none_in_a_file() -> None:
    assert render_markdown("one\ntwo") == "<p>one<br>\ntwo</p>"
    assert render_markdown("one\ntwo", from_file=True) == "<p>one\ntwo</p>"
    # Who wants one there says so, as in any Markdown.
    assert render_markdown("one\\\ntwo", from_file=True) == "<p>one<br>\ntwo</p>"


def test_what_comes_from_a_file_is_sanitised_as_well() -> None:
    html = render_markdown("[x](javascript:alert(1)) <b>ü</b> ![i](https://example.com/i.png)", from_file=True)
    assert not any(tag in html for tag in ('href="javascript', "<b>", "<img"))
