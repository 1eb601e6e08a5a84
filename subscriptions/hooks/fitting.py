"""As much of a text as a chat takes: whole paragraphs, then whole sentences, and where the rest is."""

import re
from collections.abc import Callable, Sequence

from subscriptions.hooks.dialects import Dialect, Piece

SENTENCE_END = re.compile(r"[.!?…。！？](?=\s|$)|\n")
WORD_END = re.compile(r"\S(?=\s)")
ELLIPSIS = "…"
# A sentence that leaves more than this part of the room empty is cut at a word instead.
LEAST_FILLED = 0.4


def length_of(text: str) -> int:
    """In UTF-16 units: the strictest way in which any of the chats counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def join(pieces: Sequence[Piece]) -> str:
    """Pieces under each other, with an empty line between those that are not tight."""
    text = ""
    for piece in pieces:
        joint = ("\n" if piece.is_tight else "\n\n") if text else ""
        text += joint + piece.text
    return text


def fit(pieces: Sequence[Piece], limit: int, dialect: Dialect, *, more: str) -> str:
    """At most `limit` long. `more` says where the rest is, in the dialect; it ends a text that had to be cut."""
    whole = join(pieces)
    if length_of(whole) <= limit:
        return whole
    room = limit - length_of(more) - 2
    taken: list[Piece] = []
    for piece in pieces:
        if length_of(join([*taken, piece])) > room:
            left = room - (length_of(join(taken)) + 2 if taken else 0)
            words = cut(piece.words, left, lambda text: length_of(dialect.escape(text)))
            if words:
                taken.append(Piece(text=dialect.escape(words), words=words, is_tight=piece.is_tight))
            break
        taken.append(piece)
    return f"{join(taken)}\n\n{more}" if taken else more


def fit_line(text: str, limit: int, escape: Callable[[str], str] = str) -> str:
    """One line, escaped: at most `limit` long with what the escaping adds."""
    return escape(cut(text, limit, lambda part: length_of(escape(part))))


def fit_lines(lines: Sequence[str], limit: int) -> str:
    """As many whole lines as there is room for; each is written in the dialect already."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if length_of(longer) > limit:
            break
        text = longer
    return text


def cut(text: str, limit: int, measure: Callable[[str], int]) -> str:
    """The longest beginning that ends with a sentence, else with a word and an ellipsis. May be empty."""
    if measure(text) <= limit:
        return text
    most = _most(text, limit, measure)
    sentences = [match.end() for match in SENTENCE_END.finditer(text, 0, most + 1) if match.end() <= most]
    if sentences and sentences[-1] >= most * LEAST_FILLED:
        return text[: sentences[-1]].rstrip()
    most = _most(text, limit - length_of(ELLIPSIS), measure)
    words = [match.end() for match in WORD_END.finditer(text, 0, most + 1) if match.end() <= most]
    end = words[-1] if words and words[-1] >= most * LEAST_FILLED else most
    return text[:end].rstrip() + ELLIPSIS if end > 0 else ""


def _most(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """How many characters of the text fit."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
