"""What a mail server's answer means for the message and for its reader. Pure: answers in, verdicts out."""

import re
import smtplib
from datetime import timedelta
from enum import Enum, auto

BACKOFF = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
# A server that cannot be reached says nothing about this message: come back soon after it does.
LONGEST_WAIT_FOR_SERVER = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(days=5)

# RFC 3463: X.1 is the address, X.2.1 a mailbox that takes nothing, X.7 a policy, which is about us and not the reader.
# The middle of an IP address is none of these: "10.5.1.2 is blocked".
_ENHANCED = re.compile(r"(?<![\d.])5\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# RFC 5321, 3.8: the server closes the connection.
_CLOSING = 421
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})


class Verdict(Enum):
    RETRY = auto()  # the same again later
    WAIT_FOR_SERVER = auto()  # no use in trying the next message either
    FAIL = auto()  # this message never, the next one perhaps
    SUPPRESS = auto()  # nothing ever reaches this address


def verdict_on(error: Exception) -> tuple[Verdict, str]:
    """What to do after a mail could not be handed over, and the server's words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return verdict_on_recipient(code, _text(words)), f"{code} {_text(words)}"
    if isinstance(error, smtplib.SMTPDataError):
        code, said = error.smtp_code, _text(error.smtp_error)
        return verdict_on_message(code, said), f"{code} {said}"
    if isinstance(error, smtplib.SMTPSenderRefused):
        # About us, whatever its number: somebody has to look at our configuration, and the mail can wait for that.
        verdict = Verdict.WAIT_FOR_SERVER if error.smtp_code == _CLOSING else Verdict.RETRY
        return verdict, f"{error.smtp_code} {_text(error.smtp_error)} (sender {error.sender})"
    if isinstance(error, OSError):
        # SMTPException is one: disconnected, refused at login, no answer, no such host.
        return Verdict.WAIT_FOR_SERVER, f"{type(error).__name__}: {error}"
    return Verdict.RETRY, f"{type(error).__name__}: {error}"


def verdict_on_recipient(code: int, words: str) -> Verdict:
    """After RCPT TO."""
    if code < 500:
        return Verdict.WAIT_FOR_SERVER if code == _CLOSING else Verdict.RETRY
    enhanced = _ENHANCED.search(words)
    if enhanced is None:
        return Verdict.SUPPRESS if code in _NO_SUCH_MAILBOX else Verdict.RETRY
    if enhanced[1] == "7":
        return Verdict.RETRY
    if enhanced[1] == "1" or (enhanced[1], enhanced[2]) == ("2", "1"):
        return Verdict.SUPPRESS
    return Verdict.FAIL


def verdict_on_message(code: int, words: str) -> Verdict:
    """After DATA: a refusal may be about what we wrote, so only a plain word on the address suppresses it."""
    if code < 500:
        return Verdict.WAIT_FOR_SERVER if code == _CLOSING else Verdict.RETRY
    enhanced = _ENHANCED.search(words)
    if enhanced is not None and (enhanced[1] == "1" or (enhanced[1], enhanced[2]) == ("2", "1")):
        return Verdict.SUPPRESS
    return Verdict.FAIL


def wait_after(attempts: int, verdict: Verdict) -> timedelta:
    """How long to wait after so many attempts, the first being 1."""
    wait = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    return min(wait, LONGEST_WAIT_FOR_SERVER) if verdict is Verdict.WAIT_FOR_SERVER else wait


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
