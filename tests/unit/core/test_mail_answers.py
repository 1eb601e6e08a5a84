import smtplib
from datetime import timedelta

import pytest

from statuspage.core.mail_answers import BACKOFF, Verdict, verdict_on, wait_after


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (421, "4.3.2 closing", Verdict.WAIT_FOR_SERVER),
        (450, "4.2.0 greylisted", Verdict.RETRY),
        (451, "try later", Verdict.RETRY),
        (452, "4.2.2 mailbox full", Verdict.RETRY),
        (550, "5.1.1 no such user", Verdict.SUPPRESS),
        (550, "no such user", Verdict.SUPPRESS),
        (551, "user not local", Verdict.SUPPRESS),
        (553, "mailbox name not allowed", Verdict.SUPPRESS),
        (550, "5.2.1 mailbox disabled", Verdict.SUPPRESS),
        (552, "5.2.2 mailbox full", Verdict.FAIL),
        # about us: relaying, blocklists, policies
        (550, "5.7.1 relaying denied", Verdict.RETRY),
        (554, "5.7.1 blocked", Verdict.RETRY),
        (554, "relay access denied", Verdict.RETRY),
        (530, "authentication required", Verdict.RETRY),
        # an address of ours is no status
        (554, "10.5.1.2 is on our list", Verdict.RETRY),
        (554, "refused: 5.1.1.9 is on our list", Verdict.RETRY),
    ],
)
def test_what_an_answer_to_the_recipient_means(code: int, words: str, expected: Verdict) -> None:
    refused = smtplib.SMTPRecipientsRefused({"ada@example.org": (code, words.encode())})
    assert verdict_on(refused) == (expected, f"{code} {words}")


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (421, "closing", Verdict.WAIT_FOR_SERVER),
        (451, "4.3.0 try later", Verdict.RETRY),
        (554, "5.7.1 looks like spam", Verdict.FAIL),
        (550, "refused", Verdict.FAIL),
        (550, "5.1.1 no such user", Verdict.SUPPRESS),
    ],
)
def test_what_an_answer_to_the_message_means(code: int, words: str, expected: Verdict) -> None:
    assert verdict_on(smtplib.SMTPDataError(code, words))[0] is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (smtplib.SMTPSenderRefused(550, b"no", "status@example.com"), Verdict.RETRY),
        (smtplib.SMTPSenderRefused(421, b"closing", "status@example.com"), Verdict.WAIT_FOR_SERVER),
        (smtplib.SMTPServerDisconnected("closed"), Verdict.WAIT_FOR_SERVER),
        (smtplib.SMTPAuthenticationError(535, b"no"), Verdict.WAIT_FOR_SERVER),
        (smtplib.SMTPConnectError(554, b"no"), Verdict.WAIT_FOR_SERVER),
        (TimeoutError("timed out"), Verdict.WAIT_FOR_SERVER),
        (ConnectionRefusedError(), Verdict.WAIT_FOR_SERVER),
        (ValueError("Invalid address"), Verdict.RETRY),
    ],
)
def test_trouble_with_the_server_is_never_the_reader_s_fault(error: Exception, expected: Verdict) -> None:
    assert verdict_on(error)[0] is expected


def test_the_waits_grow_and_then_stay() -> None:
    waits = [wait_after(attempts, Verdict.RETRY) for attempts in range(1, 9)]
    assert waits == [*BACKOFF, BACKOFF[-1], BACKOFF[-1]]


def test_a_server_that_was_away_is_tried_again_within_two_minutes() -> None:
    assert wait_after(1, Verdict.WAIT_FOR_SERVER) == timedelta(seconds=30)
    assert wait_after(50, Verdict.WAIT_FOR_SERVER) == timedelta(minutes=2)
