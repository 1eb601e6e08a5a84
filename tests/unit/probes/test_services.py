from datetime import timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, StatusClaim
from incidents.models import Incident
from probes.enums import Outcome, ProbeKind
from probes.models import Probe, ProbeLocation, ProbeResult
from probes.services import expire_stale, pause_probe, resume_probe, retire_probe, upsert_probe
from probes.states import ProbeState
from statuspage.core.errors import NotFound
from statuspage.core.tokens import hash_token

from .conftest import LOCATION, NOON, Story, found, record, spec

UP, DOWN = Outcome.UP, Outcome.DOWN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def status(component: Component) -> str:
    return Component.objects.get(pk=component.pk).status


def test_a_new_probe_is_created_and_looked_at_within_seconds(api: Component) -> None:
    assert upsert_probe(component=api, spec=spec()) == "created"
    probe = Probe.objects.get()
    assert (probe.kind, probe.failure_threshold, probe.opens_incident) == ("tcp", 3, True)
    assert probe.severity is not None
    row = ProbeLocation.objects.get()
    assert row.next_due_at is not None
    assert NOON <= row.next_due_at <= NOON + timedelta(seconds=5)


def test_the_same_specification_changes_nothing(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    before = Probe.objects.values().get()
    assert upsert_probe(component=api, spec=spec()) == "unchanged"
    assert Probe.objects.values().get() == before


def test_a_changed_specification_is_taken_over_and_what_was_measured_kept(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    record(found(Probe.objects.get(), UP))
    assert upsert_probe(component=api, spec=spec(timeout=timedelta(seconds=9), severity="")) == "changed"
    probe = Probe.objects.get()
    assert (probe.timeout, probe.severity) == (timedelta(seconds=9), None)
    assert ProbeLocation.objects.get().state == ProbeState.UP
    assert ProbeResult.objects.count() == 1


def test_a_changed_interval_puts_it_on_its_new_grid(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    upsert_probe(component=api, spec=spec(interval=timedelta(minutes=5)))
    row = ProbeLocation.objects.select_related("probe").get()
    assert row.next_due_at == row.probe.grid(LOCATION).after(NOON)


def test_a_probe_that_moves_to_another_component_takes_its_claim_along(api: Component, web: Component) -> None:
    upsert_probe(component=api, spec=spec())
    record(found(Probe.objects.get(), UP))
    assert upsert_probe(component=web, spec=spec()) == "changed"
    assert status(api) == ComponentStatus.UNKNOWN
    record(found(Probe.objects.get(), UP, at=NOON + timedelta(seconds=30)))
    assert status(web) == ComponentStatus.OPERATIONAL


def test_an_unknown_severity_is_refused(api: Component) -> None:
    with pytest.raises(NotFound, match="no severity 'apocalyptic'"):
        upsert_probe(component=api, spec=spec(severity="apocalyptic"))
    assert not Probe.objects.exists()


def test_of_a_heartbeat_token_only_the_hash_is_kept(api: Component) -> None:
    config = {"token": "", "token_hash": hash_token("0123456789abcdef"), "source": "", "max_age": "90s"}
    upsert_probe(component=api, spec=spec(kind=ProbeKind.HEARTBEAT, config=config))
    assert Probe.objects.get().token_hash == hash_token("0123456789abcdef")


def test_a_retired_probe_is_checked_no_more_and_claims_nothing(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    probe = Probe.objects.get()
    record(found(probe, UP))
    retire_probe(probe=probe)
    assert not Probe.objects.active().exists()
    assert ProbeLocation.objects.get().next_due_at is None
    assert not StatusClaim.objects.exists()
    assert status(api) == ComponentStatus.UNKNOWN
    assert ProbeResult.objects.count() == 1


def test_retiring_twice_is_retiring_once(api: Component, at_noon: time_machine.Traveller) -> None:
    upsert_probe(component=api, spec=spec())
    probe = Probe.objects.get()
    retire_probe(probe=probe)
    at_noon.shift(60)
    retire_probe(probe=probe)
    assert probe.retired_at == NOON


def test_a_retired_probe_that_comes_back_is_the_same_probe(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    probe = Probe.objects.get()
    retire_probe(probe=probe)
    assert upsert_probe(component=api, spec=spec()) == "changed"
    again = Probe.objects.active().get()
    assert again.pk == probe.pk
    assert ProbeLocation.objects.get().next_due_at is not None


def test_a_paused_probe_says_nothing_until_it_is_resumed(api: Component, at_noon: time_machine.Traveller) -> None:
    upsert_probe(component=api, spec=spec())
    probe = Probe.objects.get()
    record(found(probe, UP))
    pause_probe(probe=probe)
    assert status(api) == ComponentStatus.UNKNOWN
    assert ProbeLocation.objects.get().next_due_at is None
    at_noon.shift(3600)
    resume_probe(probe=probe)
    row = ProbeLocation.objects.get()
    assert row.next_due_at is not None
    assert row.next_due_at >= NOON + timedelta(hours=1)
    assert row.missed == 0


def test_loading_the_configuration_does_not_resume_a_paused_probe(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    pause_probe(probe=Probe.objects.get())
    upsert_probe(component=api, spec=spec(timeout=timedelta(seconds=9)))
    assert not Probe.objects.active().exists()
    assert ProbeLocation.objects.get().next_due_at is None


def test_changing_the_interval_of_a_paused_probe_does_not_resume_it(api: Component) -> None:
    upsert_probe(component=api, spec=spec())
    pause_probe(probe=Probe.objects.get())
    upsert_probe(component=api, spec=spec(interval=timedelta(seconds=9)))
    assert ProbeLocation.objects.get().next_due_at is None


def test_without_fresh_results_the_claim_is_withdrawn(api: Component, at_noon: time_machine.Traveller) -> None:
    upsert_probe(component=api, spec=spec())
    record(found(Probe.objects.get(), UP))
    at_noon.shift(70)
    assert expire_stale() == 0
    at_noon.shift(1)
    assert expire_stale() == 1
    assert status(api) == ComponentStatus.UNKNOWN
    assert expire_stale() == 0


def test_a_rare_probe_is_given_two_of_its_own_intervals(api: Component, at_noon: time_machine.Traveller) -> None:
    upsert_probe(component=api, spec=spec(interval=timedelta(minutes=10)))
    record(found(Probe.objects.get(), UP))
    at_noon.shift(20 * 60 + 10)
    assert expire_stale() == 0


def test_a_silence_of_ours_during_an_outage_leaves_its_incident_open(
    api: Component, story: Story, at_noon: time_machine.Traveller
) -> None:
    upsert_probe(component=api, spec=spec())
    probe = Probe.objects.get()
    story(probe, UP, DOWN, DOWN, DOWN)
    at_noon.shift(600)
    assert expire_stale() == 1
    assert Incident.objects.get().is_open
