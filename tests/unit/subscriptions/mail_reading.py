"""Reading mails as a person does: the words of the text beside those of the HTML."""

import html
import re
from email.message import EmailMessage

from subscriptions.moulds import CastMail

NOT_SHOWN = re.compile(r"<(style|title)>.*?</\1>|<div style=\"display: none.*?</div>|<!--.*?-->", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
MARKDOWN = re.compile(r"[*`#>|~]+|^\s*(?:[-+]|\d+[.)])\s", re.MULTILINE)
ADDRESS = re.compile(r"https?://\S+")
WORD = re.compile(r"[^\W_]+")


def unwrapped(text: str) -> str:
    """The text as it was before its facts were put into lines of 72 characters."""
    return re.sub(r"\n  (?=\S)", " ", text)


def words_of_text(text: str) -> list[str]:
    return WORD.findall(ADDRESS.sub("", MARKDOWN.sub(" ", text)))


def words_of_html(page: str) -> list[str]:
    return WORD.findall(ADDRESS.sub("", html.unescape(TAG.sub(" ", NOT_SHOWN.sub(" ", page)))))


def assert_same_words(mail: CastMail) -> None:
    """Both say the same, word for word, but for Markdown's own signs, addresses and the page's name at the top."""
    rich = words_of_html(str(mail.alternatives[0][0]))
    plain = words_of_text(str(mail.body))
    name = rich[: len(rich) - len(plain)]
    assert rich == [*name, *plain], (rich, plain)
    # What is left of the HTML is the name of the page, which the text's foot has too.
    assert name
    assert " ".join(name) in " ".join(plain)


def text_part(message: EmailMessage) -> str:
    return _part(message, "plain")


def html_part(message: EmailMessage) -> str:
    return _part(message, "html")


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")
