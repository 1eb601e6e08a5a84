import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents import services as incidents
from incidents.models import Incident
from statuspage.core import clock
from subscriptions import links
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber
from tests.unit.web.subscribing.paths import confirm, leave, manage, state_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_opening_the_confirmation_link_changes_nothing(visitor: Client, pending: Subscriber) -> None:
    for method in (visitor.get, visitor.head):
        assert method(confirm(pending)).status_code == 200
    assert state_of(pending) == SubscriberState.PENDING


def test_the_confirmation_page_says_who_and_what(visitor: Client, pending: Subscriber, api: Component) -> None:
    pending.components.set([api])
    html = visitor.get(confirm(pending)).content.decode()
    assert "new@example.org" in html
    assert "Platform - API gateway" in html


def test_pressing_the_button_confirms_and_shows_the_choice(visitor: Client, pending: Subscriber) -> None:
    response = visitor.post(confirm(pending), follow=True)
    assert response.redirect_chain[0][1] == 303
    assert "You are subscribed" in response.content.decode()
    assert state_of(pending) == SubscriberState.CONFIRMED


# --- choosing


def test_the_manage_page_shows_the_choice_and_saves_a_new_one(
    visitor: Client, ada: Subscriber, api: Component
) -> None:
    ada.components.set([api])
    html = visitor.get(manage(ada)).content.decode()
    assert re.search(r'value="api" checked', html)
    assert re.search(r'value="web">', html)
    response = visitor.post(manage(ada), {"components": ["web"]}, follow=True)
    assert "Saved." in response.content.decode()
    assert [component.slug for component in ada.components.all()] == ["web"]


def test_an_unknown_component_changes_nothing_of_the_choice(visitor: Client, ada: Subscriber, api: Component) -> None:
    ada.components.set([api])
    response = visitor.post(manage(ada), {"components": ["gone"]})
    assert response.status_code == 400
    assert "There is no component called" in response.content.decode()
    assert list(ada.components.all()) == [api]


def test_secret_pages_are_kept_by_nobody(visitor: Client, ada: Subscriber, pending: Subscriber) -> None:
    for path in (manage(ada), leave(ada), confirm(pending), "/subscriptions/guessed/"):
        response = visitor.get(path)
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]


# --- leaving


def test_opening_the_unsubscribe_link_changes_nothing(visitor: Client, ada: Subscriber) -> None:
    for method in (visitor.get, visitor.head):
        assert method(leave(ada)).status_code == 200
    assert state_of(ada) == SubscriberState.CONFIRMED


def test_a_mail_program_unsubscribes_with_one_post(visitor: Client, ada: Subscriber) -> None:
    response = visitor.post(
        leave(ada),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert response.status_code == 200
    assert state_of(ada) == SubscriberState.UNSUBSCRIBED


def test_leaving_twice_says_the_same(visitor: Client, ada: Subscriber) -> None:
    path = leave(ada)
    for _ in range(2):
        response = visitor.post(path)
        assert response.status_code == 200
        assert "You are unsubscribed" in response.content.decode()
    assert "You are unsubscribed" in visitor.get(path).content.decode()


def test_after_leaving_the_manage_link_is_dead(visitor: Client, ada: Subscriber) -> None:
    path = manage(ada)
    visitor.post(leave(ada))
    for response in (visitor.get(path), visitor.post(path, {"components": ["api"]})):
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()
    assert not ada.components.exists()


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "x" * 3000, "%F0%9F%92%A9", "eyJ:1:2"])
def test_a_guessed_link_is_a_plain_page_and_never_an_error(visitor: Client, api: Component, token: str) -> None:
    for path in (f"/subscriptions/{token}/", f"/subscriptions/{token}/unsubscribe/", f"/subscribe/confirm/{token}/"):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path).status_code == 404


# --- everything of a choice


CHOICE = {"choosing": "1", "events": ["maintenance"], "updates": "ends", "minimum_severity": "critical"}


def test_everything_that_can_be_chosen_can_be_changed(visitor: Client, ada: Subscriber) -> None:
    more = {"components": ["web"], "groups": ["platform"], "time_zone": "Europe/Paris", "language": "fr"}
    assert visitor.post(manage(ada), {**CHOICE, **more}).status_code == 303
    ada.refresh_from_db()
    assert (ada.wants_incidents, ada.wants_maintenance, ada.wants_updates) == (False, True, False)
    assert (ada.time_zone, ada.language) == ("Europe/Paris", "fr")
    html = visitor.get(manage(ada)).content.decode()
    for kept in ('value="maintenance" checked', 'value="ends" checked', 'value="critical" selected'):
        assert kept in html
    for kept in (
        'value="platform" checked',
        'value="web" checked',
        'value="Europe/Paris" selected',
        'value="fr" selected',
    ):
        assert kept in html


def test_choosing_nothing_is_refused_and_points_to_leaving(visitor: Client, ada: Subscriber) -> None:
    response = visitor.post(manage(ada), {"choosing": "1", "components": ["web"]})
    html = response.content.decode()
    assert response.status_code == 400
    assert "Choose at least one" in html
    assert re.search(r'value="web" checked', html)
    ada.refresh_from_db()
    assert ada.wants_incidents


def test_a_component_that_left_the_page_is_named(visitor: Client, ada: Subscriber, api: Component) -> None:
    ada.components.set([api])
    Component.objects.filter(pk=api.pk).update(retired_at=clock.now())
    assert "not on this page any more: api" in visitor.get(manage(ada)).content.decode()


# --- pausing


@pytest.mark.parametrize(("days", "until"), [("", None), ("7", NOON + timedelta(days=7))])
def test_pausing_and_resuming(visitor: Client, ada: Subscriber, days: str, until: datetime | None) -> None:
    with time_machine.travel(NOON, tick=False):
        html = visitor.post(manage(ada, "pause/"), {"days": days}, follow=True).content.decode()
        assert "Resume" in html
        assert ("28 Nov 2026" in html) is (until is not None)
        ada.refresh_from_db()
        assert (ada.paused_at, ada.paused_until) == (NOON, until)
        html = visitor.post(manage(ada, "resume/"), follow=True).content.decode()
    assert "Resume" not in html
    ada.refresh_from_db()
    assert (ada.paused_at, ada.paused_until) == (None, None)


@pytest.mark.parametrize("days", ["2", "-1", "x", "9" * 400, "\u0661"])
def test_a_pause_of_another_length_is_refused(visitor: Client, ada: Subscriber, days: str) -> None:
    assert visitor.post(manage(ada, "pause/"), {"days": days}).status_code == 400
    ada.refresh_from_db()
    assert ada.paused_at is None


# --- one incident


@pytest.fixture
def outage(api: Component) -> Incident:
    return incidents.open_incident(
        title="API errors", severity="critical", message="We look.", impacts={api: ComponentStatus.PARTIAL_OUTAGE}
    )


def test_a_running_incident_is_followed_and_left_with_a_button(
    visitor: Client, ada: Subscriber, outage: Incident
) -> None:
    html = visitor.get(manage(ada)).content.decode()
    assert "API errors" in html
    assert "Stop following" not in html
    reference = {"reference": outage.reference}
    html = visitor.post(manage(ada, "follow/"), reference, follow=True).content.decode()
    assert "Stop following" in html
    assert list(ada.follows.all()) == [outage]
    html = visitor.post(manage(ada, "unfollow/"), reference, follow=True).content.decode()
    assert "Stop following" not in html
    assert not ada.follows.exists()
    assert state_of(ada) == SubscriberState.CONFIRMED


def test_who_stops_following_and_wants_nothing_else_has_left(
    visitor: Client, ada: Subscriber, outage: Incident
) -> None:
    Subscriber.objects.update(wants_incidents=False, wants_maintenance=False, wants_postmortems=False)
    ada.follows.add(outage)
    response = visitor.post(manage(ada, "unfollow/"), {"reference": outage.reference})
    assert "You are unsubscribed" in response.content.decode()
    assert state_of(ada) == SubscriberState.UNSUBSCRIBED


def test_what_is_over_cannot_be_followed(visitor: Client, ada: Subscriber, outage: Incident) -> None:
    incidents.resolve_incident(incident=outage, message="Done.")
    response = visitor.post(manage(ada, "follow/"), {"reference": outage.reference})
    assert response.status_code == 400
    assert "is over" in response.content.decode()
    assert visitor.post(manage(ada, "follow/"), {"reference": "nope"}).status_code == 404
    assert not ada.follows.exists()


def test_confirming_to_follow_what_is_over_meanwhile_is_not_asked(
    visitor: Client, pending: Subscriber, outage: Incident
) -> None:
    Subscriber.objects.update(wants_incidents=False, wants_maintenance=False, wants_postmortems=False)
    pending.follows.add(outage)
    html = visitor.get(confirm(pending)).content.decode()
    assert "Tell me when this is over" in html
    assert "API errors" in html
    incidents.resolve_incident(incident=outage, message="Done.")
    html = visitor.get(confirm(pending)).content.decode()
    assert "It is over already" in html
    assert "<form" not in html


# --- what is kept, and being forgotten


def test_everything_that_is_kept_comes_as_a_download(visitor: Client, ada: Subscriber) -> None:
    Delivery.objects.create(subscriber=ada, purpose=Purpose.REMINDER, state=DeliveryState.SENT)
    response = visitor.get(manage(ada, "data.json"))
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == 'attachment; filename="subscription.json"'
    assert response["Cache-Control"] == "no-store"
    kept = json.loads(response.content)
    assert kept["subscription"]["address"] == "ada@example.org"
    assert [row["purpose"] for row in kept["deliveries"]] == ["reminder"]


def test_deleting_everything_is_asked_for_once_more(visitor: Client, ada: Subscriber) -> None:
    path = manage(ada, "delete/")
    assert "Delete everything" in visitor.get(path).content.decode()
    assert state_of(ada) == SubscriberState.CONFIRMED
    response = visitor.post(path)
    assert "Everything is deleted" in response.content.decode()
    assert not Subscriber.objects.filter(address__contains="ada").exists()
    assert visitor.get(manage(ada)).status_code == 404
    assert visitor.post(path).status_code == 404


# --- old and foreign links


@pytest.fixture
def old(ada: Subscriber) -> str:
    with time_machine.travel(clock.now() - timedelta(days=91), tick=False):
        return manage(ada)


CHANGES = ["", "pause/", "resume/", "follow/", "unfollow/", "delete/"]


@pytest.mark.parametrize("place", CHANGES)
def test_an_old_link_changes_nothing_and_offers_a_fresh_one(
    visitor: Client, ada: Subscriber, old: str, place: str
) -> None:
    response = visitor.post(old + place, {"choosing": "1", "events": ["reports"]})
    html = response.content.decode()
    assert response.status_code == 410
    assert "Send me a fresh link" in html
    assert "ada@example.org" not in html
    ada.refresh_from_db()
    assert (ada.wants_incidents, ada.paused_at, ada.is_confirmed) == (True, None, True)


def test_an_old_link_tells_nothing_of_what_is_kept(visitor: Client, ada: Subscriber, old: str) -> None:
    for place in ("", "data.json", "delete/"):
        response = visitor.get(old + place)
        assert response.status_code == 410
        assert b"ada@example.org" not in response.content


def test_a_fresh_link_is_mailed_to_the_address_itself_few_times_a_day(
    visitor: Client, ada: Subscriber, old: str
) -> None:
    for _ in range(5):
        response = visitor.post(old + "link/")
        assert "Check your inbox" in response.content.decode()
        Delivery.objects.update(state=DeliveryState.SENT)
    assert [letter.purpose for letter in ada.deliveries.all()] == [Purpose.LINK] * 3


def test_an_old_link_still_leaves(visitor: Client, ada: Subscriber, old: str) -> None:
    assert visitor.post(old + "unsubscribe/").status_code == 200
    assert state_of(ada) == SubscriberState.UNSUBSCRIBED
    assert visitor.post(old + "link/").status_code == 404


def test_a_link_for_leaving_opens_nothing_else(visitor: Client, ada: Subscriber) -> None:
    path = links.manage_path(links.leave_token(ada))
    for place in [*CHANGES, "link/"]:
        assert visitor.post(path + place).status_code == 404
    for place in ("", "data.json", "delete/"):
        assert visitor.get(path + place).status_code == 404
    assert state_of(ada) == SubscriberState.CONFIRMED


def test_nothing_is_changed_by_opening_any_of_the_addresses(
    visitor: Client, ada: Subscriber, pending: Subscriber, outage: Incident
) -> None:
    before = [list(Subscriber.objects.order_by("pk").values()), Delivery.objects.count()]
    for path in [confirm(pending), leave(ada), *(manage(ada, place) for place in (*CHANGES, "link/", "data.json"))]:
        for method in (visitor.get, visitor.head):
            assert method(path, {"reference": outage.reference}).status_code in {200, 405}
    assert [list(Subscriber.objects.order_by("pk").values()), Delivery.objects.count()] == before
    assert not ada.follows.exists()


# --- other channels


def test_a_url_is_shown_by_its_host_and_its_end(visitor: Client, api: Component) -> None:
    row = Subscriber.objects.create(
        channel=Channel.WEBHOOK,
        address="https://hooks.example.net/services/secret/abcd",
        host="hooks.example.net",
        state=SubscriberState.QUARANTINED,
        confirmed_at=clock.now(),
    )
    html = visitor.get(manage(row)).content.decode()
    assert "hooks.example.net/…abcd" in html
    assert "secret" not in html.replace("Secrets, test", "")
    assert manage(row, "webhook/").split("/")[-2] == "webhook"
    assert "/webhook/" in html
    assert visitor.post(manage(row, "unsubscribe/")).status_code == 200
    assert state_of(row) == SubscriberState.UNSUBSCRIBED


def test_without_a_mail_address_no_fresh_link_is_offered(visitor: Client, api: Component) -> None:
    row = Subscriber.objects.create(
        channel=Channel.SLACK,
        address="https://hooks.slack.example/x",
        state=SubscriberState.CONFIRMED,
        confirmed_at=clock.now(),
    )
    with time_machine.travel(clock.now() - timedelta(days=91), tick=False):
        path = manage(row)
    assert "Send me a fresh link" not in visitor.get(path).content.decode()
    assert visitor.post(path + "link/").status_code == 400
    assert not row.deliveries.exists()
