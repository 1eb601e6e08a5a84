"""What a piece of an import would change. Who left, or whose mailbox refuses us, is never brought back by a list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from subscriptions.enums import Channel, SubscriberState
from subscriptions.importing.reading import LeftOut, Row
from subscriptions.models import Subscriber
from subscriptions.retention import erased_address


@dataclass(slots=True, kw_only=True)
class Sorted:
    """`pending` had asked to be told and not confirmed yet: the list confirms them."""

    new: list[Row] = field(default_factory=list)
    pending: list[tuple[Subscriber, Row]] = field(default_factory=list)
    unchanged: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def sort_out(entries: Sequence[Row | LeftOut], *, lock: bool = False) -> Sorted:
    """Two queries. With `lock`, the subscribers that are found are held until the transaction ends."""
    rows = [entry for entry in entries if isinstance(entry, Row)]
    emails = {row.email for row in rows}
    known = _known(emails, lock=lock)
    erased = _erased(emails)
    found = Sorted(left_out=[entry for entry in entries if isinstance(entry, LeftOut)])
    seen: set[str] = set()
    for row in rows:
        subscriber = known.get(row.email)
        if row.email in seen or (subscriber is not None and subscriber.state == SubscriberState.CONFIRMED):
            # Also whoever chose something else here than the list says: what they chose themselves counts.
            found.unchanged += 1
        elif subscriber is None and row.email not in erased:
            found.new.append(row)
        elif subscriber is not None and subscriber.state == SubscriberState.PENDING:
            found.pending.append((subscriber, row))
        else:
            found.left_out.append(LeftOut(line=row.line, reason=_why_not(subscriber)))
        seen.add(row.email)
    return found


def _known(emails: Collection[str], *, lock: bool) -> dict[str, Subscriber]:
    rows = Subscriber.objects.filter(channel=Channel.EMAIL, address__in=emails).order_by("pk")
    return {row.address: row for row in (rows.select_for_update() if lock else rows)}


def _erased(emails: Collection[str]) -> set[str]:
    """Those who left so long ago that their address is not kept any more, but for a keyed hash."""
    by_hash = {erased_address(email): email for email in emails}
    left = Subscriber.objects.filter(channel=Channel.EMAIL, address__in=by_hash)
    return {by_hash[address] for address in left.values_list("address", flat=True)}


def _why_not(subscriber: Subscriber | None) -> str:
    if subscriber is None:
        return "They unsubscribed here: only they themselves can come back."
    if subscriber.state == SubscriberState.UNSUBSCRIBED:
        when = f" on {subscriber.ended_at:%Y-%m-%d}" if subscriber.ended_at else ""
        return f"They unsubscribed here{when}: only they themselves can come back."
    why = f": {subscriber.suppressed_reason}" if subscriber.suppressed_reason else ""
    return f"Suppressed{why}. Lift that first, if the address works again."
