"""In which language and time zone a reader is written to.

Every fixed word of a mail goes through `say` or `say_count`; what staff wrote never does. The catalogs are
`subscriptions/locale/<code>/LC_MESSAGES/django.po`; their words have a context of their own, so that Django's and the
console's catalogs cannot answer for them. `python -m subscriptions.catalogs` makes the .mo files.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import translation

from subscriptions.models import Subscriber

# By code, each in its own words, in the order in which they are offered.
LANGUAGES: dict[str, str] = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
DEFAULT_LANGUAGE = "en"
CONTEXT = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How somebody is written to. An empty time zone is the page's."""

    language: str = DEFAULT_LANGUAGE
    time_zone: str = ""


def reader_of(subscriber: Subscriber) -> Reader:
    """As they chose; what we do not know (any more) is as if nothing had been chosen. No query."""
    return Reader(language=known_language(subscriber.language), time_zone=_known_zone(subscriber.time_zone))


def known_language(code: str) -> str:
    """`de-AT` and `DE` → `de`; a language that we do not speak → English."""
    base = code.replace("_", "-").partition("-")[0].lower()
    return base if base in LANGUAGES else DEFAULT_LANGUAGE


def speaking(language: str) -> AbstractContextManager[None]:
    """Within it, `say` answers in this language: one of LANGUAGES."""
    return translation.override(language)


def say(words: str, **values: object) -> str:
    """The words in the reader's language, with values put in for `%(name)s`. The English is the key of the catalog."""
    said = translation.pgettext(CONTEXT, words)
    return said % values if values else said


def say_count(one: str, many: str, number: int, **values: object) -> str:
    """The same where a number decides the form: `%(number)d` is always there."""
    return translation.npgettext(CONTEXT, one, many, number) % {"number": number, **values}


def to_be_said(words: str) -> str:
    """Marks words that `say` gets later, for the test that looks whether every catalog has them."""
    return words


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return ""
