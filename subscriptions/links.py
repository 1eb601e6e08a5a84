"""The links in our mails. Nothing about them is stored, so nothing can be stolen: a link is the subscriber's public id
and generation, signed for one purpose.

CONFIRM is good for 7 days. MANAGE opens the reader's own page: for 90 days it changes things, after that it only
leaves and asks for a fresh one. LEAVE is what mail programs and their servers get to see: it leaves and nothing else.
Raising the generation makes all earlier links useless but for leaving, which works with any link, however old.
"""

from dataclasses import dataclass
from datetime import timedelta

from statuspage.core.tokens import sign, unsign
from subscriptions.models import Subscriber

CONFIRM = "subscription.confirm"
MANAGE = "subscription.manage"
LEAVE = "subscription.leave"
CONFIRMATION_LIFETIME = timedelta(days=7)
MANAGE_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFor:
    """Whom a link was made for, and in which generation of theirs."""

    public_id: str
    generation: int


def confirm_token(subscriber: Subscriber) -> str:
    return sign(CONFIRM, _value(subscriber))


def manage_token(subscriber: Subscriber) -> str:
    return sign(MANAGE, _value(subscriber))


def leave_token(subscriber: Subscriber) -> str:
    return sign(LEAVE, _value(subscriber))


def read_confirm_token(token: str) -> SignedFor | None:
    """None if forged, for another purpose or older than 7 days."""
    return _read(unsign(CONFIRM, token, max_age=CONFIRMATION_LIFETIME))


def read_manage_token(token: str) -> SignedFor | None:
    """None if forged or for another purpose; of any age, as people keep old mails. See `is_fresh`."""
    return _read(unsign(MANAGE, token))


def read_leave_token(token: str) -> SignedFor | None:
    """Whom a link takes out: one that was made for leaving, or for managing. They never expire (RFC 8058)."""
    return _read(unsign(LEAVE, token)) or read_manage_token(token)


def is_fresh(token: str) -> bool:
    """Whether this is a managing link that may still change something."""
    return unsign(MANAGE, token, max_age=MANAGE_LIFETIME) is not None


def confirm_path(token: str) -> str:
    return f"/subscribe/confirm/{token}/"


def manage_path(token: str) -> str:
    return f"/subscriptions/{token}/"


def unsubscribe_path(token: str) -> str:
    return f"/subscriptions/{token}/unsubscribe/"


def _value(subscriber: Subscriber) -> str:
    return f"{subscriber.public_id}:{subscriber.generation}"


def _read(value: str | None) -> SignedFor | None:
    public_id, colon, generation = (value or "").partition(":")
    if not colon or not generation.isdecimal():
        return None
    return SignedFor(public_id=public_id, generation=int(generation))
