"""How messages leave, by channel. One broken channel never holds up another: each lane has tasks of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from subscriptions.enums import Channel
from subscriptions.ledger import Batch, Tally
from subscriptions.senders import hooks
from subscriptions.senders.mail import send_mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Channels whose messages go out together. `send` gets a batch of at most `batch` and records every result."""

    channels: frozenset[Channel]
    send: Callable[[Batch], Tally]
    batch: int


# By the name of the Celery queue that its tasks go to.
LANES: dict[str, Lane] = {
    "mail": Lane(channels=frozenset({Channel.EMAIL}), send=send_mails, batch=200),
    "hooks": Lane(channels=hooks.CHANNELS, send=hooks.send_hooks, batch=200),
}
