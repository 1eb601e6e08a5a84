"""DNS probes against servers that answer, refuse, cut short and lie."""

import asyncio
import struct
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers import dns_exchange
from probes.checkers.dns import RECORDS, DnsConfig, split_port
from probes.checkers.dns_records import (
    Answer,
    Unreadable,
    build_query,
    missing,
    normalise,
    read_answer,
    say,
    surplus,
)
from probes.checkers.fields import Fields
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.errors import LookupFailed
from statuspage.core.http.resolver import Endpoint, Resolver
from tests.hostile import Behaviour, Recording, Server, close_at_once, closed_port, hang
from tests.hostile import say as tell

SHORT = timedelta(milliseconds=400)
LONG = timedelta(seconds=3)
NAME = "api.example.com"

type Answers = Callable[[bytes], Iterable[bytes]]


def zone(*records: str, code: str = "NOERROR", flags: int = dns.flags.RA) -> Answers:
    """Answers every query with these, each `"owner type data"`."""

    def answers(wire: bytes) -> list[bytes]:
        reply = dns.message.make_response(dns.message.from_wire(wire))
        reply.set_rcode(dns.rcode.from_text(code))
        reply.flags |= flags
        for record in records:
            owner, kind, data = record.split(" ", 2)
            reply.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", kind, data))
        return [reply.to_wire(max_size=65535)]

    return answers


def over_tcp(answers: Answers) -> Behaviour:
    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        for reply in answers(await reader.readexactly(length)):
            writer.write(struct.pack("!H", len(reply)) + reply)
        await writer.drain()
        await asyncio.sleep(60)

    return behave


CUT = zone(flags=dns.flags.RA | dns.flags.TC)


@pytest.fixture
def ask(check_datagrams: Any) -> Any:
    """`ask(answers, tcp=…, **config)` → the result of asking a server that answers so."""

    def run(answers: Answers, *, tcp: Behaviour | None = None, timeout: timedelta = LONG, **config: Any) -> Any:
        return check_datagrams(
            ProbeKind.DNS,
            answers,
            lambda server: {"query": NAME, "resolver": f"127.0.0.1:{server.port}", **config},
            tcp=tcp,
            timeout=timeout,
        )

    return run


def test_a_name_that_is_answered_for_is_up(ask: Any) -> None:
    result = ask(zone(f"{NAME} A 192.0.2.1"))
    assert result.outcome == Outcome.UP
    assert result.detail == f"A {NAME} → 192.0.2.1 in {round(result.latency_ms)} ms"


def test_an_alias_is_followed(ask: Any) -> None:
    result = ask(zone(f"{NAME} CNAME edge.example.net.", "edge.example.net A 192.0.2.9"), expect=["192.0.2.9"])
    assert result.outcome == Outcome.UP


@pytest.mark.parametrize(
    ("record", "data", "expected"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:db8::1", "2001:0DB8:0::1"),
        ("CNAME", "Edge.Example.net.", "edge.example.net"),
        ("NS", "ns1.example.com.", "NS1.example.com."),
        ("PTR", "www.example.com.", "www.example.com"),
        ("MX", "10 Mail.Example.com.", "10 mail.example.com"),
        ("SRV", "10 5 5060 sip.example.com.", "10 5 5060 SIP.example.com."),
        ("TXT", '"v=spf1 " "-all"', "v=spf1 -all"),
        ("TXT", '"v=spf1 " "-all"', '"v=spf1 " "-all"'),
        ("CAA", '0 issue "ca.example.com"', "0 issue ca.example.com"),
        ("SOA", "ns1.example.com. me.example.com. 7 2 3 4 5", "ns1.example.com me.example.com"),
        ("SOA", "ns1.example.com. me.example.com. 7 2 3 4 5", "ns1.example.com me.example.com 7"),
    ],
)
def test_each_record_is_compared_as_people_write_it(record: str, data: str, expected: str, ask: Any) -> None:
    result = ask(zone(f"{NAME} {record} {data}"), record=record, expect=[expected], expect_exactly=True)
    assert result.outcome == Outcome.UP


def test_another_answer_than_expected_is_down(ask: Any) -> None:
    result = ask(zone(f"{NAME} A 192.0.2.7"), expect=["192.0.2.7", "192.0.2.1"])
    assert (result.outcome, result.detail) == (Outcome.DOWN, f"A {NAME} → 192.0.2.7; missing: 192.0.2.1.")


def test_more_than_expected_is_up_unless_exactly_that_is_expected(ask: Any) -> None:
    answers = zone(f"{NAME} A 192.0.2.1", f"{NAME} A 192.0.2.66")
    loose = ask(answers, expect=["192.0.2.1"])
    strict = ask(answers, expect=["192.0.2.1"], expect_exactly=True)
    assert loose.outcome == Outcome.UP
    assert (strict.outcome, strict.detail) == (
        Outcome.DOWN,
        f"A {NAME} → 192.0.2.1, 192.0.2.66; not expected: 192.0.2.66.",
    )


def test_an_address_can_be_asked_for_its_name(ask: Any) -> None:
    result = ask(
        zone("1.2.0.192.in-addr.arpa PTR www.example.com."),
        query="192.0.2.1",
        record="PTR",
        expect=["www.example.com"],
    )
    assert result.outcome == Outcome.UP


def test_an_address_of_an_inner_network_is_not_shown(ask: Any) -> None:
    result = ask(zone(f"{NAME} A 10.1.2.3"))
    assert result.detail.startswith(f"A {NAME} → a private address in ")


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        (zone(code="NXDOMAIN"), f"{NAME} does not exist (NXDOMAIN)."),
        (zone(code="SERVFAIL"), f"The resolver could not find out about {NAME} (SERVFAIL)."),
        (zone(code="REFUSED"), "The resolver refuses to answer (REFUSED)."),
        (zone(code="NOTIMP"), "The resolver answered NOTIMP."),
        (zone(), f"{NAME} has no A record."),
        (zone(f"{NAME} CNAME nowhere.example.net."), f"{NAME} has no A record."),
        (zone(flags=0), f"The resolver knows nothing of {NAME} and does not look further."),
        (lambda _wire: [], "The resolver did not answer within 400 ms."),
        (lambda _wire: [b"garbage"], "The resolver did not answer within 400 ms."),
        (lambda _wire: [b"garbage"] * 60, "The resolver does not answer as a DNS server does."),
    ],
)
def test_no_answer_is_down_in_words_of_its_own(answers: Answers, detail: str, ask: Any) -> None:
    result = ask(answers, timeout=SHORT if "within" in detail else LONG)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_an_answer_to_another_query_is_not_taken(ask: Any) -> None:
    """Nor does it hide the right one."""

    def forged(wire: bytes) -> list[bytes]:
        (right,) = zone(f"{NAME} A 192.0.2.1")(wire)
        (wrong,) = zone(f"{NAME} A 192.0.2.66")(wire)
        return [bytes([wrong[0] ^ 1]) + wrong[1:], right]

    assert ask(forged, expect=["192.0.2.1"], expect_exactly=True).outcome == Outcome.UP


def test_a_datagram_that_is_lost_is_sent_once_more(ask: Any) -> None:
    seen: list[bytes] = []

    def second_time(wire: bytes) -> Iterable[bytes]:
        seen.append(wire)
        return zone(f"{NAME} A 192.0.2.1")(wire) if len(seen) > 1 else []

    assert ask(second_time).outcome == Outcome.UP


def test_an_answer_that_is_cut_short_is_asked_for_over_tcp(ask: Any) -> None:
    result = ask(CUT, tcp=over_tcp(zone(f"{NAME} A 192.0.2.1")))
    assert (result.outcome, result.detail.split(" in ")[0]) == (Outcome.UP, f"A {NAME} → 192.0.2.1")


def test_one_that_is_cut_in_the_middle_of_a_record_is_too(ask: Any) -> None:
    def cut(wire: bytes) -> list[bytes]:
        (whole,) = zone(f"{NAME} A 192.0.2.1", flags=dns.flags.TC)(wire)
        return [whole[:-14]]

    assert ask(cut, tcp=over_tcp(zone(f"{NAME} A 192.0.2.1"))).outcome == Outcome.UP


@pytest.mark.parametrize(
    ("tcp", "detail"),
    [
        (None, "The answer was cut short, and over TCP: Connection refused."),
        (hang, "The answer was cut short, and over TCP there was none in time."),
        (close_at_once, "The answer was cut short, and over TCP the resolver broke the connection off."),
        (tell(b"\x00\x07garbage", then_hang=True), "The resolver does not answer as a DNS server does."),
        (tell(b"\xff\xff", then_hang=True), "The answer is larger than 16 kB."),
        (tell(b"\x10\x00drip", then_hang=True), "The answer was cut short, and over TCP there was none in time."),
    ],
)
def test_trouble_over_tcp_is_down(tcp: Behaviour | None, detail: str, ask: Any) -> None:
    result = ask(CUT, tcp=tcp, timeout=SHORT if "in time" in detail else LONG)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_a_resolver_that_refuses_connections_is_down(check: Any) -> None:
    result = check(ProbeKind.DNS, {"query": NAME, "resolver": f"127.0.0.1:{closed_port()}"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_resolver_on_a_private_address_needs_permission(check: Any) -> None:
    result = check(ProbeKind.DNS, {"query": NAME, "resolver": "127.0.0.1"}, allow_private=False)
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "127.0.0.1 is a loopback address; set allow_private to probe it.",
    )


def test_a_resolver_s_name_may_not_lead_inside(check: Any) -> None:
    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", ("169.254.169.254", 0))]

    result = check(
        ProbeKind.DNS,
        {"query": NAME, "resolver": "ns1.example.com"},
        client=GuardedClient(resolver=Resolver(threads=1, lookup=lookup)),
    )
    assert result.outcome == Outcome.ERROR
    assert "cloud metadata" in result.detail


def test_a_resolver_with_an_ipv6_address_is_asked(check_datagrams: Any) -> None:
    result = check_datagrams(
        ProbeKind.DNS,
        zone(f"{NAME} A 192.0.2.1"),
        lambda server: {"query": NAME, "resolver": f"[::1]:{server.port}"},
        address="::1",
    )
    assert result.outcome == Outcome.UP


def own_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], dict[str, Any]]:
    """A configuration that makes a server this machine's own resolver."""

    def config_of(server: Server) -> dict[str, Any]:
        endpoint = Endpoint(address="127.0.0.1", port=server.port)
        monkeypatch.setattr(dns_exchange, "system_servers", lambda: (endpoint,))
        return {"query": NAME}

    return config_of


@pytest.mark.parametrize(
    ("answers", "outcome", "detail"),
    [
        (zone(code="REFUSED"), Outcome.ERROR, "This machine's own resolver refuses to answer (REFUSED)."),
        (lambda _wire: [], Outcome.ERROR, "This machine's own resolver did not answer within 400 ms."),
        (zone(code="NXDOMAIN"), Outcome.DOWN, f"{NAME} does not exist (NXDOMAIN)."),
        (zone(code="SERVFAIL"), Outcome.DOWN, f"The resolver could not find out about {NAME} (SERVFAIL)."),
    ],
)
def test_our_own_resolver_s_silence_is_ours_and_its_answers_are_the_name_s(
    answers: Answers, outcome: Outcome, detail: str, check_datagrams: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeout = SHORT if "within" in detail else LONG
    result = check_datagrams(ProbeKind.DNS, answers, own_server(monkeypatch), timeout=timeout, allow_private=False)
    assert (result.outcome, result.detail) == (outcome, detail)


def test_our_own_resolver_that_is_not_there_is_our_trouble(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(address="127.0.0.1", port=closed_port())
    monkeypatch.setattr(dns_exchange, "system_servers", lambda: (endpoint,))
    result = check(ProbeKind.DNS, {"query": NAME})
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "This machine's own resolver cannot be reached: Connection refused.",
    )


def test_the_next_of_our_resolvers_is_asked(check_datagrams: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def config_of(server: Server) -> dict[str, Any]:
        ports = (closed_port(), server.port)
        monkeypatch.setattr(
            dns_exchange, "system_servers", lambda: tuple(Endpoint(address="127.0.0.1", port=port) for port in ports)
        )
        return {"query": NAME}

    assert check_datagrams(ProbeKind.DNS, zone(f"{NAME} A 192.0.2.1"), config_of).outcome == Outcome.UP


def test_our_own_resolvers_are_read_from_the_system(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# ours\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.com\n")
    assert dns_exchange.system_servers(path) == (
        Endpoint(address="192.0.2.53", port=53),
        Endpoint(address="2001:db8::53", port=53),
    )


@pytest.mark.parametrize("content", [None, "", "nameserver\n", "search example.com\n"])
def test_a_machine_without_resolver_says_so(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(LookupFailed, match="This machine has no resolver"):
        dns_exchange.system_servers(path)


def read(keys: dict[str, Any]) -> list[str]:
    fields = Fields({"query": NAME, **keys}, key="probes[0]", environ={})
    DnsConfig.parse(fields)
    return [str(error) for error in fields.errors]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"query": ""}, "probes[0].query"),
        ({"query": "a..b"}, "probes[0].query"),
        ({"query": "a b.example.com"}, "probes[0].query"),
        ({"query": "${NAME}"}, "probes[0].query"),
        ({"query": "x" * 64 + ".example.com"}, "probes[0].query"),
        ({"record": "ANY"}, "probes[0].record"),
        ({"expect": "192.0.2.1"}, "probes[0].expect"),
        ({"expect": []}, "probes[0].expect"),
        ({"expect": [5]}, "probes[0].expect"),
        ({"expect": ["2001:db8::1"]}, "probes[0].expect"),
        ({"expect": ["mail.example.com"], "record": "MX"}, "probes[0].expect"),
        ({"expect": ["0 issue"], "record": "CAA"}, "probes[0].expect"),
        ({"expect": ["x"] * 51, "record": "TXT"}, "probes[0].expect"),
        ({"expect_exactly": 1}, "probes[0].expect_exactly"),
        ({"expect_exactly": True}, "probes[0].expect_exactly"),
        ({"resolver": "10.0.0.53"}, "probes[0].resolver"),
        ({"resolver": "10.0.0.53:5353"}, "probes[0].resolver"),
        ({"resolver": "8.8.8.8:99999"}, "probes[0].resolver"),
        ({"resolver": "https://dns.example.com/"}, "probes[0].resolver"),
        ({"resolver": ""}, "probes[0].resolver"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], said: str) -> None:
    (sentence,) = read(keys)
    assert sentence.startswith(said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", ("8.8.8.8", 53)),
        ("8.8.8.8:5353", ("8.8.8.8", 5353)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
        ("[2620:fe::fe]:5353", ("2620:fe::fe", 5353)),
        ("ns1.example.com", ("ns1.example.com", 53)),
        ("ns1.example.com:54", ("ns1.example.com", 54)),
    ],
)
def test_a_resolver_is_written_with_a_port_or_without(text: str, expected: tuple[str, int]) -> None:
    assert split_port(text) == expected
    assert read({"resolver": text}) == []


@given(st.text(max_size=40))
def test_any_text_is_a_resolver_or_refused(text: str) -> None:
    try:
        host, port = split_port(text)
    except ValueError:
        return
    assert host
    assert 0 < port < 65536


@given(st.sampled_from(RECORDS), st.text(max_size=60))
def test_any_text_has_one_normal_form_or_is_refused(record: str, text: str) -> None:
    try:
        normal = normalise(record, text)
    except ValueError:
        return
    if record != "TXT":
        assert normalise(record, normal) == normal


QUERY = build_query(NAME, "A")


@given(st.binary(max_size=600), st.integers(0, 0xFFFF))
def test_any_bytes_are_an_answer_or_unreadable(raw: bytes, flags: int) -> None:
    for wire in (raw, struct.pack("!HH", QUERY.id, flags) + raw):
        try:
            answer = read_answer(QUERY, wire)
        except Unreadable:
            continue
        assert isinstance(answer, Answer)


(WHOLE,) = zone(f"{NAME} CNAME a.example.net.", "a.example.net A 192.0.2.1")(QUERY.to_wire())


@given(st.integers(2, len(WHOLE) - 1), st.integers(0, 255), st.integers(0, 40))
def test_an_answer_with_a_wrong_byte_is_read_or_unreadable(position: int, byte: int, cut: int) -> None:
    broken = WHOLE[:position] + bytes([byte]) + WHOLE[position + 1 :]
    try:
        answer = read_answer(QUERY, broken[: len(broken) - cut])
    except Unreadable:
        return
    assert say(answer.records) is not None


def test_aliases_that_go_round_in_a_circle_are_unreadable() -> None:
    (circle,) = zone(f"{NAME} CNAME b.example.com.", f"b.example.com CNAME {NAME}.")(QUERY.to_wire())
    with pytest.raises(Unreadable):
        read_answer(QUERY, circle)


def test_what_is_missing_and_what_is_too_much_are_told_apart() -> None:
    assert missing("A", ["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.3"]) == ["192.0.2.1"]
    assert surplus("A", ["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.3"]) == ["192.0.2.3"]


def test_a_long_answer_is_shortened_for_the_page() -> None:
    assert say([f"192.0.2.{number}" for number in range(5)]) == "192.0.2.0, 192.0.2.1, 192.0.2.2 and 2 more"
    assert say(["x" * 100]) == "x" * 60 + "…"
    assert say(["a\nb\x00c"]) == "a bc"
