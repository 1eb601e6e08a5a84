"""Words that are prepared for the worst minute, and the blanks in them. No template engine ever reads them.

A blank is `[[name]]`: up to 60 characters on one line, without square brackets. Everything else is text. What is put
into a blank is text too: nothing in it is filled again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.enums import TemplateKind
from incidents.models import MessageTemplate
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_line

BLANK = re.compile(r"\[\[[ \t]*([^\[\]\s](?:[^\[\]\r\n]{0,58}[^\[\]\s])?)[ \t]*\]\]")
VALUE_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A title, which is one line, and a body in Markdown."""

    title: str
    body: str


def blanks(*texts: str) -> tuple[str, ...]:
    """The names of the blanks, each once, in the order in which they are read."""
    return tuple(dict.fromkeys(match[1] for text in texts for match in BLANK.finditer(text)))


def fill(template: MessageTemplate | Filled, values: Mapping[str, str]) -> Filled:
    """The words with their blanks filled. Raises ValidationFailed that names a blank without a value."""
    return Filled(
        title=fill_text(template.title, values, field="title"), body=fill_text(template.body, values, field="message")
    )


def fill_text(text: str, values: Mapping[str, str], *, field: str) -> str:
    """One text with its blanks filled. `field` is what the refusal is about."""
    cleaned = {name: clean_line(value) for name, value in values.items()}
    for name in blanks(text):
        value = cleaned.get(name, "")
        if not value:
            raise ValidationFailed(field, f"Fill in the blank “{name}”, or take it out of the text.")
        if len(value) > VALUE_LENGTH:
            raise ValidationFailed(field, f"“{name}” has {len(value)} characters; at most {VALUE_LENGTH} fit.")
    return BLANK.sub(lambda match: cleaned[match[1]], text)


def fill_known(text: str, values: Mapping[str, str]) -> str:
    """For a preview: the blanks that have a value, filled; the others as they are."""
    cleaned = {name: clean_line(value) for name, value in values.items()}
    return BLANK.sub(lambda match: cleaned.get(match[1]) or match[0], text)


def templates_for(*kinds: TemplateKind) -> list[MessageTemplate]:
    """In the order in which staff put them. One query."""
    rows = MessageTemplate.objects.filter(kind__in=kinds).select_related("severity")
    return list(rows.order_by("position", "name"))
