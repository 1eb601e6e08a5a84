"""The links in our mails. Nothing is stored: a link is the subscriber's public id and generation, signed."""

from dataclasses import dataclass
from datetime import timedelta

from statuspage.core.tokens import sign, unsign
from subscriptions.models import Subscriber

CONFIRM = "subscription.confirm"
MANAGE = "subscription.manage"
CONFIRMATION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFor:
    """Whom a link was made for, and in which generation of theirs."""

    public_id: str
    generation: int


def confirm_token(subscriber: Subscriber) -> str:
    return sign(CONFIRM, _value(subscriber))


def manage_token(subscriber: Subscriber) -> str:
    return sign(MANAGE, _value(subscriber))


def read_confirm_token(token: str) -> SignedFor | None:
    """None if forged, for another purpose or older than 7 days."""
    return _read(unsign(CONFIRM, token, max_age=CONFIRMATION_LIFETIME))


def read_manage_token(token: str) -> SignedFor | None:
    """None if forged or for another purpose. These never expire: people keep old mails."""
    return _read(unsign(MANAGE, token))


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
