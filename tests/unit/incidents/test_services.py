from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page, StatusChange, StatusClaim
from incidents.enums import IncidentStatus, NoticeKind, Origin
from incidents.models import Incident, IncidentUpdate, Notice, SeverityPolicy, UpdateImpact
from incidents.services import DuplicateIncident, edit_incident, open_incident, post_update, resolve_incident
from statuspage.core.errors import InvalidTransition, StaleRevision, ValidationFailed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAJOR = ComponentStatus.MAJOR_OUTAGE
DEGRADED = ComponentStatus.DEGRADED_PERFORMANCE

pytestmark = pytest.mark.django_db


def declare(component: Component, **changes: object) -> Incident:
    arguments: dict[str, object] = {
        "title": "API requests fail",
        "severity": "critical",
        "message": "We are **looking** into it.",
        "impacts": {component: MAJOR},
        "author": "ada",
    }
    return open_incident(**(arguments | changes))  # type: ignore[arg-type]  # the test changes one at a time


def test_opening_writes_state_update_claim_log_and_notice_together(api: Component) -> None:
    version = Page.current().version
    incident = declare(api)
    assert incident.status == IncidentStatus.INVESTIGATING
    assert incident.updates.get().body == "We are **looking** into it."
    assert Component.objects.get(pk=api.pk).status == MAJOR
    assert StatusChange.objects.get().cause == incident.reference
    assert Notice.objects.get().kind == NoticeKind.INCIDENT_CREATED
    assert Page.current().version > version


def test_the_first_update_says_what_each_component_was_and_is(api: Component) -> None:
    declare(api)
    impact = UpdateImpact.objects.get()
    assert (impact.code, impact.name) == (api.public_id, "API gateway")
    assert (impact.old_status, impact.new_status) == (ComponentStatus.OPERATIONAL, MAJOR)


@time_machine.travel(NOON, tick=False)
def test_the_next_update_is_due_by_the_cadence_of_the_severity(api: Component) -> None:
    assert declare(api).next_update_due_at == NOON + timedelta(minutes=30)


@time_machine.travel(NOON, tick=False)
def test_a_promise_made_with_the_incident_wins_over_the_cadence(api: Component) -> None:
    incident = declare(api, next_update_in=timedelta(hours=1))
    assert incident.next_update_due_at == NOON + timedelta(hours=1)


@time_machine.travel(NOON, tick=False)
def test_references_of_a_day_run_through_the_letters(api: Component) -> None:
    assert [declare(api).reference for _ in range(3)] == ["INC-2026-1121-a", "INC-2026-1121-b", "INC-2026-1121-c"]


@time_machine.travel(NOON, tick=False)
def test_a_reference_that_became_free_is_never_given_to_another_incident(api: Component) -> None:
    first, _ = declare(api), declare(api)
    first.delete()
    assert declare(api).reference == "INC-2026-1121-c"


@time_machine.travel(NOON, tick=False)
def test_every_update_promises_the_next_one(api: Component) -> None:
    incident = declare(api)
    with time_machine.travel(NOON + timedelta(minutes=20), tick=False):
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.")
    assert Incident.objects.get().next_update_due_at == NOON + timedelta(minutes=50)


def test_a_reference_carries_the_day_of_the_pages_zone(api: Component) -> None:
    Page.objects.filter(pk=Page.current().pk).update(time_zone="Pacific/Auckland")
    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), tick=False):
        assert declare(api).reference == "INC-2026-1122-a"


def test_a_backdated_incident_begins_when_it_was_discovered(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        incident = declare(api, started_at=NOON - timedelta(hours=2))
    assert incident.started_at == NOON - timedelta(hours=2)
    assert StatusClaim.objects.get().since == NOON - timedelta(hours=2)
    assert incident.updates.get().display_at == NOON


def test_an_incident_cannot_begin_in_the_future(api: Component) -> None:
    with time_machine.travel(NOON, tick=False), pytest.raises(ValidationFailed, match="future") as failure:
        declare(api, started_at=NOON + timedelta(hours=1))
    assert failure.value.field == "started_at"
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " \x00 "}, "title"),
        ({"title": "x" * 251}, "title"),
        ({"message": ""}, "message"),
        ({"message": "x" * 20_001}, "message"),
        ({"severity": "apocalyptic"}, "severity"),
        ({"status": IncidentStatus.RESOLVED}, "status"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(api: Component, changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationFailed) as failure:
        declare(api, **changes)
    assert failure.value.field == field
    assert not Incident.objects.exists()
    assert not StatusClaim.objects.exists()


def test_a_second_incident_with_the_same_dedupe_key_is_refused_while_the_first_is_open(api: Component) -> None:
    first = declare(api, dedupe_key="probe:api", origin=Origin.PROBE)
    with pytest.raises(DuplicateIncident) as failure:
        declare(api, dedupe_key="probe:api", origin=Origin.PROBE)
    assert failure.value.existing == first
    resolve_incident(incident=first, message="Over.")
    assert declare(api, dedupe_key="probe:api").reference.endswith("-b")


def test_an_incident_that_tells_nobody_writes_no_notice(api: Component) -> None:
    declare(api, notify=False)
    assert not Notice.objects.exists()


def test_an_update_or_an_end_that_tells_nobody_writes_no_notice(api: Component) -> None:
    incident = declare(api, notify=False)
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.", notify=False)
    resolve_incident(incident=incident, message="Over.", notify=False)
    assert IncidentUpdate.objects.filter(notify=False).count() == 3
    assert not Notice.objects.exists()


def test_words_that_change_no_component_are_shown_at_once_as_well(api: Component) -> None:
    incident = declare(api, impacts={})
    before = Page.current().version
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.")
    between = Page.current().version
    resolve_incident(incident=incident, message="Over.")
    assert before < between < Page.current().version


def test_an_update_with_the_same_status_reads_update(api: Component) -> None:
    incident = declare(api)
    same = post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Still looking.")
    other = post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found it.")
    assert (same.label, other.label) == ("Update", "Identified")


def test_an_update_changes_the_impact_and_keeps_what_it_was(api: Component) -> None:
    incident = declare(api)
    update = post_update(
        incident=incident, status=IncidentStatus.IDENTIFIED, message="Better.", impacts={api: DEGRADED}
    )
    impact = update.impacts.get()
    assert (impact.old_status, impact.new_status) == (MAJOR, DEGRADED)
    assert Component.objects.get(pk=api.pk).status == DEGRADED


def test_an_update_keeps_what_it_leaves_as_it_was(api: Component, web: Component) -> None:
    incident = declare(api, impacts={api: MAJOR, web: DEGRADED})
    update = post_update(
        incident=incident, status=IncidentStatus.IDENTIFIED, message="API is better.", impacts={api: DEGRADED}
    )
    said = {impact.component: (impact.old_status, impact.new_status) for impact in update.impacts.all()}
    assert said == {api: (MAJOR, DEGRADED), web: (DEGRADED, DEGRADED)}


def test_an_update_that_says_operational_takes_the_claim_back(api: Component, web: Component) -> None:
    incident = declare(api, impacts={api: MAJOR, web: DEGRADED})
    post_update(
        incident=incident,
        status=IncidentStatus.MONITORING,
        message="Web is back.",
        impacts={web: ComponentStatus.OPERATIONAL},
    )
    assert [claim.component for claim in StatusClaim.objects.all()] == [api]


@time_machine.travel(NOON, tick=False)
def test_the_first_monitoring_update_dates_the_containment(api: Component) -> None:
    incident = declare(api)
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="Watching.")
    assert incident.contained_at == NOON
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        post_update(incident=incident, status=IncidentStatus.MONITORING, message="Still watching.")
    assert incident.contained_at == NOON


def test_an_incident_that_was_never_monitored_has_no_moment_of_containment(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.")
    assert incident.contained_at is None


def test_resolving_the_last_incident_restores_the_component(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="More disks.")
    component = Component.objects.get(pk=api.pk)
    assert component.status == ComponentStatus.UNKNOWN
    assert not StatusClaim.objects.exists()
    assert (incident.root_cause_summary, incident.remediation) == ("A disk.", "More disks.")
    assert incident.next_update_due_at is None


def test_what_was_found_out_before_the_end_is_kept_where_the_end_says_nothing_of_it(api: Component) -> None:
    incident = declare(api)
    edit_incident(
        incident=incident,
        title="API requests fail",
        severity="critical",
        private=False,
        data_impact=False,
        root_cause_summary="A disk.",
        remediation="More disks.",
    )
    resolve_incident(incident=incident, message="Over.")
    kept = Incident.objects.get()
    assert (kept.root_cause_summary, kept.remediation) == ("A disk.", "More disks.")


def test_resolving_one_of_two_leaves_the_others_word(api: Component) -> None:
    first, second = declare(api), declare(api, impacts={api: DEGRADED})
    resolve_incident(incident=first, message="Over.")
    assert Component.objects.get(pk=api.pk).status == DEGRADED
    assert StatusClaim.objects.get().source_id == second.public_id


def test_an_incident_cannot_be_resolved_twice(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.")
    with pytest.raises(InvalidTransition, match="cannot become resolved"):
        resolve_incident(incident=incident, message="Over again.")
    assert Notice.objects.filter(kind=NoticeKind.INCIDENT_RESOLVED).count() == 1


def test_an_incident_cannot_be_over_before_it_began(api: Component) -> None:
    incident = declare(api)
    with pytest.raises(ValidationFailed, match="before it began"):
        resolve_incident(incident=incident, message="Over.", resolved_at=incident.started_at - timedelta(minutes=1))
    assert Incident.objects.get().is_open


def test_reopening_claims_the_components_again(api: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.")
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="It is back.")
    assert incident.resolved_at is None
    assert Component.objects.get(pk=api.pk).status == MAJOR


def test_reopening_says_that_the_components_broke_again(api: Component, web: Component) -> None:
    incident = declare(api)
    resolve_incident(incident=incident, message="Over.")
    said = {web: ComponentStatus.DEGRADED_PERFORMANCE}
    update = post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="It is back.", impacts=said)
    assert {(row.component_id, row.old_status, row.new_status) for row in update.impacts.all()} == {
        (api.pk, ComponentStatus.OPERATIONAL, MAJOR),
        (web.pk, ComponentStatus.OPERATIONAL, ComponentStatus.DEGRADED_PERFORMANCE),
    }


def test_posting_resolved_as_an_update_resolves(api: Component) -> None:
    incident = declare(api)
    post_update(incident=incident, status=IncidentStatus.RESOLVED, message="Over.")
    assert Incident.objects.get().status == IncidentStatus.RESOLVED
    assert Notice.objects.filter(kind=NoticeKind.INCIDENT_RESOLVED).count() == 1


def test_the_second_of_two_writers_is_told_and_nothing_is_posted(api: Component) -> None:
    incident = declare(api)
    seen = incident.revision
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Ada's.", expected_revision=seen)
    with pytest.raises(StaleRevision, match="Somebody else"):
        post_update(incident=incident, status=IncidentStatus.MONITORING, message="Bob's.", expected_revision=seen)
    assert not IncidentUpdate.objects.filter(body="Bob's.").exists()


def test_editing_changes_what_is_shown_and_tells_nobody(api: Component) -> None:
    incident = declare(api, notify=False)
    version = Page.current().version
    edit_incident(
        incident=incident,
        title="API requests\nfail in eu-west",
        severity="minor",
        private=True,
        data_impact=False,
        root_cause_summary="",
        remediation="",
        expected_revision=incident.revision,
    )
    kept = Incident.objects.get()
    assert (kept.title, kept.severity.slug, kept.impact) == ("API requests fail in eu-west", "minor", "minor")
    assert kept.public_title == "Minor incident"
    assert Page.current().version > version
    assert not Notice.objects.exists()


def test_the_default_ladder_has_three_rungs() -> None:
    rungs = SeverityPolicy.objects.values_list("slug", "first_update", "update_every", "postmortem_business_days")
    assert list(rungs) == [
        ("critical", timedelta(minutes=15), timedelta(minutes=30), 7),
        ("major", timedelta(minutes=30), timedelta(minutes=60), 7),
        ("minor", timedelta(minutes=60), None, None),
    ]


@pytest.mark.parametrize(
    ("setting", "said", "private"), [(True, None, True), (True, False, False), (False, True, True)]
)
def test_a_page_may_keep_its_incidents_private_unless_staff_say_otherwise(
    api: Component, setting: bool, said: bool | None, private: bool
) -> None:
    Page.objects.update_or_create(pk=1, defaults={"private_incidents": setting})
    incident = open_incident(title="Secret", severity="major", message="We look.", impacts={}, private=said)
    assert incident.private is private


@time_machine.travel(NOON, tick=False)
def test_an_incident_that_is_opened_as_monitoring_is_contained_from_then_on(api: Component) -> None:
    assert declare(api, status=IncidentStatus.MONITORING).contained_at == NOON
    assert declare(api, status=IncidentStatus.IDENTIFIED).contained_at is None
