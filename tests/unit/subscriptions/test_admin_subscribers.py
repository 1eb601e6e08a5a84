"""What staff see of a subscriber, and what they do about one: asked first, with a reason, and written down."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from incidents.models import Notice
from statuspage.core import clock
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, DeliveryCount, Subscriber, SubscriptionRequest
from subscriptions.selectors import notice_progress
from tests.unit.subscriptions.test_admin import SUBSCRIBERS, act, download, staff_with

Make = Callable[..., Subscriber]


def found(client: Client, **filters: str) -> set[str]:
    html = client.get(SUBSCRIBERS, filters).content.decode()
    return {name for name in ("ada", "bob", "eva") if f"{name}@example.org" in html}


def test_filters_and_search(admin_client: Client, subscriber: Make) -> None:
    now = clock.now()
    subscriber("ada@example.org", origin="import", paused_at=now)
    subscriber("bob@example.org", state=SubscriberState.QUARANTINED, paused_at=now, paused_until=now)
    subscriber("eva@example.org", name="Ops of Acme", contact_email="ops@acme.example")
    assert found(admin_client, origin__exact="import") == {"ada"}
    assert found(admin_client, state__exact="quarantined") == {"bob"}
    assert found(admin_client, paused="yes") == {"ada"}
    assert found(admin_client, paused="no") == {"bob", "eva"}
    for typed in ("acme", "OPS@", "eva@"):
        assert found(admin_client, q=typed) == {"eva"}


def test_suppressing_asks_first_and_keeps_who_and_why(admin_client: Client, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    assert "Write to them no more?" in act(admin_client, SUBSCRIBERS, "suppress", row.pk)
    act(admin_client, SUBSCRIBERS, "suppress", row.pk, confirmed="yes", reason=" ")
    row.refresh_from_db()
    assert row.is_confirmed
    html = act(admin_client, SUBSCRIBERS, "suppress", row.pk, confirmed="yes", reason="They called.")
    assert "Suppressed: 1." in html
    row.refresh_from_db()
    assert (row.state, row.suppressed_reason) == (SubscriberState.SUPPRESSED, "admin: They called.")
    entry = LogEntry.objects.get()
    assert (entry.change_message, entry.object_repr) == ("Suppressed: They called.", f"subscriber {row.public_id}")
    assert "gets nothing already" in act(admin_client, SUBSCRIBERS, "suppress", row.pk, confirmed="yes", reason="x")


@pytest.mark.parametrize(
    ("state", "confirmed", "after"),
    [
        (SubscriberState.SUPPRESSED, True, SubscriberState.CONFIRMED),
        (SubscriberState.QUARANTINED, True, SubscriberState.CONFIRMED),
        (SubscriberState.SUPPRESSED, False, SubscriberState.PENDING),
        (SubscriberState.UNSUBSCRIBED, True, SubscriberState.UNSUBSCRIBED),
        (SubscriberState.PENDING, False, SubscriberState.PENDING),
    ],
)
def test_lifting_brings_back_who_was_stopped_and_nobody_who_left(
    admin_client: Client, subscriber: Make, state: SubscriberState, confirmed: bool, after: SubscriberState
) -> None:
    row = subscriber(
        "ada@example.org", state=state, confirmed_at=clock.now() if confirmed else None, suppressed_reason="550"
    )
    act(admin_client, SUBSCRIBERS, "lift", row.pk, confirmed="yes", reason="It works again.")
    row.refresh_from_db()
    assert row.state == after
    assert (row.suppressed_reason == "") is (state in {"suppressed", "quarantined"})


def test_a_test_is_one_message_on_the_subscribers_own_channel(admin_client: Client, subscriber: Make) -> None:
    row = subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, host="hooks.example.net")
    for _ in range(2):
        html = act(admin_client, SUBSCRIBERS, "test", row.pk, confirmed="yes")
    assert "on its way already" in html
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.purpose, delivery.host) == ("webhook", Purpose.TEST, "hooks.example.net")


def test_all_about_one_is_deleted_and_the_counts_stay(admin_client: Client, notice: Notice, subscriber: Make) -> None:
    ada = subscriber("ada@example.org")
    subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK, contact_email="ada@example.org")
    subscriber("bob@example.org")
    SubscriptionRequest.objects.create(address="ada@example.org")
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.SENT)
    before = notice_progress([notice.pk])
    act(admin_client, SUBSCRIBERS, "suppress", ada.pk, confirmed="yes", reason="Ada <ada@example.org> called.")
    html = act(admin_client, SUBSCRIBERS, "delete_all", ada.pk)
    assert "cannot be undone" in html
    act(admin_client, SUBSCRIBERS, "delete_all", ada.pk, confirmed="yes", reason="Asked by letter.")
    assert list(Subscriber.objects.values_list("address", flat=True)) == ["bob@example.org"]
    assert Delivery.objects.count() == 1
    assert DeliveryCount.objects.count() == 2
    assert not SubscriptionRequest.objects.exists()
    assert notice_progress([notice.pk]) == before
    log = LogEntry.objects.order_by("-pk")[0]
    assert log.change_message == "Deleted 2 subscriptions, 2 deliveries: Asked by letter."
    assert "ada@example.org" not in str(LogEntry.objects.values())


def test_who_may_only_look_does_nothing(client: Client, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    client.force_login(staff_with("view_subscriber"))
    page = client.get(f"{SUBSCRIBERS}{row.pk}/change/").content.decode()
    for action in ("suppress", "lift", "test", "delete_all"):
        assert f'value="{action}"' not in page
        act(client, SUBSCRIBERS, action, row.pk, confirmed="yes", reason="x")
    row.refresh_from_db()
    assert row.is_confirmed
    assert not Delivery.objects.exists()
    assert "Last deliveries" not in page


def test_who_may_not_look_sees_nothing(client: Client, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    client.force_login(staff_with("view_component"))
    for path in ("", f"{row.pk}/change/", "export/"):
        assert client.get(f"{SUBSCRIBERS}{path}").status_code == 403


def test_its_page_has_the_choice_and_the_last_deliveries_with_their_reasons(
    admin_client: Client, notice: Notice, subscriber: Make
) -> None:
    row = subscriber("ada@example.org", wants_reports=True, suppressed_reason="")
    fan_out(notice)
    Delivery.objects.update(state=DeliveryState.FAILED, last_error="550 no such user", status_code=None, attempts=3)
    html = " ".join(admin_client.get(f"{SUBSCRIBERS}{row.pk}/change/").content.decode().split())
    assert notice.incident is not None
    for words in ("onthly reports", f"{notice.incident.reference}: Incident declared", "550 no such user", "3 tries"):
        assert words in html
    assert admin_client.get(f"{SUBSCRIBERS}999999/change/").status_code == 404


def test_the_export_has_those_of_the_list_and_no_formulas(
    admin_client: Client, subscriber: Make, django_assert_max_num_queries: Callable[..., object]
) -> None:
    subscriber("+ada@example.org", name="=cmd()", suppressed_reason="@boom")
    subscriber("bob@example.org", state=SubscriberState.SUPPRESSED, ended_at=clock.now() - timedelta(days=1))
    lines = download(admin_client).splitlines()
    assert lines[0].startswith("email,components,groups,events,updates,minimum_severity,time_zone,language,confir")
    assert lines[1].startswith("'+ada@example.org,,,incidents;maintenance;postmortems,yes,")
    assert "'=cmd()" in lines[1]
    assert "'@boom" in lines[1]
    assert len(lines) == 3
    assert "ada@" not in download(admin_client, state__exact="suppressed")
    assert "bob@" not in download(admin_client, q="ada")
