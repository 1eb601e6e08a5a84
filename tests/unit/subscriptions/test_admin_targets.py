"""The operator's own targets in the console."""

import pytest
from django.test import Client

from components.models import Component
from incidents.models import SeverityPolicy
from subscriptions.choices import Choice
from subscriptions.enums import Channel, DeliveryState, Origin, Purpose
from subscriptions.models import Delivery, Subscriber
from subscriptions.targets import add_target

TARGETS = "/admin/subscriptions/target/"


def filled(**fields: object) -> dict[str, object]:
    return {
        "name": "On call",
        "address": "APPRISE_ON_CALL",
        "wants_incidents": "on",
        "wants_updates": "on",
        "minimum_severity": "",
        **fields,
    }


def test_staff_add_a_target(admin_client: Client, api: Component) -> None:
    severity = SeverityPolicy.objects.get(slug="critical")
    form = filled(components=[api.pk], minimum_severity=severity.pk)
    assert admin_client.post(f"{TARGETS}add/", form).status_code == 302
    row = Subscriber.objects.get()
    assert (row.channel, row.address, row.name, row.origin) == (
        Channel.APPRISE,
        "APPRISE_ON_CALL",
        "On call",
        Origin.STAFF,
    )
    assert row.is_confirmed
    assert (row.wants_incidents, row.wants_maintenance, row.minimum_severity) == (True, False, severity)
    assert list(row.components.all()) == [api]
    html = admin_client.get(TARGETS).content.decode()
    assert "APPRISE_ON_CALL" in html
    assert "Confirmed" in html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "twilio://secret@1/2"}, "The name of the variable has to be APPRISE_"),
        ({"address": "SECRET_KEY"}, "The name of the variable has to be APPRISE_"),
        ({"name": ""}, "This field is required"),
        ({"wants_incidents": ""}, "Choose something to tell"),
    ],
)
def test_a_mistake_is_said_in_the_form(
    admin_client: Client, api: Component, fields: dict[str, object], said: str
) -> None:
    html = admin_client.post(f"{TARGETS}add/", filled(**fields)).content.decode()
    assert said in html
    assert not Subscriber.objects.exists()


def test_one_variable_is_one_target(admin_client: Client, api: Component) -> None:
    add_target(name="First", variable="APPRISE_ON_CALL", choice=Choice())
    assert "of another target already" in admin_client.post(f"{TARGETS}add/", filled()).content.decode()


def test_staff_change_a_target_but_not_its_variable(admin_client: Client, api: Component) -> None:
    target = add_target(name="First", variable="APPRISE_ON_CALL", choice=Choice(component_ids=(api.pk,)))
    form = filled(name="Night shift", address="APPRISE_OTHER", wants_reports="on")
    assert admin_client.post(f"{TARGETS}{target.pk}/change/", form).status_code == 302
    row = Subscriber.objects.get()
    assert (row.name, row.address, row.wants_reports, row.wants_maintenance) == (
        "Night shift",
        "APPRISE_ON_CALL",
        True,
        False,
    )
    assert not row.components.exists()


def test_staff_test_and_end_a_target(admin_client: Client, api: Component) -> None:
    target = add_target(name="First", variable="APPRISE_ON_CALL", choice=Choice())
    admin_client.post(TARGETS, {"action": "test", "_selected_action": target.pk})
    assert Delivery.objects.get().purpose == Purpose.TEST
    admin_client.post(TARGETS, {"action": "end", "_selected_action": target.pk})
    target.refresh_from_db()
    assert not target.is_confirmed
    assert admin_client.post(f"{TARGETS}add/", filled()).status_code == 302
    target.refresh_from_db()
    assert target.is_confirmed


def test_what_a_target_waits_for_is_seen_in_the_list(admin_client: Client, api: Component) -> None:
    target = add_target(name="First", variable="APPRISE_ON_CALL", choice=Choice())
    Delivery.objects.create(
        subscriber=target,
        channel=Channel.APPRISE,
        purpose=Purpose.TEST,
        state=DeliveryState.PENDING,
        last_error="The environment variable APPRISE_ON_CALL is not set where the worker runs.",
    )
    assert "is not set where the worker runs" in admin_client.get(TARGETS).content.decode()


def test_other_subscribers_are_none_of_this_screen(admin_client: Client, api: Component) -> None:
    other = Subscriber.objects.create(address="ada@example.org")
    assert "ada@example.org" not in admin_client.get(TARGETS).content.decode()
    assert admin_client.get(f"{TARGETS}{other.pk}/change/").status_code == 302
