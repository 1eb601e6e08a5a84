"""A real SMTP server in the test process that keeps what it is given."""

import email
import email.policy
import threading
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services import free_port


class Mailbox:
    """Everything that was accepted, oldest first. `answers` makes it refuse: address → SMTP answer."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self._messages: list[EmailMessage] = []
        self._lock = threading.Lock()
        # aiosmtpd looks whether it answers on the port it was told: it cannot be told 0.
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        """Also again, after a stop, on the same port."""
        self._controller.start()

    def stop(self) -> None:
        """Nobody listens on its port any more."""
        self._controller.stop()

    @property
    def messages(self) -> list[EmailMessage]:
        with self._lock:
            return list(self._messages)

    def to(self, address: str) -> list[EmailMessage]:
        """Those that were handed over for this address (the envelope's, not a header's)."""
        return [message for message in self.messages if address in message["X-Envelope-To"].split(", ")]

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _rcpt_options: list[str]
    ) -> str:
        if refusal := self.answers.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        with self._lock:
            self._messages.append(message)
        return "250 OK"
