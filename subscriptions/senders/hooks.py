"""Messages that are one HTTP request each: webhooks and chats (`subscriptions.hooks`)."""

from subscriptions import ledger
from subscriptions.enums import Channel
from subscriptions.hooks import FORMATS
from subscriptions.ledger import Batch, Tally

CHANNELS = frozenset({Channel.WEBHOOK, Channel.SLACK, Channel.TEAMS, Channel.DISCORD}) & frozenset(FORMATS)


def send_hooks(batch: Batch) -> Tally:
    """Nothing is sent yet: what was taken is given back."""
    return Tally(suppressed=ledger.record_unwanted(batch, [one for one in batch.deliveries if not one.is_wanted]))
