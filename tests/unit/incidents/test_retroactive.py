from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page, StatusChange, StatusClaim
from incidents.enums import TRANSITIONS, DueReason, IncidentStatus, NoticeKind, Promise
from incidents.models import Incident, Notice, UpdateImpact
from incidents.services import PastUpdate, post_update, record_incident
from statuspage.core.errors import Duplicate, InvalidTransition, ValidationFailed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAJOR, DEGRADED = ComponentStatus.MAJOR_OUTAGE, ComponentStatus.DEGRADED_PERFORMANCE
INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED = IncidentStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def at_noon() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def ago(minutes: int) -> datetime:
    return NOON - timedelta(minutes=minutes)


def word(status: IncidentStatus, minutes_ago: int, **changes: Any) -> PastUpdate:
    return PastUpdate(status=status, message=f"Said {minutes_ago} minutes ago.", at=ago(minutes_ago), **changes)


def record(*updates: PastUpdate, **changes: Any) -> Incident:
    said: dict[str, Any] = {"title": "API requests failed", "severity": "critical", "started_at": ago(130)}
    return record_incident(updates=updates, **(said | changes))


def test_what_is_over_is_written_down_with_all_its_words_at_their_times(api: Component) -> None:
    incident = record(
        word(IDENTIFIED, 120, impacts={api: MAJOR}, author="grace"),
        word(IDENTIFIED, 110),
        word(MONITORING, 90, impacts={api: DEGRADED}),
        word(RESOLVED, 60),
        author="ada",
        root_cause_summary="A disk.",
        remediation="More disks.",
        data_impact=True,
    )
    kept = Incident.objects.get()
    assert kept == incident
    assert (kept.started_at, kept.contained_at, kept.resolved_at) == (ago(130), ago(90), ago(60))
    assert (kept.is_retroactive, kept.data_impact, kept.reference) == (True, True, "INC-2026-1121-a")
    assert (kept.root_cause_summary, kept.remediation) == ("A disk.", "More disks.")
    assert [(update.display_at, update.label, update.author) for update in kept.updates.all()] == [
        (ago(60), "Resolved", "ada"),
        (ago(90), "Monitoring", "ada"),
        (ago(110), "Update", "ada"),
        (ago(120), "Identified", "grace"),
    ]


def test_what_is_over_claims_nothing_and_changes_no_component(api: Component) -> None:
    record(word(INVESTIGATING, 120, impacts={api: MAJOR}), word(RESOLVED, 60))
    assert not StatusClaim.objects.exists()
    assert not StatusChange.objects.exists()
    said = UpdateImpact.objects.order_by("pk").values_list("old_status", "new_status")
    assert list(said) == [("operational", MAJOR), (MAJOR, MAJOR)]


def test_the_components_of_what_is_over_are_known(api: Component) -> None:
    incident = record(word(INVESTIGATING, 120, impacts={api: MAJOR}), word(RESOLVED, 60))
    assert list(incident.components.all()) == [api]


def test_one_written_down_half_way_is_open_with_its_claims_and_its_deadline(api: Component, web: Component) -> None:
    incident = record(
        word(INVESTIGATING, 120, impacts={api: MAJOR, web: MAJOR}),
        word(IDENTIFIED, 60, impacts={api: DEGRADED}),
        word(IDENTIFIED, 10, impacts={web: ComponentStatus.OPERATIONAL}),
    )
    claim = StatusClaim.objects.get()
    assert (claim.component, claim.status, claim.since, claim.source_id) == (
        api,
        DEGRADED,
        ago(60),
        incident.public_id,
    )
    assert Component.objects.get(pk=api.pk).status == DEGRADED
    assert (incident.next_update_due_at, incident.due_reason) == (ago(-20), DueReason.CADENCE)
    assert not incident.is_retroactive
    post_update(incident=incident, status=MONITORING, message="Watching.")


def test_what_it_said_from_the_first_word_on_counts_from_the_beginning(api: Component) -> None:
    record(word(INVESTIGATING, 120, impacts={api: MAJOR}), word(IDENTIFIED, 10))
    assert StatusClaim.objects.get().since == ago(130)


def test_the_last_word_may_promise_the_next(api: Component) -> None:
    incident = record(
        word(IDENTIFIED, 10, promised_in=timedelta(hours=1), promise=Promise.MORE_INFORMATION), severity="minor"
    )
    assert (incident.next_update_due_at, incident.due_reason) == (ago(-50), DueReason.PROMISE)
    assert incident.promise == incident.updates.get().promise == Promise.MORE_INFORMATION


def test_nobody_is_told_unless_it_is_asked_for() -> None:
    version = Page.current().version
    record(word(INVESTIGATING, 120), word(RESOLVED, 60))
    assert not Notice.objects.exists()
    assert Page.current().version > version


@pytest.mark.parametrize(
    ("last", "kind"), [(RESOLVED, NoticeKind.INCIDENT_RESOLVED), (MONITORING, NoticeKind.INCIDENT_CREATED)]
)
def test_whoever_is_told_hears_the_last_word_alone(last: IncidentStatus, kind: NoticeKind) -> None:
    incident = record(word(INVESTIGATING, 120), word(last, 60), notify=True)
    notice = Notice.objects.get()
    assert (notice.kind, notice.update) == (kind, incident.updates.first())
    assert list(incident.updates.filter(notify=True)) == [notice.update]


def test_a_page_may_keep_it_private() -> None:
    Page.objects.filter(pk=Page.current().pk).update(private_incidents=True)
    assert record(word(RESOLVED, 60)).private
    assert not record(word(RESOLVED, 60), private=False).private


def test_a_reference_can_be_brought_along_once() -> None:
    assert record(word(RESOLVED, 60), reference="INC-2026-0814-a").get_absolute_url() == "/incidents/INC-2026-0814-a/"
    with pytest.raises(Duplicate, match="INC-2026-0814-a"):
        record(word(RESOLVED, 60), reference="INC-2026-0814-a")
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("updates", "changes", "field"),
    [
        ([], {}, "updates"),
        ([word(RESOLVED, 140)], {}, "started_at"),
        ([word(INVESTIGATING, 60), word(RESOLVED, 61)], {}, "at"),
        ([word(INVESTIGATING, 60), word(RESOLVED, -5)], {}, "at"),
        ([word(RESOLVED, 60)], {"started_at": ago(-5)}, "started_at"),
        ([word(RESOLVED, 60)], {"title": ""}, "title"),
        ([word(RESOLVED, 60)], {"severity": "apocalyptic"}, "severity"),
        ([word(RESOLVED, 60)], {"reference": "../admin"}, "reference"),
        ([word(RESOLVED, 60)], {"reference": ""}, "reference"),
        ([word(IDENTIFIED, 60, promised_in=timedelta(0))], {}, "next_update_in"),
        ([PastUpdate(status=RESOLVED, message="\x00", at=ago(60))], {}, "message"),
    ],
)
def test_a_story_that_cannot_be_is_refused_whole(
    updates: list[PastUpdate], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationFailed) as failure:
        record(*updates, **changes)
    assert failure.value.field == field
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("first", "then"), list(product(IncidentStatus, repeat=2)))
def test_each_word_is_one_that_may_follow_the_one_before(first: IncidentStatus, then: IncidentStatus) -> None:
    if then in TRANSITIONS[first]:
        assert record(word(first, 60), word(then, 50)).status == then
        return
    with pytest.raises(InvalidTransition):
        record(word(first, 60), word(then, 50))
    assert not Incident.objects.exists()
