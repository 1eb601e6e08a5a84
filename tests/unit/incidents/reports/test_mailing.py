"""Mails about reports: rows first, sent afterwards, tried again, and never a header more than we wrote."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from components.models import Component, Page
from incidents.enums import ReportMailKind, ReportState
from incidents.models import OutageReport, ReportMail
from incidents.reports import mailing
from incidents.reports.letters import answer_report, retry_mail
from incidents.reports.mailing import send_due
from incidents.reports.retention import forget_contacts
from incidents.tasks import forget_report_contacts, send_report_mails, sweep_reports
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition, ValidationFailed
from tests.unit.incidents.reports.conftest import NOON, Submit
from tests.unit.subscriptions.conftest import Sink, sink, smtp_mailer

__all__ = ["sink"]


@pytest.fixture(autouse=True)
def support(page: Page) -> None:
    Page.objects.update(support_email="help@example.com")


@pytest.fixture
def nobody_listens(settings: Settings) -> None:
    settings.MAILERS = smtp_mailer(9)


def waiting() -> ReportMail:
    return ReportMail.objects.get()


def test_a_report_is_mailed_to_our_support_with_all_that_was_said(sink: Sink, api: Component, submit: Submit) -> None:
    report = submit(
        what="The list stays empty",
        component="api",
        country="Norway",
        isp="Example Net",
        began="about 14:00",
        error_text="502 Bad Gateway",
        contact="ada@example.org",
    )
    send_report_mails()
    (message,) = sink.accepted
    assert sink.recipients == ["help@example.com"]
    assert message["Subject"] == "[Report] API gateway: The list stays empty"
    assert message["Reply-To"] == "ada@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_content()
    for said in ("The list stays empty", "Norway, Example Net", "about 14:00", "502 Bad Gateway", "ada@example.org"):
        assert said in body
    assert f"https://status.example.com/admin/incidents/outagereport/{report.pk}/change/" in body
    assert (waiting().sent_at, waiting().attempts, waiting().next_attempt_at) == (NOON, 1, None)


def test_without_an_address_of_support_there_is_no_mail(submit: Submit) -> None:
    Page.objects.update(support_email="")
    submit()
    assert not ReportMail.objects.exists()


def test_a_report_is_stored_while_the_mail_server_is_down_and_mailed_when_it_is_back(
    nobody_listens: None, submit: Submit, at_noon: time_machine.Traveller, request: pytest.FixtureRequest
) -> None:
    submit(what="Broken")
    assert send_due() == 0
    assert OutageReport.objects.get().what == "Broken"
    failed = waiting()
    assert (failed.sent_at, failed.attempts) == (None, 1)
    assert "refused" in failed.last_error.lower()
    assert failed.next_attempt_at is not None
    assert failed.next_attempt_at > NOON
    sink: Sink = request.getfixturevalue("sink")
    assert send_due() == 0
    at_noon.move_to(failed.next_attempt_at)
    assert send_due() == 1
    assert len(sink.accepted) == 1
    assert waiting().last_error == ""


def test_a_server_that_is_gone_is_asked_once_and_not_for_each_mail(nobody_listens: None, submit: Submit) -> None:
    submit()
    submit()
    send_due()
    assert sorted(ReportMail.objects.values_list("attempts", flat=True)) == [0, 1]


def test_an_answer_of_later_is_tried_again_on_a_ladder(
    sink: Sink, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    submit()
    sink.rcpt_answers["help@example.com"] = "451 later"
    waits = []
    for _ in range(3):
        send_due()
        due = waiting().next_attempt_at
        assert due is not None
        waits.append(due - clock.now())
        at_noon.move_to(due)
    assert waits == sorted(waits)
    assert len(set(waits)) == 3
    sink.rcpt_answers.clear()
    assert send_due() == 1


def test_an_address_that_takes_no_mail_is_given_up_and_said(sink: Sink, submit: Submit) -> None:
    submit()
    sink.rcpt_answers["help@example.com"] = "550 5.1.1 nobody here"
    send_due()
    assert waiting().has_failed
    assert "nobody here" in waiting().last_error


def test_after_five_days_it_is_given_up(nobody_listens: None, submit: Submit, at_noon: time_machine.Traveller) -> None:
    submit()
    at_noon.shift(timedelta(days=4, hours=23))
    send_due()
    assert not waiting().has_failed
    at_noon.shift(timedelta(hours=2))
    send_due()
    assert waiting().has_failed


def test_a_mail_that_another_sender_has_is_left_alone(sink: Sink, submit: Submit) -> None:
    submit()
    assert mailing._take() is not None
    assert send_due() == 0
    assert not sink.accepted


def test_who_died_between_sending_and_writing_it_down_repeats_it_under_the_same_id(
    sink: Sink, submit: Submit, at_noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit()
    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_record_sent", lambda _mail: None)
        send_due()
    assert send_due() == 0
    at_noon.shift(mailing.LEASE)
    assert send_due() == 1
    one, two = sink.accepted
    assert one["Message-ID"] == two["Message-ID"]


def test_no_text_of_a_visitor_or_of_staff_makes_a_header_or_a_recipient(
    sink: Sink, api: Component, submit: Submit
) -> None:
    Component.objects.filter(pk=api.pk).update(name="API\r\nBcc: eve@example.org")
    hostile = "Broken\r\nBcc: eve@example.org\r\n\r\n{{7*7}} <script>"
    report = submit(what=hostile, component="api", contact="ada@example.org")
    answer_report(report=report, subject="Hello\r\nBcc: eve@example.org", body=hostile)
    assert send_due() == 2
    assert sink.recipients == ["help@example.com", "ada@example.org"]
    for message in sink.accepted:
        assert message["Bcc"] is None
        assert "{{7*7}} <script>" in message.get_content()


def test_an_answer_goes_to_who_reported_and_is_answered_to_support(sink: Sink, submit: Submit) -> None:
    Page.objects.update(support_email="")
    report = submit(contact="ada@example.org")
    Page.objects.update(support_email="help@example.com")
    answer_report(report=report, subject="Your report", body="It is mended.", author="grace")
    send_due()
    (message,) = sink.accepted
    assert (message["To"], message["Subject"], message["Reply-To"]) == (
        "ada@example.org",
        "Your report",
        "help@example.com",
    )
    assert message.get_content().strip() == "It is mended."
    assert (waiting().kind, waiting().author) == (ReportMailKind.REPLY, "grace")


def test_two_taps_send_one_answer(submit: Submit, at_noon: time_machine.Traveller) -> None:
    report = submit(contact="ada@example.org")
    first = answer_report(report=report, subject="Your report", body="It is mended.")
    assert answer_report(report=report, subject="Your report", body="It is mended.") == first
    at_noon.shift(timedelta(minutes=11))
    assert answer_report(report=report, subject="Your report", body="It is mended.") != first


@pytest.mark.parametrize(
    ("subject", "body", "field"),
    [
        ("", "Mended.", "subject"),
        ("x" * 251, "Mended.", "subject"),
        ("About [[service]]", "Mended.", "subject"),
        ("Hello", "\x00", "body"),
        ("Hello", "x" * 20_001, "body"),
        ("Hello", "Dear [[name]], it is mended.", "body"),
    ],
)
def test_an_answer_that_is_not_finished_is_not_sent(submit: Submit, subject: str, body: str, field: str) -> None:
    report = submit(contact="ada@example.org")
    with pytest.raises(ValidationFailed) as caught:
        answer_report(report=report, subject=subject, body=body)
    assert caught.value.field == field
    assert not ReportMail.objects.filter(kind=ReportMailKind.REPLY).exists()


def test_who_left_no_address_gets_no_answer(submit: Submit) -> None:
    with pytest.raises(ValidationFailed, match="left no address"):
        answer_report(report=submit(), subject="Hello", body="Mended.")


def test_a_mail_that_was_given_up_is_tried_again_by_hand(sink: Sink, submit: Submit) -> None:
    submit()
    sink.rcpt_answers["help@example.com"] = "550 5.1.1 nobody here"
    send_due()
    sink.rcpt_answers.clear()
    retry_mail(mail=waiting())
    assert send_due() == 1
    with pytest.raises(InvalidTransition):
        retry_mail(mail=waiting())


def test_old_addresses_are_deleted_and_the_report_stays(
    submit: Submit, at_noon: time_machine.Traveller, settings: Settings
) -> None:
    old = submit(what="Old", contact="ada@example.org")
    reply = answer_report(report=old, subject="Hello", body="It is mended.")
    at_noon.shift(timedelta(days=100))
    young = submit(what="Young", contact="eve@example.org")
    at_noon.shift(timedelta(days=81))
    forget_report_contacts()
    for row in (old, young, reply):
        row.refresh_from_db()
    assert (old.what, old.contact, old.sender_hash, old.state) == ("Old", "", "", ReportState.NEW)
    assert (reply.to, reply.body, reply.next_attempt_at) == ("", "It is mended.", None)
    assert "ada@example.org" not in str(list(ReportMail.objects.values()))
    assert young.contact == "eve@example.org"
    assert young.mails.count() == 1
    assert forget_contacts() == 0
    settings.REPORT_CONTACT_RETENTION_DAYS = 80
    assert forget_contacts() == 1


def test_the_sweep_wakes_the_sender_only_when_something_waits(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Any] = []
    monkeypatch.setattr(send_report_mails, "apply_async", lambda **options: woken.append(options))
    sweep_reports()
    assert not woken
    submit()
    sweep_reports()
    assert len(woken) == 1
