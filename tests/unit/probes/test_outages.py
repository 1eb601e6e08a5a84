from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component, StatusClaim
from incidents.enums import IncidentStatus, MaintenanceStatus, NoticeKind, Origin
from incidents.models import Incident, IncidentUpdate, Maintenance, Notice, SeverityPolicy
from incidents.services import open_incident, post_update, resolve_incident
from probes import leases
from probes.enums import Outcome
from probes.models import Heartbeat, Probe, ProbeLocation, Slot, WorkerHeartbeat
from probes.services import expire_stale, pause_probe, retire_probe

from .conftest import NOON, Story, found, make_probe, record

UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR
MAJOR = ComponentStatus.MAJOR_OUTAGE

pytestmark = pytest.mark.django_db


def fail_three_times(probe: Probe, traveller: time_machine.Traveller, detail: str) -> None:
    """At noon, a minute later, and another."""
    for minute in range(3):
        at = NOON + timedelta(minutes=minute)
        traveller.move_to(at)
        failure = found(probe, DOWN, at=at)
        record(replace(failure, result=replace(failure.result, detail=detail)))


def status(component: Component) -> str:
    return Component.objects.get(pk=component.pk).status


def test_two_failures_open_nothing(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP, DOWN, DOWN)
    assert not Incident.objects.exists()
    assert status(api) == ComponentStatus.OPERATIONAL


def test_the_third_failure_in_a_row_opens_an_incident_dated_from_the_first(
    probe: Probe, api: Component, story: Story
) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    incident = Incident.objects.get()
    assert incident.title == "API gateway is not responding"
    assert incident.started_at == NOON + timedelta(seconds=30)
    assert (incident.origin, incident.dedupe_key, incident.severity.slug) == (Origin.PROBE, "probe:api", "critical")
    assert status(api) == MAJOR
    assert Notice.objects.get().kind == NoticeKind.INCIDENT_CREATED


def test_the_first_update_says_what_failed_since_when(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    body = Incident.objects.get().updates.get().body
    assert body == "The check “api-http check” has failed 3 times in a row since 12:00 UTC: Connection refused."


def test_the_severity_is_the_probes(api: Component, story: Story) -> None:
    probe = make_probe(api, severity=SeverityPolicy.objects.get(slug="minor"))
    story(probe, DOWN, DOWN, DOWN)
    assert Incident.objects.get().severity.slug == "minor"


def test_a_probe_that_opens_no_incident_only_claims(api: Component, story: Story) -> None:
    probe = make_probe(api, opens_incident=False)
    story(probe, UP, DOWN, DOWN, DOWN)
    assert not Incident.objects.exists()
    assert status(api) == MAJOR


def test_a_failure_goes_on_without_a_second_incident(probe: Probe, story: Story) -> None:
    story(probe, UP, *[DOWN] * 10)
    assert Incident.objects.count() == 1
    assert Notice.objects.count() == 1


def test_recovery_resolves_the_incident_as_of_the_first_success(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN, UP)
    assert Incident.objects.get().is_open
    story(probe, UP)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.RESOLVED
    assert incident.resolved_at == NOON + timedelta(seconds=120)
    assert status(api) == ComponentStatus.OPERATIONAL
    assert set(Notice.objects.values_list("kind", flat=True)) == {"incident.created", "incident.resolved"}


def test_the_last_update_says_since_when_it_responds_and_how_long_it_did_not(probe: Probe, story: Story) -> None:
    story(probe, UP, *[DOWN] * 8, UP, UP)
    body = Incident.objects.get().updates.get(status=IncidentStatus.RESOLVED).body
    assert body == "API gateway has been responding again since 12:04 UTC. The outage lasted 4 minutes."


def test_flapping_is_one_incident(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN, *[UP, DOWN] * 10)
    assert Incident.objects.get().is_open
    assert Notice.objects.count() == 1


def test_a_second_outage_long_after_is_a_second_incident(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN, *[UP] * 60, DOWN, DOWN, DOWN)
    assert Incident.objects.count() == 2
    assert Incident.objects.open().count() == 1


def test_a_component_in_an_open_incident_gets_no_second_one(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP)
    open_incident(title="We know", severity="major", message="On it.", impacts={api: MAJOR}, author="ada")
    story(probe, DOWN, DOWN, DOWN)
    assert Incident.objects.get().title == "We know"


def test_staff_resolving_while_it_is_still_down_opens_no_second_incident(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    resolve_incident(incident=Incident.objects.get(), message="Done.", author="ada")
    story(probe, DOWN, DOWN)
    assert Incident.objects.count() == 1


def test_an_incident_of_staff_is_not_ended_by_a_probe(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP)
    open_incident(title="We know", severity="major", message="On it.", impacts={api: MAJOR}, author="ada")
    story(probe, DOWN, DOWN, DOWN, UP, UP, UP)
    assert Incident.objects.get().is_open
    assert Incident.objects.get().updates.count() == 1


def test_an_incident_staff_have_spoken_in_is_left_to_them_with_one_word_of_recovery(
    probe: Probe, story: Story
) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    post_update(incident=Incident.objects.get(), status=IncidentStatus.IDENTIFIED, message="A switch.", author="ada")
    story(probe, UP, UP, UP, UP)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.MONITORING
    assert incident.updates.count() == 3
    assert incident.updates.filter(author="", body__contains="responding again").count() == 1


def test_a_relapse_after_that_is_said_too(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    post_update(incident=Incident.objects.get(), status=IncidentStatus.IDENTIFIED, message="A switch.", author="ada")
    story(probe, UP, UP, DOWN, DOWN, DOWN, DOWN)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.INVESTIGATING
    assert incident.updates.filter(body__startswith="API gateway is failing again.").count() == 1
    assert status(api) == MAJOR


def test_with_several_probes_the_last_one_up_ends_it(api: Component, story: Story) -> None:
    one, other = make_probe(api, "one"), make_probe(api, "other")
    story(one, UP, DOWN, DOWN, DOWN)
    story(other, DOWN, DOWN, DOWN)
    assert Incident.objects.count() == 1
    story(one, UP, UP, UP)
    assert Incident.objects.get().is_open
    story(other, UP, UP)
    assert not Incident.objects.get().is_open
    assert status(api) == ComponentStatus.OPERATIONAL


def test_each_component_has_an_incident_of_its_own(api: Component, web: Component, story: Story) -> None:
    story(make_probe(api, "one"), DOWN, DOWN, DOWN)
    story(make_probe(web, "other"), DOWN, DOWN, DOWN)
    assert set(Incident.objects.values_list("dedupe_key", flat=True)) == {"probe:api", "probe:web"}


def test_slow_answers_degrade_the_component_and_open_nothing(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP, SLOW, SLOW)
    assert status(api) == ComponentStatus.OPERATIONAL
    story(probe, SLOW)
    assert status(api) == ComponentStatus.DEGRADED_PERFORMANCE
    story(probe, UP, UP)
    assert status(api) == ComponentStatus.OPERATIONAL
    assert not Incident.objects.exists()


def test_errors_of_ours_during_an_outage_do_not_end_it(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN, ERROR, ERROR, ERROR, ERROR)
    assert Incident.objects.get().is_open
    story(probe, UP, UP)
    assert not Incident.objects.get().is_open


def test_no_severity_at_all_is_logged_and_the_measurement_kept(probe: Probe, api: Component, story: Story) -> None:
    SeverityPolicy.objects.all().delete()
    story(probe, UP, DOWN, DOWN, DOWN)
    assert not Incident.objects.exists()
    assert status(api) == MAJOR


def test_an_incident_that_is_refused_is_logged_and_the_measurement_kept(
    probe: Probe, api: Component, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    story(probe, UP, DOWN, DOWN)
    # As a machine has it whose clock began in 1970.
    ProbeLocation.objects.update(first_failure_at=datetime(1970, 1, 1, tzinfo=UTC))
    story(probe, DOWN)
    assert not Incident.objects.exists()
    assert status(api) == MAJOR
    assert [entry.getMessage() for entry in caplog.records] == ["No incident could be opened about api."]


def test_maintenance_keeps_probing_marks_the_slots_and_opens_nothing(
    probe: Probe, api: Component, story: Story
) -> None:
    story(probe, UP)
    window = Maintenance.objects.create(
        reference="MNT-2026-1121-a",
        title="New switch",
        status=MaintenanceStatus.IN_PROGRESS,
        scheduled_for=NOON,
        scheduled_until=NOON + timedelta(hours=1),
    )
    window.components.add(api)
    story(probe, *[DOWN] * 5)
    assert not Incident.objects.exists()
    assert not StatusClaim.objects.filter(source="probe").exists()
    assert Slot.objects.get().in_maintenance
    assert Slot.objects.get().down == 5
    # Counting starts anew at its end.
    Maintenance.objects.update(status=MaintenanceStatus.COMPLETED)
    story(probe, DOWN, DOWN)
    assert not Incident.objects.exists()
    story(probe, DOWN)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("http", "API gateway is not responding"),
        ("heartbeat", "No heartbeat from API gateway"),
        ("disk", "API gateway is short of disk space"),
    ],
)
def test_the_title_fits_the_kind(api: Component, story: Story, kind: str, title: str) -> None:
    story(make_probe(api, kind=kind), DOWN, DOWN, DOWN)
    assert Incident.objects.get().title == title


@pytest.mark.parametrize(
    ("kind", "detail", "title"),
    [
        (
            "tls",
            "The certificate expires in 2 days (23 November 2026).",
            "The certificate of API gateway is about to expire",
        ),
        (
            "tls",
            "The intermediate certificate “R3” expires in 2 days (x).",
            "The certificate of API gateway is about to expire",
        ),
        ("tls", "The certificate expired 2 days ago (x).", "The certificate of API gateway has expired"),
        (
            "tls",
            "The certificate is not trusted: it is self-signed; it expires in 9 days (x).",
            "The certificate of API gateway is not trusted",
        ),
        ("http", "The certificate is for another name.", "The certificate of API gateway is not valid"),
        ("tls", "The connection was refused.", "The TLS check of API gateway fails"),
        ("disk", "The folder / is missing or read-only.", "API gateway cannot write to its disk"),
        ("json", "Outbox backlog is 1200, expected < 1000.", "A value of API gateway is not as expected"),
        ("workers", "No heartbeat from push yet.", "Workers of API gateway are not reporting"),
    ],
)
def test_the_title_says_what_was_found(
    api: Component, at_noon: time_machine.Traveller, kind: str, detail: str, title: str
) -> None:
    fail_three_times(make_probe(api, kind=kind), at_noon, detail)
    assert Incident.objects.get().title == title


@pytest.mark.parametrize(
    ("kind", "title"),
    [("heartbeat", "API gateway reported a failure"), ("workers", "A worker of API gateway reported a failure")],
)
def test_a_job_that_said_that_it_failed_is_not_called_silent(
    api: Component, at_noon: time_machine.Traveller, kind: str, title: str
) -> None:
    probe = make_probe(api, kind=kind)
    if kind == "heartbeat":
        Heartbeat.objects.update_or_create(probe=probe, defaults={"failed": True})
    else:
        WorkerHeartbeat.objects.create(probe=probe, worker="push", failed=True)
    fail_three_times(probe, at_noon, "The disk is full.")
    assert Incident.objects.get().title == title


def test_a_certificate_is_in_order_again_and_never_responding(api: Component, at_noon: time_machine.Traveller) -> None:
    probe = make_probe(api, kind="tls")
    fail_three_times(probe, at_noon, "The certificate expires in 2 days (x).")
    for minute in (4, 5):
        at_noon.move_to(NOON + timedelta(minutes=minute))
        record(found(probe, UP, at=NOON + timedelta(minutes=minute)))
    words = IncidentUpdate.objects.order_by("-pk")[0].body
    assert (
        words == "The certificate of API gateway has been in order again since 12:04 UTC. The outage lasted 4 minutes."
    )


def test_an_outage_found_after_midnight_names_its_day(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, UP, DOWN, DOWN)
    ProbeLocation.objects.update(first_failure_at=NOON - timedelta(days=1))
    story(probe, DOWN)
    assert "since 20 November 12:00 UTC" in Incident.objects.get().updates.get().body


def test_a_clock_set_back_during_an_outage_does_not_keep_the_incident_from_opening(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    last = story(probe, UP, DOWN, DOWN)
    at_noon.move_to(NOON - timedelta(hours=1))
    record(found(probe, DOWN, at=last + timedelta(seconds=30)))
    assert Incident.objects.get().started_at == NOON - timedelta(hours=1)


@pytest.fixture
def database(web: Component) -> Probe:
    return make_probe(web, "database", opens_incident=False)


def test_while_what_it_depends_on_fails_a_probe_opens_nothing_but_says_what_it_measures(
    probe: Probe, api: Component, database: Probe, story: Story
) -> None:
    probe.depends_on.add(database)
    story(probe, UP)
    story(database, UP, DOWN)
    story(probe, DOWN, DOWN, DOWN, DOWN)
    assert not Incident.objects.exists()
    assert not Notice.objects.exists()
    assert status(api) == MAJOR
    assert Slot.objects.get(probe=probe).down == 4


def test_when_that_is_well_and_the_probe_still_down_its_incident_opens_with_its_true_start(
    probe: Probe, database: Probe, story: Story
) -> None:
    probe.depends_on.add(database)
    story(probe, UP)
    story(database, UP, DOWN)
    began = story(probe, DOWN)
    story(probe, DOWN, DOWN)
    story(database, UP)
    assert not Incident.objects.exists()
    story(probe, DOWN)
    assert Incident.objects.get().started_at == began
    story(probe, UP, UP)
    assert not Incident.objects.get().is_open


def test_a_probe_that_came_back_meanwhile_opens_nothing_later(
    probe: Probe, api: Component, database: Probe, story: Story
) -> None:
    probe.depends_on.add(database)
    story(database, UP, DOWN)
    story(probe, UP, DOWN, DOWN, DOWN, UP, UP)
    assert not Probe.objects.get(pk=probe.pk).is_held_back
    story(database, UP)
    story(probe, UP, DOWN, DOWN)
    assert not Incident.objects.exists()


def test_a_dependency_that_recovers_slowly_is_waited_for(probe: Probe, database: Probe, story: Story) -> None:
    probe.depends_on.add(database)
    story(database, DOWN, DOWN, DOWN)
    story(probe, DOWN, DOWN, DOWN)
    story(database, UP)
    story(probe, DOWN)
    assert not Incident.objects.exists()
    story(database, UP)
    story(probe, DOWN)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_brings_no_burst_of_incidents_or_mails(
    api: Component, at_noon: time_machine.Traveller, jump: timedelta
) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(30)]
    for turn in range(3):
        at_noon.move_to(NOON + timedelta(seconds=30 * turn))
        record(*[found(one, UP, at=NOON + timedelta(seconds=30 * turn)) for one in probes])
    notices = Notice.objects.count()
    for turn in range(6):
        moment = NOON + jump + timedelta(seconds=30 * (turn + 3))
        at_noon.move_to(moment)
        leases.resync()
        expire_stale()
        record(*[found(one, UP, at=moment) for one in probes])
    assert not Incident.objects.exists()
    assert Notice.objects.count() == notices
    assert status(api) == ComponentStatus.OPERATIONAL


def test_what_failed_is_kept_as_evidence_of_the_incident(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    found_then = Incident.objects.get().evidence.get()
    assert found_then.at == NOON + timedelta(seconds=30)
    assert (found_then.what, found_then.detail) == ("api-http check, from default", "Connection refused.")
    assert found_then.path == "/components/api/2026-11-21/"
    assert found_then.staff_path == f"/admin/probes/probe/{probe.pk}/change/"
    story(probe, DOWN, DOWN)
    assert Incident.objects.get().evidence.count() == 1


def test_a_component_nobody_sees_has_no_public_evidence(probe: Probe, api: Component, story: Story) -> None:
    Component.objects.filter(pk=api.pk).update(is_visible=False)
    probe.component.refresh_from_db()
    story(probe, UP, DOWN, DOWN, DOWN)
    assert Incident.objects.get().evidence.get().path == ""


def test_the_page_that_evidence_leads_staff_to_is_there(probe: Probe, story: Story, admin_client: Client) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    assert admin_client.get(Incident.objects.get().evidence.get().staff_path).status_code == 200


# --- a probe that is not measured any more ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "cause"),
    [(pause_probe, "was paused"), (retire_probe, "was taken out of the configuration")],
)
def test_the_incident_of_a_probe_that_is_stopped_ends_in_true_words(
    probe: Probe, api: Component, story: Story, stop: Callable[..., None], cause: str
) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    stop(probe=probe)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.RESOLVED
    body = incident.updates.order_by("-pk")[0].body
    assert body.startswith(f"API gateway is no longer measured: api-http check {cause}.")
    assert "respond" not in body
    assert status(api) == ComponentStatus.UNKNOWN


def test_staff_who_lead_an_incident_are_told_that_its_probe_is_paused(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN, DOWN, DOWN)
    post_update(incident=Incident.objects.get(), status=IncidentStatus.IDENTIFIED, message="A switch.", author="ada")
    pause_probe(probe=probe)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.IDENTIFIED
    assert incident.updates.order_by("-pk")[0].body.startswith("API gateway is no longer measured")


def test_pausing_one_probe_does_not_end_what_another_finds(api: Component, story: Story) -> None:
    one, other = make_probe(api, "one"), make_probe(api, "other")
    story(one, UP, DOWN, DOWN, DOWN)
    story(other, DOWN, DOWN, DOWN)
    pause_probe(probe=one)
    assert Incident.objects.get().is_open
    assert status(api) == MAJOR


def test_pausing_the_one_that_is_down_ends_it_though_others_are_well(api: Component, story: Story) -> None:
    one, other = make_probe(api, "one"), make_probe(api, "other")
    story(one, UP, DOWN, DOWN)
    story(other, UP)
    story(one, DOWN)
    pause_probe(probe=one)
    incident = Incident.objects.get()
    assert not incident.is_open
    assert incident.updates.order_by("-pk")[0].body == (
        "What failed is no longer measured: one check was paused. All else that is checked of API gateway is well."
    )


def test_pausing_one_that_is_well_does_not_end_what_waits_to_stay_calm(api: Component, story: Story) -> None:
    one, other = make_probe(api, "one"), make_probe(api, "other")
    story(one, UP, DOWN, DOWN, DOWN, UP, UP, DOWN, DOWN, DOWN, UP, UP)
    story(other, UP)
    assert Incident.objects.get().is_open
    pause_probe(probe=other)
    assert Incident.objects.get().is_open


def test_monitoring_that_is_silent_ends_no_incident(
    probe: Probe, api: Component, story: Story, at_noon: time_machine.Traveller
) -> None:
    other = make_probe(api, "other")
    story(other, UP)
    story(probe, UP, DOWN, DOWN, DOWN)
    at_noon.shift(600)
    assert expire_stale() == 2
    assert Incident.objects.get().is_open
    # Nor does pausing another one meanwhile: what was down before the silence may be down still.
    pause_probe(probe=other)
    assert Incident.objects.get().is_open
