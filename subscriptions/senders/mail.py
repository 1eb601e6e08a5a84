"""Mails, handed to the mail server over one connection a batch."""

import logging
import time
from datetime import timedelta
from typing import Protocol

from django.core.mail import EmailMessage, mailers

from statuspage.core import clock, stopping
from statuspage.core.mail_answers import GIVE_UP_AFTER, Verdict, verdict_on, wait_after
from subscriptions import ledger
from subscriptions.customers import suppress_customer
from subscriptions.ledger import Batch, Failure, Tally
from subscriptions.mail_kinds import MailKinds
from subscriptions.models import Delivery
from subscriptions.rendering import cast_mail
from subscriptions.services import suppress

logger = logging.getLogger(__name__)

# One mail may take four exchanges of 15 seconds each with a slow server: this far from the end no other is begun.
STOP_BEFORE_LEASE_ENDS = timedelta(seconds=40)
RECORD_EVERY = 20
SERVER_FAILURES_IN_A_ROW = 2
RECORD_AT_LEAST_EVERY_SECONDS = 1.0


class Mailer(Protocol):
    """The part of Django's mail backends that we use."""

    def open(self) -> bool | None: ...
    def close(self) -> None: ...
    def send_messages(self, email_messages: list[EmailMessage], /) -> int | None: ...


def send_mails(batch: Batch) -> Tally:
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
        self._kinds = MailKinds()
        self._sent: list[int] = []
        self._server_failures = 0
        self._recorded_at = time.monotonic()
        self._stop_at = time.monotonic() + (ledger.LEASE - STOP_BEFORE_LEASE_ENDS).total_seconds()

    def send_all(self) -> None:
        waiting = list(self._batch.deliveries)
        while waiting and time.monotonic() < self._stop_at and not stopping.is_asked():
            delivery = waiting.pop(0)
            if not delivery.is_wanted:
                self.tally.suppressed += ledger.record_unwanted(self._batch, [delivery])
                continue
            verdict, error = self._send(delivery)
            if verdict is None:
                self._note_sent(delivery)
                continue
            self._record_failure(delivery, verdict, error)
            if self._server_is_gone(verdict):
                # They were not tried, and wait as long as the one that was.
                wait = wait_after(1, verdict)
                self.tally.postponed += ledger.postpone(self._batch, waiting, wait=wait, words=error)
                waiting = []
        self._record_sent()
        self.tally.postponed += ledger.release(self._batch, waiting)

    def close(self) -> None:
        try:
            self._mailer.close()
        except OSError:
            # The mails are recorded already: how the server says goodbye does not matter.
            logger.info("the mail server did not close the connection in order")

    def _send(self, delivery: Delivery) -> tuple[Verdict | None, str]:
        try:
            self._mailer.open()
            self._mailer.send_messages([cast_mail(self._kinds.kind_for(delivery), delivery)])
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

    def _note_sent(self, delivery: Delivery) -> None:
        self._server_failures = 0
        self._sent.append(delivery.pk)
        late = time.monotonic() - self._recorded_at > RECORD_AT_LEAST_EVERY_SECONDS
        if late or len(self._sent) >= RECORD_EVERY:
            self._record_sent()

    def _record_sent(self) -> None:
        self._recorded_at = time.monotonic()
        if self._sent:
            self.tally.sent += ledger.record_sent(self._batch.lease, self._sent)
            self._sent = []

    def _record_failure(self, delivery: Delivery, verdict: Verdict, words: str) -> None:
        final = verdict in {Verdict.FAIL, Verdict.SUPPRESS} or delivery.age(clock.now()) > GIVE_UP_AFTER
        wait = None if final else wait_after(delivery.attempts + 1, verdict)
        held = ledger.record_failure(self._batch.lease, delivery, Failure(words=words, wait=wait))
        if held and verdict is Verdict.SUPPRESS:
            _suppress(delivery, words)
        if final:
            self.tally.failed += 1
        else:
            self.tally.postponed += 1


def _suppress(delivery: Delivery, reason: str) -> None:
    if delivery.subscriber_id is not None:
        suppress(subscriber_id=delivery.subscriber_id, reason=reason)
    if delivery.customer_id is not None:
        suppress_customer(customer_id=delivery.customer_id, reason=reason)
