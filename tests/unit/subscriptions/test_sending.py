import re
import socket
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import time_machine
from pytest_django import Settings

from components.models import Component
from incidents.models import Incident, Notice
from statuspage.core import clock
from subscriptions import ledger, links, sending, services
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber
from subscriptions.senders import mail
from tests.unit.subscriptions.conftest import DROP, Sink, Tell, smtp_mailer, states
from tests.unit.subscriptions.test_fanout import tell_of_each

Make = Callable[..., Subscriber]
LINK = re.compile(r"https://status\.example\.com/subscriptions/([^/\"\s]+)/(unsubscribe/)?")


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def test_each_recipient_gets_one_mail_with_their_own_links(told: Tell, sink: Sink) -> None:
    recipients = {row.address: row for row in told(30)}
    assert sending.send_batch().sent == 30
    assert sorted(sink.recipients) == sorted(recipients)
    for message in sink.accepted:
        row = recipients[message["To"]]
        tokens = {links.read_leave_token(match[1]) for match in LINK.finditer(message["List-Unsubscribe"])}
        for subtype in ("plain", "html"):
            found = [links.read_leave_token(match[1]) for match in LINK.finditer(body(message, subtype))]
            assert len(found) == 2
            tokens |= set(found)
        assert tokens == {links.SignedFor(public_id=row.public_id, generation=1)}
    assert sink.sessions == 1


def test_the_links_of_every_kind_of_mail_are_the_recipient_s_own(
    incident: Incident, api: Component, subscriber: Make, sink: Sink
) -> None:
    recipients = {row.address: row for row in (subscriber(f"r{n}@example.org") for n in range(5))}
    tell_of_each(incident, api)
    fan_out_pending()
    assert sending.send_batch().sent == 15
    assert {message["Subject"].partition("]")[0] for message in sink.accepted} == {
        "[Investigating",
        "[Scheduled",
        "[Postmortem",
    }
    for message in sink.accepted:
        expected = links.SignedFor(public_id=recipients[message["To"]].public_id, generation=1)
        for text in (message["List-Unsubscribe"], body(message, "plain"), body(message, "html")):
            found = [links.read_leave_token(match[1]) for match in LINK.finditer(text)]
            assert found
            assert set(found) == {expected}


def test_one_click_unsubscribing_is_offered_in_the_headers(told: Tell, sink: Sink) -> None:
    told(1)
    sending.send_batch()
    message = sink.accepted[0]
    assert re.fullmatch(
        r"<https://status\.example\.com/subscriptions/[^/]+/unsubscribe/>", message["List-Unsubscribe"]
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-ID"] == "<updates.status.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_mails_of_one_incident_are_one_thread(told: Tell, sink: Sink, incident: Incident) -> None:
    told(1)
    sending.send_batch()
    message = sink.accepted[0]
    thread = f"<incident-{incident.public_id}@status.example.com>"
    assert message["References"] == message["In-Reply-To"] == thread
    notice, row = Notice.objects.get(), Subscriber.objects.get()
    assert message["Message-ID"] == f"<{notice.public_id}.{row.public_id}@status.example.com>"


def test_what_was_sent_is_recorded(told: Tell, sink: Sink) -> None:
    told(3)
    soon = clock.now() + timedelta(hours=1)
    with time_machine.travel(soon, tick=False):
        sending.send_batch()
    rows = list(Delivery.objects.all())
    assert {(row.state, row.attempts, row.lease, row.last_error) for row in rows} == {(DeliveryState.SENT, 1, "", "")}
    assert {row.sent_at for row in rows} == {soon}
    assert sending.send_batch().handled == 0


def test_a_refused_address_is_suppressed_and_the_others_are_served(told: Tell, sink: Sink) -> None:
    told(3)
    sink.rcpt_answers["r1@example.org"] = "550 5.1.1 no such user"
    tally = sending.send_batch()
    assert (tally.sent, tally.failed) == (2, 1)
    refused = Subscriber.objects.get(address="r1@example.org")
    assert refused.state == SubscriberState.SUPPRESSED
    assert refused.suppressed_reason == "550 5.1.1 no such user"
    delivery = Delivery.objects.get(subscriber=refused)
    assert (delivery.state, delivery.last_error) == (DeliveryState.FAILED, "550 5.1.1 no such user")
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert sending.send_batch().handled == 0


def test_a_message_refused_after_data_fails_without_blaming_the_reader(told: Tell, sink: Sink) -> None:
    told(1)
    sink.data_answers["r0@example.org"] = ["554 5.7.1 looks like spam"]
    sending.send_batch()
    assert states() == [DeliveryState.FAILED]
    assert Subscriber.objects.get().state == SubscriberState.CONFIRMED


def test_a_transient_answer_is_retried_later_and_sent_in_the_end(told: Tell, sink: Sink) -> None:
    told(2)
    sink.rcpt_answers["r0@example.org"] = "451 4.3.0 try later"
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        sending.send_batch()
        waiting = Delivery.objects.get(state=DeliveryState.PENDING)
        assert waiting.next_attempt_at == clock.now() + timedelta(seconds=30)
        assert (waiting.attempts, waiting.last_error) == (1, "451 4.3.0 try later")
        hand.shift(timedelta(seconds=29))
        assert sending.send_batch().handled == 0
        hand.shift(timedelta(seconds=1))
        sending.send_batch()
        waiting.refresh_from_db()
        assert waiting.next_attempt_at == clock.now() + timedelta(minutes=2)
        sink.rcpt_answers.clear()
        hand.shift(timedelta(minutes=2))
        assert sending.send_batch().sent == 1
    assert sink.recipients == ["r1@example.org", "r0@example.org"]


def test_after_five_days_it_is_given_up(notice: Notice, told: Tell, sink: Sink) -> None:
    told(1)
    sink.rcpt_answers["r0@example.org"] = "451 try later"
    with time_machine.travel(clock.now() + timedelta(days=5, minutes=1), tick=False):
        assert sending.send_batch().failed == 1
    assert states() == [DeliveryState.FAILED]
    assert Subscriber.objects.get().state == SubscriberState.CONFIRMED


def test_a_server_that_says_421_is_left_alone_for_a_while(told: Tell, sink: Sink) -> None:
    told(10)
    sink.mail_answer = "421 4.3.2 closing"
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        tally = sending.send_batch()
        assert (tally.sent, tally.failed, tally.postponed) == (0, 0, 10)
        assert sink.sessions == mail.SERVER_FAILURES_IN_A_ROW
        assert not ledger.has_due([Channel.EMAIL])
        sink.mail_answer = ""
        hand.shift(timedelta(seconds=30))
        assert sending.send_batch().sent == 10
    assert len(sink.accepted) == 10


def test_a_connection_that_drops_after_data_repeats_that_mail_only(told: Tell, sink: Sink) -> None:
    told(4)
    sink.data_answers["r1@example.org"] = [DROP]
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        assert sending.send_batch().sent == 3
        hand.shift(timedelta(seconds=30))
        assert sending.send_batch().sent == 1
    assert sorted(sink.recipients) == sorted(
        ["r0@example.org", *["r1@example.org"] * 2, "r2@example.org", "r3@example.org"]
    )
    twice = [message["Message-ID"] for message in sink.accepted if message["To"] == "r1@example.org"]
    assert twice[0] == twice[1]


def test_connections_that_drop_now_and_then_do_not_hold_up_the_others(told: Tell, sink: Sink) -> None:
    told(5)
    sink.data_answers |= {"r0@example.org": [DROP], "r2@example.org": [DROP]}
    tally = sending.send_batch()
    assert (tally.sent, tally.postponed) == (3, 2)


def test_no_server_at_all_loses_nothing(told: Tell, settings: Settings) -> None:
    told(3)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.MAILERS = smtp_mailer(unused.getsockname()[1])
    tally = sending.send_batch()
    assert (tally.sent, tally.postponed) == (0, 3)
    assert states() == [DeliveryState.PENDING] * 3
    assert all("ConnectionRefusedError" in error for error in Delivery.objects.values_list("last_error", flat=True))


def test_a_server_that_never_answers_loses_nothing(told: Tell, settings: Settings) -> None:
    told(1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        settings.MAILERS = smtp_mailer(silent.getsockname()[1])
        settings.MAILERS["default"]["OPTIONS"]["timeout"] = 0.2
        assert sending.send_batch().postponed == 1
    assert states() == [DeliveryState.PENDING]


def test_one_broken_message_does_not_hold_up_the_others(told: Tell, sink: Sink) -> None:
    told(3)
    Subscriber.objects.filter(address="r1@example.org").update(address="r1@example.org\r\nBcc: eve@example.org")
    tally = sending.send_batch()
    assert (tally.sent, tally.postponed) == (2, 1)
    assert sorted(sink.recipients) == ["r0@example.org", "r2@example.org"]


def test_who_left_after_the_fan_out_hears_no_more(told: Tell, sink: Sink) -> None:
    leaving, _ = told(2)
    services.unsubscribe(token=links.manage_token(leaving))
    tally = sending.send_batch()
    assert (tally.sent, tally.suppressed) == (1, 1)
    assert sink.recipients == ["r1@example.org"]
    assert Delivery.objects.get(subscriber=leaving).state == DeliveryState.SUPPRESSED


def test_a_confirmation_is_sent_with_a_link_that_works(page: object, sink: Sink) -> None:
    services.subscribe(email="Ada@Bücher.example", ip="192.0.2.1")
    services.accept_requests()
    assert sending.send_batch().sent == 1
    message = sink.accepted[0]
    assert message["To"] == "ada@xn--bcher-kva.example"
    assert message["Subject"] == "Confirm your subscription to Example"
    assert message["List-Unsubscribe"] is None
    found = [
        re.findall(r"https://status\.example\.com/subscribe/confirm/([^/\s\"]+)/", body(message, subtype))
        for subtype in ("plain", "html")
    ]
    assert set(found[0]) == set(found[1])
    services.confirm(token=found[0][0])
    assert Subscriber.objects.get().is_confirmed


def test_who_confirmed_meanwhile_is_not_asked_to_confirm(page: object, sink: Sink) -> None:
    services.subscribe(email="ada@example.org", ip="192.0.2.1")
    services.accept_requests()
    services.confirm(token=links.confirm_token(Subscriber.objects.get()))
    assert sending.send_batch().suppressed == 1
    assert sink.recipients == []


def test_a_reminder_leads_to_the_choice(subscriber: Make, sink: Sink) -> None:
    row = subscriber("ada@example.org")
    services.subscribe(email="ada@example.org", ip="192.0.2.1")
    services.accept_requests()
    sending.send_batch()
    message = sink.accepted[0]
    assert message["Subject"] == "You are subscribed to Example"
    tokens = {match[1] for match in LINK.finditer(body(message, "plain"))}
    assert {read.public_id for token in tokens if (read := links.read_leave_token(token))} == {row.public_id}


def test_letters_of_different_people_are_different(page: object, sink: Sink) -> None:
    for name in ("ada", "bob"):
        services.subscribe(email=f"{name}@example.org", ip="192.0.2.1")
    services.accept_requests()
    sending.send_batch()
    assert len({message["Message-ID"] for message in sink.accepted}) == 2
    assert {Delivery.objects.get(subscriber__address=m["To"]).purpose for m in sink.accepted} == {Purpose.CONFIRMATION}


def test_a_contact_whose_mailbox_is_gone_does_not_stop_the_webhook(subscriber: Make, sink: Sink) -> None:
    hook = subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, contact_email="ops@example.net")
    Delivery.objects.create(subscriber=hook, purpose=Purpose.LINK)
    sink.rcpt_answers["ops@example.net"] = "550 5.1.1 no such user"
    assert sending.send_batch().failed == 1
    hook.refresh_from_db()
    assert (hook.state, hook.suppressed_reason) == (SubscriberState.CONFIRMED, "")
