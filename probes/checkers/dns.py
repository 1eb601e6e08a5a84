"""DNS: whether a name is answered for, and with what it should be."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, ClassVar, Self

from yarl import URL

from probes.checkers.base import (
    CheckContext,
    CheckFailed,
    CheckRequest,
    CheckResult,
    loop_deadline,
    measured,
    say_limit,
)
from probes.checkers.fields import Fields, is_placeholder
from probes.checkers.late import load
from statuspage.core.http.errors import LookupFailed, OutboundError
from statuspage.core.http.resolver import Endpoint

if TYPE_CHECKING:
    from probes.checkers.dns_records import Answer

RECORDS = ("A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA", "CAA", "SRV", "PTR")
EXAMPLES = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "MX": "10 mail.example.com",
    "SOA": "ns1.example.com hostmaster.example.com",
    "CAA": '0 issue "ca.example.com"',
    "SRV": "10 5 5060 sip.example.com",
    "TXT": "v=spf1 -all",
}
MOST_EXPECTED = 50
PORT = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsConfig:
    """`query` is what is asked for: `name` is what every probe is called. `resolver` empty: this machine's own."""

    KEYS: ClassVar[frozenset[str]] = frozenset({"query", "record", "expect", "expect_exactly", "resolver"})

    query: str
    record: str = "A"
    expect: Sequence[str] = ()
    expect_exactly: bool = False
    resolver: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        record = fields.choice("record", RECORDS, default="A")
        expect = _read_expected(fields, record)
        exactly = fields.boolean("expect_exactly", default=False)
        if exactly and "expect" not in fields.mapping:
            fields.refuse("expect_exactly", "false, or a list expect of all that there may be")
        return cls(
            query=_read_query(fields, record),
            record=record,
            expect=expect,
            expect_exactly=exactly,
            resolver=_read_resolver(fields),
        )


def _read_query(fields: Fields, record: str) -> str:
    from probes.checkers.dns_records import query_name

    query = fields.text("query", most=255)
    if not query:
        return ""
    try:
        if is_placeholder(query) or len(query.split()) != 1:
            raise ValueError(query)  # noqa: TRY301 -- one sentence for all that is no name
        query_name(query, record)
    except ValueError:
        fields.refuse("query", "a domain name" if record != "PTR" else "an address or a domain name")
    return query


def _read_expected(fields: Fields, record: str) -> list[str]:
    from probes.checkers.dns_records import normalise

    given = fields.mapping.get("expect", [])
    example = EXAMPLES.get(record, "www.example.com")
    if not isinstance(given, list) or len(given) > MOST_EXPECTED or ("expect" in fields.mapping and not given):
        fields.refuse("expect", f"a list of 1 to {MOST_EXPECTED} {record} records, such as ['{example}']")
        return []
    for item in given:
        try:
            if not isinstance(item, str) or not item.strip() or not item.isprintable():
                raise TypeError  # noqa: TRY301 -- one sentence for all that is no record
            normalise(record, item)
        except (TypeError, ValueError):
            fields.refuse("expect", f"{record} records, each such as '{example}'", value=item)
            return []
    return list(given)


def _read_resolver(fields: Fields) -> str:
    if "resolver" not in fields.mapping:
        return ""
    text = fields.text("resolver", most=255)
    if not text:
        return ""
    try:
        host, _ = split_port(text)
    except ValueError:
        fields.refuse("resolver", "an address or a host, with a port or without: 192.0.2.53, [2001:db8::53]:5353")
    else:
        fields.host("resolver", host, shown_as=text)
    return text


def split_port(text: str) -> tuple[str, int]:
    """`"192.0.2.53"`, `"ns1.example.com:5353"`, `"2001:db8::53"`, `"[2001:db8::53]:53"`. Raises ValueError."""
    try:
        return str(IPv6Address(text)), PORT
    except ValueError:
        pass
    url = URL(f"dns://{text}")
    port = PORT if url.explicit_port is None else url.explicit_port
    if not url.raw_host or port == 0 or url.user or url.raw_path not in {"", "/"} or text.endswith("/"):
        raise ValueError(text)
    if url.query_string or url.fragment or set(text) & set("?#@"):
        raise ValueError(text)
    return url.raw_host, port


class DnsChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        await load("probes.checkers.dns_exchange")
        from probes.checkers.dns_exchange import exchange
        from probes.checkers.dns_records import build_query

        config = DnsConfig(**request.config)
        deadline = loop_deadline(request)
        servers = await _servers(config, request, context, deadline)
        query = build_query(config.query, config.record)
        started = time.perf_counter()
        try:
            answer = await exchange(query, servers, deadline=deadline)
        except TimeoutError:
            raise _silence(config, request) from None
        except OutboundError as error:
            raise _unreachable(config, error) from error
        latency_ms = (time.perf_counter() - started) * 1000
        return measured(request, judge(config, answer), latency_ms)


async def _servers(
    config: DnsConfig, request: CheckRequest, context: CheckContext, deadline: float
) -> tuple[Endpoint, ...]:
    """Where to ask. This machine's own resolvers are where it says, private or not."""
    from probes.checkers.dns_exchange import system_servers

    if not config.resolver:
        return system_servers()
    host, port = split_port(config.resolver)
    return await context.resolver.resolve(host, port, allow_private=request.allow_private, deadline=deadline)


def _silence(config: DnsConfig, request: CheckRequest) -> Exception:
    limit = say_limit(request.timeout)
    if config.resolver:
        return CheckFailed(f"The resolver did not answer within {limit}.")
    return LookupFailed(f"This machine's own resolver did not answer within {limit}.")


def _unreachable(config: DnsConfig, error: OutboundError) -> Exception:
    """A named resolver is a target like any other; our own is ours, however it fails."""
    if config.resolver or error.is_ours:
        return error
    return LookupFailed(f"This machine's own resolver cannot be reached: {error}")


def judge(config: DnsConfig, answer: "Answer") -> str:
    """What the answer says, for the sentence. Raises CheckFailed; LookupFailed where our own resolver is at fault."""
    from probes.checkers.dns_records import missing, normalise, say, surplus

    if answer.code == "REFUSED" and not config.resolver:
        raise LookupFailed("This machine's own resolver refuses to answer (REFUSED).")
    _refuse_failure(config, answer)
    expected = [normalise(config.record, one) for one in config.expect]
    found = f"{config.record} {config.query} → {say(answer.records)}"
    if lacking := missing(config.record, expected, answer.records):
        raise CheckFailed(f"{found}; missing: {say(lacking)}.")
    if config.expect_exactly and (more := surplus(config.record, expected, answer.records)):
        raise CheckFailed(f"{found}; not expected: {say(more)}.")
    return found


def _refuse_failure(config: DnsConfig, answer: "Answer") -> None:
    if answer.code == "NXDOMAIN":
        raise CheckFailed(f"{config.query} does not exist (NXDOMAIN).")
    if answer.code == "SERVFAIL":
        raise CheckFailed(f"The resolver could not find out about {config.query} (SERVFAIL).")
    if answer.code == "REFUSED":
        raise CheckFailed("The resolver refuses to answer (REFUSED).")
    if answer.code != "NOERROR":
        raise CheckFailed(f"The resolver answered {answer.code}.")
    if answer.is_elsewhere:
        raise CheckFailed(f"The resolver knows nothing of {config.query} and does not look further.")
    if not answer.records:
        raise CheckFailed(f"{config.query} has no {config.record} record.")
