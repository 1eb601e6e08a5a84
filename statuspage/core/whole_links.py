"""Links for readers who are not on the page, such as those of a mail: a path leads nowhere there."""

import re
from html import escape, unescape
from urllib.parse import urljoin

from statuspage.core.markdown import outside_code

_HREF = re.compile(r'href="([^"]*)"')
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TARGET = re.compile(r"\]\(([^\s()<>\"']+)")


def whole_links_in_html(html: str, base: str) -> str:
    """Sanitised HTML with every `href` in full; `base` is the address that they are read from."""

    def in_full(found: re.Match[str]) -> str:
        joined = _joined(base, unescape(found[1]))
        return f'href="{escape(joined)}"' if joined else found[0]

    return _HREF.sub(in_full, html)


def whole_links_in_markdown(text: str, base: str) -> str:
    """The same for `[words](path)` in Markdown that is shown as it was written. Code is left alone."""
    return outside_code(text, lambda said: _TARGET.sub(lambda found: f"]({_joined(base, found[1]) or found[1]}", said))


def _joined(base: str, target: str) -> str:
    """Empty for what is whole already, and for what is no address at all, such as `//[`."""
    if _HAS_SCHEME.match(target):
        return ""
    try:
        return urljoin(base, target)
    except ValueError:
        return ""
