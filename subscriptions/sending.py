"""Handing mails to the mail server, and writing down what became of each.

A sender takes a batch of due deliveries with a lease, sends outside any transaction over one connection, and records
what happened every few mails. If it dies, what it had not recorded is due again when the lease ends and goes out with
the same Message-ID; nothing else is ever repeated. A sender stops well before its lease ends, so that it never works
on a row that another one may have taken; and when its process is asked to stop, it gives back what it has not begun.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.core.mail import EmailMessage, mailers
from django.db import transaction
from django.db.models import F

from statuspage.core import clock, stopping
from statuspage.core.database import retry_on_conflict
from statuspage.core.identifiers import new_public_id
from statuspage.core.mail_answers import GIVE_UP_AFTER, Verdict, verdict_on, wait_after
from subscriptions.customers import suppress_customer
from subscriptions.enums import DeliveryState, Purpose
from subscriptions.models import ERROR_LENGTH, Delivery, DeliveryQuerySet
from subscriptions.rendering import MailKind, cast_mail, choice_of, render_letter, render_notice
from subscriptions.services import suppress

logger = logging.getLogger(__name__)

BATCH = 200
LEASE = timedelta(minutes=5)
# One mail may take four exchanges of 15 seconds each with a slow server: this far from the end no other is begun.
STOP_BEFORE_LEASE_ENDS = timedelta(minutes=2)
RECORD_EVERY = 20
SERVER_FAILURES_IN_A_ROW = 2
RECORD_AT_LEAST_EVERY_SECONDS = 1.0


class Mailer(Protocol):
    """The part of Django's mail backends that we use."""

    def open(self) -> bool | None: ...
    def close(self) -> None: ...
    def send_messages(self, email_messages: list[EmailMessage], /) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Deliveries that are ours alone until the lease ends."""

    lease: str
    deliveries: list[Delivery]


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


@retry_on_conflict
@transaction.atomic
def claim_due_batch(limit: int = BATCH) -> Batch:
    """Lease the deliveries that have waited longest. Two senders never get the same one. Three queries."""
    now = clock.now()
    lease = new_public_id()
    due = Delivery.objects.due(now).select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:limit])
    rows = Delivery.objects.filter(pk__in=ids)
    # A lease is a moment in the future: a sender that dies leaves the row due again then.
    rows.update(lease=lease, next_attempt_at=now + LEASE)
    deliveries = rows.select_related("subscriber", "customer").order_by("created_at", "pk")
    return Batch(lease=lease, deliveries=list(deliveries))


def has_due() -> bool:
    return Delivery.objects.due(clock.now()).exists()


def send_batch(*, limit: int = BATCH) -> Tally:
    """Claim one batch, send it and record every result."""
    if not has_due():
        return Tally()
    batch = claim_due_batch(limit)
    if not batch.deliveries:
        return Tally()
    sender = _Sender(batch)
    try:
        sender.send_all()
    finally:
        sender.close()
    return sender.tally


class _Sender:
    """One batch over one connection."""

    def __init__(self, batch: Batch) -> None:
        self.tally = Tally()
        self._batch = batch
        self._mailer: Mailer = mailers.default
        self._kinds: dict[tuple[int | None, str, str], MailKind] = {}
        self._sent: list[int] = []
        self._server_failures = 0
        self._recorded_at = time.monotonic()
        self._stop_at = time.monotonic() + (LEASE - STOP_BEFORE_LEASE_ENDS).total_seconds()

    def send_all(self) -> None:
        waiting = list(self._batch.deliveries)
        while waiting and time.monotonic() < self._stop_at and not stopping.is_asked():
            delivery = waiting.pop(0)
            if not delivery.is_wanted:
                self._record_unwanted(delivery)
                continue
            verdict, error = self._send(delivery)
            if verdict is None:
                self._note_sent(delivery)
                continue
            self._record_failure(delivery, verdict, error)
            if self._server_is_gone(verdict):
                self._postpone(waiting, error)
                waiting = []
        self._record_sent()
        self._release(waiting)

    def close(self) -> None:
        try:
            self._mailer.close()
        except OSError:
            # The mails are recorded already: how the server says goodbye does not matter.
            logger.info("the mail server did not close the connection in order")

    def _send(self, delivery: Delivery) -> tuple[Verdict | None, str]:
        try:
            self._mailer.open()
            self._mailer.send_messages([cast_mail(self._kind(delivery), delivery)])
        except Exception as error:
            verdict, words = verdict_on(error)
            if not isinstance(error, OSError):
                logger.exception("delivery %d could not be sent", delivery.pk)
            return verdict, words
        return None, ""

    def _server_is_gone(self, verdict: Verdict) -> bool:
        """A broken connection is made anew for the next mail; when that breaks as well, the server is gone."""
        if verdict is not Verdict.WAIT_FOR_SERVER:
            return False
        self.close()
        self._server_failures += 1
        return self._server_failures >= SERVER_FAILURES_IN_A_ROW

    def _kind(self, delivery: Delivery) -> MailKind:
        purpose = Purpose(delivery.purpose)
        reader = None if delivery.notice_id else delivery.subscriber
        choice = "" if reader is None else choice_of(reader)
        key = (delivery.notice_id, purpose.value, choice)
        if key not in self._kinds:
            self._kinds[key] = render_notice(delivery.notice) if delivery.notice else render_letter(purpose, choice)
        return self._kinds[key]

    def _note_sent(self, delivery: Delivery) -> None:
        self._server_failures = 0
        self._sent.append(delivery.pk)
        late = time.monotonic() - self._recorded_at > RECORD_AT_LEAST_EVERY_SECONDS
        if late or len(self._sent) >= RECORD_EVERY:
            self._record_sent()

    def _record_sent(self) -> None:
        self._recorded_at = time.monotonic()
        if self._sent:
            self.tally.sent += record_sent(self._batch.lease, self._sent)
            self._sent = []

    def _record_failure(self, delivery: Delivery, verdict: Verdict, error: str) -> None:
        state = record_failure(self._batch.lease, delivery, verdict, error)
        if state is DeliveryState.FAILED:
            self.tally.failed += 1
        else:
            self.tally.postponed += 1

    def _record_unwanted(self, delivery: Delivery) -> None:
        self._held([delivery]).update(state=DeliveryState.SUPPRESSED, lease="")
        self.tally.suppressed += 1

    def _postpone(self, deliveries: Iterable[Delivery], error: str) -> None:
        """The server is gone: they were not tried, and wait as long as the one that was."""
        wait = wait_after(1, Verdict.WAIT_FOR_SERVER)
        self.tally.postponed += self._held(deliveries).update(
            lease="", next_attempt_at=clock.now() + wait, last_error=error[:ERROR_LENGTH]
        )

    def _release(self, deliveries: Iterable[Delivery]) -> None:
        """There was no time for these: they are due at once."""
        self.tally.postponed += self._held(deliveries).update(lease="", next_attempt_at=clock.now())

    def _held(self, deliveries: Iterable[Delivery]) -> DeliveryQuerySet:
        return Delivery.objects.held(self._batch.lease, [delivery.pk for delivery in deliveries])


@retry_on_conflict
def record_sent(lease: str, ids: list[int]) -> int:
    """Mark as sent what this lease still holds. Returns how many."""
    return Delivery.objects.held(lease, ids).update(
        state=DeliveryState.SENT, sent_at=clock.now(), attempts=F("attempts") + 1, lease="", last_error=""
    )


@retry_on_conflict
@transaction.atomic
def record_failure(lease: str, delivery: Delivery, verdict: Verdict, error: str) -> DeliveryState:
    """Postpone it, or give it up: at once if the server said so, else when it has been tried for five days."""
    now = clock.now()
    attempts = delivery.attempts + 1
    words = error[:ERROR_LENGTH].replace("\x00", "")
    final = verdict in {Verdict.FAIL, Verdict.SUPPRESS} or delivery.age(now) > GIVE_UP_AFTER
    state = DeliveryState.FAILED if final else DeliveryState.PENDING
    held = Delivery.objects.held(lease, [delivery.pk]).update(
        state=state,
        attempts=attempts,
        lease="",
        last_error=words,
        next_attempt_at=now + wait_after(attempts, verdict),
    )
    if held and verdict is Verdict.SUPPRESS:
        _suppress(delivery, words)
    return state


def _suppress(delivery: Delivery, reason: str) -> None:
    if delivery.subscriber_id is not None:
        suppress(subscriber_id=delivery.subscriber_id, reason=reason)
    if delivery.customer_id is not None:
        suppress_customer(customer_id=delivery.customer_id, reason=reason)
