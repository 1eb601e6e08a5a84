"""One message for many: rendered and encoded once, then cast for each recipient with their own links.

Quoted-printable folds long lines, so a placeholder inside a finished body may be cut in two and not be found:
everybody would get the first recipient's links. Therefore the text is cut at its placeholders first and each piece is
encoded by itself; in quoted-printable the pieces are joined by soft line breaks, which a reader takes out again.
"""

import email
import email.policy
import html
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import quoprimime
from email.message import EmailMessage as Message
from email.parser import BytesParser
from email.policy import Policy
from typing import Any, override

from django.core.mail import EmailMultiAlternatives

# RFC 5322, 2.1.1 allows 998 octets in a line; room is left for the link that takes the place of a placeholder.
LONGEST_PLAIN_LINE = 500
# RFC 2045, 6.7 allows 76; one is kept free for the "=" that joins a piece to the next.
QUOTED_LINE = 75
ONE_LINE_OF_ASCII = re.compile(r"[ -~]*")


class Slots:
    """Placeholders for what differs from one recipient to the next. Random, so that no text can contain one."""

    def __init__(self, *names: str) -> None:
        nonce = secrets.token_hex(8)
        self.placeholders = {name: f"slot-{nonce}-{name}" for name in names}
        self._names = {placeholder: name for name, placeholder in self.placeholders.items()}
        # Without any it matches nothing.
        self._pattern = re.compile("(" + ("|".join(map(re.escape, self._names)) or "(?!)") + ")")

    def cut(self, text: str) -> list[tuple[str, str | None]]:
        """The text as (piece, None) and ("", name of the slot) in turn."""
        pieces = self._pattern.split(text)
        return [("", self._names[piece]) if piece in self._names else (piece, None) for piece in pieces if piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """One part of the message, encoded but for its slots."""

    headers: bytes
    pieces: Sequence[bytes | str]  # bytes as they are; str names a slot
    joint: bytes
    is_html: bool

    def fill(self, values: Mapping[str, str]) -> bytes:
        return self.headers + self.joint.join(
            piece if isinstance(piece, bytes) else self._encode(values[piece]) for piece in self.pieces
        )

    def _encode(self, value: str) -> bytes:
        return _encode_piece(html.escape(value) if self.is_html else value, quoted=bool(self.joint))


class Mould:
    """A message with its slots open. `cast` is cheap: it joins bytes."""

    def __init__(
        self,
        *,
        sender: str,
        subject: str,
        text: str,
        html_text: str,
        slots: Slots,
        headers: Mapping[str, str],
    ) -> None:
        """`headers` are written as they are, one line each: ASCII. Those of `cast` have to bring a Date."""
        self.sender, self.subject, self.headers = sender, subject, headers
        self._texts = (slots.cut(text), slots.cut(html_text))
        boundary = f"=_{secrets.token_hex(16)}"
        self._head = _head(sender=sender, subject=subject, boundary=boundary, headers=headers)
        self._plain = _body("plain", self._texts[0])
        self._html = _body("html", self._texts[1])
        self._fence = f"\r\n--{boundary}\r\n".encode()
        self._end = f"\r\n--{boundary}--\r\n".encode()

    def cast(self, *, to: str, headers: Mapping[str, str], values: Mapping[str, str]) -> "Cast":
        """The mail for one recipient, with headers and links of their own."""
        return Cast(mould=self, to=to, headers=headers, values=values)

    def wire(self, *, to: str, headers: Mapping[str, str], values: Mapping[str, str]) -> bytes:
        own = b"".join(_header_line(name, value) for name, value in {"To": to, **headers}.items())
        plain, rich = self._plain.fill(values), self._html.fill(values)
        return b"".join((own, self._head, self._fence, plain, self._fence, rich, self._end))

    def texts(self, values: Mapping[str, str]) -> tuple[str, str]:
        """The text and the HTML, for a mail backend that builds its own message."""
        plain, rich = self._texts
        return (
            "".join(values[name] if name else piece for piece, name in plain),
            "".join(html.escape(values[name]) if name else piece for piece, name in rich),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A mail for one: a mould and what fills it. Nothing is made of it before it is asked for."""

    mould: Mould
    to: str
    headers: Mapping[str, str]
    values: Mapping[str, str]

    def wire(self) -> bytes:
        """As it goes over the wire, with CRLF."""
        return self.mould.wire(to=self.to, headers=self.headers, values=self.values)

    def as_mail(self) -> "CastMail":
        return CastMail(self)


class CastMail(EmailMultiAlternatives):
    """A mail for one, as any of Django's mail backends takes it."""

    def __init__(self, cast: Cast) -> None:
        mould = cast.mould
        plain, rich = mould.texts(cast.values)
        super().__init__(
            subject=mould.subject,
            body=plain,
            from_email=mould.sender,
            to=[cast.to],
            headers={**mould.headers, **cast.headers},
            alternatives=[(rich, "text/html")],
        )
        self._bytes = cast.wire()

    @override
    def message(self, *, policy: "Policy[Any] | None" = None) -> Message:
        if policy is email.policy.SMTP:
            return _Wire(policy=policy, data=self._bytes)
        parsed: _Wire = BytesParser(_Wire, policy=policy or email.policy.default).parsebytes(self._bytes)
        parsed.data = self._bytes.replace(b"\r\n", parsed.policy.linesep.encode())
        return parsed


class _Wire(Message):
    """A message that is written as it was cast. Python would fold the long headers of a parsed one into nonsense."""

    def __init__(self, policy: "Policy[Any] | None" = None, data: bytes = b"") -> None:
        super().__init__(policy=policy)
        self.data = data

    @override
    def as_bytes(self, unixfrom: bool = False, policy: "Policy[Any] | None" = None) -> bytes:
        # Its parts are of this class too, and have no bytes of their own.
        return self.data or super().as_bytes(unixfrom, policy)


def _head(*, sender: str, subject: str, boundary: str, headers: Mapping[str, str]) -> bytes:
    message = Message(policy=email.policy.SMTP)
    message["From"] = sender
    message["Subject"] = subject
    encoded = message.as_bytes().removesuffix(b"\r\n")
    fixed = {"MIME-Version": "1.0", **headers, "Content-Type": f'multipart/alternative; boundary="{boundary}"'}
    return encoded + b"".join(_header_line(name, value) for name, value in fixed.items())


def _header_line(name: str, value: str) -> bytes:
    """Written by hand: Python's folding puts long message ids and links into encoded words, which nobody reads."""
    if not ONE_LINE_OF_ASCII.fullmatch(value):
        raise ValueError(f"{name} is not one line of ASCII: {value!r}")
    return f"{name}: {value}\r\n".encode("ascii")


def _body(subtype: str, cut: Sequence[tuple[str, str | None]]) -> _Body:
    whole = "".join(piece for piece, _ in cut)
    quoted = not whole.isascii() or any(len(line) > LONGEST_PLAIN_LINE for line in whole.split("\n"))
    transfer = "quoted-printable" if quoted else "7bit"
    return _Body(
        headers=(
            f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n'.encode()
        ),
        pieces=[name or _encode_piece(piece, quoted=quoted) for piece, name in cut],
        joint=b"=\r\n" if quoted else b"",
        is_html=subtype == "html",
    )


def _encode_piece(text: str, *, quoted: bool) -> bytes:
    if not quoted:
        return text.replace("\n", "\r\n").encode("ascii")
    octets = text.encode().decode("latin-1")
    return quoprimime.body_encode(octets, maxlinelen=QUOTED_LINE, eol="\r\n").encode("ascii")
