from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.enums import ComponentStatus
from components.models import Component
from incidents import services as incidents
from incidents.enums import IncidentStatus, NoticeKind
from incidents.models import Incident, Notice
from subscriptions import following, links, services
from subscriptions.choices import read_choice
from subscriptions.enums import DeliveryState, Event, SubscriberState
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, Subscriber

Make = Callable[..., Subscriber]
NOTHING: dict[str, Any] = {f"wants_{event.value}": False for event in Event}


@pytest.fixture
def outage(incident: Incident) -> Incident:
    """The beginning of it has been told already."""
    fan_out_pending()
    return incident


def heard(row: Subscriber) -> list[str]:
    return list(
        row.deliveries.filter(notice__isnull=False).order_by("notice__pk").values_list("notice__kind", flat=True)
    )


def follower(subscriber: Make, outage: Incident, address: str = "ada@example.org", **fields: Any) -> Subscriber:
    row = subscriber(address, **{**NOTHING, "wants_updates": False, **fields})
    row.follows.add(outage)
    return row


def goes_on(outage: Incident) -> None:
    incidents.post_update(incident=outage, status=IncidentStatus.IDENTIFIED, message="A disk.")


@pytest.mark.parametrize(
    ("updates", "kinds"),
    [(False, ["incident.resolved"]), (True, ["incident.updated", "incident.resolved"])],
)
def test_a_follower_hears_of_the_end_and_if_asked_of_each_update(
    subscriber: Make, outage: Incident, updates: bool, kinds: list[str]
) -> None:
    row = follower(subscriber, outage, wants_updates=updates)
    goes_on(outage)
    fan_out_pending()
    incidents.resolve_incident(incident=outage, message="Done.")
    fan_out_pending()
    assert heard(row) == kinds


def test_after_the_end_there_is_no_more_even_if_it_comes_back(subscriber: Make, outage: Incident) -> None:
    row = follower(subscriber, outage, wants_updates=True)
    incidents.resolve_incident(incident=outage, message="Done.")
    fan_out_pending()
    assert not row.follows.exists()
    incidents.post_update(incident=outage, status=IncidentStatus.INVESTIGATING, message="It is back.")
    incidents.resolve_incident(incident=outage, message="Done again.")
    fan_out_pending()
    assert heard(row) == ["incident.resolved"]


def test_other_incidents_are_none_of_a_follower_s_business(subscriber: Make, outage: Incident, api: Component) -> None:
    row = follower(subscriber, outage, wants_updates=True)
    other = incidents.open_incident(
        title="Other", severity="critical", message="x", impacts={api: ComponentStatus.MAJOR_OUTAGE}
    )
    incidents.resolve_incident(incident=other, message="Done.")
    fan_out_pending()
    assert heard(row) == []
    assert list(row.follows.all()) == [outage]


def test_who_follows_a_duplicate_hears_of_the_end_of_the_one_that_goes_on(subscriber: Make, outage: Incident) -> None:
    twin = incidents.open_incident(title="Twin", severity="minor", message="x", impacts={})
    fan_out_pending()
    row = follower(subscriber, twin)
    incidents.merge_incident(duplicate=twin, into=outage)
    fan_out_pending()
    following.end_idle()
    assert heard(row) == []
    incidents.resolve_incident(incident=outage, message="Done.")
    fan_out_pending()
    assert heard(row) == ["incident.resolved"]
    assert not row.follows.exists()


def test_a_subscriber_who_also_follows_is_told_once(subscriber: Make, outage: Incident) -> None:
    row = subscriber("ada@example.org")
    row.follows.add(outage)
    incidents.resolve_incident(incident=outage, message="Done.")
    fan_out_pending()
    assert heard(row) == ["incident.resolved"]


def test_who_followed_and_wants_nothing_else_has_left_once_the_last_mail_is_gone(
    subscriber: Make, outage: Incident
) -> None:
    ada, bob = follower(subscriber, outage), subscriber("bob@example.org")
    incidents.resolve_incident(incident=outage, message="Done.")
    # Not yet: nobody has been told.
    assert following.end_idle() == 0
    fan_out_pending()
    assert following.end_idle() == 0
    assert Delivery.objects.get(subscriber=ada).is_wanted
    Delivery.objects.update(state=DeliveryState.SENT)
    assert following.end_idle() == 1
    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.state, bob.state) == (SubscriberState.UNSUBSCRIBED, SubscriberState.CONFIRMED)
    assert ada.ended_at is not None


def test_an_end_without_a_word_ends_the_waiting_too(subscriber: Make, outage: Incident) -> None:
    row = follower(subscriber, outage)
    incidents.resolve_incident(incident=outage, message="Done.", notify=False)
    assert following.end_idle() == 1
    assert not row.follows.exists()


def test_who_still_waits_for_an_end_is_left_in_peace(subscriber: Make, outage: Incident) -> None:
    row = follower(subscriber, outage)
    assert following.end_idle() == 0
    assert row.follows.exists()


def test_asking_about_one_incident_changes_nothing_of_what_a_subscriber_chose(
    subscriber: Make, outage: Incident, api: Component
) -> None:
    row = subscriber("ada@example.org", api)
    ask(outage)
    row.refresh_from_db()
    assert row.wants_incidents
    assert not row.follows.exists()
    assert [letter.purpose for letter in Delivery.objects.filter(notice=None)] == ["reminder"]


def test_who_waits_for_a_letter_and_asks_about_one_incident_is_asked_about_both(outage: Incident) -> None:
    services.subscribe(email="ada@example.org", ip="192.0.2.1")
    services.accept_requests()
    ask(outage)
    row = Subscriber.objects.get()
    assert row.wants_incidents
    assert list(row.follows.all()) == [outage]


def test_of_an_old_subscription_nothing_comes_back_with_a_follow(subscriber: Make, outage: Incident) -> None:
    row = subscriber("ada@example.org")
    services.unsubscribe(token=links.leave_token(row))
    ask(outage)
    row.refresh_from_db()
    services.confirm(token=links.confirm_token(row))
    row.refresh_from_db()
    assert row.only_follows
    assert list(row.follows.all()) == [outage]


def test_leaving_ends_following(subscriber: Make, outage: Incident) -> None:
    row = follower(subscriber, outage)
    services.unsubscribe(token=links.manage_token(row))
    assert not row.follows.exists()


def test_the_end_takes_one_statement_more_however_many_follow(subscriber: Make, outage: Incident) -> None:
    for number in range(20):
        follower(subscriber, outage, f"r{number}@example.org")
    incidents.resolve_incident(incident=outage, message="Done.")
    notice = Notice.objects.get(kind=NoticeKind.INCIDENT_RESOLVED)
    with CaptureQueriesContext(connection) as captured:
        fan_out_pending()
    assert Delivery.objects.filter(notice=notice).count() == 20
    statements = [query["sql"].split()[0] for query in captured]
    assert (statements.count("INSERT"), statements.count("DELETE")) == (1, 1)


def ask(outage: Incident) -> None:
    choice = read_choice(events=(), updates=False, incident=outage.reference)
    services.subscribe(email="ada@example.org", choice=choice, ip="192.0.2.1")
    services.accept_requests()


def test_of_a_suppressed_subscription_nothing_comes_back_either(subscriber: Make, outage: Incident) -> None:
    row = subscriber("ada@example.org", state=SubscriberState.SUPPRESSED)
    row.follows.add(incidents.open_incident(title="Older", severity="minor", message="x", impacts={}))
    ask(outage)
    assert list(row.follows.all()) == [outage]
