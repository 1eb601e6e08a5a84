"""What a mail says, before it is text or HTML: both are made of the same words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import linebreaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of staff's: as they wrote it, in Markdown or not, and as sanitised HTML."""

    title: str = ""
    text: str
    html: str
    is_markdown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line. Without a label the value is a sentence."""

    label: str = ""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`thread` is what the mails about one thing share; `css` names the colour of its edge (`subscriptions.look`)."""

    thread: str
    subject: str
    title: str
    state: str = ""
    about: Sequence[str] = ()
    css: str = "none"
    passages: Sequence[Passage] = ()
    facts: Sequence[Fact] = ()
    link_label: str
    url: str
    # Sentences right above and below the link, and whether it is what the mail is for, not where to read more.
    asking: str = ""
    closing: str = ""
    is_asking: bool = False
    # Where an answer goes, and another way to reach us; of mails to customers alone.
    reply_to: str = ""
    contact_url: str = ""


def plain(title: str, text: str) -> Passage:
    """A text that is not Markdown."""
    return Passage(title=title, text=text, html=linebreaks(text, autoescape=True), is_markdown=False)


def some(*facts: tuple[str, str]) -> list[Fact]:
    """Those with a value."""
    return [Fact(label=label, value=value) for label, value in facts if value]


def names_of(components: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(component["name"] for component in components)
