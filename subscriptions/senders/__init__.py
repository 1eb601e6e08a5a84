"""How messages leave, by channel. One broken channel never holds up another: each lane has tasks of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from subscriptions.enums import Channel
from subscriptions.ledger import SECONDS_A_BATCH, Batch, Tally
from subscriptions.senders import hooks
from subscriptions.senders.apprise import send_apprise
from subscriptions.senders.mail import PACE as MAIL_PACE
from subscriptions.senders.mail import send_mails
from subscriptions.senders.pace import Pace
from subscriptions.senders.turns import Turn, anybody, one_sender, some_senders

UNLIMITED = Pace(lambda: 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Channels whose messages go out together. `send` gets a batch of at most `batch` and records every result."""

    channels: frozenset[Channel]
    send: Callable[[Batch], Tally]
    batch: int
    pace: Pace = UNLIMITED
    turn: Turn = anybody

    @property
    def at_once(self) -> int:
        """A batch, or what the channel's limit lets through in the time of one."""
        return self.pace.cut(self.batch, SECONDS_A_BATCH)


# By the name of the Celery queue that its tasks go to.
LANES: dict[str, Lane] = {
    "mail": Lane(
        channels=frozenset({Channel.EMAIL}),
        send=send_mails,
        batch=200,
        pace=MAIL_PACE,
        turn=some_senders("mail", lambda: settings.MAIL_SENDERS),
    ),
    "hooks": Lane(channels=hooks.CHANNELS, send=hooks.send_hooks, batch=hooks.BATCH, turn=one_sender("hooks")),
    "apprise": Lane(channels=frozenset({Channel.APPRISE}), send=send_apprise, batch=20),
}
