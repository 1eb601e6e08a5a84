"""Mails, handed to the mail server over one connection a batch."""

import logging
import time
from collections import deque
from typing import Protocol

from django import db
from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from statuspage.core import clock, smtp, stopping
from statuspage.core.database import retry_when_cut_off
from statuspage.core.mail_answers import GIVE_UP_AFTER, Verdict, verdict_on, wait_after
from subscriptions import ledger
from subscriptions.customers import suppress_customer
from subscriptions.enums import Channel
from subscriptions.ledger import Batch, Failure, Tally
from subscriptions.mail_kinds import MailKinds
from subscriptions.models import Delivery
from subscriptions.rendering import cast
from subscriptions.senders.pace import Pace
from subscriptions.services import suppress

logger = logging.getLogger(__name__)

# An envelope or a message takes less with the slowest server that is waited for (`statuspage.core.smtp`), and then
# it is to be written down. With less of the lease left than that, nothing is begun.
SECONDS_FOR_ONE = 50.0
# What a crash may repeat: not more than this many, and not more than was sent in this time.
RECORD_EVERY = 100
RECORD_AT_LEAST_EVERY_SECONDS = 0.5
SERVER_FAILURES_IN_A_ROW = 2
PACE = Pace(lambda: settings.MAIL_RATE_LIMIT)


class LeaseLost(Exception):
    """Somebody else may be sending this one."""


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
        self._kind_for = retry_when_cut_off(MailKinds().kind_for)
        self._waiting = deque(batch.deliveries)
        self._sent: list[int] = []
        self._server_failures = 0
        self._recorded_at = time.monotonic()
        self._stop_at = time.monotonic() + ledger.SECONDS_A_BATCH

    def send_all(self) -> None:
        while self._waiting and time.monotonic() < self._stop_at and not stopping.is_asked():
            delivery = self._waiting.popleft()
            if not delivery.is_wanted:
                self.tally.suppressed += ledger.record_unwanted(self._batch, [delivery])
                continue
            PACE.wait()
            try:
                self._send(delivery)
            except LeaseLost:
                logger.warning("delivery %d was taken by another sender: this one was too slow", delivery.pk)
            except db.Error:
                raise
            except OSError as error:
                self._note_failure(delivery, error)
            except Exception as error:
                logger.exception("delivery %d could not be sent", delivery.pk)
                self._note_failure(delivery, error)
            else:
                self._note_sent(delivery)
        self._record_sent()
        self.tally.postponed += ledger.release(self._batch, self._waiting)

    def close(self) -> None:
        try:
            self._mailer.close()
        except OSError:
            # The mails are recorded already: how the server says goodbye does not matter.
            logger.info("the mail server did not close the connection in order")

    def _send(self, delivery: Delivery) -> None:
        mail = cast(self._kind_for(delivery), delivery)
        self._mailer.open()
        self._hold(delivery)
        server = self._mailer.connection if isinstance(self._mailer, SmtpBackend) else None
        if server is None:
            self._mailer.send_messages([mail.as_mail()])
            return
        sender, data = smtp.bare_address(mail.mould.sender), mail.wire()
        smtp.offer_envelope(server, sender=sender, recipient=mail.to, size=len(data))
        try:
            self._hold(delivery)
        except BaseException:
            # The server waits for a message and would take all that we say for one.
            server.close()
            self.close()
            raise
        smtp.send_message(server, data)

    def _hold(self, delivery: Delivery) -> None:
        """See that nobody else takes this one, nor what waits behind it. Raises LeaseLost if somebody has."""
        if self._batch.seconds_left > SECONDS_FOR_ONE:
            return
        self._record_sent()
        ours = ledger.extend(self._batch, [delivery, *self._waiting])
        self._waiting = deque(one for one in ours if one.pk != delivery.pk)
        if len(ours) == len(self._waiting):
            raise LeaseLost

    def _note_failure(self, delivery: Delivery, error: Exception) -> None:
        verdict, words = verdict_on(error)
        self._record_failure(delivery, verdict, words)
        if self._server_is_gone(verdict):
            # They were not tried, and wait as long as the one that was.
            wait = wait_after(1, verdict)
            self.tally.postponed += ledger.postpone(self._batch, self._waiting, wait=wait, words=words)
            self._waiting.clear()

    def _server_is_gone(self, verdict: Verdict) -> bool:
        """A broken connection is made anew for the next mail; when that breaks as well, the server is gone."""
        if verdict is not Verdict.WAIT_FOR_SERVER:
            return False
        # Making the connection anew may take longer than the lease.
        self._record_sent()
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


@retry_when_cut_off
def _suppress(delivery: Delivery, reason: str) -> None:
    """Whose mailbox it was. That the contact of a URL has none any more says nothing about the URL."""
    if delivery.subscriber is not None and delivery.subscriber.channel == Channel.EMAIL:
        suppress(subscriber_id=delivery.subscriber.pk, reason=reason)
    if delivery.customer_id is not None:
        suppress_customer(customer_id=delivery.customer_id, reason=reason)
