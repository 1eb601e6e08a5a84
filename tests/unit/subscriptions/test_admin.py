from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Component
from incidents.enums import NoticeKind
from incidents.models import Notice
from subscriptions.enums import Channel, DeliveryState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, Redelivery, Subscriber

Make = Callable[..., Subscriber]
SUBSCRIBERS = "/admin/subscriptions/subscriber/"
DELIVERIES = "/admin/subscriptions/delivery/"
NOTICES = "/admin/incidents/notice/"


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


def test_a_delivery_is_sent_again_by_hand_with_the_reason(
    admin_client: Client, notice: Notice, subscriber: Make
) -> None:
    subscriber("ada@example.org")
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.FAILED, attempts=9, last_error="451 try later")
    delivery = Delivery.objects.get()
    asked = act(admin_client, DELIVERIES, "send_again", delivery.pk)
    assert "Send these again?" in asked
    assert Delivery.objects.get().state == DeliveryState.FAILED
    assert "required" in act(admin_client, DELIVERIES, "send_again", delivery.pk, confirmed="yes", reason="")
    act(admin_client, DELIVERIES, "send_again", delivery.pk, confirmed="yes", reason="Their server was away.")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.repeats) == (DeliveryState.PENDING, 0, 1)
    redelivery = Redelivery.objects.get()
    assert (redelivery.by, redelivery.reason) == ("admin", "Their server was away.")
    html = admin_client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert "admin: Their server was away." in html


def test_of_several_the_one_that_cannot_be_sent_holds_up_none_of_the_others(
    admin_client: Client, notice: Notice, subscriber: Make
) -> None:
    for name in ("ada", "bob"):
        subscriber(f"{name}@example.org")
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.FAILED)
    Subscriber.objects.filter(address="ada@example.org").update(state="unsubscribed")
    keys = list(Delivery.objects.values_list("pk", flat=True))
    html = act(admin_client, DELIVERIES, "send_again", *keys, confirmed="yes", reason="Again.")
    assert "has left or cannot be reached" in html
    assert Delivery.objects.pending().get().subscriber == Subscriber.objects.get(address="bob@example.org")


def test_who_may_only_look_at_deliveries_sends_none_again(client: Client, notice: Notice, subscriber: Make) -> None:
    subscriber("ada@example.org")
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.FAILED)
    client.force_login(staff_with("view_delivery"))
    act(client, DELIVERIES, "send_again", Delivery.objects.get().pk, confirmed="yes", reason="Again.")
    assert Delivery.objects.get().state == DeliveryState.FAILED


def test_the_url_of_a_webhook_is_shown_nowhere(admin_client: Client, notice: Notice, subscriber: Make) -> None:
    url = "https://hooks.example.net/services/T0/B0/very-secret-9f3a"
    row = subscriber(url, channel=Channel.WEBHOOK, host="hooks.example.net")
    fan_out(notice)
    delivery = Delivery.objects.get()
    Delivery.objects.update(state=DeliveryState.FAILED)
    pages = (
        SUBSCRIBERS,
        f"{SUBSCRIBERS}{row.pk}/change/",
        DELIVERIES,
        f"{DELIVERIES}{delivery.pk}/change/",
        f"/admin/incidents/notice/{notice.pk}/change/",
    )
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert "hooks.example.net/…9f3a" in html, page
        assert "very-secret" not in html, page
    for path, action, pk in ((SUBSCRIBERS, "suppress", row.pk), (DELIVERIES, "send_again", delivery.pk)):
        assert "very-secret" not in act(admin_client, path, action, pk)
    assert "very-secret" not in download(admin_client)
    act(admin_client, SUBSCRIBERS, "suppress", row.pk, confirmed="yes", reason="Asked to.")
    assert "very-secret" not in str(LogEntry.objects.values())


def act(client: Client, path: str, action: str, *keys: int, **more: str) -> str:
    data = {"action": action, "index": "0", "_selected_action": [str(key) for key in keys], **more}
    return client.post(path, data, follow=True).content.decode()


def download(client: Client, **filters: str) -> str:
    answer = cast("StreamingHttpResponse", client.get(f"{SUBSCRIBERS}export/", filters))
    assert answer.streaming
    return b"".join(cast("Iterator[bytes]", answer.streaming_content)).decode()


def staff_with(*permissions: str) -> User:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_a_change_is_named_by_its_component_wherever_staff_look(
    admin_client: Client, api: Component, subscriber: Make
) -> None:
    ada = subscriber("ada@example.org", wants_components=True)
    notice = Notice.objects.create(kind=NoticeKind.COMPONENT_UPDATED, payload={})
    notice.components.add(api)
    Delivery.objects.create(notice=notice, subscriber=ada, channel=Channel.EMAIL)
    words = f"{api.name}: Component changed"
    for path in (DELIVERIES, NOTICES, f"{NOTICES}{notice.pk}/change/", f"{SUBSCRIBERS}{ada.pk}/change/", "/admin/"):
        assert words in admin_client.get(path).content.decode(), path


def test_lists_say_times_in_utc(admin_client: Client, notice: Notice, subscriber: Make) -> None:
    at = datetime(2026, 11, 21, 19, 7, 4, tzinfo=UTC)
    subscriber("ada@example.org", confirmed_at=at)
    assert "2026-11-21 19:07<" in admin_client.get(SUBSCRIBERS).content.decode()
    fan_out(notice)
    Delivery.objects.update(created_at=at)
    assert "2026-11-21 19:07<" in admin_client.get(DELIVERIES).content.decode()
