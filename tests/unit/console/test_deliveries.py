"""Who is told, on the console's front page, on a notice's page and on an incident's."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident, Notice
from incidents.services import resolve_incident
from statuspage.core import clock
from subscriptions.enums import Channel, DeliveryState, SubscriberState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, Subscriber
from subscriptions.settled import settled

NOTICES = "/admin/incidents/notice/"


@pytest.fixture(autouse=True)
def nothing_settled() -> None:
    settled.forget()


@pytest.fixture
def notice(incident: Incident) -> Notice:
    """Ten are told by mail and one by a webhook."""
    now = clock.now()
    Notice.objects.update(created_at=now + timedelta(seconds=1))
    for number in range(10):
        Subscriber.objects.create(address=f"r{number}@example.org", state=SubscriberState.CONFIRMED, confirmed_at=now)
    Subscriber.objects.create(
        address="https://hooks.example.net/x",
        channel=Channel.WEBHOOK,
        host="hooks.example.net",
        state=SubscriberState.CONFIRMED,
        confirmed_at=now,
    )
    notice = Notice.objects.get()
    fan_out(notice)
    notice.refresh_from_db()
    return notice


def become(state: DeliveryState, number: int, **fields: object) -> None:
    keys = list(Delivery.objects.pending().filter(channel=Channel.EMAIL).values_list("pk", flat=True)[:number])
    Delivery.objects.filter(pk__in=keys).update(state=state, **fields)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def test_a_notice_says_how_far_it_is_and_asks_again_until_it_is_done(staff: Client, notice: Notice) -> None:
    become(DeliveryState.SENT, 6, sent_at=clock.now())
    become(DeliveryState.FAILED, 1, last_error="550 no such user", attempts=1)
    page = text(staff, f"{NOTICES}{notice.pk}/change/")
    assert "<b>6</b> of 11 told" in page
    assert '<span class="late">1 failed</span>' in page
    assert '<progress value="63" max="100">' in page
    assert "4 to go · 0.1 a second over the last minute · done in less than a minute" in page
    assert f'hx-get="{NOTICES}{notice.pk}/progress/" hx-trigger="every 2s"' in page
    assert '<th scope="row">Webhook</th><td>1</td><td>0</td><td>1</td><td>0</td>' in page
    assert "550 no such user" in page
    Delivery.objects.pending().update(state=DeliveryState.SENT, sent_at=clock.now())
    fragment = text(staff, f"{NOTICES}{notice.pk}/progress/")
    assert fragment.startswith("<section")
    assert '<progress value="100" max="100">' in fragment
    assert "hx-get" not in fragment


def test_the_list_counts_all_its_notices_in_one_query(staff: Client, notice: Notice) -> None:
    def queries() -> int:
        settled.forget()
        with CaptureQueriesContext(connection) as found:
            text(staff, NOTICES)
        return len(found)

    become(DeliveryState.SENT, 9)
    assert "9 of 11" in text(staff, NOTICES)
    assert "2 to go" in text(staff, NOTICES)
    one = queries()
    for number in range(5):
        Notice.objects.create(
            kind=notice.kind, payload={}, incident=notice.incident, created_at=clock.now() + timedelta(seconds=number)
        )
    assert queries() == one


def test_what_is_over_is_not_counted_again_and_again(staff: Client, notice: Notice) -> None:
    Delivery.objects.update(state=DeliveryState.SENT)
    text(staff, NOTICES)
    with CaptureQueriesContext(connection) as found:
        assert "11 of 11" in text(staff, NOTICES)
    assert not [query for query in found if "subscriptions_delivery" in query["sql"]]


def test_an_incident_leads_to_who_was_told(staff: Client, notice: Notice, incident: Incident) -> None:
    become(DeliveryState.SENT, 8)
    become(DeliveryState.FAILED, 1)
    page = text(staff, f"/admin/incidents/incident/{incident.pk}/change/")
    assert f'hx-get="{NOTICES}told/{incident.pk}/"' in page
    assert f'href="{NOTICES}?incident__exact={incident.pk}"' in page
    told = text(staff, f"{NOTICES}told/{incident.pk}/")
    assert 'told: 8 of 11, 2 to go, <span class="late">1 failed</span>' in told
    assert f'href="{NOTICES}{notice.pk}/change/"' in told
    assert incident.reference in text(staff, f"{NOTICES}?incident__exact={incident.pk}")


def test_the_front_page_shows_what_is_in_flight_stuck_and_quarantined(staff: Client, notice: Notice) -> None:
    front = text(staff, "/admin/")
    assert "Deliveries in flight" in front
    assert "11 to go" in front
    assert "quarantined" not in front
    assert 'class="refusal"' not in front
    Delivery.objects.filter(channel=Channel.EMAIL).update(next_attempt_at=clock.now() - timedelta(hours=1))
    Subscriber.objects.filter(channel=Channel.WEBHOOK).update(state=SubscriberState.QUARANTINED)
    front = text(staff, "/admin/")
    assert "Email: 10 wait, one of them 1 h" in front
    assert "nothing goes out" in front
    link = (
        '<a class="act" href="/admin/subscriptions/subscriber/?state__exact=quarantined">1 quarantined subscriber</a>'
    )
    assert link in front
    Delivery.objects.update(state=DeliveryState.SENT)
    assert "in flight" not in text(staff, "/admin/")


def test_who_may_not_see_notices_sees_none_of_it(client: Client, notice: Notice, incident: Incident) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client.force_login(user)
    Delivery.objects.update(next_attempt_at=clock.now() - timedelta(hours=1))
    front = text(client, "/admin/")
    for absent in ("in flight", "nothing goes out", "quarantined"):
        assert absent not in front
    assert "Who was told" not in text(client, f"/admin/incidents/incident/{incident.pk}/change/")
    for path in ("", f"{notice.pk}/change/", f"{notice.pk}/progress/", f"told/{incident.pk}/"):
        assert client.get(f"{NOTICES}{path}").status_code == 403


def test_who_may_see_notices_and_no_deliveries_reads_no_addresses(client: Client, notice: Notice) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_notice"))
    client.force_login(user)
    become(DeliveryState.FAILED, 3)
    assert "@example.org" not in text(client, f"{NOTICES}{notice.pk}/change/")


def test_what_was_sent_goes_only_with_its_incident(staff: Client, notice: Notice, incident: Incident) -> None:
    delivery = Delivery.objects.all()[0]
    assert staff.post(f"{NOTICES}{notice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"/admin/subscriptions/delivery/{delivery.pk}/delete/", {"post": "yes"}).status_code == 403
    resolve_incident(incident=incident, message="Over.")
    staff.post(f"/admin/incidents/incident/{incident.pk}/delete/", {"post": "yes"})
    assert not Notice.objects.exists()
    assert not Delivery.objects.exists()
