"""What chats have in common: the words of their messages, the colours of their edges, and how answers are read."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from incidents.enums import NoticeKind
from statuspage.core.text import clean_line
from subscriptions.enums import Purpose
from subscriptions.hooks.outgoing import Answer, HookMessage, Outgoing, Reply, Verdict, answer_by_status
from subscriptions.languages import reader_of, say, say_count, speaking
from subscriptions.links import CONFIRMATION_LIFETIME
from subscriptions.said.words import Fact, Words, plain

# As in `templates/mail/base.html`.
COLOURS = {
    "none": "#c3c8cf",
    "minor": "#d79a0b",
    "major": "#e2701a",
    "critical": "#d3313f",
    "over": "#2f9e5b",
    "work": "#3b78d8",
}
MOST_WAIT = timedelta(hours=1)
# What begins something: all others are follow-ups.
FIRST_WORDS = frozenset({NoticeKind.INCIDENT_CREATED, NoticeKind.MAINTENANCE_SCHEDULED})


def words_of(message: HookMessage) -> Words:
    """What is said: of a notice its words, else a letter about the subscription itself."""
    if message.words is not None:
        return message.words
    page = clean_line(message.page_name)
    if message.delivery.purpose == Purpose.CONFIRMATION:
        return _letter(
            say("Confirm that this channel wants status updates"),
            say(
                "Somebody asked %(page)s to post here when something breaks, and when it is over. If that is right,"
                " open the link and press Confirm there. If not, do nothing: nothing else will be posted.",
                page=page,
            ),
            link=(say("Confirm on the status page"), message.confirm_url),
            fact=say_count(
                "The link is good for %(number)d day.",
                "The link is good for %(number)d days.",
                CONFIRMATION_LIFETIME.days,
            ),
        )
    if message.delivery.purpose == Purpose.TEST:
        return _letter(
            say("This is a test"),
            say("%(page)s can post here. Nothing is broken.", page=page),
            link=(say("To the status page"), message.page_url),
        )
    return _letter(
        say("This channel is subscribed"),
        say("%(page)s posts here when something breaks, and when it is over.", page=page),
        link=(say("Change or end it"), message.manage_url),
        fact=say("Who can read this message can do that. Is that too many? Keep the link and delete the message."),
    )


def speaking_to(message: HookMessage) -> AbstractContextManager[None]:
    """Within it our own words are in the language that was chosen; `message.words` are in it already."""
    return speaking(reader_of(message.subscriber).language)


def the_rest() -> str:
    """What a text ends with that had to be cut; a link."""
    return say("The rest is on the page")


def _letter(title: str, text: str, *, link: tuple[str, str], fact: str = "") -> Words:
    return Words(
        thread="",
        subject=title,
        title=title,
        passages=[plain("", text)],
        facts=[Fact(value=fact)] if fact else [],
        link_label=link[0],
        url=link[1],
    )


def is_follow_up(message: HookMessage) -> bool:
    """Whether something was said of this before: then a message is short."""
    return message.notice is not None and message.notice.kind not in FIRST_WORDS


def headline(words: Words) -> str:
    """The state first: `Resolved: API errors in eu-west`."""
    return f"{words.state}: {words.title}" if words.state else words.title


def edge_of(words: Words) -> str:
    return COLOURS.get(words.css, COLOURS["none"])


def posting(url: str, payload: Mapping[str, Any], *, method: str = "POST") -> Outgoing:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Outgoing(method=method, url=url, headers={"Content-Type": "application/json; charset=utf-8"}, body=body)


def read_chat_answer(reply: Reply, *, gone: Mapping[int, str], said: str = "") -> Answer:
    """2xx is yes; the statuses in `gone` mean that nothing goes there any more, for the reason they name.

    Any other 4xx but 408, 425 and 429 says that this message will never be taken. `said` is a word of the answer that
    helps who looks for the reason: never a whole body, which may repeat the secret address.
    """
    because = f" ({said})" if said else ""
    if reply.status in gone:
        return Answer(verdict=Verdict.GONE, words=f"Answered with {reply.status}{because}: {gone[reply.status]}")
    usual = answer_by_status(reply)
    if usual.verdict is not Verdict.RETRY:
        return usual
    if 400 <= reply.status < 500 and reply.status not in {408, 425, 429}:
        return Answer(verdict=Verdict.REFUSED, words=f"Answered with {reply.status}{because}.")
    wait = None if usual.wait is None else min(usual.wait, MOST_WAIT)
    return Answer(verdict=Verdict.RETRY, words=f"Answered with {reply.status}{because}.", wait=wait)
