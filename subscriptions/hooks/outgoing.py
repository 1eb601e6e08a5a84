"""What a format of the `hooks` lane gets, and what it gives: one HTTP request, and a reading of its answer. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from incidents.models import Notice
from subscriptions.models import Delivery, Subscriber
from subscriptions.said.words import Words


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    RETRY = "retry"  # later, as the ladder says
    REFUSED = "refused"  # this message never; the next one may go
    GONE = "gone"  # nothing goes there any more


@dataclass(frozen=True, slots=True, kw_only=True)
class HookMessage:
    """All that a format needs, without a query.

    `secrets` are a webhook's, the newest first. `notice` is of a `Purpose.NOTICE` alone, and so are `words`, which
    only chats have; the other purposes are letters about the subscription and the question whether this target wants
    our messages (`confirm_url`, only then). `posted_id` is the id of an earlier message of this thread in a chat, or
    empty. `is_late`: a later word was posted before this one, which had to be tried again.
    """

    delivery: Delivery
    subscriber: Subscriber
    secrets: tuple[str, ...] = ()
    notice: Notice | None = None
    words: Words | None = None
    manage_url: str
    unsubscribe_url: str
    confirm_url: str = ""
    page_name: str
    page_url: str  # no slash at its end
    page: Mapping[str, Any] = field(default_factory=dict)  # as `incidents.notices_page` says it
    at: datetime
    posted_id: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    method: str = "POST"
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the other side answered. `headers` have lower-case names; `body` is cut at 64 KiB."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What that means. `words` say why it was not accepted; `wait` is the least time until the next try.

    `remote_id` is the id of the message that was made, to be kept for the thread. `confirms`: the target said yes.
    """

    verdict: Verdict
    words: str = ""
    wait: timedelta | None = None
    remote_id: str = ""
    confirms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one channel's messages are written and its answers are read.

    `edit` brings the first message of the thread up to date, once a later one (`posted_id` is set) was accepted: asked
    for once, and whatever becomes of it, the delivery stays sent.
    """

    write: Callable[[HookMessage], Outgoing]
    read_answer: Callable[[HookMessage, Reply], Answer]
    edit: Callable[[HookMessage], Outgoing | None] | None = None


def answer_by_status(reply: Reply) -> Answer:
    """The common reading: 2xx is yes, 410 is never again, all else is tried again, not before Retry-After."""
    if 200 <= reply.status < 300:
        return Answer(verdict=Verdict.ACCEPTED)
    words = f"Answered with {reply.status}."
    if reply.status == 410:
        return Answer(verdict=Verdict.GONE, words="Answered with 410 Gone.")
    if 300 <= reply.status < 400:
        words = f"Answered with {reply.status}: redirects are not followed."
    asked = reply.headers.get("retry-after", "")
    wait = timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None
    return Answer(verdict=Verdict.RETRY, words=words, wait=wait)
