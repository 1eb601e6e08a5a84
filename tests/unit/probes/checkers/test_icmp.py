"""ICMP probes: packets as bytes, answers that are ours, and loopback where the machine lets us."""

import errno
import socket
import struct
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers import icmp
from probes.checkers.fields import Fields
from probes.checkers.icmp import NOT_ALLOWED, IcmpConfig
from probes.checkers.icmp_packets import Echo, build_request, checksum, parse_reply
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.errors import OutOfResources
from statuspage.core.http.resolver import Endpoint, Resolver

SHORT = timedelta(milliseconds=300)
ENOUGH = timedelta(seconds=1)
ECHO = Echo(identifier=0x1234, sequence=7, payload=b"token")


def may_send(family: socket.AddressFamily, address: str) -> bool:
    try:
        icmp._open(Endpoint(address=address, port=0)).close()
    except Exception:  # noqa: BLE001 -- whatever the reason
        return False
    return True


needs_icmp = pytest.mark.skipif(
    not may_send(socket.AF_INET, "127.0.0.1"),
    reason="neither net.ipv4.ping_group_range nor CAP_NET_RAW allows ICMP here",
)
needs_icmp_v6 = pytest.mark.skipif(
    not may_send(socket.AF_INET6, "::1"), reason="ICMPv6 is not allowed here, or there is no IPv6"
)


@needs_icmp
def test_loopback_answers_every_ping(check: Any) -> None:
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"})
    assert result.outcome == Outcome.UP
    assert result.detail == f"3 of 3 pings answered, on average in {round(result.latency_ms)} ms"


@needs_icmp_v6
def test_loopback_answers_over_ipv6(check: Any) -> None:
    assert check(ProbeKind.ICMP, {"host": "::1", "count": 1}).detail.startswith("1 of 1 pings answered")


@needs_icmp
def test_a_raw_socket_finds_its_own_answers(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where datagram sockets are allowed the other sort is not tried: here it is."""
    forbid(monkeypatch, socket.SOCK_DGRAM)
    try:
        icmp._open(Endpoint(address="127.0.0.1", port=0)).close()
    except OutOfResources:
        pytest.skip("no CAP_NET_RAW here")
    assert check(ProbeKind.ICMP, {"host": "127.0.0.1", "count": 2}).detail.startswith("2 of 2 pings answered")


def forbid(monkeypatch: pytest.MonkeyPatch, *kinds: socket.SocketKind) -> None:
    class Strict(socket.socket):
        def __init__(self, family: int = -1, kind: int = -1, protocol: int = -1, *more: Any, **named: Any) -> None:
            if kind in kinds and protocol in {socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6}:
                raise PermissionError(errno.EPERM, "as the test says")
            super().__init__(family, kind, protocol, *more, **named)

    monkeypatch.setattr(socket, "socket", Strict)


def test_a_machine_that_forbids_both_is_our_trouble(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, socket.SOCK_DGRAM, socket.SOCK_RAW)
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"})
    assert (result.outcome, result.detail) == (Outcome.ERROR, NOT_ALLOWED)
    assert "net.ipv4.ping_group_range" in result.detail
    assert "CAP_NET_RAW" in result.detail


type Answering = Callable[[Echo], list[Echo]]


class Wire:
    """The network: each request gets these replies, as a raw socket hears them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: Answering) -> None:
        self.sent: list[Echo] = []
        self._answers = answers
        monkeypatch.setattr(icmp, "_open", self.open)
        self._far: list[socket.socket] = []

    def open(self, endpoint: Endpoint) -> socket.socket:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        near.setblocking(False)
        self._far.append(far)
        return Near(near.detach(), self, far, 6 if ":" in endpoint.address else 4)

    def close(self) -> None:
        for far in self._far:
            far.close()

    def answer(self, far: socket.socket, packet: bytes, version: int) -> None:
        _, _, _, identifier, sequence = struct.unpack_from("!BBHHH", packet)
        echo = Echo(identifier=identifier, sequence=sequence, payload=packet[8:])
        self.sent.append(echo)
        for reply in self._answers(echo):
            far.send(reply_packet(reply, version))


class Near(socket.socket):
    """Our end; what is sent is answered at once."""

    def __init__(self, number: int, wire: Wire, far: socket.socket, version: int) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_DGRAM, 0, number)
        self._wire, self._far_end, self._version = wire, far, version

    @property
    def type(self) -> socket.SocketKind:
        return socket.SOCK_RAW

    def send(self, data: Any, *_flags: int) -> int:
        self._wire.answer(self._far_end, bytes(data), self._version)
        return len(data)


def reply_packet(reply: Echo, version: int) -> bytes:
    kind = 0 if version == 4 else 129
    return struct.pack("!BBHHH", kind, 0, 0, reply.identifier, reply.sequence) + reply.payload


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Any:
    wires: list[Wire] = []

    def make(answers: Answering) -> Wire:
        wires.append(Wire(monkeypatch, answers))
        return wires[-1]

    yield make
    for one in wires:
        one.close()


def test_a_target_that_says_nothing_is_down(check: Any, wire: Any) -> None:
    wire(lambda _echo: [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"}, timeout=SHORT)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "None of 3 pings was answered within 300 ms.")


def test_a_single_ping_that_is_lost_is_down(check: Any, wire: Any) -> None:
    wire(lambda _echo: [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1", "count": 1}, timeout=SHORT)
    assert result.detail == "The ping was not answered within 300 ms."


def test_more_loss_than_allowed_is_degraded(check: Any, wire: Any) -> None:
    wire(lambda echo: [echo] if echo.sequence == 1 else [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"}, timeout=ENOUGH)
    assert (result.outcome, result.detail) == (
        Outcome.DEGRADED,
        "1 of 3 pings answered, 67 % lost; at most 50 % may be.",
    )


def test_as_much_loss_as_allowed_is_up(check: Any, wire: Any) -> None:
    wire(lambda echo: [echo] if echo.sequence % 2 else [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1", "count": 4}, timeout=ENOUGH)
    assert result.outcome == Outcome.UP
    assert result.detail.startswith("2 of 4 pings answered")


@pytest.mark.parametrize(
    "somebody_elses",
    [
        lambda echo: Echo(identifier=echo.identifier ^ 1, sequence=echo.sequence, payload=echo.payload),
        lambda echo: Echo(identifier=echo.identifier, sequence=echo.sequence + 100, payload=echo.payload),
        lambda echo: Echo(identifier=echo.identifier, sequence=echo.sequence, payload=b"x" * len(echo.payload)),
        lambda echo: Echo(identifier=echo.identifier, sequence=echo.sequence, payload=b""),
    ],
)
def test_answers_to_others_do_not_count(somebody_elses: Callable[[Echo], Echo], check: Any, wire: Any) -> None:
    wire(lambda echo: [somebody_elses(echo)])
    assert check(ProbeKind.ICMP, {"host": "127.0.0.1"}, timeout=SHORT).outcome == Outcome.DOWN


def test_an_answer_that_comes_twice_counts_once(check: Any, wire: Any) -> None:
    wire(lambda echo: [echo, echo] if echo.sequence == 1 else [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1", "max_loss": 99}, timeout=ENOUGH)
    assert result.detail.startswith("1 of 3 pings answered")


def test_a_flood_of_answers_ends_in_time(check: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icmp, "MOST_STRAY", 5)
    wire(lambda echo: [Echo(identifier=1, sequence=1, payload=b"flood")] * 6 if echo.sequence == 1 else [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1", "count": 1})
    # The timeout is three seconds: it is not waited for.
    assert result.outcome == Outcome.DOWN


def test_every_ping_has_a_number_and_one_token(check: Any, wire: Any) -> None:
    sent = wire(lambda echo: [echo])
    check(ProbeKind.ICMP, {"host": "127.0.0.1"}, timeout=ENOUGH)
    assert [echo.sequence for echo in sent.sent] == [1, 2, 3]
    assert len({echo.identifier for echo in sent.sent}) == 1
    assert len({echo.payload[:16] for echo in sent.sent}) == 1


def resolving(*addresses: str) -> GuardedClient:
    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    return GuardedClient(resolver=Resolver(threads=1, lookup=lookup))


def test_the_next_address_is_asked_when_the_first_says_nothing(check: Any, wire: Any) -> None:
    answered: list[Echo] = []

    def second_only(echo: Echo) -> list[Echo]:
        answered.append(echo)
        return [echo] if echo.identifier != answered[0].identifier else []

    wire(second_only)
    result = check(
        ProbeKind.ICMP,
        {"host": "api.example.com", "count": 1},
        client=resolving("::1", "127.0.0.1"),
        timeout=ENOUGH,
    )
    assert result.outcome == Outcome.UP


def test_an_address_without_a_route_gives_way_to_the_next(
    check: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaching: Wire = wire(lambda echo: [echo])

    def open_if_ipv4(endpoint: Endpoint) -> socket.socket:
        if endpoint.family == socket.AF_INET6:
            raise OSError(errno.ENETUNREACH, "no route")
        return reaching.open(endpoint)

    monkeypatch.setattr(icmp, "_open", open_if_ipv4)
    both = check(ProbeKind.ICMP, {"host": "api.example.com", "count": 1}, client=resolving("::1", "127.0.0.1"))
    alone = check(ProbeKind.ICMP, {"host": "api.example.com", "count": 1}, client=resolving("::1"))
    assert both.outcome == Outcome.UP
    assert (alone.outcome, alone.detail) == (Outcome.ERROR, "This machine has no route to that network.")


@pytest.mark.parametrize(
    ("number", "detail"),
    [
        (errno.EHOSTUNREACH, "No route to the host."),
        (errno.ENETUNREACH, "A router on the way has no route to that network."),
        (errno.EPROTO, "A router on the way refused the ping."),
    ],
)
def test_what_a_router_says_is_the_target_s_trouble(
    number: int, detail: str, check: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: Any) -> bytes:
        raise OSError(number, "as the router says")

    monkeypatch.setattr(Near, "recv", refused)
    wire(lambda _echo: [])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"}, timeout=SHORT)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_private_address_without_permission_is_our_trouble(check: Any, wire: Any) -> None:
    sent = wire(lambda echo: [echo])
    result = check(ProbeKind.ICMP, {"host": "127.0.0.1"}, allow_private=False)
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "127.0.0.1 is a loopback address; set allow_private to probe it.",
    )
    assert sent.sent == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"host": "10.0.0.1"}, "probes[0].host"),
        ({"host": 5}, "probes[0].host"),
        ({"count": 0}, "probes[0].count"),
        ({"count": 21}, "probes[0].count"),
        ({"max_loss": 100}, "probes[0].max_loss"),
        ({"max_loss": -1}, "probes[0].max_loss"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], said: str) -> None:
    fields = Fields({"host": "api.example.com", **keys}, key="probes[0]", environ={})
    IcmpConfig.parse(fields)
    (sentence,) = [str(error) for error in fields.errors]
    assert sentence.startswith(said)


def test_the_checksum_is_the_internet_s() -> None:
    # RFC 1071's own example: the sum is ddf2.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF ^ 0xDDF2


@given(st.binary(max_size=80), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_a_packet_with_its_checksum_adds_up(payload: bytes, identifier: int, sequence: int) -> None:
    packet = build_request(Echo(identifier=identifier, sequence=sequence, payload=payload), version=4)
    assert checksum(packet) == 0


def test_a_request_is_built_as_the_rfcs_have_it() -> None:
    assert build_request(ECHO, version=4) == bytes.fromhex("080097ef12340007") + b"token"
    assert build_request(ECHO, version=6) == bytes.fromhex("8000000012340007") + b"token"


@pytest.mark.parametrize("version", [4, 6])
def test_a_reply_is_read(version: int) -> None:
    assert parse_reply(reply_packet(ECHO, version), version=version) == ECHO


def test_the_header_of_ip_is_taken_off() -> None:
    plain = reply_packet(ECHO, 4)
    assert parse_reply(b"\x45" + bytes(19) + plain, version=4) == ECHO
    assert parse_reply(b"\x46" + bytes(23) + plain, version=4) == ECHO


@pytest.mark.parametrize("version", [4, 6])
def test_a_request_and_an_error_are_no_reply(version: int) -> None:
    assert parse_reply(build_request(ECHO, version=version), version=version) is None
    assert parse_reply(b"\x03\x01" + bytes(30), version=version) is None


@given(st.binary(max_size=120), st.sampled_from([4, 6]))
def test_any_bytes_are_a_reply_or_nothing(raw: bytes, version: int) -> None:
    found = parse_reply(raw, version=version)
    assert found is None or found.payload in raw
