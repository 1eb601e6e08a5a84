"""TLS probes: certificates that hold, that soon will not, and that nobody trusts."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers import CheckRequest, CheckResult
from probes.checkers.certificates import Certificate, Chain, Unreadable, read_certificate, read_chain, say_days
from probes.checkers.fields import Fields
from probes.checkers.tls import TlsConfig, judge
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import Behaviour, Server, close_at_once, closed_port, dribble, flood, hang, say

NAME = "api.example.com"
AUTHORITY = trustme.CA()
SHORT = timedelta(milliseconds=300)
# The head of a record that is never finished.
DRIBBLE = dribble(b"\x16\x03\x03\x10\x00" * 100, every=0.05)


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def client(authority: trustme.CA = AUTHORITY, resolver: Resolver | None = None) -> GuardedClient:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return GuardedClient(tls=context, resolver=resolver)


def lasting(days: float, *, name: str = NAME, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    # Half a minute more than said, for the test to take.
    ends = datetime.now(UTC) + timedelta(days=days, seconds=30)
    certificate = authority.issue_cert(name, not_before=ends - timedelta(days=400), not_after=ends)
    return server_side(certificate)


def config_of(**more: Any) -> Any:
    return lambda server: {"host": "127.0.0.1", "port": server.port, "server_name": NAME, **more}


def day_in(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days, seconds=30)).date().isoformat()


def test_a_certificate_that_holds_is_up(check_server: Any) -> None:
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=lasting(90), client=client())
    assert result.outcome == Outcome.UP
    assert result.detail == (
        f"The certificate expires in 90 days ({day_in(90)}), handshake in {round(result.latency_ms)} ms"
    )
    assert result.values == {"days_left": 90.0}


def test_one_that_ends_soon_is_degraded(check_server: Any) -> None:
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=lasting(12), client=client())
    assert (result.outcome, result.detail) == (
        Outcome.DEGRADED,
        f"The certificate expires in 12 days ({day_in(12)}).",
    )
    assert result.value == 12.0


def test_one_that_ends_very_soon_is_down(check_server: Any) -> None:
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=lasting(1), client=client())
    assert (result.outcome, result.detail) == (
        Outcome.DOWN,
        f"The certificate expires in 24 hours ({day_in(1)}).",
    )


def test_how_soon_is_for_the_configuration_to_say(check_server: Any) -> None:
    told = config_of(warn_below="10d", fail_below="0ms")
    result = check_server(ProbeKind.TLS, hang, told, tls=lasting(12), client=client())
    assert result.outcome == Outcome.UP


def test_one_that_has_expired_is_down_and_says_since_when(check_server: Any) -> None:
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=lasting(-12.5), client=client())
    assert (result.outcome, result.detail) == (
        Outcome.DOWN,
        f"The certificate expired 12 days ago ({day_in(-12.5)}).",
    )
    assert result.value == pytest.approx(-12.5, abs=0.02)


def test_one_that_nobody_vouches_for_is_down_and_still_read(check_server: Any) -> None:
    stranger = lasting(12, authority=trustme.CA())
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=stranger, client=client())
    assert result.outcome == Outcome.DOWN
    assert result.detail == (
        f"The certificate is not trusted: its issuer is unknown; it expires in 12 days ({day_in(12)})."
    )
    assert result.value == 12.0


def test_one_for_another_name_is_down_and_still_read(check_server: Any) -> None:
    other = lasting(90, name="other.example")
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=other, client=client())
    assert result.outcome == Outcome.DOWN
    assert result.detail == (
        f"The certificate is not trusted: it is for another name; it expires in 90 days ({day_in(90)})."
    )


def test_who_does_not_mind_trust_is_told_the_dates_alone(check_server: Any) -> None:
    stranger = lasting(90, authority=trustme.CA())
    result = check_server(ProbeKind.TLS, hang, config_of(verify=False), tls=stranger, client=client())
    assert (result.outcome, result.value) == (Outcome.UP, 90.0)


class Signed:
    """A certificate that lasts so many days, and its key; `by` nobody signs itself."""

    def __init__(self, name: str, days: float, *, by: "Signed | None" = None, is_authority: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = by or self
        ends = datetime.now(UTC) + timedelta(days=days, seconds=30)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(ends - timedelta(days=800))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(identifier, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .add_extension(usage(is_authority=is_authority), critical=True)
        )
        self.pem = builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def presenting(leaf: Signed, *others: Signed, folder: Path) -> ssl.SSLContext:
    path = folder / "server.pem"
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path.write_text("".join([key, leaf.pem, *(other.pem for other in others)]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def trusting(root: Signed) -> GuardedClient:
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=root.pem)
    return GuardedClient(tls=context)


def test_what_trust_hangs_on_counts_and_nothing_else(check_server: Any, tmp_path: Path) -> None:
    """Neither the authority, which is in our own store, nor what the server presents without need."""
    root = Signed("Example Root", 5)
    between = Signed("Example CA 2", 40, by=root)
    leaf = Signed(NAME, 90, by=between, is_authority=False)
    tls = presenting(leaf, between, Signed("Leftover", -100), folder=tmp_path)
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=tls, client=trusting(root))
    assert (result.outcome, result.value) == (Outcome.UP, 40.0)
    assert result.detail.startswith("The intermediate certificate “Example CA 2” expires in 40 days")


def test_an_intermediate_certificate_that_has_expired_is_said_so(check_server: Any, tmp_path: Path) -> None:
    root = Signed("Example Root", 500)
    between = Signed("Example CA 2", -3, by=root)
    leaf = Signed(NAME, 90, by=between, is_authority=False)
    tls = presenting(leaf, between, folder=tmp_path)
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=tls, client=trusting(root))
    assert (result.outcome, result.value) == (Outcome.DOWN, 90.0)
    assert result.detail.startswith(
        "The certificate is not trusted: another one that vouches for it has expired; it expires in 90 days"
    )


def test_an_uncommon_fault_is_named(check_server: Any, tmp_path: Path) -> None:
    """Signed by one that is trusted, and may not sign: no everyday trouble, so that OpenSSL's words are kept."""
    root = Signed("Example Root", 500, is_authority=False)
    leaf = Signed(NAME, 90, by=root, is_authority=False)
    result = check_server(
        ProbeKind.TLS, hang, config_of(), tls=presenting(leaf, folder=tmp_path), client=trusting(root)
    )
    assert result.outcome == Outcome.DOWN
    assert result.detail.startswith(
        "The certificate is not trusted: it is not valid (invalid ca certificate); it expires"
    )


REQUEST = CheckRequest(
    kind=ProbeKind.TLS,
    name="api",
    config={},
    timeout=timedelta(seconds=3),
    degraded_above=timedelta(milliseconds=50),
    allow_private=False,
)


def chain(leaf_days: float, other_days: float, *, name: str = "Example CA 2") -> Chain:
    now = datetime.now(UTC) + timedelta(seconds=30)
    return Chain(
        leaf=Certificate(name=NAME, expires_at=now + timedelta(days=leaf_days)),
        others=(Certificate(name=name, expires_at=now + timedelta(days=other_days)),),
    )


def judged(chained: Chain, latency_ms: float = 10.0) -> CheckResult:
    return judge(REQUEST, TlsConfig(host=NAME), chained, latency_ms)


def test_an_intermediate_certificate_that_ends_first_is_what_counts() -> None:
    result = judged(chain(80, 15))
    assert (result.outcome, result.value) == (Outcome.DEGRADED, 15.0)
    assert result.detail == (f"The intermediate certificate “Example CA 2” expires in 15 days ({day_in(15)}).")


def test_an_intermediate_certificate_without_a_name_has_none_in_the_sentence() -> None:
    assert judged(chain(80, 1, name="")).detail == f"The intermediate certificate expires in 24 hours ({day_in(1)})."


def test_a_slow_handshake_is_degraded() -> None:
    result = judged(chain(80, 800), 60.0)
    assert result.outcome == Outcome.DEGRADED
    assert result.detail.endswith("handshake in 60 ms, slower than 50 ms.")


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (hang, "Connected, but the TLS handshake was not finished within 300 ms."),
        (DRIBBLE, "Connected, but the TLS handshake was not finished within 300 ms."),
        (close_at_once, "The server broke the connection off during the TLS handshake."),
        (say(b"220 mail.example.com ESMTP\r\n"), "The server does not speak TLS there."),
        (flood(b"garbage" * 1000), "The server does not speak TLS there."),
    ],
)
def test_a_hostile_server_is_down_in_time(behaviour: Behaviour, detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.TLS, behaviour, config_of(), timeout=SHORT)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.TLS, {"host": "127.0.0.1", "port": closed_port()})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_second_handshake_that_fails_leaves_the_first_sentence(check_server: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("probes.checkers.certificates.x509.load_der_x509_certificate", lambda _der: int("x"))
    stranger = lasting(90, authority=trustme.CA())
    result = check_server(ProbeKind.TLS, hang, config_of(), tls=stranger, client=client())
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The certificate's issuer is unknown.")


def test_a_private_address_without_permission_is_our_trouble(check: Any) -> None:
    result = check(ProbeKind.TLS, {"host": "127.0.0.1"}, allow_private=False)
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "127.0.0.1 is a loopback address; set allow_private to probe it.",
    )


def rebinding(*answers: str) -> Resolver:
    """A name that has another address each time it is looked up."""
    left = list(answers)

    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (left.pop(0), 0))]

    return Resolver(threads=1, lookup=lookup)


def test_a_name_that_changes_its_address_is_looked_up_once(check_server: Any) -> None:
    """Also for the second handshake: it goes where the first one went."""
    stranger = lasting(90, authority=trustme.CA())
    result = check_server(
        ProbeKind.TLS,
        hang,
        lambda server: {"host": NAME, "port": server.port},
        tls=stranger,
        client=client(resolver=rebinding("127.0.0.1", "169.254.169.254")),
    )
    assert (result.outcome, result.value) == (Outcome.DOWN, 90.0)


def test_a_mail_server_is_asked_for_tls_first(check_server: Any) -> None:
    async def mail(reader: Any, writer: Any) -> None:
        writer.write(b"220 mail.example.com\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250-mail.example.com\r\n250 STARTTLS\r\n")
        await reader.readuntil(b"STARTTLS\r\n")
        writer.write(b"220 go\r\n")
        await writer.start_tls(lasting(90))
        await hang(reader, writer)

    result = check_server(ProbeKind.TLS, mail, config_of(starttls="smtp"), client=client())
    assert (result.outcome, result.value) == (Outcome.UP, 90.0)


def test_a_mail_server_without_starttls_is_down(check_server: Any) -> None:
    async def mail(reader: Any, writer: Any) -> None:
        writer.write(b"220 mail.example.com\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250 mail.example.com\r\n")
        await hang(reader, writer)

    result = check_server(ProbeKind.TLS, mail, config_of(starttls="smtp"), client=client())
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The server does not offer STARTTLS.")


def test_a_server_with_an_ipv6_address_alone_is_up(check_once_on_ipv6: Any) -> None:
    result = check_once_on_ipv6(
        ProbeKind.TLS, hang, lambda port: {"port": port, "verify": False, "server_name": NAME}, tls=lasting(90)
    )
    assert (result.outcome, result.value) == (Outcome.UP, 90.0)


def refusals(**keys: Any) -> list[str]:
    fields = Fields({"host": NAME, **keys}, key="probes[0]", environ={})
    TlsConfig.parse(fields)
    return [str(error) for error in fields.errors]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"host": "10.0.0.1"}, "probes[0].host"),
        ({"host": ""}, "probes[0].host"),
        ({"port": 0}, "probes[0].port"),
        ({"warn_below": "soon"}, "probes[0].warn_below"),
        ({"warn_below": "2d", "fail_below": "3d"}, "probes[0].fail_below"),
        ({"server_name": "a b"}, "probes[0].server_name"),
        ({"verify": "no"}, "probes[0].verify"),
        ({"starttls": "imap"}, "probes[0].starttls"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], said: str) -> None:
    (sentence,) = refusals(**keys)
    assert sentence.startswith(said)


def test_the_defaults_are_three_weeks_and_three_days() -> None:
    config = TlsConfig.parse(Fields({"host": NAME}, key="probes[0]", environ={}))
    assert config == TlsConfig(host=NAME, port=443, warn_below="21d", fail_below="3d")
    assert TlsConfig.parse(Fields({"host": NAME, "starttls": "smtp"}, key="p", environ={})).port == 25


def test_a_warning_later_than_the_usual_failure_moves_the_failure() -> None:
    config = TlsConfig.parse(Fields({"host": NAME, "warn_below": "1d"}, key="p", environ={}))
    assert (config.warn_below, config.fail_below) == ("1d", "1d")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_certificate_or_unreadable(der: bytes) -> None:
    with pytest.raises(Unreadable):
        read_certificate(der)


REAL = ssl.PEM_cert_to_DER_cert(AUTHORITY.issue_cert(NAME).cert_chain_pems[0].bytes().decode())


@pytest.mark.filterwarnings("ignore:Parsed a")  # a serial number below nought, and the like
@given(st.integers(0, len(REAL) - 1), st.integers(0, 255))
def test_a_certificate_with_a_wrong_byte_is_read_or_unreadable(position: int, byte: int) -> None:
    broken = REAL[:position] + bytes([byte]) + REAL[position + 1 :]
    with suppress(Unreadable):
        assert isinstance(read_chain([broken, b"garbage"]).leaf, Certificate)


def test_no_certificate_at_all_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_chain([])


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.0, "in less than an hour"),
        (0.05, "in 1 hour"),
        (1.99, "in 47 hours"),
        (2.0, "in 2 days"),
        (29.99, "in 29 days"),
        (-0.01, "less than an hour ago"),
        (-40.0, "40 days ago"),
    ],
)
def test_days_are_said_rounded_down(days: float, said: str) -> None:
    assert say_days(days) == said


def test_days_left_are_never_rounded_up() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert Certificate(name="", expires_at=now + timedelta(days=2, seconds=-1)).days_left(now) == 1.99
    assert Certificate(name="", expires_at=now - timedelta(seconds=1)).days_left(now) == -0.01


def test_the_url_of_a_server_is_not_needed(check_server: Any) -> None:
    """Without `server_name` the host is the name that the certificate must be for."""
    tls = server_side(AUTHORITY.issue_cert("127.0.0.1"))

    def plain(server: Server) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": server.port}

    assert check_server(ProbeKind.TLS, hang, plain, tls=tls, client=client()).outcome == Outcome.UP


@pytest.mark.parametrize(
    ("left", "outcome"),
    [
        (timedelta(days=21), Outcome.UP),
        (timedelta(days=21) - timedelta(seconds=1), Outcome.DEGRADED),
        (timedelta(days=3), Outcome.DEGRADED),
        (timedelta(days=3) - timedelta(seconds=1), Outcome.DOWN),
    ],
)
def test_a_limit_is_reached_only_below_it(left: timedelta, outcome: Outcome) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), tick=False):
        one = Chain(leaf=Certificate(name=NAME, expires_at=datetime.now(UTC) + left))
        assert judged(one).outcome == outcome
