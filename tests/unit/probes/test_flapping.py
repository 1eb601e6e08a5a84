import itertools
from datetime import timedelta

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, NoticeKind
from incidents.models import Incident, IncidentUpdate, Notice
from incidents.services import post_update, resolve_incident
from probes import flapping
from probes.enums import Outcome
from probes.models import Probe

from .conftest import NOON, Story, make_probe

UP, DOWN = Outcome.UP, Outcome.DOWN
OUTAGE = [DOWN, DOWN, DOWN]

pytestmark = pytest.mark.django_db


def status(component: Component) -> str:
    return Component.objects.get(pk=component.pk).status


def statuses() -> list[str]:
    return list(IncidentUpdate.objects.order_by("created_at", "pk").values_list("status", flat=True))


def test_an_outage_soon_after_the_last_reopens_its_incident(probe: Probe, api: Component, story: Story) -> None:
    story(probe, UP, *OUTAGE, UP, UP, *OUTAGE)
    incident = Incident.objects.get()
    assert (incident.status, incident.resolved_at) == (IncidentStatus.INVESTIGATING, None)
    assert incident.started_at == NOON + timedelta(seconds=30)
    assert statuses() == ["investigating", "resolved", "investigating"]
    assert status(api) == ComponentStatus.MAJOR_OUTAGE


def test_the_update_that_reopens_it_says_that_it_comes_and_goes(probe: Probe, story: Story) -> None:
    story(probe, UP, *OUTAGE, UP, UP, *OUTAGE)
    body = IncidentUpdate.objects.order_by("-created_at", "-pk")[0].body
    assert body == (
        "API gateway is failing again. The check “api-http check” has failed 3 times in a row since 12:03 UTC: "
        "Connection refused. It comes and goes: this is over once it has been responding for 15 minutes "
        "without a break."
    )


def test_an_outage_after_the_hold_time_is_an_incident_of_its_own(api: Component, story: Story) -> None:
    probe = make_probe(api, hold=timedelta(minutes=1))
    story(probe, UP, *OUTAGE, UP, UP, UP, *OUTAGE)
    assert Incident.objects.count() == 2


def test_an_outage_exactly_at_the_end_of_the_hold_time_is_one_of_its_own(api: Component, story: Story) -> None:
    """Resolved with the first of the two answers that proved it; the next outage begins a minute and a half later."""
    probe = make_probe(api, hold=timedelta(seconds=90))
    story(probe, UP, *OUTAGE, UP, UP, UP, *OUTAGE)
    assert Incident.objects.count() == 2


def test_a_hold_of_nothing_makes_every_outage_an_incident(api: Component, story: Story) -> None:
    probe = make_probe(api, hold=timedelta(), recovery_threshold=1)
    story(probe, UP, *OUTAGE, UP, *OUTAGE)
    assert Incident.objects.count() == 2


def test_what_comes_and_goes_is_monitored_until_it_was_calm_for_long_enough(
    probe: Probe, api: Component, story: Story
) -> None:
    story(probe, UP, *OUTAGE, UP, UP, *OUTAGE)
    # The tenth minute after the last word, and the fifteenth after it came back.
    last = story(probe, *[UP] * 20)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.MONITORING
    assert status(api) == ComponentStatus.DEGRADED_PERFORMANCE
    story(probe, *[UP] * 10)
    assert Incident.objects.get().is_open
    story(probe, UP)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.RESOLVED
    assert incident.resolved_at == last - timedelta(seconds=19 * 30)
    assert status(api) == ComponentStatus.OPERATIONAL


def test_the_sweep_ends_it_where_no_result_comes_to_say_so(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    Probe.objects.update(interval=timedelta(hours=1))
    last = story(probe, UP, *OUTAGE, UP, UP, *OUTAGE, UP, UP)
    at_noon.move_to(last + timedelta(minutes=14))
    flapping.sweep()
    assert Incident.objects.get().is_open
    at_noon.move_to(last + timedelta(minutes=15))
    flapping.sweep()
    assert not Incident.objects.get().is_open


def test_ten_outages_in_a_row_are_one_incident_and_four_mails(probe: Probe, story: Story) -> None:
    story(probe, UP, *[*OUTAGE, UP, UP] * 10, *[UP] * 40)
    assert Incident.objects.count() == 1
    assert not Incident.objects.get().is_open
    kinds = list(Notice.objects.order_by("created_at", "pk").values_list("kind", flat=True))
    assert kinds == [
        NoticeKind.INCIDENT_CREATED,
        NoticeKind.INCIDENT_RESOLVED,
        NoticeKind.INCIDENT_UPDATED,
        NoticeKind.INCIDENT_RESOLVED,
    ]


def test_in_between_it_speaks_at_most_every_ten_minutes(probe: Probe, story: Story) -> None:
    story(probe, UP, *[*OUTAGE, UP, UP] * 30)
    times = list(IncidentUpdate.objects.order_by("created_at").values_list("created_at", flat=True))[2:]
    assert len(times) > 5
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= timedelta(minutes=10)


def test_what_is_down_for_good_after_a_quiet_relapse_is_said_in_the_end(
    probe: Probe, api: Component, story: Story
) -> None:
    story(probe, UP, *OUTAGE, UP, UP, *OUTAGE, *[UP] * 22, *OUTAGE)
    assert statuses()[-1] == "monitoring"
    assert status(api) == ComponentStatus.MAJOR_OUTAGE
    story(probe, *[DOWN] * 20)
    assert statuses()[-1] == "investigating"


def test_an_incident_that_staff_resolved_is_not_reopened(probe: Probe, story: Story) -> None:
    story(probe, UP, *OUTAGE)
    resolve_incident(incident=Incident.objects.get(), message="A cable.", author="ada")
    story(probe, UP, UP, *OUTAGE)
    assert Incident.objects.count() == 2


def test_staff_who_speak_take_it_over(probe: Probe, story: Story) -> None:
    story(probe, UP, *OUTAGE, UP, UP, *OUTAGE)
    post_update(incident=Incident.objects.get(), status=IncidentStatus.IDENTIFIED, message="A switch.", author="ada")
    story(probe, *[UP] * 50)
    incident = Incident.objects.get()
    assert incident.status == IncidentStatus.MONITORING
    assert incident.updates.filter(author="", status="monitoring").count() == 1


def test_of_several_probes_of_a_component_the_longest_calm_counts(
    probe: Probe, api: Component, story: Story, at_noon: time_machine.Traveller
) -> None:
    Probe.objects.update(interval=timedelta(hours=1))
    patient = make_probe(api, "api-patient", calm=timedelta(minutes=30), interval=timedelta(hours=1))
    story(patient, UP)
    last = story(probe, UP, *OUTAGE, UP, UP, *OUTAGE, UP, UP)
    at_noon.move_to(last + timedelta(minutes=29))
    flapping.sweep()
    assert Incident.objects.get().is_open
    at_noon.move_to(last + timedelta(minutes=30))
    flapping.sweep()
    assert not Incident.objects.get().is_open
