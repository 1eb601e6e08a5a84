"""Every service on every pair of states, against the table."""

from collections.abc import Callable
from itertools import product

import pytest

from components.enums import ComponentStatus
from components.models import Component, StatusClaim
from incidents.enums import TRANSITIONS, IncidentStatus
from incidents.models import Incident, IncidentUpdate, Notice
from incidents.services import (
    edit_incident,
    edit_update,
    merge_incident,
    open_incident,
    post_update,
    resolve_incident,
)
from statuspage.core.errors import InvalidTransition, ValidationFailed

STATUSES = list(IncidentStatus)
PAIRS = list(product(STATUSES, repeat=2))
RESOLVED = IncidentStatus.RESOLVED
MAJOR = ComponentStatus.MAJOR_OUTAGE

pytestmark = pytest.mark.django_db


def standing(status: IncidentStatus, component: Component) -> Incident:
    """An incident in that state."""
    first = IncidentStatus.INVESTIGATING if status is RESOLVED else status
    incident = open_incident(
        title="API requests fail", severity="major", message="Looking.", impacts={component: MAJOR}, status=first
    )
    if status is RESOLVED:
        resolve_incident(incident=incident, message="Over.")
    return incident


def kept(incident: Incident) -> tuple[object, ...]:
    """All that a refusal must not have changed."""
    row = Incident.objects.get(pk=incident.pk)
    claims = list(StatusClaim.objects.order_by("pk").values_list("source_id", "status"))
    told = Notice.objects.count()
    return row.status, row.resolved_at, row.revision, row.next_update_due_at, row.updates.count(), claims, told


def refused(incident: Incident, service: Callable[[], object]) -> None:
    before = kept(incident)
    with pytest.raises(InvalidTransition):
        service()
    assert kept(incident) == before


@pytest.mark.parametrize("status", STATUSES)
def test_opening_knows_every_status_but_the_last(api: Component, status: IncidentStatus) -> None:
    def declare() -> Incident:
        return open_incident(title="API", severity="major", message="Looking.", impacts={api: MAJOR}, status=status)

    if status is not RESOLVED:
        assert declare().status == status
        return
    with pytest.raises(ValidationFailed):
        declare()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_posting_makes_the_steps_of_the_table_and_no_other(
    api: Component, old: IncidentStatus, new: IncidentStatus
) -> None:
    incident = standing(old, api)

    def post() -> IncidentUpdate:
        return post_update(incident=incident, status=new, message="Next.")

    if new not in TRANSITIONS[old]:
        refused(incident, post)
        return
    update = post()
    row = Incident.objects.get()
    assert (row.status, update.status, update.is_repeat) == (new, new, old is new)
    assert (row.resolved_at is None, row.next_update_due_at is None) == (new is not RESOLVED, new is RESOLVED)
    assert StatusClaim.objects.exists() is (new is not RESOLVED)


@pytest.mark.parametrize("old", STATUSES)
def test_resolving_ends_what_is_open(api: Component, old: IncidentStatus) -> None:
    incident = standing(old, api)

    def resolve() -> IncidentUpdate:
        return resolve_incident(incident=incident, message="Over.")

    if RESOLVED not in TRANSITIONS[old]:
        refused(incident, resolve)
        return
    resolve()
    assert Incident.objects.get().status == RESOLVED


@pytest.mark.parametrize(("old", "into"), PAIRS)
def test_merging_ends_the_one_and_leaves_the_state_of_the_other(
    api: Component, old: IncidentStatus, into: IncidentStatus
) -> None:
    target, duplicate = standing(into, api), standing(old, api)

    def merge() -> object:
        return merge_incident(duplicate=duplicate, into=target)

    if into is RESOLVED and old is not RESOLVED:
        refused(duplicate, merge)
        return
    merge()
    rows = {row.pk: row for row in Incident.objects.all()}
    assert rows[target.pk].status == into
    assert (rows[duplicate.pk].status, rows[duplicate.pk].merged_into) == (RESOLVED, target)


@pytest.mark.parametrize("old", STATUSES)
def test_correcting_changes_no_state(api: Component, old: IncidentStatus) -> None:
    incident = standing(old, api)
    claims = list(StatusClaim.objects.values_list("status", flat=True))
    edit_incident(
        incident=incident,
        title="Other words",
        severity="critical",
        private=True,
        data_impact=True,
        root_cause_summary="A disk.",
        remediation="More disks.",
    )
    for update in incident.updates.all():
        edit_update(update=update, message=f"{update.body} Really.")
    row = Incident.objects.get()
    assert (row.status, row.resolved_at, row.is_open) == (old, incident.resolved_at, old is not RESOLVED)
    assert (row.next_update_due_at is None) is (old is RESOLVED)
    assert list(StatusClaim.objects.values_list("status", flat=True)) == claims
