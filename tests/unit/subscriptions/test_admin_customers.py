"""Customers and mails to all of them in the console."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.customers import confirm_customer_mail, request_customer_mail
from incidents.models import CustomerMail, Incident, Notice
from incidents.services import merge_incident, open_incident, resolve_incident
from statuspage.core import clock
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Customer, Delivery

CUSTOMERS = "/admin/subscriptions/customer/"
MAILS = "/admin/incidents/customermail/"
WORDS = {"subject": "Please check your data", "body": "We lost **one hour**."}


def colleague(name: str, *permissions: str) -> Client:
    """Logged in; without named permissions with every one."""
    user = User.objects.create(username=name, is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ada(db: None) -> Client:
    return colleague("ada")


@pytest.fixture
def grace(db: None) -> Client:
    return colleague("grace")


@pytest.fixture
def customers(db: None) -> None:
    Customer.objects.bulk_create(Customer(email=f"r{n}@example.net", name=f"N{n}") for n in range(1200))


@pytest.fixture
def mail(incident: Incident) -> CustomerMail:
    return request_customer_mail(incident=incident, requested_by="ada", **WORDS)


def shown(client: Client, mail: CustomerMail) -> str:
    return client.get(f"{MAILS}{mail.pk}/change/").content.decode()


def test_the_words_are_looked_at_before_they_are_asked_for(ada: Client, incident: Incident, customers: None) -> None:
    address = f"{MAILS}add/?incident={incident.pk}"
    assert "It would go to 1,200 customers" in ada.get(address).content.decode()
    seen = ada.post(address, WORDS).content.decode()
    assert "We lost <strong>one hour</strong>." in seen
    assert "It would go to 1,200 customers" in seen
    assert not CustomerMail.objects.exists()
    done = ada.post(address, WORDS | {"asked": "yes"}, follow=True).content.decode()
    assert "Nothing is sent before another person lets it go." in done
    assert (CustomerMail.objects.get().requested_by, Notice.objects.filter(audience="customers").count()) == ("ada", 0)


def test_a_refusal_keeps_what_was_typed(ada: Client, incident: Incident) -> None:
    html = ada.post(
        f"{MAILS}add/?incident={incident.pk}", {"subject": "Hello", "body": "Since [[when]].", "asked": "yes"}
    ).content.decode()
    assert "There is a blank to fill in: [[when]]." in html
    assert "Since [[when]].</textarea>" in html
    assert not CustomerMail.objects.exists()


@pytest.mark.parametrize("key", ["", "0", "x", "9" * 30, "²"])
def test_without_an_incident_one_is_chosen_first(key: str, ada: Client, incident: Incident) -> None:
    answer = ada.get(f"{MAILS}add/", {"incident": key})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert ("There is no such incident" in html) is bool(key)
    assert f'<option value="{incident.pk}">{incident.reference} ' in html
    assert "What all customers have to know" not in html
    assert "What all customers have to know" in ada.get(f"{MAILS}add/", {"incident": incident.pk}).content.decode()


def test_one_that_was_merged_is_not_offered_and_one_that_is_over_is(ada: Client, incident: Incident) -> None:
    over = open_incident(
        title="Over", severity=incident.severity, message="We look.", impacts={}, started_at=incident.started_at
    )
    resolve_incident(incident=over, message="Done.")
    twin = open_incident(
        title="Twin", severity=incident.severity, message="We look.", impacts={}, started_at=incident.started_at
    )
    merge_incident(duplicate=twin, into=incident)
    html = ada.get(f"{MAILS}add/").content.decode()
    assert f'<optgroup label="Open"><option value="{incident.pk}">' in html
    assert f'<optgroup label="Over"><option value="{over.pk}">' in html
    assert f'<option value="{twin.pk}">' not in html


def test_where_there_is_no_incident_there_is_nothing_to_choose(ada: Client) -> None:
    html = ada.get(f"{MAILS}add/").content.decode()
    assert "and there is none" in html
    assert "<select" not in html


def test_who_asked_sees_that_another_person_decides(ada: Client, mail: CustomerMail, customers: None) -> None:
    html = shown(ada, mail)
    assert "another person has to read it and let it go" in html
    assert "Send it to" not in html
    answer = ada.post(f"{MAILS}{mail.pk}/confirm/", follow=True).content.decode()
    assert "You asked for this mail yourself" in answer
    assert not Notice.objects.filter(audience="customers").exists()


def test_another_person_reads_it_and_lets_it_go(
    grace: Client, ada: Client, mail: CustomerMail, customers: None
) -> None:
    html = shown(grace, mail)
    assert "We lost <strong>one hour</strong>." in html
    assert "Send it to 1,200 customers" in html
    sent = grace.post(f"{MAILS}{mail.pk}/confirm/", follow=True).content.decode()
    assert "It goes out to all customers now." in sent
    fan_out_pending()
    Delivery.objects.filter(customer__email="r7@example.net").update(state="failed")
    html = shown(ada, mail)
    assert "0 of 1200 sent" in html
    assert "1199 waiting" in html
    assert "1 failed" in html
    assert "Confirmed by grace" in html
    again = grace.post(f"{MAILS}{mail.pk}/confirm/", follow=True).content.decode()
    assert " let this mail go already" in again
    assert Notice.objects.filter(audience="customers").count() == 1
    assert "1,199 waiting, 1 failed" in ada.get(MAILS).content.decode()


def test_it_can_be_withdrawn_by_who_asked(ada: Client, grace: Client, mail: CustomerMail) -> None:
    assert "Withdrawn: nothing is sent." in ada.post(f"{MAILS}{mail.pk}/withdraw/", follow=True).content.decode()
    assert "Withdrawn by ada" in shown(grace, mail)
    assert " withdrew this mail" in grace.post(f"{MAILS}{mail.pk}/confirm/", follow=True).content.decode()


def test_opening_an_address_sends_nothing(grace: Client, mail: CustomerMail) -> None:
    for name in ("confirm", "withdraw"):
        assert grace.get(f"{MAILS}{mail.pk}/{name}/").status_code == 302
    mail.refresh_from_db()
    assert mail.is_waiting


def test_who_may_only_look_changes_nothing(mail: CustomerMail, incident: Incident) -> None:
    reader = colleague("eve", "view_customermail")
    html = shown(reader, mail)
    assert "We lost <strong>one hour</strong>." in html
    assert '<button class="act' not in html
    for name in ("confirm", "withdraw"):
        assert reader.post(f"{MAILS}{mail.pk}/{name}/").status_code == 403
    assert reader.post(f"{MAILS}add/?incident={incident.pk}", WORDS | {"asked": "yes"}).status_code == 403
    nobody = colleague("bob", "view_incident")
    assert nobody.get(f"{MAILS}{mail.pk}/change/").status_code == 403


def test_the_console_deletes_and_edits_no_mail(ada: Client, mail: CustomerMail) -> None:
    assert ada.post(f"{MAILS}{mail.pk}/delete/", {"post": "yes"}).status_code == 403
    ada.post(f"{MAILS}{mail.pk}/change/", {"subject": "Other"})
    mail.refresh_from_db()
    assert mail.subject == WORDS["subject"]
    assert ada.get(f"{MAILS}nothing/change/").status_code == 404


def test_the_list_of_mails_takes_as_many_queries_for_many_as_for_one(ada: Client, incident: Incident) -> None:
    counts = []
    for number in range(1, 12):
        given = WORDS | {"subject": f"Mail {number}"}
        one = request_customer_mail(incident=incident, requested_by="ada", **given)
        confirm_customer_mail(mail=one, confirmed_by="grace")
        if number in {1, 11}:
            with CaptureQueriesContext(connection) as queries:
                assert f"Mail {number}" in ada.get(MAILS).content.decode()
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_customers_are_found_counted_and_tried_again(ada: Client, customers: None) -> None:
    Customer.objects.filter(email="r7@example.net").update(suppressed_at=clock.now(), suppressed_reason="550 no user")
    Customer.objects.filter(email="r8@example.net").update(removed_at=clock.now())
    assert "goes to 1,198" in ada.get(CUSTOMERS).content.decode()
    found = ada.get(CUSTOMERS, {"q": "r7@"}).content.decode()
    assert "550 no user" in found
    assert "r8@example.net" not in ada.get(CUSTOMERS, {"q": "r8@"}).content.decode()
    assert "r8@example.net" in ada.get(CUSTOMERS, {"listed": "removed"}).content.decode()
    seven = Customer.objects.get(email="r7@example.net")
    ada.post(CUSTOMERS, {"action": "lift", "_selected_action": [str(seven.pk)]})
    seven.refresh_from_db()
    assert seven.is_reachable


def test_the_list_of_customers_is_not_written_here(ada: Client, customers: None) -> None:
    pk = Customer.objects.all()[0].pk
    assert ada.get(f"{CUSTOMERS}add/").status_code == 403
    assert ada.post(f"{CUSTOMERS}{pk}/change/", {"email": "eve@example.org"}).status_code == 403
    assert ada.post(f"{CUSTOMERS}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert ada.get(f"{CUSTOMERS}{pk}/change/").status_code == 200


def test_the_ledger_names_the_customer(ada: Client, mail: CustomerMail) -> None:
    Customer.objects.create(email="cleo@example.net")
    confirm_customer_mail(mail=mail, confirmed_by="grace")
    fan_out_pending()
    html = ada.get("/admin/subscriptions/delivery/", {"q": "cleo@"}).content.decode()
    assert "cleo@example.net (customer)" in html
    assert f"{mail.incident.reference}: Mail to all customers" in html
