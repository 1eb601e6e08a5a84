"""What a chain of certificates says of itself. Pure.

Reads certificates that nobody vouches for: whatever is in them, the answer is a `Certificate` or `Unreadable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from statuspage.core.text import clean_line

# Real chains have three or four; OpenSSL takes a hundred kilobytes of them.
MOST_CERTIFICATES = 10
LONGEST_NAME = 60
SECONDS_PER_DAY = 86_400


class Unreadable(Exception):
    """Not a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The name it was given to, possibly empty, and until when it is valid (aware, UTC)."""

    name: str
    expires_at: datetime

    def days_left(self, now: datetime) -> float:
        """Days, with their fraction, rounded down to hundredths; negative once it has expired."""
        return (self.expires_at - now).total_seconds() * 100 // SECONDS_PER_DAY / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The server's own certificate, and those that vouch for it in the order they came."""

    leaf: Certificate
    others: tuple[Certificate, ...] = ()

    @property
    def first_to_expire(self) -> Certificate:
        return min((self.leaf, *self.others), key=lambda one: one.expires_at)


def read_chain(ders: Sequence[bytes]) -> Chain:
    """Raises Unreadable when the server's own is none; others that are not are left out."""
    if not ders:
        raise Unreadable
    others = []
    for der in ders[1:MOST_CERTIFICATES]:
        try:
            others.append(read_certificate(der))
        except Unreadable:
            continue
    return Chain(leaf=read_certificate(ders[0]), others=tuple(others))


def read_certificate(der: bytes) -> Certificate:
    """Raises Unreadable."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(name=_name(certificate), expires_at=certificate.not_valid_after_utc)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion) as error:
        raise Unreadable from error


def _name(certificate: x509.Certificate) -> str:
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    value = names[0].value if names else ""
    return clean_line(value if isinstance(value, str) else "")[:LONGEST_NAME]


def say_days(days: float) -> str:
    """`"in 12 days"`, `"in 20 hours"`, `"12 days ago"`; days are rounded down, to be on the safe side."""
    hours = int(abs(days) * 24)
    size, word = (hours // 24, "day") if hours >= 48 else (hours, "hour")
    length = f"{size} {word}{'' if size == 1 else 's'}" if size else "less than an hour"
    return f"in {length}" if days >= 0 else f"{length} ago"


def say_date(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
