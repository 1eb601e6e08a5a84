"""The guarded client and certificates. Nothing here leaves loopback."""

import asyncio
import ssl
from typing import Any

import pytest
import trustme

from statuspage.core.http.client import Fetched
from statuspage.core.http.errors import DeadlineExceeded, RedirectRefused, TlsFailed
from tests.hostile import Recording, Server, answer, hang, redirecting
from tests.unit.core.http.conftest import Names, get


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def get_secure(certificate: trustme.LeafCert, trusted: ssl.SSLContext, **options: Any) -> tuple[Fetched, Server]:
    return get(
        options.pop("behaviour", answer()),
        names=Names(secure_example=["127.0.0.1"]),
        url=lambda server: f"https://secure.example:{server.port}/",
        tls=server_side(certificate),
        trusted=trusted,
        **options,
    )


def test_a_certificate_for_the_name_is_taken(authority: trustme.CA) -> None:
    fetched, _ = get_secure(authority.issue_cert("secure.example"), client_side(authority))
    assert fetched.status == 200


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    with pytest.raises(TlsFailed, match=r"^The certificate is for another name\.$"):
        get_secure(authority.issue_cert("other.example"), client_side(authority))


def test_an_expired_certificate_is_refused(authority: trustme.CA) -> None:
    from datetime import UTC, datetime

    certificate = authority.issue_cert(
        "secure.example", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(TlsFailed, match=r"^The certificate has expired\.$"):
        get_secure(certificate, client_side(authority))


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with pytest.raises(TlsFailed, match=r"unknown|self-signed"):
        get_secure(authority.issue_cert("secure.example"), ssl.create_default_context())


def test_a_server_without_tls_says_so() -> None:
    async def plain(_reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    with pytest.raises(TlsFailed, match="does not speak TLS"):
        get(plain, url=lambda server: f"https://127.0.0.1:{server.port}/")


def test_a_handshake_that_hangs_ends_at_the_deadline() -> None:
    with pytest.raises(DeadlineExceeded):
        get(hang, url=lambda server: f"https://127.0.0.1:{server.port}/", timeout=0.3)


def test_a_redirect_from_https_to_http_is_refused(authority: trustme.CA) -> None:
    with pytest.raises(RedirectRefused, match="from https to http"):
        get_secure(
            authority.issue_cert("secure.example"),
            client_side(authority),
            behaviour=redirecting("http://secure.example/"),
        )


def test_a_certificate_is_not_looked_at_where_that_was_asked_for(authority: trustme.CA) -> None:
    fetched, _ = get_secure(authority.issue_cert("other.example"), client_side(authority), verify_tls=False)
    assert fetched.status == 200
