"""The list of customers, and their mail from the notice to the mail server."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import IntegrityError
from pytest_django import DjangoAssertNumQueries

from components.models import Page
from incidents.customers import confirm_customer_mail, request_customer_mail
from incidents.models import Incident, Notice
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition, ValidationFailed
from subscriptions import links, sending
from subscriptions.customers import (
    CustomerRow,
    export_customers,
    import_customers,
    lift_suppression,
    read_customers,
)
from subscriptions.enums import DeliveryState, Purpose
from subscriptions.fanout import fan_out, fan_out_pending
from subscriptions.models import Customer, Delivery, Subscriber
from subscriptions.retention import apply_retention
from tests.unit.subscriptions.conftest import Sink

Make = Callable[..., Subscriber]
ADA, BOB, EVE = (CustomerRow(email=f"{name}@example.net", name=name.title()) for name in ("ada", "bob", "eve"))


@pytest.fixture
def letter(incident: Incident) -> Notice:
    """What two people agreed on; the incident's own notice is left out."""
    Notice.objects.all().delete()
    Page.objects.update(support_email="help@example.com", support_url="https://help.example.com/")
    mail = request_customer_mail(
        incident=incident, subject="Please check your data", body="We lost **one hour**.", requested_by="ada"
    )
    return confirm_customer_mail(mail=mail, confirmed_by="grace")


def emails() -> list[str]:
    return list(Customer.objects.listed().values_list("email", flat=True))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("email,name\nada@example.net,Ada\n", [ADA]),
        ("Name;x\n", None),
        ("id, Email ,city,NAME\n7, ADA@Example.NET ,Bern, Ada\n\n,,,\n", [ADA]),
        ("\ufeffemail\nada@example.net\nAda@example.net\n", [CustomerRow(email="ada@example.net")]),
        ('email,name\n"ada@example.net","Ada"\n', [ADA]),
        ("email,name\nada@example.net,\x07Ada\u202e\n", [ADA]),
        ("", None),
        ("email\n", None),
    ],
)
def test_a_file_is_read_by_its_header(file: str, expected: list[CustomerRow] | None) -> None:
    lines = file.splitlines(keepends=True)
    if expected is None:
        with pytest.raises(ValidationFailed, match="Nothing was imported"):
            read_customers(lines)
    else:
        assert read_customers(lines) == expected


def test_every_line_that_is_wrong_is_named_and_none_is_taken() -> None:
    lines = ["email\n", "ada@example.net\n", "bob\n", "eve@example.net, bob@example.net\n", "a@b@c\n"]
    with pytest.raises(ValidationFailed) as refused:
        read_customers(lines)
    said = refused.value.sentence
    assert "line 3: An email address reads" in said
    assert "line 5: Give one address only" in said
    assert "line 2" not in said


def test_only_the_first_mistakes_of_a_wrong_file_are_listed() -> None:
    with pytest.raises(ValidationFailed, match="and 80 more"):
        read_customers(["email\n", *["nobody\n"] * 100])


def test_an_import_adds_changes_and_never_takes_off_by_itself(db: None) -> None:
    done = import_customers(rows=[ADA, BOB])
    assert (done.added, done.changed, done.removed, done.unchanged) == (2, 0, 0, 0)
    done = import_customers(rows=[CustomerRow(email=ADA.email, name="Ada L."), EVE, CustomerRow(email=BOB.email)])
    assert (done.added, done.changed, done.removed, done.unchanged) == (1, 1, 0, 1)
    assert emails() == [ADA.email, BOB.email, EVE.email]
    assert Customer.objects.get(email=ADA.email).name == "Ada L."
    assert Customer.objects.get(email=BOB.email).name == "Bob"
    assert import_customers(rows=[ADA, BOB, EVE]).changed == 1
    assert import_customers(rows=[ADA, BOB, EVE]).unchanged == 3


def test_replacing_takes_off_who_is_not_in_the_file_and_they_can_come_back(db: None) -> None:
    import_customers(rows=[ADA, BOB])
    assert import_customers(rows=[BOB], replace=True).removed == 1
    assert import_customers(rows=[BOB], replace=True).removed == 0
    assert emails() == [BOB.email]
    assert import_customers(rows=[ADA]).changed == 1
    assert emails() == [ADA.email, BOB.email]


def test_a_dry_run_writes_nothing(db: None) -> None:
    import_customers(rows=[ADA])
    done = import_customers(rows=[BOB], replace=True, dry_run=True)
    assert (done.added, done.removed) == (1, 1)
    assert emails() == [ADA.email]


def test_an_import_does_not_make_an_address_work_again(db: None) -> None:
    import_customers(rows=[ADA, BOB])
    Customer.objects.filter(email=ADA.email).update(suppressed_at=clock.now(), suppressed_reason="550 no such user")
    assert import_customers(rows=[ADA, BOB]).suppressed == 1
    assert [row.email for row in Customer.objects.reachable()] == [BOB.email]
    ada = Customer.objects.get(email=ADA.email)
    lift_suppression(customer=ada)
    assert ada.is_reachable
    with pytest.raises(InvalidTransition, match="is not suppressed"):
        lift_suppression(customer=ada)


def test_what_is_written_out_can_be_brought_in(db: None) -> None:
    import_customers(rows=[BOB, ADA])
    assert list(export_customers()) == [(ADA.email, "Ada"), (BOB.email, "Bob")]


def test_every_customer_is_told_and_no_subscriber(letter: Notice, subscriber: Make) -> None:
    import_customers(rows=[ADA, BOB, EVE])
    Customer.objects.filter(email=BOB.email).update(suppressed_at=clock.now())
    import_customers(rows=[ADA, BOB], replace=True)
    subscriber("reader@example.org")
    assert fan_out_pending() == 1
    delivery = Delivery.objects.get()
    assert delivery.customer is not None
    assert (delivery.customer.email, delivery.subscriber, delivery.purpose) == (ADA.email, None, Purpose.NOTICE)
    assert fan_out_pending() == fan_out(letter) == 0


def test_fanning_out_to_a_thousand_customers_takes_as_many_queries_as_to_one(
    letter: Notice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Customer.objects.bulk_create(Customer(email=f"r{n}@example.net") for n in range(1000))
    # Savepoint, claim, insert, release; on PostgreSQL a setting before the insert.
    with django_assert_num_queries(4 + (connection.vendor == "postgresql")):
        assert fan_out(letter) == 1000
    Notice.objects.update(fanned_out_at=None)
    assert fan_out(letter) == 0


def test_a_delivery_has_exactly_one_recipient(letter: Notice, subscriber: Make) -> None:
    customer = Customer.objects.create(email=ADA.email)
    Delivery.objects.create(notice=letter, customer=customer)
    for recipients in ({}, {"subscriber": subscriber(), "customer": Customer.objects.create(email=BOB.email)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.create(notice=letter, **recipients)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(purpose=Purpose.CONFIRMATION, customer=Customer.objects.get(email=ADA.email))


def test_their_mail_says_why_they_get_it_and_how_to_reach_us(letter: Notice, sink: Sink) -> None:
    import_customers(rows=[ADA, BOB])
    fan_out_pending()
    assert sending.send_batch().sent == 2
    assert sorted(sink.recipients) == [ADA.email, BOB.email]
    assert len({message["Message-ID"] for message in sink.accepted}) == 2
    for message in sink.accepted:
        assert message["Subject"] == "Please check your data"
        assert message["List-ID"] == "<customers.status.example.com>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Reply-To"] == "help@example.com"
        assert message["References"].startswith("<incident-")
        assert message["List-Unsubscribe"] is message["List-Unsubscribe-Post"] is None
        for subtype in ("plain", "html"):
            part = message.get_body((subtype,))
            assert part is not None
            text = part.get_content()
            assert "/subscriptions/" not in text
            words = " ".join(re.sub(r"<[^>]+>", "", text).split())
            for said in ("one hour", "you are our customer", "help@example.com", "https://help.example.com/"):
                assert said in words


def test_of_a_private_incident_customers_learn_what_was_written_and_what_is_public(
    incident: Incident, sink: Sink
) -> None:
    Incident.objects.filter(pk=incident.pk).update(private=True, title="Secret name")
    mail = request_customer_mail(incident=incident, subject="Please read", body="Words.", requested_by="ada")
    confirm_customer_mail(mail=mail, confirmed_by="grace")
    import_customers(rows=[ADA])
    fan_out_pending()
    sending.send_batch()
    whole = sink.accepted[0].as_string()
    assert "Secret" not in whole
    assert "API gateway" not in whole
    assert "Critical incident" in whole


def test_who_is_both_gets_this_mail_once_and_the_updates_as_before(
    incident: Incident, subscriber: Make, sink: Sink
) -> None:
    subscriber(ADA.email)
    import_customers(rows=[ADA])
    mail = request_customer_mail(incident=incident, subject="To all", body="Words.", requested_by="ada")
    confirm_customer_mail(mail=mail, confirmed_by="grace")
    fan_out_pending()
    sending.send_batch()
    subjects = sorted(message["Subject"] for message in sink.accepted)
    assert subjects == ["To all", "[Investigating] API errors in eu-west"]
    by_list = {message["List-ID"]: message for message in sink.accepted}
    update = by_list["<updates.status.example.com>"]
    token = re.search(r"/subscriptions/([^/]+)/", update["List-Unsubscribe"])
    assert token is not None
    assert links.read_leave_token(token[1]) is not None


def test_an_address_that_bounces_for_good_is_tried_no_more(letter: Notice, subscriber: Make, sink: Sink) -> None:
    reader = subscriber(ADA.email)
    import_customers(rows=[ADA])
    fan_out_pending()
    sink.rcpt_answers[ADA.email] = "550 5.1.1 no such user"
    assert sending.send_batch().failed == 1
    customer = Customer.objects.get()
    assert not customer.is_reachable
    assert customer.suppressed_reason == "550 5.1.1 no such user"
    reader.refresh_from_db()
    assert reader.is_confirmed


def test_a_customer_is_tried_again_as_any_other(letter: Notice, sink: Sink) -> None:
    import_customers(rows=[ADA])
    fan_out_pending()
    sink.rcpt_answers[ADA.email] = "451 try later"
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        assert sending.send_batch().postponed == 1
        sink.rcpt_answers.clear()
        hand.shift(timedelta(seconds=30))
        assert sending.send_batch().sent == 1


def test_who_was_taken_off_meanwhile_hears_no_more(letter: Notice, sink: Sink) -> None:
    import_customers(rows=[ADA, BOB])
    fan_out_pending()
    import_customers(rows=[BOB], replace=True)
    tally = sending.send_batch()
    assert (tally.sent, tally.suppressed) == (1, 1)
    assert sink.recipients == [BOB.email]


def test_a_former_customer_s_address_is_erased_and_the_ledger_stays(letter: Notice) -> None:
    import_customers(rows=[ADA, BOB])
    fan_out_pending()
    Delivery.objects.update(state=DeliveryState.SENT)
    import_customers(rows=[BOB], replace=True)
    assert apply_retention() == 0
    Customer.objects.filter(email=ADA.email).update(removed_at=clock.now() - timedelta(days=31))
    assert (apply_retention(), apply_retention()) == (1, 0)
    former = Customer.objects.get(removed_at__isnull=False)
    assert (former.email, former.name) == (f"erased:{former.public_id}", "")
    assert Delivery.objects.count() == 2


def test_an_erased_customer_who_comes_back_is_a_new_row(db: None) -> None:
    import_customers(rows=[ADA])
    Customer.objects.update(removed_at=clock.now() - timedelta(days=31))
    apply_retention()
    assert import_customers(rows=[ADA]).added == 1
    assert emails() == [ADA.email]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_two_imports_at_the_same_moment_are_one_list() -> None:
    from concurrent.futures import ThreadPoolExecutor

    rows = [CustomerRow(email=f"r{n}@example.net") for n in range(500)]

    def bring_in(_: int) -> int:
        try:
            return import_customers(rows=rows).added
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bring_in, range(4)))
    assert Customer.objects.count() == 500
