"""Two writers at the same moment, in threads with connections of their own, on whichever database the tests run."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusClaim
from components.services import claim_status
from incidents.drafts import publish_due, save_draft
from incidents.enums import DraftKind, IncidentStatus, NoticeKind
from incidents.models import Draft, Incident, Notice, SeverityPolicy
from incidents.services import (
    DuplicateIncident,
    PastUpdate,
    merge_incident,
    open_incident,
    post_update,
    record_once,
    resolve_incident,
)
from statuspage.core import clock
from statuspage.core.errors import Conflict, StaleRevision

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def at_once(*jobs: Callable[[], object]) -> list[BaseException | None]:
    """Run the jobs in threads that start together; the error of each, or None."""
    barrier = threading.Barrier(len(jobs))
    errors: list[BaseException | None] = [None] * len(jobs)

    def run(index: int) -> None:
        try:
            barrier.wait(timeout=10)
            jobs[index]()
        except BaseException as error:  # noqa: BLE001 -- handed to the test, which looks at each
            errors[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return errors


def declare(component: Component, *, dedupe_key: str = "") -> Incident:
    return open_incident(
        title="API requests fail",
        severity="critical",
        message="Looking.",
        impacts={component: ComponentStatus.MAJOR_OUTAGE},
        dedupe_key=dedupe_key,
    )


def test_incidents_opened_at_once_have_references_of_their_own(api: Component) -> None:
    assert at_once(*[lambda: declare(api)] * 4) == [None] * 4
    references = Incident.objects.values_list("reference", flat=True)
    assert sorted(reference[-1] for reference in references) == ["a", "b", "c", "d"]


def test_one_of_many_openings_with_the_same_key_wins(api: Component) -> None:
    errors = at_once(*[lambda: declare(api, dedupe_key="probe:api")] * 4)
    assert [type(error) for error in errors if error] == [DuplicateIncident] * 3
    assert Incident.objects.count() == Notice.objects.count() == 1


def test_staff_and_probe_resolving_at_once_tell_people_once(api: Component) -> None:
    incident = declare(api)
    errors = at_once(
        lambda: resolve_incident(incident=Incident.objects.get(), message="Over, say staff."),
        lambda: resolve_incident(incident=Incident.objects.get(), message="Over, says the probe."),
    )
    assert [isinstance(error, Conflict) for error in errors if error] == [True]
    assert Notice.objects.filter(kind=NoticeKind.INCIDENT_RESOLVED).count() == 1
    assert incident.updates.count() == 2


def test_staff_resolving_while_a_probe_says_it_fails_again_is_one_after_the_other(api: Component) -> None:
    incident = declare(api, dedupe_key="probe:api")
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="It answers.", notify=False)
    errors = at_once(
        lambda: resolve_incident(incident=Incident.objects.get(), message="Over.", author="ada"),
        lambda: post_update(
            incident=Incident.objects.get(), status=IncidentStatus.INVESTIGATING, message="It fails again."
        ),
    )
    assert errors == [None, None]
    row = Incident.objects.get()
    newest = row.updates.order_by("-pk").first()
    assert newest is not None
    assert (row.status, row.is_open) == (newest.status, row.resolved_at is None)
    assert StatusClaim.objects.exists() is row.is_open
    kinds = list(Notice.objects.order_by("pk").values_list("kind", flat=True))
    assert sorted(kinds) == ["incident.created", "incident.resolved", "incident.updated"]


def test_of_two_that_are_merged_into_each_other_at_once_one_is_left(api: Component) -> None:
    first, second = declare(api), declare(api)

    def merge(duplicate: Incident, into: Incident) -> None:
        merge_incident(duplicate=duplicate, into=into)

    errors = at_once(lambda: merge(first, second), lambda: merge(second, first))
    assert [isinstance(error, Conflict) for error in errors if error] == [True]
    assert Incident.objects.open().count() == Incident.objects.shown().count() == 1
    assert StatusClaim.objects.get().source_id == Incident.objects.open().get().public_id


def test_of_two_people_with_the_same_form_one_is_told(api: Component) -> None:
    revision = declare(api).revision

    def post(text: str) -> None:
        post_update(
            incident=Incident.objects.get(),
            status=IncidentStatus.IDENTIFIED,
            message=text,
            expected_revision=revision,
        )

    errors = at_once(lambda: post("Ada's."), lambda: post("Bob's."))
    assert [type(error) for error in errors if error] == [StaleRevision]
    assert Notice.objects.filter(kind=NoticeKind.INCIDENT_UPDATED).count() == 1


def test_writers_of_several_components_in_any_order_do_not_block_each_other(api: Component, web: Component) -> None:
    def both(first: Component, second: Component) -> None:
        incident = open_incident(
            title="Both",
            severity="major",
            message="Looking.",
            impacts={first: ComponentStatus.MAJOR_OUTAGE, second: ComponentStatus.PARTIAL_OUTAGE},
        )
        resolve_incident(incident=incident, message="Over.")

    def probe(component: Component) -> None:
        claim_status(component=component, status=ComponentStatus.OPERATIONAL, source=ClaimSource.PROBE)

    jobs = [lambda: both(api, web), lambda: both(web, api), lambda: probe(api), lambda: probe(web)]
    assert at_once(*jobs) == [None] * 4
    assert StatusClaim.objects.count() == 2
    assert {component.status for component in Component.objects.all()} == {ComponentStatus.OPERATIONAL}


def test_two_beats_publish_a_scheduled_draft_once(api: Component) -> None:
    severity = SeverityPolicy.objects.get(slug="critical")
    form = {"title": "API errors", "message": "Looking.", "severity": str(severity.pk), "status": "investigating"}
    at = clock.now() + timedelta(hours=1)
    save_draft(kind=DraftKind.DECLARE, form=form | {"notify": True}, author="ada", publish_at=at)
    Draft.objects.update(publish_at=clock.now() - timedelta(minutes=1))
    assert at_once(*[publish_due] * 4) == [None] * 4
    assert Incident.objects.count() == 1
    assert Notice.objects.filter(kind=NoticeKind.INCIDENT_CREATED).count() == 1
    assert not Draft.objects.exists()


def test_one_of_two_who_write_down_the_same_incident_at_once_wins(api: Component) -> None:
    began = clock.now() - timedelta(days=1)

    def record() -> None:
        record_once(
            title="API  requests failed",
            severity=SeverityPolicy.objects.get(slug="critical"),
            started_at=began,
            updates=[PastUpdate(status=IncidentStatus.RESOLVED, message="It was the disk.", at=began)],
            notify=True,
        )

    assert [type(error) for error in at_once(*[record] * 4) if error] == [DuplicateIncident] * 3
    assert Incident.objects.count() == Notice.objects.count() == 1
