"""What stands below a mail: why it came, and the ways to change that."""

from dataclasses import dataclass

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from subscriptions.languages import say
from subscriptions.said.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class FootLine:
    """A sentence with its addresses as links or, with a `url`, the words of one link."""

    text: str
    html: str = ""
    url: str = ""


def foot_of_subscription(*, page: str, page_url: str, manage_url: str, unsubscribe_url: str) -> list[FootLine]:
    words = say("You get this because you subscribed to %(page)s at %(url)s")
    return [_sentence(words, page=page, url=page_url), *_ways(manage_url, unsubscribe_url)]


def foot_of_contact(*, page: str, page_url: str, manage_url: str, unsubscribe_url: str) -> list[FootLine]:
    """For who was named beside a URL: they may have subscribed to nothing."""
    words = say("You get this because this address was named as the contact of a webhook at %(page)s: %(url)s")
    return [_sentence(words, page=page, url=page_url), *_ways(manage_url, unsubscribe_url)]


def foot_of_follower(*, page: str, page_url: str, manage_url: str, unsubscribe_url: str) -> list[FootLine]:
    words = say("You get this because you asked %(page)s to tell you when this incident is over: %(url)s")
    return [_sentence(words, page=page, url=page_url), *_ways(manage_url, unsubscribe_url)]


def foot_of_customer(said: Words, *, page: str, page_url: str) -> list[FootLine]:
    words = say(
        "You get this because you are our customer. %(page)s writes to all customers only when an incident is very "
        "serious. It is not part of a subscription to %(url)s"
    )
    lines = [_sentence(words, page=page, url=page_url)]
    if said.reply_to:
        lines.append(_sentence(say("To reach us, answer this mail or write to %(address)s"), address=said.reply_to))
    if said.contact_url:
        either = say("Or: %(address)s") if said.reply_to else say("To reach us: %(address)s")
        lines.append(_sentence(either, address=said.contact_url))
    return lines


def foot_of_page(*, page: str, page_url: str) -> list[FootLine]:
    """For who has no subscription yet, and so nothing to change."""
    return [_sentence("%(page)s, %(url)s", page=page, url=page_url)]


def _ways(manage_url: str, unsubscribe_url: str) -> list[FootLine]:
    return [
        FootLine(text=say("Change what you get"), url=manage_url),
        FootLine(text=say("Unsubscribe"), url=unsubscribe_url),
    ]


def _sentence(words: str, **values: str) -> FootLine:
    shown = {name: _linked(value) for name, value in values.items()}
    # The words are a catalog's and escaped here; the values were escaped as they were linked.
    return FootLine(text=words % values, html=SafeString(escape(words) % shown))


def _linked(value: str) -> str:
    if value.startswith(("https://", "http://")):
        return format_html('<a href="{}">{}</a>', value, value)
    if "@" in value:
        return format_html('<a href="mailto:{}">{}</a>', value, value)
    return escape(value)
