"""Which way a letter about a subscription itself goes."""

from yarl import URL

from statuspage.core.http.allowed import host_of
from subscriptions.enums import Channel
from subscriptions.models import Subscriber

CHATS = frozenset({Channel.SLACK, Channel.TEAMS, Channel.DISCORD})
POSTED_TO = CHATS | {Channel.WEBHOOK}


def host_in(channel: str, address: str) -> str:
    """The host of a URL, as limits count it; empty for what is no URL."""
    return host_of(URL(address)) if channel in POSTED_TO else ""


def way_of_letters(subscriber: Subscriber) -> tuple[Channel, str]:
    """Channel and host: into a chat what is about that chat, all else by mail."""
    if subscriber.channel in CHATS:
        return Channel(subscriber.channel), subscriber.host
    return Channel.EMAIL, ""
