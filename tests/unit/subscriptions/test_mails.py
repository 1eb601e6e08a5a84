"""Real messages, read back: whose links are in them, in every kind, language and encoding."""

import email
import email.policy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine

from components.models import Component, Page
from incidents.enums import Audience, NoticeKind
from incidents.models import Notice
from statuspage.core.markdown import render_markdown
from subscriptions import links
from subscriptions.enums import Channel, Purpose
from subscriptions.languages import LANGUAGES, Reader, reader_of
from subscriptions.links import SignedFor
from subscriptions.mail_kinds import KEPT, MailKinds
from subscriptions.models import Customer, Delivery, Subscriber
from subscriptions.rendering import MailKind, cast_mail, choice_of, render_letter, render_notice
from subscriptions.said.letters import LETTERS
from tests.unit.subscriptions.every_kind import a_notice_of_every_kind
from tests.unit.subscriptions.mail_reading import html_part, text_part

OURS = re.compile(
    r"https://[^/\s\"<>]+/(?:[^/\s\"<>]+/)*(subscriptions|subscribe/confirm)/([^/\s\"<>]+)/(unsubscribe/)?"
)
HREF = re.compile(r'href="([^"]*)"')
MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)\r$", re.MULTILINE)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def person(number: int = 1, **fields: Any) -> Subscriber:
    return Subscriber(public_id=f"s{number:011d}", address=f"r{number}@example.org", **fields)


def received(kind: MailKind, delivery: Delivery) -> EmailMessage:
    """As a mail server gets it."""
    return parsed(wire(kind, delivery))


def wire(kind: MailKind, delivery: Delivery) -> bytes:
    return cast_mail(kind, delivery).message(policy=email.policy.SMTP).as_bytes()


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def places_of(data: bytes) -> dict[str, str]:
    """Text, HTML and header, by Python's older and quicker reader."""
    message = email.message_from_bytes(data)
    plain, rich = (part.get_payload(decode=True) for part in message.walk() if not part.is_multipart())
    assert isinstance(plain, bytes)
    assert isinstance(rich, bytes)
    return {"text": plain.decode(), "html": rich.decode(), "header": message["List-Unsubscribe"] or ""}


def readers_of(data: bytes) -> Iterator[tuple[str, SignedFor | None]]:
    """Of every link with a token: where it stands, and whom it was made for."""
    for place, text in places_of(data).items():
        for where, token, leaves in OURS.findall(text):
            read = links.read_confirm_token if where != "subscriptions" else links.read_manage_token
            yield f"{place} {leaves or where}", links.read_leave_token(token) if leaves else read(token)


def assert_own_links(data: bytes, reader: Subscriber, *places: str) -> None:
    own = SignedFor(public_id=reader.public_id, generation=1)
    found = list(readers_of(data))
    assert {place for place, _ in found} == set(places)
    assert {read for _, read in found} == {own}
    # Nothing is left over from the mould.
    read = places_of(data)
    assert all(address.startswith(("http://", "https://", "mailto:")) for address in HREF.findall(read["html"]))
    assert "slot-" not in read["text"] + read["html"]
    assert f"To: {reader.address}\r\n".encode() in data


EVERYWHERE = [f"{place} {which}" for place in ("text", "html") for which in ("subscriptions", "unsubscribe/")]


def test_in_every_kind_and_language_each_link_is_its_reader_s_own(api: Component, web: Component) -> None:
    for kind, notice in a_notice_of_every_kind(api, web).items():
        for code in LANGUAGES:
            for follower in (False, True):
                mail = render_notice(notice, Reader(language=code), follower=follower)
                for number in (1, 2):
                    reader = person(number)
                    if kind == NoticeKind.CUSTOMER_MAIL:
                        continue
                    data = wire(mail, Delivery(notice=notice, subscriber=reader))
                    assert_own_links(data, reader, *EVERYWHERE, "header unsubscribe/")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("purpose", LETTERS)
def test_in_every_letter_and_language_each_link_is_its_reader_s_own(page: Page, purpose: Purpose, code: str) -> None:
    for number in (1, 2):
        reader = Subscriber.objects.create(address=f"r{number}@example.org", language=code)
        mail = render_letter(purpose, choice_of(reader), reader_of(reader))
        data = wire(mail, Delivery(pk=number, purpose=purpose, subscriber=reader))
        if purpose == Purpose.CONFIRMATION:
            assert_own_links(data, reader, "text subscribe/confirm", "html subscribe/confirm")
            assert parsed(data)["List-Unsubscribe"] is None
        else:
            assert_own_links(data, reader, *EVERYWHERE, "header unsubscribe/")


@pytest.mark.parametrize(
    ("url", "words", "readers"),
    [
        ("https://status.example.com/" + "a-very-long-path/" * 20, "Wörter, die länger sind — " * 40, 1000),
        ("https://status.example.com", "Plain words.", 50),
        ("https://status.example.com/" + "p" * 300, "例え" * 2000, 50),
        ("https://status.example.com", "x" * 5000, 50),
    ],
)
def test_a_thousand_readers_of_one_mould_each_find_their_own_links(url: str, words: str, readers: int) -> None:
    notice = Notice(kind=NoticeKind.INCIDENT_CREATED, public_id="n" * 12, payload=payload(words, url=url))
    mail = render_notice(notice)
    seen = set()
    for number in range(readers):
        reader = person(number)
        data = wire(mail, Delivery(notice=notice, subscriber=reader))
        assert max(map(len, data.split(b"\r\n"))) <= 998
        assert_own_links(data, reader, *EVERYWHERE, "header unsubscribe/")
        seen.update(MESSAGE_ID.findall(data))
    assert len(seen) == readers


def payload(
    words: str = "Words.", *, title: str = "API errors", url: str = "https://status.example.com"
) -> dict[str, Any]:
    return {
        "page": {"name": "Example", "url": url, "time_zone": "UTC"},
        "incident": {
            "id": "i" * 12,
            "reference": "INC-1",
            "url": f"{url}/incidents/INC-1/",
            "title": title,
            "severity_name": "Major",
            "status": "investigating",
            "impact": "major",
            "private": False,
            "started_at": "2026-11-21T12:00:00Z",
            "resolved_at": None,
            "next_update_due_at": None,
            "promise": "",
            "root_cause_summary": "",
            "remediation": "",
        },
        "update": {
            "status": "investigating",
            "body_markdown": words,
            "body_html": render_markdown(words),
            "display_at": "2026-11-21T12:00:00Z",
        },
        "components": [],
    }


def told(**words: str) -> EmailMessage:
    notice = Notice(kind=NoticeKind.INCIDENT_CREATED, public_id="n" * 12, payload=payload(**words))
    return received(render_notice(notice), Delivery(notice=notice, subscriber=person()))


@pytest.mark.parametrize(
    "title", ["API\r\nBcc: eve@example.org", "API\nX: 1", "API\rX", "API\u2028X", "API\x85X", "a" * 998, "ü\r\n" * 300]
)
def test_a_title_is_one_subject_and_no_other_header(title: str) -> None:
    message = told(title=title)
    assert message["Subject"].startswith("[Investigating] ")
    assert message["Bcc"] is None
    assert message["X"] is None
    assert message.get_all("To") == ["r1@example.org"]


@pytest.mark.parametrize("name", ["Ex\r\nBcc: eve@example.org", "Ex\nX: 1", 'Ex "quoted" <b>', "Ex,ample; <a@b>"])
def test_a_page_s_name_is_no_header_either(name: str) -> None:
    body = payload()
    body["page"]["name"] = name
    notice = Notice(kind=NoticeKind.INCIDENT_CREATED, public_id="n" * 12, payload=body)
    message = received(render_notice(notice), Delivery(notice=notice, subscriber=person()))
    assert (message["Bcc"], message["X"]) == (None, None)
    assert "<b>" not in html_part(message).replace("<b>Began</b>", "")


@pytest.mark.parametrize("words", ["{{7*7}}", "{% load static %}", "{0.__class__}", "%(page)s %s %d ${PATH}"])
def test_what_looks_like_a_template_comes_out_as_written_in_every_language(words: str) -> None:
    body = payload(words, title=words)
    body["page"]["name"] = words
    body["components"] = [{"name": words, "status": "major_outage"}]
    notice = Notice(kind=NoticeKind.INCIDENT_CREATED, public_id="n" * 12, payload=body)
    for code in LANGUAGES:
        message = received(render_notice(notice, Reader(language=code)), Delivery(notice=notice, subscriber=person()))
        assert message["Subject"].endswith(f"] {words}")
        assert text_part(message).replace("\n", " ").count(words) == 4
        assert "49" not in text_part(message).replace("1249", "")


@pytest.mark.parametrize(
    "words",
    [
        "[press](javascript:alert(1))",
        "[press](JaVaScRiPt&colon;alert(1))",
        "![p](https://evil.example/p.png)",
        "<img src=https://evil.example/p.png onerror=alert(1)>",
        "<style>@import 'https://evil.example/x.css'</style>",
        '<a href="javascript:alert(1)">x</a>',
        "[p](data:text/html;base64,PHNjcmlwdD4=)",
        '[a](https://e.example/"onmouseover="alert(1))',
    ],
)
def test_what_staff_paste_loads_and_runs_nothing(words: str) -> None:
    page = html_part(told(words=words, title=words))
    assert not re.search(r"<(img|script|iframe|link|object|svg|form|input)\b", page)
    assert page.count("<style") == 1
    for tag in re.findall(r"<[a-z][^>]*>", page.partition("</style>")[2]):
        # An address may be a link, to be followed by whoever wants to.
        assert "evil.example" not in tag or tag.startswith('<a href="https://evil.example/')
        assert not re.search(r"\son\w+=|javascript:|data:|url\(|background-image", tag), tag


def test_headers_are_those_that_mail_programs_look_for(page: Page) -> None:
    with time_machine.travel(NOON, tick=False):
        message = told()
    assert message["Date"].datetime == NOON
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Message-ID"] == f"<{'n' * 12}.s00000000001@status.example.com>"
    assert message["References"] == message["In-Reply-To"] == f"<incident-{'i' * 12}@status.example.com>"
    assert message["List-ID"] == "<updates.status.example.com>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message["Precedence"] is None


def test_a_repeat_has_the_same_id_and_one_that_was_asked_for_its_own(page: Page) -> None:
    notice = Notice(kind=NoticeKind.INCIDENT_CREATED, public_id="n" * 12, payload=payload())
    mail = render_notice(notice)
    to_all = Notice(kind=notice.kind, audience=Audience.CUSTOMERS, public_id="n" * 12, payload=payload())
    letter = render_letter(Purpose.LINK, choice_of(Subscriber.objects.create(address="x@example.org")))

    def ids(**fields: Any) -> list[str]:
        to_reader = Delivery(notice=notice, subscriber=person(), **fields)
        to_customer = Delivery(notice=notice, customer=Customer(public_id="c" * 12, email="c@example.org"), **fields)
        a_letter = Delivery(pk=7, purpose=Purpose.LINK, subscriber=person(), **fields)
        pairs = [(mail, to_reader), (render_notice(to_all), to_customer), (letter, a_letter)]
        casts = [cast_mail(kind, delivery) for kind, delivery in pairs]
        return [str(cast.extra_headers["Message-ID"]).partition("@")[0] for cast in casts]

    first = ids()
    assert first == [f"<{'n' * 12}.s00000000001", f"<{'n' * 12}.{'c' * 12}", "<letter-7.s00000000001"]
    assert ids(attempts=3) == first
    assert ids(repeats=2) == [f"{one}.r2" for one in first]


def test_a_letter_about_a_url_goes_to_its_contact(page: Page) -> None:
    hook = Subscriber.objects.create(
        channel=Channel.WEBHOOK,
        address="https://hooks.example.net/secret-path",
        host="hooks.example.net",
        contact_email="ops@example.net",
    )
    for purpose in (Purpose.CONFIRMATION, Purpose.QUARANTINED):
        kind = render_letter(purpose, choice_of(hook))
        message = received(kind, Delivery(pk=1, purpose=purpose, subscriber=hook))
        assert message["To"] == "ops@example.net"
        assert "hooks.example.net" in text_part(message)
        assert "secret-path" not in message.as_string()


def test_who_follows_one_incident_hears_that_it_was_the_last_mail(api: Component, web: Component) -> None:
    found = a_notice_of_every_kind(api, web)
    for kind in (NoticeKind.INCIDENT_CREATED, NoticeKind.INCIDENT_UPDATED, NoticeKind.INCIDENT_RESOLVED):
        for follower in (True, False):
            delivery = Delivery(notice=found[kind], subscriber=person())
            text = text_part(received(render_notice(found[kind], follower=follower), delivery)).replace("\n", " ")
            assert ("It is over, so this was the last mail about it." in text) is (
                follower and kind == NoticeKind.INCIDENT_RESOLVED
            )
            assert ("because you subscribed to Example" in text) is not follower


def delivery_to(notice: Notice, **fields: Any) -> Delivery:
    return Delivery(notice=notice, subscriber=person(**fields))


def test_what_is_rendered_is_kept_for_the_next_batch_and_bounded(api: Component) -> None:
    notice = Notice.objects.create(kind=NoticeKind.INCIDENT_CREATED, audience=Audience.SUBSCRIBERS, payload=payload())
    first = MailKinds().kind_for(delivery_to(notice))
    assert MailKinds().kind_for(delivery_to(notice)) is first
    assert MailKinds().kind_for(delivery_to(notice, language="de")) is not first
    assert MailKinds().kind_for(delivery_to(notice, time_zone="Asia/Tokyo")) is not first
    assert MailKinds().kind_for(delivery_to(notice, wants_incidents=False)) is first
    nothing = {f"wants_{event}": False for event in ("incidents", "maintenance", "postmortems")}
    assert MailKinds().kind_for(delivery_to(notice, **nothing)) is not first
    for number in range(KEPT):
        another = Notice.objects.create(
            kind=NoticeKind.INCIDENT_CREATED,
            audience=Audience.SUBSCRIBERS,
            payload=payload(title=f"Number {number}"),
        )
        MailKinds().kind_for(delivery_to(another))
    assert MailKinds().kind_for(delivery_to(notice)) is not first


def test_what_was_rendered_before_an_incident_became_private_is_not_sent_after(api: Component) -> None:
    notice = Notice.objects.create(
        kind=NoticeKind.INCIDENT_CREATED, audience=Audience.SUBSCRIBERS, payload=payload("Secret words.")
    )
    assert "Secret" in str(cast_mail(MailKinds().kind_for(delivery_to(notice)), delivery_to(notice)).body)
    hidden = json.loads(json.dumps(notice.payload))
    hidden["incident"]["private"] = True
    hidden["update"] |= {"body_markdown": "", "body_html": ""}
    Notice.objects.filter(pk=notice.pk).update(payload=hidden)
    fresh = Notice.objects.get(pk=notice.pk)
    mail = cast_mail(MailKinds().kind_for(delivery_to(fresh)), delivery_to(fresh))
    assert "Secret" not in mail.subject + str(mail.body)


def test_the_date_of_a_mail_is_when_it_goes_out_and_not_when_it_was_rendered(api: Component) -> None:
    notice = Notice.objects.create(kind=NoticeKind.INCIDENT_CREATED, audience=Audience.SUBSCRIBERS, payload=payload())
    with time_machine.travel(NOON, tick=False) as hand:
        kind = MailKinds().kind_for(delivery_to(notice))
        hand.shift(timedelta(hours=3))
        assert received(kind, delivery_to(notice))["Date"].datetime == NOON + timedelta(hours=3)
