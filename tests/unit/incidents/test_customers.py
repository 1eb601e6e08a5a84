"""A mail to all customers: asked for by one person, let go by another, once."""

import pytest
from django.db import connection
from django.db.utils import IntegrityError

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.customers import confirm_customer_mail, request_customer_mail, withdraw_customer_mail
from incidents.enums import Audience, NoticeKind
from incidents.merging import merge_incident
from incidents.models import CustomerMail, Incident, Notice
from incidents.services import open_incident, resolve_incident
from statuspage.core.errors import InvalidTransition, NotFound, ValidationFailed
from tests.unit.incidents.test_concurrency import at_once


@pytest.fixture
def incident(api: Component) -> Incident:
    return open_incident(
        title="Data was lost",
        severity="critical",
        message="Looking.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
        notify=False,
    )


@pytest.fixture
def mail(incident: Incident) -> CustomerMail:
    return ask(incident)


def ask(incident: Incident, **words: str) -> CustomerMail:
    given = {"subject": "Please check your data", "body": "We lost **one hour**.", "requested_by": "ada", **words}
    return request_customer_mail(incident=incident, **given)


def test_asking_sends_nothing(mail: CustomerMail) -> None:
    assert mail.is_waiting
    assert not Notice.objects.exists()


def test_another_person_lets_it_go_with_what_was_asked_for(mail: CustomerMail) -> None:
    Page.objects.filter(pk=1).update(support_email="help@example.com", support_url="https://help.example.com/")
    notice = confirm_customer_mail(mail=mail, confirmed_by="grace")
    assert (notice.kind, notice.audience) == (NoticeKind.CUSTOMER_MAIL, Audience.CUSTOMERS)
    assert notice.payload["mail"] == {
        "id": mail.public_id,
        "subject": "Please check your data",
        "body_markdown": "We lost **one hour**.",
        "body_html": "<p>We lost <strong>one hour</strong>.</p>",
    }
    assert notice.payload["contact"] == {"email": "help@example.com", "url": "https://help.example.com/"}
    assert notice.payload["incident"]["title"] == "Data was lost"
    assert (mail.confirmed_by, mail.is_waiting, mail.notice) == ("grace", False, notice)


@pytest.mark.parametrize(
    ("given", "kept"), [("help@bücher.example", "help@xn--bcher-kva.example"), ("hülfe@example.com", ""), ("", "")]
)
def test_answers_go_to_an_address_that_a_header_can_hold(given: str, kept: str, mail: CustomerMail) -> None:
    Page.objects.filter(pk=1).update(support_email=given)
    assert confirm_customer_mail(mail=mail, confirmed_by="grace").payload["contact"]["email"] == kept


@pytest.mark.parametrize("person", ["ada", "ADA", " ada "])
def test_who_asked_cannot_let_it_go(person: str, mail: CustomerMail) -> None:
    with pytest.raises(InvalidTransition, match="another person"):
        confirm_customer_mail(mail=mail, confirmed_by=person)
    assert not Notice.objects.exists()
    mail.refresh_from_db()
    assert mail.is_waiting


def test_the_database_itself_asks_for_two_people(mail: CustomerMail) -> None:
    with pytest.raises(IntegrityError):
        CustomerMail.objects.filter(pk=mail.pk).update(confirmed_by="ada", confirmed_at=mail.requested_at)


def test_it_is_let_go_once(mail: CustomerMail) -> None:
    confirm_customer_mail(mail=mail, confirmed_by="grace")
    with pytest.raises(InvalidTransition, match="grace let this mail go already"):
        confirm_customer_mail(mail=mail, confirmed_by="bob")
    with pytest.raises(InvalidTransition, match="grace let this mail go already"):
        withdraw_customer_mail(mail=mail, withdrawn_by="ada")
    assert Notice.objects.count() == 1


def test_what_was_withdrawn_is_never_sent(mail: CustomerMail) -> None:
    withdraw_customer_mail(mail=mail, withdrawn_by="ada")
    assert (mail.withdrawn_by, mail.is_waiting) == ("ada", False)
    for decide in (
        lambda: confirm_customer_mail(mail=mail, confirmed_by="grace"),
        lambda: withdraw_customer_mail(mail=mail, withdrawn_by="grace"),
    ):
        with pytest.raises(InvalidTransition, match="ada withdrew this mail"):
            decide()
    assert not Notice.objects.exists()


def test_two_taps_ask_once(mail: CustomerMail, incident: Incident) -> None:
    assert ask(incident, subject=" Please  check your data ") == mail
    assert ask(incident, body="Other words.") != mail


def test_what_was_decided_can_be_asked_for_again(mail: CustomerMail, incident: Incident) -> None:
    withdraw_customer_mail(mail=mail, withdrawn_by="ada")
    assert ask(incident) != mail


@pytest.mark.parametrize(
    ("field", "words", "sentence"),
    [
        ("subject", " ", "Give the mail a subject."),
        ("subject", "x" * 251, "251 characters; at most 250"),
        ("subject", "About [[service]]", r"\[\[service\]\]"),
        ("body", "\x00", "what all customers have to know"),
        ("body", "x" * 20_001, "at most 20000"),
        ("body", "Since [[when]].", r"\[\[when\]\]"),
        ("requested_by", "", "Say who you are."),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(field: str, words: str, sentence: str, incident: Incident) -> None:
    with pytest.raises(ValidationFailed, match=sentence) as refused:
        ask(incident, **{field: words})
    assert refused.value.field == field
    assert not CustomerMail.objects.exists()


def test_nobody_lets_it_go_without_a_name(mail: CustomerMail) -> None:
    with pytest.raises(ValidationFailed, match="Say who you are"):
        confirm_customer_mail(mail=mail, confirmed_by=" ")


def test_of_a_merged_incident_none_is_written(incident: Incident, api: Component) -> None:
    other = open_incident(title="Same", severity="major", message="Looking.", impacts={}, notify=False)
    merge_incident(duplicate=incident, into=other)
    with pytest.raises(InvalidTransition, match="write about that one"):
        ask(incident)


def test_a_mail_that_is_gone_is_a_sentence(mail: CustomerMail) -> None:
    CustomerMail.objects.all().delete()
    with pytest.raises(NotFound, match="not here any more"):
        confirm_customer_mail(mail=mail, confirmed_by="grace")


def test_of_a_private_incident_only_what_is_public_goes_with_it(incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(title="Secret", private=True)
    resolve_incident(incident=incident, message="Secret end", root_cause_summary="Secret cause", notify=False)
    notice = confirm_customer_mail(mail=ask(incident), confirmed_by="grace")
    assert "Secret" not in str(notice.payload)
    assert "API gateway" not in str(notice.payload)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_at_the_same_moment_one_counts(mail: CustomerMail) -> None:
    def confirm(person: str) -> None:
        confirm_customer_mail(mail=CustomerMail.objects.get(), confirmed_by=person)

    errors = at_once(*[lambda name=name: confirm(name) for name in ("grace", "bob", "eve")])
    assert [type(error) for error in errors if error] == [InvalidTransition] * 2
    assert Notice.objects.count() == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_of_letting_go_and_withdrawing_at_the_same_moment_one_counts(mail: CustomerMail) -> None:
    errors = at_once(
        lambda: confirm_customer_mail(mail=CustomerMail.objects.get(), confirmed_by="grace"),
        lambda: withdraw_customer_mail(mail=CustomerMail.objects.get(), withdrawn_by="ada"),
    )
    assert [type(error) for error in errors if error] == [InvalidTransition]
    mail.refresh_from_db()
    assert Notice.objects.count() == (1 if mail.confirmed_at else 0)
