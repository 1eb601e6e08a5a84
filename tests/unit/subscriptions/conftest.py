"""A real mail server on a free port of this machine, and invented subscribers."""
# ruff: noqa: ARG002 -- aiosmtpd calls its handlers with all it knows

import asyncio
import contextlib
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents import services as incidents
from incidents.models import Incident, Notice
from statuspage.core import clock
from subscriptions.enums import SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber

type Tell = Callable[[int], list[Subscriber]]

DROP = "drop the connection"


@dataclass
class Sink:
    """An SMTP server that keeps what it accepts. Answers can be set for an address at RCPT or after DATA.

    The answer DROP takes the message and closes the connection without a word.
    """

    port: int = 0
    accepted: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    rcpt_answers: dict[str, str] = field(default_factory=dict)
    data_answers: dict[str, list[str]] = field(default_factory=dict)
    mail_answer: str = ""
    sessions: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail_answer:
            return self.mail_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rcpt_answers:
            return self.rcpt_answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answers = self.data_answers.get(envelope.rcpt_tos[0], [])
        answer = answers.pop(0) if answers else "250 OK"
        if answer.startswith("250") or answer == DROP:
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.accepted.append(message)
            self.recipients += envelope.rcpt_tos
        if answer == DROP:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return answer


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    sink = Sink()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(sink, loop=loop, hostname="sink", enable_SMTPUTF8=False), "127.0.0.1", 0)
    )
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    settings.MAILERS = smtp_mailer(sink.port)
    yield sink
    asyncio.run_coroutine_threadsafe(_stop(server), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*others, return_exceptions=True)


def smtp_mailer(port: int) -> dict[str, Any]:
    options = {"host": "127.0.0.1", "port": port, "timeout": 2}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


@pytest.fixture
def page(db: None) -> Page:
    Page.objects.update_or_create(
        pk=1, defaults={"name": "Example", "url": "https://status.example.com", "time_zone": "Europe/Berlin"}
    )
    return Page.current()


@pytest.fixture
def api(page: Page) -> Component:
    return Component.objects.create(slug="api", name="API gateway", position=1)


@pytest.fixture
def web(page: Page) -> Component:
    return Component.objects.create(slug="web", name="Web application", position=2)


@pytest.fixture
def subscriber(page: Page) -> Callable[..., Subscriber]:
    """Makes a subscriber who confirmed yesterday."""

    def make(address: str = "ada@example.org", *components: Component, **fields: Any) -> Subscriber:
        yesterday = clock.now() - timedelta(days=1)
        values = {"state": SubscriberState.CONFIRMED, "confirmed_at": yesterday, **fields}
        row = Subscriber.objects.create(address=address, **values)
        row.components.set(components)
        return row

    return make


@pytest.fixture
def incident(api: Component) -> Incident:
    return incidents.open_incident(
        title="API errors in eu-west",
        severity="critical",
        message="We see **errors** and are looking into it.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
    )


@pytest.fixture
def notice(incident: Incident) -> Notice:
    return Notice.objects.get(incident=incident)


@pytest.fixture
def told(notice: Notice, subscriber: Callable[..., Subscriber]) -> Tell:
    """Makes so many subscribers and fans the notice out to them."""

    def tell(number: int) -> list[Subscriber]:
        made = [subscriber(f"r{n}@example.org") for n in range(number)]
        fan_out_pending()
        return made

    return tell


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))
