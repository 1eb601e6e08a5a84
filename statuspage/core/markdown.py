"""Markdown from staff to HTML for everyone. The one function that makes text safe to publish.

CommonMark with links found in plain text and tables; raw HTML is shown as text; then nh3 keeps a narrow list of tags.
Images are dropped: a status page in an emergency loads nothing from anywhere else. No template engine ever sees it.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

TAGS = {"p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"}
TAGS |= {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}

_BARE_URL = re.compile(r"(?<![\(<\[\"'=\w/])(https?://[^\s<>\"'`\)\]]*[^\s<>\"'`\)\].,;:!?])")
# What is code is no address to follow. Bounded: nobody makes us look for the end of ten thousand backticks.
_CODE = re.compile(r"(?ms)^ {0,3}(`{3,}+|~{3,}+)[^\n]*\n.*?(?:^ {0,3}\1|\Z)|(?<!`)(`++)[^\n]{1,500}?(?<!`)\2(?!`)")
_HEADING = re.compile(r"<(/?)h([12])>")

_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
_file_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(maxsize=4096)
def render_markdown(text: str, *, from_file: bool = False) -> str:
    """Sanitised HTML for a Markdown text. Headings begin at h3, below the page's own.

    Who types into a form means the ends of their lines; in a file they are the editor's (`from_file`).
    """
    linked = _with_links(text)
    parser = _file_parser if from_file else _parser
    html = _HEADING.sub(lambda match: f"<{match[1]}h3>", parser.render(linked))
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener nofollow").strip()


def markdown_tree(text: str) -> SyntaxTreeNode:
    """The same text, read in the same way, for what is no HTML: chats have dialects of their own.

    Nothing of it is sanitised: a link leads wherever it leads.
    """
    return SyntaxTreeNode(_parser.parse(_with_links(text)))


@lru_cache(maxsize=4096)
def markdown_to_text(text: str) -> str:
    """The words alone, on one line: for feeds' summaries, previews and meta descriptions."""
    words = nh3.clean(render_markdown(text), tags=set())
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")):
        words = words.replace(entity, character)
    return " ".join(words.split())


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with what is no code changed, piece by piece."""
    said, at = [], 0
    for code in _CODE.finditer(text):
        said += [change(text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*said, change(text[at:])])


def _with_links(text: str) -> str:
    """Addresses in running text in angle brackets, which is how CommonMark makes links of them."""
    return outside_code(text, lambda said: _BARE_URL.sub(r"<\1>", said))
