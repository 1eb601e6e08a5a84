from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Component
from incidents.models import Notice
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, Subscriber

Make = Callable[..., Subscriber]
SUBSCRIBERS = "/admin/subscriptions/subscriber/"
DELIVERIES = "/admin/subscriptions/delivery/"


@pytest.mark.parametrize("path", [SUBSCRIBERS, DELIVERIES])
def test_a_list_takes_as_many_queries_for_many_as_for_one(
    path: str, admin_client: Client, notice: Notice, api: Component, subscriber: Make
) -> None:
    counts = []
    for batch in (range(2), range(2, 30)):
        for number in batch:
            subscriber(f"r{number}@example.org", api)
        Notice.objects.update(fanned_out_at=None)
        fan_out(notice)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            html = admin_client.get(path).content.decode()
        assert f"r{batch[-1]}@example.org" in html
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_subscriber_is_found_by_address_with_state_and_reason(admin_client: Client, subscriber: Make) -> None:
    subscriber("ada@example.org")
    subscriber("bob@example.org", state="suppressed", suppressed_reason="550 no such user")
    html = admin_client.get(SUBSCRIBERS, {"q": "bob@"}).content.decode()
    assert "550 no such user" in html
    assert "ada@example.org" not in html


def test_deliveries_name_the_incident(admin_client: Client, notice: Notice, subscriber: Make) -> None:
    subscriber("ada@example.org")
    fan_out(notice)
    assert notice.incident is not None
    html = admin_client.get(DELIVERIES, {"q": notice.incident.reference}).content.decode()
    assert f"{notice.incident.reference}: Incident declared" in html
    assert admin_client.get(f"{DELIVERIES}{Delivery.objects.get().pk}/change/").status_code == 200


@pytest.mark.parametrize("path", [SUBSCRIBERS, DELIVERIES])
def test_nothing_is_written_here(path: str, admin_client: Client, notice: Notice, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    fan_out(notice)
    pk = row.pk if path == SUBSCRIBERS else Delivery.objects.get().pk
    assert admin_client.get(f"{path}add/").status_code == 403
    assert admin_client.post(f"{path}{pk}/change/", {"state": "sent"}).status_code == 403
    assert admin_client.post(f"{path}{pk}/delete/", {"post": "yes"}).status_code == 403
