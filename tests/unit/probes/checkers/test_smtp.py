"""SMTP probes: against a real server, and against servers that only look like one."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers.base import CheckFailed
from probes.checkers.fields import Fields
from probes.checkers.smtp import SmtpConfig
from probes.checkers.smtp_dialogue import Dialogue, Line, Unreadable, own_address, parse_line
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from tests.hostile import Behaviour, Recording, close_at_once, closed_port, dribble, flood, hang, say

NAME = "127.0.0.1"
AUTHORITY = trustme.CA()
SHORT = timedelta(milliseconds=300)


def server_side(authority: trustme.CA = AUTHORITY, name: str = NAME) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def client() -> GuardedClient:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return GuardedClient(tls=context)


def at(server: Any, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.port, **more}


def scripted(*answers: bytes, hang_after: bool = True, tls: ssl.SSLContext | None = None) -> Behaviour:
    """A banner, then an answer to each command; after one to STARTTLS a handshake."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        for position, answer in enumerate(answers):
            command = await reader.readuntil(b"\r\n") if position else b""
            writer.write(answer)
            await writer.drain()
            if command == b"STARTTLS\r\n" and tls is not None:
                await writer.start_tls(tls)
        if hang_after:
            await asyncio.sleep(60)

    return behave


class Mail:
    """A real server, which must never be given mail."""

    def __init__(self) -> None:
        self.mails = 0
        self.quits = 0

    async def handle_DATA(self, *_arguments: Any) -> str:
        self.mails += 1
        return "250 OK"

    async def handle_QUIT(self, *_arguments: Any) -> str:
        self.quits += 1
        return "221 Bye"


class Listening(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs)


@pytest.fixture
def mail_server() -> Iterator[Listening]:
    controller = Listening(Mail(), hostname="127.0.0.1", port=closed_port(), tls_context=server_side())
    controller.start()
    yield controller
    controller.stop()


def test_a_mail_server_is_up_over_starttls(mail_server: Listening, check: Any) -> None:
    result = check(ProbeKind.SMTP, at(mail_server, starttls="required"), client=client())
    assert result.outcome == Outcome.UP
    assert result.detail == f"EHLO and STARTTLS in {round(result.latency_ms)} ms"
    assert (mail_server.handler.mails, mail_server.handler.quits) == (0, 1)


def test_starttls_that_is_offered_is_used_unless_it_must_not(mail_server: Listening, check: Any) -> None:
    optional = check(ProbeKind.SMTP, at(mail_server), client=client())
    never = check(ProbeKind.SMTP, at(mail_server, starttls="never"), client=client())
    assert optional.detail.startswith("EHLO and STARTTLS in ")
    assert never.detail.startswith("EHLO in ")


def test_a_certificate_nobody_vouches_for_is_down(mail_server: Listening, check: Any) -> None:
    result = check(ProbeKind.SMTP, at(mail_server))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The certificate's issuer is unknown.")


def test_who_does_not_mind_the_certificate_says_so(mail_server: Listening, check: Any) -> None:
    assert check(ProbeKind.SMTP, at(mail_server, verify=False)).outcome == Outcome.UP


def test_a_certificate_for_another_name_is_down(check_server: Any) -> None:
    behaviour = scripted(
        b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n", tls=server_side(name="mail.example.com")
    )
    result = check_server(ProbeKind.SMTP, behaviour, at, client=client())
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The certificate is for another address.")


def test_a_server_with_tls_from_the_start_is_up(check_server: Any) -> None:
    behaviour = scripted(b"220 hi\r\n", b"250 hi\r\n", b"221 bye\r\n")
    result = check_server(
        ProbeKind.SMTP,
        behaviour,
        lambda server: at(server, tls=True, starttls="never"),
        tls=server_side(),
        client=client(),
    )
    assert result.outcome == Outcome.UP
    assert result.detail == f"EHLO over TLS in {round(result.latency_ms)} ms"


def test_a_server_that_does_not_say_goodbye_is_up(check_server: Any) -> None:
    result = check_server(ProbeKind.SMTP, scripted(b"220 hi\r\n", b"250 hi\r\n"), at)
    assert result.outcome == Outcome.UP


def test_a_server_that_knows_only_the_old_greeting_is_up(check_server: Any) -> None:
    behaviour = scripted(b"220 hi\r\n", b"502 what?\r\n", b"250 STARTTLS is no extension here\r\n")
    result = check_server(ProbeKind.SMTP, behaviour, at)
    assert (result.outcome, result.detail.split(" in ")[0]) == (Outcome.UP, "EHLO")


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        ([b"421 busy\r\n"], "The server takes no mail connections now (421)."),
        ([b"554 go away 10.1.2.3\r\n"], "The server takes no mail connections now (554)."),
        ([b"250 hi\r\n"], "The server greets with 250, expected 220."),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "The server does not answer as a mail server does."),
        ([b"\x00\xff\xfe garbage\r\n"], "The server does not answer as a mail server does."),
        ([b"220-hi\r\n250 no\r\n"], "The server does not answer as a mail server does."),
        ([b"220 hi\r\n", b"550 no\r\n"], "The server refused our greeting: EHLO answered 550."),
        ([b"220 hi\r\n", b"250 hi\r\n"], "The server does not offer STARTTLS."),
        (
            [b"220 hi\r\n", b"250-hi\r\n250 starttls\r\n", b"454 no\r\n"],
            "The server offers STARTTLS and refused it: answered 454.",
        ),
        (
            [b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n"],
            "The server goes on talking between STARTTLS and the handshake.",
        ),
        ([b"220-" + b"x" * 5000], "The server's reply has a line of more than 2048 bytes."),
        ([b"220-x\r\n" * 200], "The server's reply has more than 100 lines."),
    ],
)
def test_another_answer_is_down_in_our_own_words(answers: list[bytes], detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.SMTP, scripted(*answers), lambda server: at(server, starttls="required"))
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


GREETED = (b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n")


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (hang, "Connected, but the banner did not come within 300 ms."),
        (dribble(b"220 " + b"x" * 1000, every=0.05), "Connected, but the banner did not come within 300 ms."),
        (scripted(GREETED[0]), "Connected, but an answer to EHLO did not come within 300 ms."),
        (scripted(*GREETED), "Connected, but an answer to STARTTLS did not come within 300 ms."),
        (
            scripted(*GREETED, b"220 go\r\n"),
            "Connected, but the end of the TLS handshake did not come within 300 ms.",
        ),
        (close_at_once, "The server broke the connection off."),
        (scripted(GREETED[0], hang_after=False), "The server broke the connection off."),
        (
            scripted(*GREETED, b"220 go\r\n", hang_after=False),
            "The server broke the connection off during the TLS handshake.",
        ),
        (flood(b"x" * 1000), "The server's reply has a line of more than 2048 bytes."),
        (flood(b"220-x\r\n" * 100), "The server's reply has more than 100 lines."),
        (say(b"\r\n\r\n", then_hang=True), "The server does not answer as a mail server does."),
    ],
)
def test_a_hostile_server_is_down_in_time(behaviour: Behaviour, detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.SMTP, behaviour, at, timeout=SHORT)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_server_that_hangs_in_the_handshake_is_down_in_time(check_server: Any) -> None:
    result = check_server(ProbeKind.SMTP, hang, lambda server: at(server, tls=True, starttls="never"), timeout=SHORT)
    assert result.detail == "Connected, but the end of the TLS handshake did not come within 300 ms."


def test_the_banner_is_looked_through(check_server: Any) -> None:
    behaviour = scripted(b"220-Example\r\n220 mail.example.com ESMTP\r\n", b"250 hi\r\n")
    found = check_server(ProbeKind.SMTP, behaviour, lambda server: at(server, expect_banner="mail.example.com"))
    missed = check_server(ProbeKind.SMTP, behaviour, lambda server: at(server, expect_banner="mx1"))
    assert found.outcome == Outcome.UP
    assert (missed.outcome, missed.detail) == (Outcome.DOWN, 'The banner does not contain "mx1".')


@pytest.mark.parametrize(
    ("config", "said"),
    [({}, b"EHLO [127.0.0.1]\r\n"), ({"helo_name": "me.example.com"}, b"EHLO me.example.com\r\n")],
)
def test_we_greet_with_our_name(config: dict[str, str], said: bytes, check_server: Any) -> None:
    heard = []

    async def listening(reader: Recording, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        heard.append(await reader.readuntil(b"\r\n"))

    check_server(ProbeKind.SMTP, listening, lambda server: at(server, **config))
    assert heard == [said]


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.SMTP, {"host": "127.0.0.1", "port": closed_port()})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_private_address_without_permission_is_our_trouble(check: Any) -> None:
    result = check(ProbeKind.SMTP, {"host": "127.0.0.1"}, allow_private=False)
    assert result.outcome == Outcome.ERROR


def test_an_ipv6_server_is_greeted_with_our_ipv6_address() -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server,
        socket.create_connection(server.getsockname()[:2]) as opened,
    ):
        assert own_address(opened) == "[IPv6:::1]"


def test_a_server_with_an_ipv6_address_alone_is_up(check_once_on_ipv6: Any) -> None:
    result = check_once_on_ipv6(
        ProbeKind.SMTP, scripted(b"220 hi\r\n", b"250 hi\r\n", b"221 bye\r\n"), lambda port: {"port": port}
    )
    assert result.outcome == Outcome.UP


def read(keys: dict[str, Any]) -> tuple[SmtpConfig, list[str]]:
    fields = Fields({"host": "mail.example.com", **keys}, key="probes[0]", environ={})
    config = SmtpConfig.parse(fields)
    return config, [str(error) for error in fields.errors]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"host": "127.0.0.1"}, "probes[0].host"),
        ({"port": 70000}, "probes[0].port"),
        ({"starttls": True}, "probes[0].starttls"),
        ({"tls": "yes"}, "probes[0].tls"),
        ({"tls": True, "starttls": "required"}, "probes[0].starttls"),
        ({"verify": 1}, "probes[0].verify"),
        ({"expect_banner": "a\nb"}, "probes[0].expect_banner"),
        ({"helo_name": "me\r\nMAIL FROM:<a@b>"}, "probes[0].helo_name"),
        ({"helo_name": "me you"}, "probes[0].helo_name"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], said: str) -> None:
    _, errors = read(keys)
    assert errors
    assert all(error.startswith(said) for error in errors)


def test_the_port_follows_from_the_encryption() -> None:
    assert read({})[0] == SmtpConfig(host="mail.example.com", port=25, starttls="optional")
    assert read({"tls": True}) == (SmtpConfig(host="mail.example.com", port=465, starttls="never", tls=True), [])


def test_a_line_is_read() -> None:
    assert parse_line(b"250-SIZE 100\r\n") == Line(code=250, is_last=False, text="SIZE 100")
    assert parse_line(b"220") == Line(code=220, is_last=True, text="")


@given(st.binary(max_size=200))
def test_any_line_is_one_or_unreadable(raw: bytes) -> None:
    try:
        line = parse_line(raw)
    except Unreadable:
        return
    assert 200 <= line.code <= 599


LIKELY = st.sampled_from([b"220 hi\r\n", b"250-STARTTLS\r\n", b"250 \n", b"250-hi\r\n250 STARTTLS\r\n"])


@given(st.lists(st.binary(min_size=1, max_size=200) | LIKELY, max_size=20))
def test_any_conversation_ends(chunks: list[bytes]) -> None:
    left = list(chunks)

    async def receive(_most: int) -> bytes:
        return left.pop(0) if left else b""

    async def send(_data: bytes) -> None:
        pass

    async def talk() -> None:
        await Dialogue(receive, send, name="me").switch_to_tls()

    said = None
    try:
        asyncio.run(talk())
    except CheckFailed as error:
        said = str(error)
    # With a sentence, or because it was told to go on: nothing else ends it.
    assert len(left) < len(chunks) if said is None else said.endswith(".")
