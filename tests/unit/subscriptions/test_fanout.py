from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component
from incidents import services as incidents
from incidents.enums import Audience, IncidentStatus, NoticeKind
from incidents.maintenance import schedule_maintenance
from incidents.merging import merge_incident
from incidents.models import Incident, Notice
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from statuspage.core import clock
from subscriptions import fanout
from subscriptions.enums import DeliveryState, Purpose, SubscriberState
from subscriptions.fanout import audience_of, fan_out, fan_out_pending
from subscriptions.models import Delivery, Subscriber

Make = Callable[..., Subscriber]


def told() -> set[str]:
    return set(Delivery.objects.values_list("subscriber__address", flat=True))


def test_who_chose_the_component_or_everything_is_told_and_nobody_else(
    notice: Notice, api: Component, web: Component, subscriber: Make
) -> None:
    subscriber("everything@example.org")
    subscriber("api@example.org", api)
    subscriber("both@example.org", api, web)
    subscriber("web@example.org", web)
    assert fan_out(notice) == 3
    assert told() == {"everything@example.org", "api@example.org", "both@example.org"}


@pytest.mark.parametrize("state", [state for state in SubscriberState if state != SubscriberState.CONFIRMED])
def test_who_is_not_confirmed_is_not_told(state: SubscriberState, notice: Notice, subscriber: Make) -> None:
    subscriber("ada@example.org", state=state)
    assert fan_out(notice) == 0
    assert told() == set()


def test_who_confirmed_after_it_happened_is_not_told(notice: Notice, subscriber: Make) -> None:
    subscriber("before@example.org", confirmed_at=notice.created_at)
    subscriber("after@example.org", confirmed_at=notice.created_at + timedelta(milliseconds=1))
    fan_out(notice)
    assert told() == {"before@example.org"}


def test_who_wants_no_incidents_is_not_told(notice: Notice, subscriber: Make) -> None:
    subscriber("ada@example.org", wants_incidents=False)
    subscriber("bob@example.org", wants_maintenance=False)
    fan_out(notice)
    assert told() == {"bob@example.org"}


def tell_of_each(incident: Incident, api: Component) -> None:
    """One notice of an incident is there; now a window and a postmortem."""
    begins = clock.now() + timedelta(days=3)
    schedule_maintenance(
        title="New disks",
        message="We change disks.",
        components=[api],
        scheduled_for=begins,
        scheduled_until=begins + timedelta(hours=1),
    )
    incidents.resolve_incident(incident=incident, message="Over.", notify=False)
    postmortem = start_postmortem(incident=incident)
    edit_postmortem(postmortem=postmortem, sections={"summary": "A disk was full."})
    publish_postmortem(postmortem=postmortem)


def test_each_hears_of_what_they_chose_alone(incident: Incident, api: Component, subscriber: Make) -> None:
    wants = ("wants_incidents", "wants_maintenance", "wants_postmortems")
    for wanted in wants:
        subscriber(f"{wanted}@example.org", **{other: other == wanted for other in wants})
    subscriber("all@example.org")
    tell_of_each(incident, api)
    assert fan_out_pending() == 6
    heard = set(Delivery.objects.values_list("notice__kind", "subscriber__address"))
    assert heard == {
        (kind.value, f"{name}@example.org")
        for kind, one in (
            (NoticeKind.INCIDENT_CREATED, "wants_incidents"),
            (NoticeKind.MAINTENANCE_SCHEDULED, "wants_maintenance"),
            (NoticeKind.POSTMORTEM_PUBLISHED, "wants_postmortems"),
        )
        for name in (one, "all")
    }


def test_who_chose_another_component_hears_of_no_window_and_no_postmortem(
    incident: Incident, api: Component, web: Component, subscriber: Make
) -> None:
    subscriber("web@example.org", web)
    subscriber("api@example.org", api)
    tell_of_each(incident, api)
    assert fan_out_pending() == 3
    assert told() == {"api@example.org"}


def test_a_notice_without_components_concerns_everybody(notice: Notice, web: Component, subscriber: Make) -> None:
    notice.components.clear()
    subscriber("everything@example.org")
    subscriber("web@example.org", web)
    fan_out(notice)
    assert told() == {"everything@example.org", "web@example.org"}


def test_a_notice_for_staff_is_left_alone(notice: Notice, subscriber: Make) -> None:
    subscriber()
    Notice.objects.update(audience=Audience.ON_CALL)
    assert fan_out_pending() == 0
    assert Notice.objects.pending().count() == 1


def test_a_notice_is_fanned_out_once(notice: Notice, subscriber: Make) -> None:
    subscriber()
    assert fan_out(notice) == 1
    assert fan_out(notice) == 0
    assert fan_out_pending() == 0
    assert Delivery.objects.count() == 1


def test_who_chose_the_component_only_after_the_fan_out_is_not_told(
    notice: Notice, api: Component, web: Component, subscriber: Make
) -> None:
    later = subscriber("web@example.org", web)
    assert fan_out(notice) == 0
    later.components.add(api)
    assert fan_out(notice) == 0
    assert told() == set()


def test_a_fan_out_that_is_repeated_doubles_nobody(notice: Notice, subscriber: Make) -> None:
    subscriber()
    fan_out(notice)
    Notice.objects.update(fanned_out_at=None)
    subscriber("bob@example.org")
    assert fan_out(notice) == 1
    assert Delivery.objects.count() == 2


def test_a_delivery_begins_due_and_untouched(notice: Notice, subscriber: Make) -> None:
    subscriber()
    fan_out(notice)
    delivery = Delivery.objects.get()
    notice.refresh_from_db()
    assert delivery.notice == notice
    assert (delivery.state, delivery.purpose) == (DeliveryState.PENDING, Purpose.NOTICE)
    assert (delivery.attempts, delivery.lease, delivery.last_error, delivery.sent_at) == (0, "", "", None)
    assert delivery.created_at == delivery.next_attempt_at == notice.fanned_out_at


def test_every_update_is_a_notice_of_its_own(incident: Incident, subscriber: Make) -> None:
    subscriber()
    incidents.post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="A disk is full.")
    incidents.post_update(incident=incident, status=IncidentStatus.MONITORING, message="Quiet.", notify=False)
    incidents.resolve_incident(incident=incident, message="It is over.")
    assert fan_out_pending() == 3


def test_fanning_out_takes_as_many_queries_for_a_thousand_as_for_one(
    notice: Notice, django_assert_num_queries: DjangoAssertNumQueries, subscriber: Make
) -> None:
    first = subscriber()
    Subscriber.objects.bulk_create(
        Subscriber(address=f"r{n}@example.org", state=first.state, confirmed_at=first.confirmed_at)
        for n in range(1000)
    )
    # Savepoint, claim, components, earlier notices, insert, release; on PostgreSQL a setting before the insert.
    with django_assert_num_queries(6 + (connection.vendor == "postgresql")):
        assert fan_out(notice) == 1001


def test_a_notice_that_is_broken_holds_up_no_other(
    notice: Notice, incident: Incident, subscriber: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber()
    incidents.post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="A disk is full.")
    monkeypatch.delitem(fanout.PRIORITY_OF_KIND, "incident")
    window = Notice.objects.create(kind=NoticeKind.MAINTENANCE_SCHEDULED, payload={})
    assert fan_out_pending() == 1
    assert Delivery.objects.get().notice == window
    monkeypatch.undo()
    assert fan_out_pending() == 2


def test_who_was_told_of_what_was_merged_hears_that_it_is_over(
    api: Component, web: Component, notice: Notice, incident: Incident, subscriber: Make
) -> None:
    other = incidents.open_incident(
        title="The web application is slow",
        severity="minor",
        message="Slow.",
        impacts={web: ComponentStatus.DEGRADED_PERFORMANCE},
    )
    subscriber("web@example.org", web, wants_updates=False)
    subscriber("elsewhere@example.org", Component.objects.create(slug="docs", name="Docs", position=3))
    fan_out_pending()
    merge_incident(duplicate=other, into=incident)
    fan_out_pending()
    # What they chose is not part of it any more.
    Subscriber.objects.get(address="web@example.org").components.set([api])
    incident.refresh_from_db()
    end = Notice.objects.create(kind=NoticeKind.INCIDENT_RESOLVED, incident=incident, payload={})
    end.components.set([Component.objects.create(slug="mail", name="Mail", position=4)])
    assert {row.address for row in audience_of(end)} == {"web@example.org"}
