"""Sending what is due, lane by lane."""

from subscriptions import ledger
from subscriptions.ledger import Tally
from subscriptions.senders import LANES


def lanes_with_due() -> list[str]:
    """The lanes that have something to send now. One query each."""
    return [name for name, lane in LANES.items() if ledger.has_due(lane.channels)]


def send_batch(lane_name: str = "mail", *, limit: int | None = None) -> Tally:
    """Claim one batch of the lane's, send it and record every result."""
    lane = LANES[lane_name]
    if not ledger.has_due(lane.channels):
        return Tally()
    with lane.turn() as is_ours:
        if not is_ours:
            return Tally()
        batch = ledger.claim_due_batch(lane.channels, limit or lane.at_once)
        return lane.send(batch) if batch.deliveries else Tally()
