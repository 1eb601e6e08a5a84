"""Handing a finished message for one recipient to a mail server, over a connection that is open already.

Raises what `smtplib.SMTP.sendmail` raises. Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go out
together, so that a message takes two round trips and not four. It comes in two steps, envelope and message, so that
the caller can look in between whether the message is still theirs to send: until the second nothing was sent.
"""

import re
import smtplib
from email.utils import parseaddr
from functools import lru_cache

from django.utils.encoding import punycode

type Reply = tuple[int, bytes]

# A server may be slow to look at an address. Once it has the message it may look at that for much longer, and whoever
# goes before it answers sends the message twice.
ENVELOPE_SECONDS, MESSAGE_SECONDS = 12.0, 36.0
OK, OK_FORWARDED, GO_AHEAD, CLOSING = 250, 251, 354, 421
# Printable ASCII; what ends an address or begins another command is no part of one.
_ADDRESS = re.compile(r"[!-;=?-~]+")


def offer_envelope(server: smtplib.SMTP, *, sender: str, recipient: str, size: int) -> None:
    """Up to the server's "go ahead" with a message of so many octets. After an error the connection is ready again.

    ValueError: one of them is no bare address in ASCII.
    """
    for address in (sender, recipient):
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{address!r} is not a bare mail address.")
    _be_patient(server, ENVELOPE_SECONDS)
    server.ehlo_or_helo_if_needed()
    option = f" SIZE={size}" if server.has_extn("size") else ""
    replies = _ask(server, (f"MAIL FROM:<{sender}>{option}\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n"))
    refusal = _refusal(replies, sender, recipient)
    if refusal is not None:
        _abandon(server, replies)
        raise refusal


def send_message(server: smtplib.SMTP, message: bytes) -> None:
    """The message itself, with CRLF at the end of every line, after `offer_envelope`. Returns once it is accepted."""
    _be_patient(server, MESSAGE_SECONDS)
    stuffed = message.replace(b"\n.", b"\n..")  # RFC 5321, 4.5.2
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    server.send(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"))
    code, words = server.getreply()
    if code != OK:
        _abandon(server, [(code, words)])
        raise smtplib.SMTPDataError(code, words)


@lru_cache(maxsize=8)
def bare_address(text: str) -> str:
    """`Status <status@bücher.example>` → `status@xn--bcher-kva.example`, as the envelope has it."""
    local, at, domain = parseaddr(text)[1].rpartition("@")
    return f"{local}{at}{punycode(domain)}"


def _be_patient(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    server.sock.settimeout(seconds)


def _ask(server: smtplib.SMTP, commands: tuple[str, ...]) -> list[Reply]:
    """The answers, all of them when all was asked at once; else up to the first that is a refusal."""
    at_once = server.has_extn("pipelining")
    if at_once:
        server.send("".join(commands))
    replies: list[Reply] = []
    for command in commands:
        if not at_once:
            server.send(command)
        try:
            replies.append(server.getreply())
        except smtplib.SMTPServerDisconnected:
            # A refusal says more than that the server went after it.
            if not any(map(_refuses, replies)):
                raise
            break
        if replies[-1][0] == CLOSING or (not at_once and _refuses(replies[-1])):
            break
    return replies


def _refuses(reply: Reply) -> bool:
    return reply[0] not in {OK, OK_FORWARDED, GO_AHEAD}


def _refusal(replies: list[Reply], sender: str, recipient: str) -> smtplib.SMTPException | None:
    mail, *rest = replies
    if mail[0] != OK:
        return smtplib.SMTPSenderRefused(*mail, sender)
    if rest and rest[0][0] not in {OK, OK_FORWARDED}:
        return smtplib.SMTPRecipientsRefused({recipient: rest[0]})
    if len(rest) > 1 and rest[1][0] != GO_AHEAD:
        return smtplib.SMTPDataError(*rest[1])
    return None


def _abandon(server: smtplib.SMTP, replies: list[Reply]) -> None:
    """Make the connection ready for another message, if it is one still."""
    try:
        if any(code == CLOSING for code, _ in replies):
            server.close()
            return
        if replies[-1][0] == GO_AHEAD:
            # Without a recipient and told to go ahead all the same: RFC 2920, 3.1 wants a lone dot.
            server.send(b".\r\n")
            server.getreply()
        server.rset()
    except smtplib.SMTPServerDisconnected:
        server.close()
