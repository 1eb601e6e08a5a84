import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.moulds import Mould, Slots

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINK = "https://status.example.com/subscriptions/" + "x" * 90 + "/unsubscribe/"


def parse(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def mould(text: str, html: str, slots: Slots, subject: str = "[Investigating] API errors") -> Mould:
    return Mould(
        sender="Status <status@example.com>",
        subject=subject,
        text=text,
        html_text=html,
        slots=slots,
        headers={"Auto-Submitted": "auto-generated"},
    )


@pytest.mark.parametrize("words", ["Short words", "Wörter, die länger sind — " * 8, "x" * 3000, "ü " * 2000])
def test_each_recipient_finds_their_own_link_whatever_the_encoding(words: str) -> None:
    slots = Slots("leave")
    mark = slots.placeholders["leave"]
    one = mould(f"{words} {mark} {words}\n", f'<p>{words}<a href="{mark}">out</a></p>\n', slots)
    for number in range(3):
        link = f"{LINK}{number}"
        message = parse(one.wire(to=f"r{number}@example.org", headers={}, values={"leave": link}))
        assert body(message, "plain") == f"{words} {link} {words}\n"
        assert body(message, "html") == f'<p>{words}<a href="{link}">out</a></p>\n'
        assert message["To"] == f"r{number}@example.org"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), min_size=1, max_size=5))
def test_text_survives_the_encoding_around_links(pieces: list[str]) -> None:
    slots = Slots("leave")
    text = slots.placeholders["leave"].join(pieces) + "\n"
    message = parse(mould(text, "<p></p>\n", slots).wire(to="a@example.org", headers={}, values={"leave": LINK}))
    assert body(message, "plain") == LINK.join(pieces) + "\n"


def test_no_line_is_longer_than_a_mail_may_have() -> None:
    slots = Slots("leave")
    mark = slots.placeholders["leave"]
    for words in ("é" * 2000, "a" * 490, "a" * 5000, "é " + "a" * 75):
        data = mould(f"{words}{mark}{words}\n", f"{words}{mark}\n", slots).wire(
            to="a@example.org", headers={}, values={"leave": LINK}
        )
        assert max(len(line) for line in data.split(b"\r\n")) <= 998
        if not words.isascii():
            quoted = data.split(b"quoted-printable\r\n\r\n")[1].split(b"\r\n--=_")[0]
            assert max(len(line) for line in quoted.split(b"\r\n")) <= 76


def test_plain_ascii_is_left_readable() -> None:
    slots = Slots("leave")
    data = mould(f"Leave:\n{slots.placeholders['leave']}\n", "<p>x</p>", slots).wire(
        to="a@example.org", headers={}, values={"leave": LINK}
    )
    assert f"Leave:\r\n{LINK}\r\n".encode() in data


def test_a_text_cannot_contain_a_placeholder_of_another_message() -> None:
    first, second = Slots("leave"), Slots("leave")
    text = f"{first.placeholders['leave']} {second.placeholders['leave']}\n"
    message = parse(mould(text, "<p></p>", second).wire(to="a@example.org", headers={}, values={"leave": LINK}))
    assert body(message, "plain") == f"{first.placeholders['leave']} {LINK}\n"


def test_a_value_is_escaped_in_html_and_not_in_text() -> None:
    slots = Slots("leave")
    mark = slots.placeholders["leave"]
    message = parse(
        mould(f"{mark}\n", f'<a href="{mark}">x</a>\n', slots).wire(
            to="a@example.org", headers={}, values={"leave": 'https://e.example/?a=1&b="2'}
        )
    )
    assert body(message, "plain") == 'https://e.example/?a=1&b="2\n'
    assert body(message, "html") == '<a href="https://e.example/?a=1&amp;b=&quot;2">x</a>\n'


def test_a_line_break_cannot_enter_a_header() -> None:
    slots = Slots("leave")
    one = mould("x", "y", slots)
    for address in ("a@example.org\r\nBcc: eve@example.org", "a@example.org\nBcc: eve@example.org", "ä@example.org"):
        with pytest.raises(ValueError, match="not one line of ASCII"):
            one.wire(to=address, headers={}, values={"leave": LINK})


def test_headers_are_whole_and_subjects_may_be_in_any_language() -> None:
    subject = "[Untersuchung läuft] " + "Störung der API 例え " * 12
    slots = Slots("leave")
    message_id = "<" + "n" * 12 + "." + "s" * 12 + "@status." + "long-name." * 8 + "example.com>"
    data = mould("x", "y", slots, subject.strip()).wire(
        to="a@example.org", headers={"Message-ID": message_id, "Date": format_datetime(NOON)}, values={"leave": LINK}
    )
    message = parse(data)
    assert message["Subject"] == subject.strip()
    assert message["From"] == "Status <status@example.com>"
    assert message["Date"].datetime == NOON
    assert message["MIME-Version"] == "1.0"
    assert f"Message-ID: {message_id}\r\n".encode() in data
    assert not message.defects


def test_a_backend_that_builds_its_own_message_finds_the_same_words() -> None:
    slots = Slots("leave")
    mark = slots.placeholders["leave"]
    mail = (
        mould(f"Leave: {mark}\n", f"<p>{mark}</p>\n", slots)
        .cast(to="a@example.org", headers={"Message-ID": "<1@e>"}, values={"leave": LINK})
        .as_mail()
    )
    assert mail.body == f"Leave: {LINK}\n"
    assert mail.alternatives[0][0] == f"<p>{LINK}</p>\n"
    assert mail.to == ["a@example.org"]
    assert mail.message()["Message-ID"] == "<1@e>"
    assert body(parse(mail.message().as_bytes()), "plain") == mail.body
    parsed = parse(mail.message(policy=email.policy.SMTP).as_bytes())
    assert body(parsed, "plain") == mail.body


def test_long_headers_are_written_whole_by_every_backend() -> None:
    slots = Slots("leave")
    mail = (
        mould("x", "y", slots)
        .cast(to="a@example.org", headers={"List-Unsubscribe": f"<{LINK}>"}, values={"leave": LINK})
        .as_mail()
    )
    for policy in (None, email.policy.default, email.policy.SMTP):
        assert f"List-Unsubscribe: <{LINK}>".encode() in mail.message(policy=policy).as_bytes()
    assert mail.message()["List-Unsubscribe"] == f"<{LINK}>"


def test_a_message_without_slots_stays_in_one_piece() -> None:
    assert Slots().cut("Dear customers") == [("Dear customers", None)]
