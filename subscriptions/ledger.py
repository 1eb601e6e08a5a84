"""Taking what is due, and writing down what became of it.

A sender takes a batch of due deliveries with a lease, sends outside any transaction, and records what happened every
few messages. If it dies, what it had not recorded is due again when the lease ends and goes out with the same id;
nothing else is ever repeated. The lease is short, so that this is soon, and a sender that lives extends it while it
works: it begins no message unless the lease lasts longer than that message may take, so that it never works on a row
that another one may have taken. When its process is asked to stop, it gives back what it has not begun.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.functions import Least

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict, retry_when_cut_off
from statuspage.core.identifiers import new_public_id
from subscriptions.enums import Channel, DeliveryState
from subscriptions.models import ERROR_LENGTH, Delivery, DeliveryQuerySet

# How long the rest of a batch waits after its sender was killed. `extend` it in time: a slow sender needs longer.
LEASE = timedelta(seconds=60)
# After so long a sender gives back what is left of its batch, and what is more urgent by now goes first.
SECONDS_A_BATCH = 10.0


@dataclass(slots=True, kw_only=True)
class Batch:
    """Deliveries that are ours alone until the lease ends."""

    lease: str
    deliveries: list[Delivery]
    leased_at: float = field(default_factory=time.monotonic)  # by `time.monotonic`, not later than in the database
    leased_until: datetime = field(default_factory=lambda: clock.now() + LEASE)  # as in the database

    @property
    def seconds_left(self) -> float:
        """Until another sender may take what is not recorded yet.

        By whichever clock is further: other senders go by the wall's, which jumps, also past the time that a machine
        was suspended; one that was put back leaves ours.
        """
        by_our_own = self.leased_at + LEASE.total_seconds() - time.monotonic()
        return min(by_our_own, (self.leased_until - clock.now()).total_seconds())

    def held(self, deliveries: Iterable[Delivery]) -> DeliveryQuerySet:
        """Those of these that the lease still holds."""
        return Delivery.objects.held(self.lease, [delivery.pk for delivery in deliveries])


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of a batch."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    suppressed: int = 0

    @property
    def handled(self) -> int:
        return self.sent + self.failed + self.postponed + self.suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A message that was not taken. `wait` is until the next try; None: there is none."""

    words: str
    wait: timedelta | None
    status_code: int | None = None


def has_due(channels: Collection[Channel]) -> bool:
    """One query."""
    return Delivery.objects.due(clock.now()).filter(channel__in=channels).exists()


@retry_on_conflict
@transaction.atomic
def claim_due_batch(
    channels: Collection[Channel],
    limit: int,
    *,
    without_hosts: Collection[str] = (),
    without_subscribers: Collection[int] = (),
) -> Batch:
    """Lease what is due on these channels, the most urgent first; two senders never get the same. Three queries."""
    began, now = time.monotonic(), clock.now()
    lease = new_public_id()
    due = Delivery.objects.due(now).filter(channel__in=channels).select_for_update(skip_locked=True)
    if without_hosts:
        due = due.exclude(host__in=without_hosts)
    if without_subscribers:
        due = due.exclude(subscriber__in=without_subscribers)
    ids = list(due.values_list("pk", flat=True)[:limit])
    if not ids:
        return Batch(lease=lease, deliveries=[], leased_at=began, leased_until=now)
    rows = Delivery.objects.filter(pk__in=ids)
    # A lease is a moment in the future: a sender that dies leaves the row due again then.
    rows.update(lease=lease, next_attempt_at=now + LEASE)
    deliveries = rows.select_related("subscriber", "customer").order_by("priority", "created_at", "pk")
    return Batch(lease=lease, deliveries=list(deliveries), leased_at=began, leased_until=now + LEASE)


@retry_when_cut_off
@retry_on_conflict
@transaction.atomic
def extend(batch: Batch, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Hold these for another `LEASE` from now on. Returns those that are ours still, in the same order.

    What is missing was taken by another sender, since the lease had ended: leave it alone. Two queries at most.
    """
    began, until = time.monotonic(), clock.now() + LEASE
    held = batch.held(deliveries)
    ours = list(deliveries)
    if held.update(next_attempt_at=until) != len(ours):
        left = set(held.values_list("pk", flat=True))
        ours = [delivery for delivery in ours if delivery.pk in left]
    batch.leased_at, batch.leased_until = began, until
    return ours


@retry_when_cut_off
@retry_on_conflict
def record_sent(lease: str, ids: Collection[int], *, status_code: int | None = None) -> int:
    """Mark as sent what this lease still holds. Returns how many."""
    return Delivery.objects.held(lease, ids).update(
        state=DeliveryState.SENT,
        sent_at=clock.now(),
        attempts=F("attempts") + 1,
        lease="",
        last_error="",
        status_code=status_code,
    )


@retry_when_cut_off
@retry_on_conflict
def record_failure(lease: str, delivery: Delivery, failure: Failure) -> bool:
    """Postpone it or give it up. Returns whether the lease still held it."""
    now = clock.now()
    final = failure.wait is None
    held = Delivery.objects.held(lease, [delivery.pk]).update(
        state=DeliveryState.FAILED if final else DeliveryState.PENDING,
        attempts=delivery.attempts + 1,
        lease="",
        last_error=failure.words.replace("\x00", "")[:ERROR_LENGTH],
        status_code=failure.status_code,
        next_attempt_at=now + (failure.wait or timedelta(0)),
    )
    return bool(held)


@retry_when_cut_off
def record_unwanted(batch: Batch, deliveries: Iterable[Delivery]) -> int:
    """Their recipients have left since. Returns how many."""
    return batch.held(deliveries).update(state=DeliveryState.SUPPRESSED, lease="")


@retry_when_cut_off
def postpone(batch: Batch, deliveries: Iterable[Delivery], *, wait: timedelta, words: str) -> int:
    """They were not tried, for the reason in `words`. Returns how many."""
    return batch.held(deliveries).update(
        lease="", next_attempt_at=clock.now() + wait, last_error=words.replace("\x00", "")[:ERROR_LENGTH]
    )


@retry_when_cut_off
def release(batch: Batch, deliveries: Iterable[Delivery]) -> int:
    """There was no time for these: they are due at once, in the place they had. Returns how many."""
    now = Value(clock.now(), output_field=DateTimeField())
    # Not now: the second update of an incident, which has waited since it was written, would go before the first.
    # What was tried before, or is sent again by hand, has not been due since it was written: it would be called late.
    in_their_place = Case(When(attempts=0, repeats=0, then=Least(F("created_at"), now)), default=now)
    return batch.held(deliveries).update(lease="", next_attempt_at=in_their_place)
