"""All mails that should have come so far, against all that came."""

import re
from collections import Counter, defaultdict
from email.message import EmailMessage

from tests.journeys.checks import becomes
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually

# A notice that is not fanned out, a mail that is not sent, a draft whose time has come: more may come of it.
WAITING = """
    SELECT (SELECT count(*) FROM incidents_notice WHERE fanned_out_at IS NULL),
           (SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending'),
           (SELECT count(*) FROM subscriptions_subscriptionrequest),
           (SELECT count(*) FROM incidents_reportmail WHERE sent_at IS NULL),
           (SELECT count(*) FROM incidents_draft WHERE publish_at <= now())
"""


class Letters:
    """All mails that should have come so far: the subjects to each address, in their order."""

    def __init__(self, stack: Stack, mails: Mailbox) -> None:
        self._stack, self._mails = stack, mails
        self._due: dict[str, list[str]] = defaultdict(list)

    def come(self, address: str, *subjects: str) -> list[EmailMessage]:
        """Wait for these, and for no other ones; returns them."""
        self._due[address] += subjects

        def have_come() -> list[EmailMessage]:
            came, due = [mail["Subject"] for mail in self._mails.to(address)], self._due[address]
            assert came == due, f"{address} got {came} and not {due}"
            return self._mails.to(address)[-len(subjects) :]

        return eventually(have_come)

    def are_all(self) -> None:
        """Nothing waits to be sent, and nobody got anything but what was due to them."""
        becomes(self._stack, WAITING, [(0, 0, 0, 0, 0)])
        came: dict[str, list[str]] = defaultdict(list)
        for mail in self._mails.messages:
            came[mail["X-Envelope-To"]].append(mail["Subject"])
        assert came == self._due, f"{dict(came)} came and not {dict(self._due)}"
        ids = Counter(mail["Message-ID"] for mail in self._mails.messages)
        assert max(ids.values()) == 1


def text_of(mail: EmailMessage) -> str:
    """Its paragraphs in one line each, however they were wrapped."""
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return re.sub(r"(?<=\S)\n *(?=\S)", " ", content.replace("\r\n", "\n"))
