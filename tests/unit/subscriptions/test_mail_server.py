"""Mail servers that want encryption and a password, spoken to over real connections."""
# ruff: noqa: ARG002 -- aiosmtpd calls its handlers with all it knows

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from pytest_django import Settings

from incidents.models import Notice
from statuspage.core.mail_url import read_mail_url
from subscriptions import sending
from subscriptions.enums import DeliveryState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber
from tests.unit.subscriptions.conftest import Sink, smtp_mailer

USER, PASSWORD = "ada@example.com", "p:/?#@%+ \"'"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
Make = Callable[..., Subscriber]


class Doorkeeper(Sink):
    """Takes mail of one user only, and notes whether their password came over an encrypted connection."""

    def __init__(self) -> None:
        super().__init__()
        self.logins: list[tuple[bytes, bytes, bool]] = []

    def authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, auth: Any) -> AuthResult:
        assert isinstance(auth, LoginPassword)
        assert server.transport is not None
        encrypted = session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None
        self.logins.append((auth.login, auth.password, encrypted))
        return AuthResult(success=(auth.login, auth.password) == (USER.encode(), PASSWORD.encode()))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Trusted by this process, as an operator trusts their own by SSL_CERT_FILE."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@contextlib.contextmanager
def serving(keeper: Doorkeeper, context: ssl.SSLContext, *, at_once: bool) -> Iterator[int]:
    """The port of a server: encrypted from the first byte or, without `at_once`, by STARTTLS alone."""
    loop = asyncio.new_event_loop()
    asks: dict[str, Any] = {} if at_once else {"tls_context": context, "require_starttls": True}

    def protocol() -> SMTP:
        return SMTP(
            keeper,
            loop=loop,
            hostname="sink",
            authenticator=keeper.authenticate,
            # It knows of no encryption but STARTTLS, and would warn.
            auth_required=not at_once,
            auth_require_tls=not at_once,
            **asks,
        )

    listening = loop.create_server(protocol, "127.0.0.1", 0, ssl=context if at_once else None)
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def context_of(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp+tls", False), ("smtps", True)])
def test_mail_goes_out_encrypted_and_with_the_password_of_the_url(
    scheme: str, at_once: bool, authority: trustme.CA, notice: Notice, subscriber: Make, settings: Settings
) -> None:
    subscriber()
    fan_out_pending()
    keeper = Doorkeeper()
    with serving(keeper, context_of(authority, "localhost"), at_once=at_once) as port:
        settings.MAILERS = {"default": read_mail_url(f"{scheme}://{LOGIN}localhost:{port}?timeout=5")}
        assert sending.send_batch().sent == 1
    assert keeper.logins == [(USER.encode(), PASSWORD.encode(), True)]
    assert keeper.recipients == ["ada@example.org"]
    assert keeper.accepted[0]["Subject"] == "[Investigating] API errors in eu-west"


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp+tls", False), ("smtps", True)])
def test_a_server_with_somebody_else_s_certificate_gets_neither_password_nor_mail(
    scheme: str, at_once: bool, authority: trustme.CA, notice: Notice, subscriber: Make, settings: Settings
) -> None:
    subscriber()
    fan_out_pending()
    keeper = Doorkeeper()
    with serving(keeper, context_of(authority, "other.example"), at_once=at_once) as port:
        settings.MAILERS = {"default": read_mail_url(f"{scheme}://{LOGIN}localhost:{port}?timeout=5")}
        assert sending.send_batch().postponed == 1
    assert (keeper.logins, keeper.accepted) == ([], [])
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.PENDING
    assert "certificate" in delivery.last_error.lower()


def test_a_server_without_starttls_gets_nothing(
    notice: Notice, subscriber: Make, sink: Sink, settings: Settings
) -> None:
    subscriber()
    fan_out_pending()
    settings.MAILERS = {"default": read_mail_url(f"smtp+tls://127.0.0.1:{sink.port}?timeout=5")}
    assert sending.send_batch().postponed == 1
    assert sink.accepted == []
    settings.MAILERS = smtp_mailer(sink.port)
