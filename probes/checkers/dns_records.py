"""DNS answers as text that two people would write alike, and what is expected of them. Pure.

What a server sends never raises more than `Unreadable`.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.reversename

from statuspage.core.http.netguard import OPENED, Blocked, blocked_as
from statuspage.core.text import clean_line

# How much of an answer the sentence shows.
LONGEST_SHOWN = 60
MOST_SHOWN = 3
# A thousand addresses; reading more than that would hold up the other checks.
MOST_WIRE = 16 * 1024
PAYLOAD = 1232
HEADER = struct.Struct("!HH")
NOBODYS_BUSINESS = OPENED | {Blocked.LINK_LOCAL, Blocked.METADATA, Blocked.EMBEDDED}


class Unreadable(Exception):
    """Not an answer to our query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`records` in the normal form of `normalise`. `code` is the word of the response code, such as `NXDOMAIN`.

    `is_elsewhere`: the server holds no such zone and looks nothing up for us.
    """

    code: str
    is_truncated: bool
    is_elsewhere: bool
    records: tuple[str, ...]


def query_name(name: str, record: str) -> dns.name.Name:
    """The absolute name to ask for; a PTR query may be given the address. Raises ValueError."""
    try:
        if record == "PTR":
            try:
                return dns.reversename.from_address(str(ip_address(name)))
            except ValueError:
                pass
        return dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(name) from error


def build_query(name: str, record: str) -> dns.message.QueryMessage:
    """Raises ValueError."""
    return dns.message.make_query(query_name(name, record), record, use_edns=0, payload=PAYLOAD)


def read_answer(query: dns.message.QueryMessage, wire: bytes) -> Answer:
    """Raises Unreadable."""
    if not HEADER.size <= len(wire) <= MOST_WIRE or HEADER.unpack_from(wire)[0] != query.id:
        raise Unreadable
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
        answer = _answer(message) if query.is_response(message) else None
    except Exception as error:  # a stranger's bytes through a parser: there are many ways to be wrong
        if _is_cut_short(wire):
            return Answer(code="NOERROR", is_truncated=True, is_elsewhere=False, records=())
        raise Unreadable from error
    if answer is None:
        raise Unreadable
    return answer


def _is_cut_short(wire: bytes) -> bool:
    """Some servers cut in the middle of a record, and say so in the header."""
    _, flags = HEADER.unpack_from(wire)
    return bool(flags & dns.flags.QR) and bool(flags & dns.flags.TC)


def _answer(message: dns.message.Message) -> Answer:
    code = dns.rcode.to_text(message.rcode())
    records: tuple[str, ...] = ()
    if code == "NOERROR" and isinstance(message, dns.message.QueryMessage) and message.question:
        found = message.resolve_chaining().answer
        records = tuple(_text(one) for one in found) if found is not None else ()
    is_authority = bool(message.flags & dns.flags.AA) or bool(message.flags & dns.flags.RA)
    return Answer(
        code=code,
        is_truncated=bool(message.flags & dns.flags.TC),
        is_elsewhere=not records and not is_authority,
        records=tuple(dict.fromkeys(records)),
    )


def _text(record: dns.rdata.Rdata) -> str:
    kind = dns.rdatatype.to_text(record.rdtype)
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]  # TXT's own
    return normalise(kind, record.to_text())


def normalise(record: str, text: str) -> str:
    """One way to write it: no last dot, lower case, the chunks of a text joined. Raises ValueError."""
    text = text.strip()
    return _NORMAL.get(record, _normal_name)(text)


def _normal_name(text: str) -> str:
    try:
        name = dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(text) from error
    return name.to_text(omit_final_dot=True).lower()


def _normal_address(version: int) -> Callable[[str], str]:
    def normal(text: str) -> str:
        address = ip_address(text)
        if address.version != version:
            raise ValueError(text)
        return str(address)

    return normal


def _numbers_then_name(count: int) -> Callable[[str], str]:
    """`"10 Mail.Example.com."` → `"10 mail.example.com"`."""

    def normal(text: str) -> str:
        *numbers, name = text.split()
        if len(numbers) != count:
            raise ValueError(text)
        return " ".join([*(str(_small(number)) for number in numbers), _normal_name(name)])

    return normal


def _small(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(text)
    return number


def _normal_soa(text: str) -> str:
    """The two names, then as many of the five numbers as are given."""
    primary, mailbox, *numbers = text.split()
    if len(numbers) > 5:
        raise ValueError(text)
    return " ".join([_normal_name(primary), _normal_name(mailbox), *(str(_small(number)) for number in numbers)])


def _normal_caa(text: str) -> str:
    flags, tag, value = text.split(maxsplit=2)
    return f'{_small(flags)} {tag.lower()} "{value.strip().strip('"')}"'


def _normal_text(text: str) -> str:
    """`'"v=spf1 " "-all"'` → `"v=spf1 -all"`; what has no quotes is as it is, blanks and case included."""
    if not text.startswith('"'):
        return text
    try:
        record = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, text)
        chunks = record.strings  # type: ignore[attr-defined]  # typed as the base of all records
    except dns.exception.DNSException as error:
        raise ValueError(text) from error
    return b"".join(chunks).decode("utf-8", "replace")


_NORMAL: dict[str, Callable[[str], str]] = {
    "A": _normal_address(4),
    "AAAA": _normal_address(6),
    "MX": _numbers_then_name(1),
    "SRV": _numbers_then_name(3),
    "SOA": _normal_soa,
    "CAA": _normal_caa,
    "TXT": _normal_text,
}


def missing(record: str, expected: Sequence[str], found: Sequence[str]) -> list[str]:
    """What is expected and not there, in the order given."""
    return [one for one in expected if not any(_meets(record, one, answer) for answer in found)]


def surplus(record: str, expected: Sequence[str], found: Sequence[str]) -> list[str]:
    """What is there and not expected."""
    return [answer for answer in found if not any(_meets(record, one, answer) for one in expected)]


def _meets(record: str, expected: str, answer: str) -> bool:
    # A zone's serial changes with each edit: who leaves the numbers out does not mean them.
    return answer == expected or (record == "SOA" and answer.startswith(f"{expected} "))


def say(records: Sequence[str]) -> str:
    """`"192.0.2.1, 192.0.2.2 and 3 more"`, for the public: an address of an inner network is not named."""
    shown = [_shown(one) for one in records[:MOST_SHOWN]]
    more = len(records) - len(shown)
    return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def _shown(record: str) -> str:
    text = clean_line(record)
    try:
        reason = blocked_as(ip_address(text))
    except ValueError:
        reason = None
    if reason in NOBODYS_BUSINESS:
        return str(reason)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
