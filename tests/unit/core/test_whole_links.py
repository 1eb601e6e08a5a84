import pytest

from statuspage.core.markdown import render_markdown
from statuspage.core.whole_links import whole_links_in_html, whole_links_in_markdown

BASE = "https://status.example.com/"


@pytest.mark.parametrize(
    ("target", "whole"),
    [
        ("/history/", "https://status.example.com/history/"),
        ("history/?a=1&b=2", "https://status.example.com/history/?a=1&b=2"),
        ("https://other.example/x", "https://other.example/x"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("//[", "//["),
    ],
)
def test_a_path_is_written_in_full_and_nothing_else_is_changed(target: str, whole: str) -> None:
    assert whole_links_in_markdown(f"See [the log]({target}).", BASE) == f"See [the log]({whole})."
    html = f'<a href="{target.replace("&", "&amp;")}">the log</a>'
    assert whole_links_in_html(html, BASE) == f'<a href="{whole.replace("&", "&amp;")}">the log</a>'


def test_code_is_shown_as_it_was_written() -> None:
    text = "```\ncurl [a](/b)\n```\n`[a](/b)` is what to type, [here](/b)"
    assert whole_links_in_markdown(text, BASE) == text.replace("[here](/b)", "[here](https://status.example.com/b)")


def test_both_kinds_lead_to_the_same_place() -> None:
    text = 'See [the log](/history/ "all of it").'
    html = whole_links_in_html(render_markdown(text), BASE)
    assert html == render_markdown(whole_links_in_markdown(text, BASE))
