"""Markdown of staff in the dialects of chats: from its tokens, so that what is a mark stays one and all else is text.

What nobody can turn off in a chat is not left to it: each dialect's `escape` takes the meaning from every character of
a text that could begin a mark, a mention of a channel or of everybody, or a link. Links lead where a page may lead
(`http`, `https`, `mailto`, `tel`), those of the page itself in full.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

from markdown_it.tree import SyntaxTreeNode

from statuspage.core.markdown import SCHEMES, markdown_tree
from subscriptions.said.words import Passage

# An address in a mark: what could end the mark, or begin another, is written as RFC 3986, section 2.1 says.
SAFE_IN_LINK = "!#$&'*+,/:;=?@%~"
ZERO_WIDTH_SPACE = "\u200b"
# At the beginning of a word: the @ of a mail address is left as it is.
MENTION = re.compile(r"(?<!\w)@(?=\w)")
# HTML, and what Slack and Teams write mentions as: <!channel>, <@U01>, <at>Ada</at>.
TAG = re.compile(r"<(?=[\w/!@#])")
CODE, BLOCK_OF_CODE = "`", "```"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a chat writes. `link` gets a label that is escaped and an address that is safe in its mark."""

    escape: Callable[[str], str]
    link: Callable[[str, str], str]
    bold: str
    italic: str
    strike: str
    code: Callable[[str], str]
    block_of_code: Callable[[str], str]
    bullet: str = "•"
    quote: str = "> "
    new_line: str = "\n"
    schemes: frozenset[str] = frozenset(SCHEMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A paragraph, an item of a list, a row of a table or a block of code: in the dialect, and as bare words.

    A tight one stands on the line after the one before it.
    """

    text: str
    words: str
    is_tight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    dialect: Dialect
    base: str
    active: frozenset[str] = field(default=frozenset())

    def inside(self, mark: str) -> "_Writer":
        return _Writer(dialect=self.dialect, base=self.base, active=self.active | {mark})

    def inline(self, node: SyntaxTreeNode) -> str:
        dialect = self.dialect
        if node.type in {"softbreak", "hardbreak"}:
            return dialect.new_line
        if node.type == "code_inline":
            return dialect.code(node.content)
        if node.type in {"strong", "em", "s"}:
            return self._marked(node)
        if node.type == "link":
            return self._link(node)
        if node.children:
            return "".join(map(self.inline, node.children))
        return dialect.escape(node.content)

    def _marked(self, node: SyntaxTreeNode) -> str:
        mark = {"strong": self.dialect.bold, "em": self.dialect.italic, "s": self.dialect.strike}[node.type]
        inner = "".join(map(self.inside(node.type).inline, node.children))
        # Twice the same mark would end the first one.
        return inner if node.type in self.active or not inner.strip() else f"{mark}{inner}{mark}"

    def _link(self, node: SyntaxTreeNode) -> str:
        label, target = "".join(map(self.inline, node.children)), str(node.attrs.get("href", ""))
        url = self.address(target)
        return self.dialect.link(label, url) if url and label.strip() else label

    def address(self, target: str) -> str:
        """Where the link leads, in full and safe in a mark; empty if nobody is led there."""
        try:
            url = urljoin(self.base + "/", target)
            scheme = urlsplit(url).scheme
        except ValueError:
            return ""
        return quote(url, safe=SAFE_IN_LINK) if scheme in self.dialect.schemes else ""

    def blocks(self, node: SyntaxTreeNode, before: str = "") -> Iterator[Piece]:
        """`before` is written at the beginning of each line."""
        for child in node.children:
            if child.type in {"bullet_list", "ordered_list"}:
                yield from self._items(child, before)
            elif child.type == "blockquote":
                yield from self.blocks(child, before + self.dialect.quote)
            elif child.type == "table":
                yield from self._rows(child, before)
            elif child.type in {"fence", "code_block"}:
                code = child.content.rstrip("\n")
                yield Piece(text=self.dialect.block_of_code(code), words=code)
            elif child.type != "hr":
                yield self._paragraph(child, before)

    def _paragraph(self, node: SyntaxTreeNode, before: str) -> Piece:
        writer, mark = (self.inside("strong"), self.dialect.bold) if node.type == "heading" else (self, "")
        inline = "".join(map(writer.inline, node.children)).strip()
        text = f"{mark}{inline}{mark}" if inline else ""
        return Piece(text=before + text.replace("\n", "\n" + before), words=words_in(node))

    def _items(self, node: SyntaxTreeNode, before: str) -> Iterator[Piece]:
        number = int(node.attrs.get("start", 1) or 1) if node.type == "ordered_list" else None
        for position, item in enumerate(node.children):
            marker = self.dialect.bullet if number is None else f"{number + position}."
            # A list within a list is set off from it.
            first = True
            for piece in self.blocks(item, ""):
                lead = f"{marker} " if first else "   "
                text = piece.text.replace("\n", "\n" + before + "   ")
                tight = not first or position > 0
                yield Piece(text=f"{before}{lead}{text}", words=f"{lead.strip()} {piece.words}", is_tight=tight)
                first = False

    def _rows(self, node: SyntaxTreeNode, before: str) -> Iterator[Piece]:
        rows = [row for part in node.children for row in part.children]
        for position, row in enumerate(rows):
            writer = self.inside("strong") if position == 0 else self
            cells = [writer.inline(cell).strip() for cell in row.children]
            if position == 0:
                cells = [f"{self.dialect.bold}{cell}{self.dialect.bold}" if cell else "" for cell in cells]
            words = " – ".join(words_in(cell) for cell in row.children)
            tight = position > 0 and self.dialect.new_line == "\n"
            yield Piece(text=before + " – ".join(cells), words=words, is_tight=tight)


def words_in(node: SyntaxTreeNode) -> str:
    """The text alone, without any mark."""
    if node.type in {"softbreak", "hardbreak"}:
        return "\n"
    return "".join(map(words_in, node.children)) if node.children else node.content


def pieces_of(passage: Passage, dialect: Dialect, *, base: str) -> list[Piece]:
    """What staff wrote. `base` is the page's address, for links that begin at its root."""
    if not passage.is_markdown:
        parts = [part.strip() for part in re.split(r"\n\s*\n", passage.text.replace("\r\n", "\n"))]
        return [Piece(text=dialect.escape(part).replace("\n", dialect.new_line), words=part) for part in parts if part]
    writer = _Writer(dialect=dialect, base=base)
    return [piece for piece in writer.blocks(markdown_tree(passage.text)) if piece.words.strip()]


def without_mentions(text: str) -> str:
    """@everyone and the like are words and not calls."""
    return MENTION.sub("@" + ZERO_WIDTH_SPACE, text)


def without_tags(text: str) -> str:
    """Words that look like tags are read as words, where there is no other way to say so."""
    return TAG.sub("<" + ZERO_WIDTH_SPACE, text)


def as_code(text: str) -> str:
    return CODE + text.replace(CODE, "'").replace("\n", " ") + CODE


def as_block_of_code(text: str) -> str:
    """What would end it does not."""
    return f"{BLOCK_OF_CODE}\n{text.replace(BLOCK_OF_CODE, "'''")}\n{BLOCK_OF_CODE}"
