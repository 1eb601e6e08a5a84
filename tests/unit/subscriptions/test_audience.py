"""Who hears of what: each choice by itself, on real notices."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, NoticeKind
from incidents.maintenance import (
    complete_maintenance,
    post_maintenance_update,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Incident, Notice, SeverityPolicy
from incidents.services import open_incident, post_update, resolve_incident
from statuspage.core import clock
from subscriptions.enums import Priority
from subscriptions.fanout import fan_out, fan_out_pending
from subscriptions.models import Delivery, Subscriber

Make = Callable[..., Subscriber]


def heard() -> set[tuple[str, str]]:
    """(what of, who) of all that was fanned out."""
    fan_out_pending()
    rows = Delivery.objects.values_list("notice__kind", "subscriber__address")
    return {(kind.partition(".")[2], address.partition("@")[0]) for kind, address in rows}


def severities() -> list[SeverityPolicy]:
    """The worst first."""
    return list(SeverityPolicy.objects.order_by("rank"))


def opened(component: Component, severity: SeverityPolicy) -> Incident:
    return open_incident(
        title="It burns",
        severity=severity,
        message="We look.",
        impacts={component: ComponentStatus.MAJOR_OUTAGE},
    )


def of(kind: str, *names: str) -> set[tuple[str, str]]:
    return {(kind, name) for name in names}


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_minimum_severity_keeps_out_what_is_less_bad(api: Component, subscriber: Make, rank: int) -> None:
    ladder = severities()
    subscriber("any@example.org")
    for number, severity in enumerate(ladder):
        subscriber(f"from{number}@example.org", minimum_severity=severity)
    opened(api, ladder[rank])
    assert heard() == of("created", "any", *(f"from{number}" for number in range(len(ladder)) if number >= rank))


def test_a_minimum_severity_says_nothing_of_maintenance(api: Component, subscriber: Make) -> None:
    subscriber("worst@example.org", minimum_severity=severities()[0])
    window(api)
    assert heard() == of("scheduled", "worst")


def window(component: Component) -> None:
    begins = clock.now() + timedelta(days=1)
    schedule_maintenance(
        title="New disks",
        message="We change disks.",
        components=[component],
        scheduled_for=begins,
        scheduled_until=begins + timedelta(hours=1),
    )


def test_who_wants_no_updates_hears_of_the_beginning_and_the_end(incident: Incident, subscriber: Make) -> None:
    subscriber("all@example.org")
    subscriber("few@example.org", wants_updates=False)
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="A disk is full.")
    resolve_incident(incident=incident, message="Over.")
    assert heard() == of("created", "all", "few") | of("updated", "all") | of("resolved", "all", "few")


def test_who_wants_no_updates_hears_of_the_beginning_and_the_end_of_a_window(api: Component, subscriber: Make) -> None:
    subscriber("all@example.org")
    subscriber("few@example.org", wants_updates=False)
    now = clock.now()
    planned = schedule_maintenance(
        title="New disks",
        message="We change disks.",
        components=[api],
        scheduled_for=now + timedelta(minutes=1),
        scheduled_until=now + timedelta(hours=1),
    )
    start_maintenance(maintenance=planned)
    post_maintenance_update(maintenance=planned, message="Half of them.")
    complete_maintenance(maintenance=planned)
    kinds = {who: {kind for kind, name in heard() if name == who} for who in ("all", "few")}
    assert kinds["all"] - kinds["few"] == {"updated"}
    assert {"scheduled", "completed"} <= kinds["few"]


def test_an_incident_that_moves_to_another_component_is_told_to_who_knows_of_it(
    incident: Incident, api: Component, web: Component, subscriber: Make
) -> None:
    subscriber("api@example.org", api)
    subscriber("web@example.org", web)
    fan_out_pending()
    move = {api: ComponentStatus.OPERATIONAL, web: ComponentStatus.MAJOR_OUTAGE}
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="It moved.", impacts=move)
    resolve_incident(incident=incident, message="Over.")
    assert heard() == of("created", "api") | of("updated", "api", "web") | of("resolved", "api", "web")


def test_who_was_told_of_the_beginning_is_told_of_the_end_though_it_is_less_bad(
    api: Component, subscriber: Make
) -> None:
    worst, *_, least = severities()
    subscriber("worst@example.org", minimum_severity=worst)
    incident = opened(api, worst)
    fan_out_pending()
    Incident.objects.filter(pk=incident.pk).update(severity=least)
    incident.refresh_from_db()
    resolve_incident(incident=incident, message="Over.")
    assert heard() == of("created", "worst") | of("resolved", "worst")


def test_an_end_is_not_told_to_who_did_not_want_the_beginning(api: Component, subscriber: Make) -> None:
    worst, *_, least = severities()
    subscriber("worst@example.org", minimum_severity=worst)
    resolve_incident(incident=opened(api, least), message="Over.")
    assert heard() == set()


def test_who_was_told_and_wants_such_news_no_more_is_left_in_peace(incident: Incident, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    fan_out_pending()
    Subscriber.objects.filter(pk=row.pk).update(wants_incidents=False)
    resolve_incident(incident=incident, message="Over.")
    assert heard() == of("created", "ada")


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (timedelta(hours=-2), None, False),
        (timedelta(hours=-2), timedelta(hours=1), False),
        (timedelta(hours=-2), timedelta(hours=-1), True),
        (None, None, True),
    ],
)
def test_who_pauses_hears_nothing_meanwhile(
    notice: Notice, subscriber: Make, since: timedelta | None, until: timedelta | None, told: bool
) -> None:
    subscriber(
        "ada@example.org",
        paused_at=since and notice.created_at + since,
        paused_until=until and notice.created_at + until,
    )
    assert fan_out(notice) == int(told)


def test_a_pause_goes_before_following_and_before_having_been_told(incident: Incident, subscriber: Make) -> None:
    row = subscriber("ada@example.org")
    row.follows.add(incident)
    fan_out_pending()
    Subscriber.objects.filter(pk=row.pk).update(paused_at=clock.now())
    resolve_incident(incident=incident, message="Over.")
    assert heard() == of("created", "ada")


def test_a_private_incident_concerns_everybody_whatever_their_components(
    api: Component, web: Component, subscriber: Make
) -> None:
    subscriber("web@example.org", web)
    subscriber("all@example.org")
    subscriber("none@example.org", wants_incidents=False)
    open_incident(
        title="A secret",
        severity="critical",
        message="We look.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
        private=True,
    )
    # To tell some and not others would say which component it is.
    assert heard() == of("created", "web", "all")


@pytest.mark.parametrize(
    ("kind", "wants", "priority"),
    [
        (NoticeKind.COMPONENT_UPDATED, "wants_components", Priority.NEWS),
        (NoticeKind.MONTHLY_REPORT, "wants_reports", Priority.REPORT),
    ],
)
def test_what_is_off_unless_chosen(
    notice: Notice, subscriber: Make, kind: NoticeKind, wants: str, priority: Priority
) -> None:
    subscriber("usual@example.org")
    subscriber("chose@example.org", **{wants: True})
    notice.kind, notice.incident, notice.severity_rank = kind, None, None
    notice.save(update_fields=["kind", "incident", "severity_rank"])
    notice.components.clear()
    assert fan_out(notice) == 1
    delivery = Delivery.objects.get()
    assert delivery.subscriber is not None
    assert (delivery.subscriber.address, delivery.priority) == ("chose@example.org", priority)


def test_all_choices_together(api: Component, web: Component, subscriber: Make) -> None:
    worst, middle, *_ = severities()
    subscriber("fits@example.org", api, web, minimum_severity=middle, wants_updates=False)
    subscriber("other@example.org", web, minimum_severity=middle)
    subscriber("severe@example.org", api, minimum_severity=worst)
    subscriber("paused@example.org", api, paused_at=clock.now())
    subscriber("later@example.org", api, confirmed_at=clock.now() + timedelta(hours=1))
    opened(api, middle)
    assert heard() == of("created", "fits")
