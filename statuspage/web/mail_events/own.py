"""What a mail server of our own posts: JSON as `docs/bounces.md` says. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from statuspage.core.errors import ValidationFailed
from subscriptions.bounces import Kind, MailEvent, kind_of_answer

MOST_EVENTS = 1000
LONGEST_TEXT = 2000
NAMES = ("bounce", "complaint", "unsubscribe")
KEYS = ("event", "email", "messageId", "status", "reason")


def read_own_events(body: bytes) -> list[MailEvent]:
    """One event, or `{"events": [...]}` with up to a thousand. Raises ValidationFailed."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ValidationFailed("body", "Expected JSON.") from None
    events = document.get("events", [document]) if isinstance(document, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise ValidationFailed("body", f"Expected one event, or events, at most {MOST_EVENTS}.")
    return [_event(event) for event in events]


def _event(event: object) -> MailEvent:
    if not isinstance(event, dict):
        raise ValidationFailed("events", "Each event is an object.")
    unknown = sorted(set(event) - set(KEYS))
    if unknown:
        raise ValidationFailed("events", f"There is no key {str(unknown[0])[:40]!r}: {', '.join(KEYS)}.")
    texts = {key: _text(event, key) for key in KEYS}
    if texts["event"] not in NAMES:
        raise ValidationFailed("event", f"Expected one of {', '.join(NAMES)}.")
    if not texts["email"] and not texts["messageId"]:
        raise ValidationFailed("email", "Say whose mail it was: email, or messageId.")
    words = f"{texts['status']} {texts['reason']}".strip()
    return MailEvent(
        kind=KINDS[texts["event"]](texts["status"], texts["reason"]),
        address=texts["email"],
        message_id=texts["messageId"],
        words=words,
    )


KINDS: Mapping[str, Callable[[str, str], Kind]] = {
    "bounce": kind_of_answer,
    "complaint": lambda _status, _reason: Kind.COMPLAINT,
    "unsubscribe": lambda _status, _reason: Kind.UNSUBSCRIBED,
}


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValidationFailed(key, f"Expected a text of up to {LONGEST_TEXT} characters.")
    return value
