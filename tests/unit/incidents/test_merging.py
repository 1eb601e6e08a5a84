from typing import Any

import pytest
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component, Page, StatusClaim
from incidents.enums import IncidentStatus, NoticeKind, Origin
from incidents.models import Incident, IncidentUpdate, Notice, OutageReport
from incidents.services import merge_incident, open_incident, post_update, resolve_incident
from statuspage.core.errors import InvalidTransition, StaleRevision, ValidationFailed

MAJOR, PARTIAL, DEGRADED = (
    ComponentStatus.MAJOR_OUTAGE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.DEGRADED_PERFORMANCE,
)
OPERATIONAL = ComponentStatus.OPERATIONAL

pytestmark = pytest.mark.django_db


def declare(impacts: dict[Component, ComponentStatus] | None = None, **changes: Any) -> Incident:
    said: dict[str, Any] = {"title": "API requests fail", "severity": "major", "message": "Looking.", "author": "ada"}
    return open_incident(impacts=impacts or {}, **(said | changes))


def said(incident: Incident) -> dict[str, str]:
    return dict(incident.affected.values_list("component__slug", "status"))


def told_since(before: set[int]) -> list[Notice]:
    return list(Notice.objects.exclude(pk__in=before))


@pytest.fixture
def both(api: Component, web: Component) -> tuple[Incident, Incident]:
    """What is kept says that the API is degraded; the duplicate, that it is down, and the web too."""
    return declare({api: DEGRADED}), declare({api: MAJOR, web: PARTIAL})


def test_the_components_go_over_with_the_worse_of_both_words(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    merge_incident(duplicate=duplicate, into=kept)
    assert said(kept) == {"api": MAJOR, "web": PARTIAL}
    assert {claim.source_id for claim in StatusClaim.objects.all()} == {kept.public_id}
    assert {component.slug: component.status for component in Component.objects.all()} == {
        "api": MAJOR,
        "web": PARTIAL,
    }


def test_a_milder_duplicate_makes_nothing_better(api: Component) -> None:
    kept, duplicate = declare({api: MAJOR}), declare({api: DEGRADED})
    merge_incident(duplicate=duplicate, into=kept)
    assert said(kept) == {"api": MAJOR}
    assert Component.objects.get().status == MAJOR


def test_the_duplicate_is_over_and_leads_to_the_other(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    merge_incident(duplicate=duplicate, into=kept, author="grace")
    row = Incident.objects.get(pk=duplicate.pk)
    assert (row.status, row.merged_into) == (IncidentStatus.RESOLVED, kept)
    assert row.resolved_at is not None
    assert (row.next_update_due_at, row.due_reason) == (None, "")
    last = row.updates.first()
    assert last is not None
    assert (last.status, last.author, last.notify) == (IncidentStatus.RESOLVED, "grace", False)
    assert kept.get_absolute_url() in last.body


def test_merged_incidents_are_in_no_list(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    merge_incident(duplicate=duplicate, into=kept)
    assert list(Incident.objects.shown()) == [kept]


def test_subscribers_are_told_once_and_only_about_what_is_kept(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    before = set(Notice.objects.values_list("pk", flat=True))
    update = merge_incident(duplicate=duplicate, into=kept, message="It is one and the same.")
    notice = told_since(before)[0]
    assert told_since(before) == [notice]
    assert (notice.kind, notice.incident, notice.update) == (NoticeKind.INCIDENT_UPDATED, kept, update)
    assert notice.payload["update"]["body_markdown"] == "It is one and the same."


def test_what_changes_nothing_is_told_nobody(api: Component) -> None:
    kept, duplicate = declare({api: MAJOR}), declare({api: MAJOR})
    before = set(Notice.objects.values_list("pk", flat=True))
    version = Page.current().version
    assert merge_incident(duplicate=duplicate, into=kept) is None
    assert told_since(before) == []
    assert kept.updates.count() == 1
    assert Page.current().version > version


def test_without_a_message_the_update_names_the_duplicate(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    update = merge_incident(duplicate=duplicate, into=kept)
    assert update is not None
    assert update.body == f"{duplicate.reference} is about the same trouble and goes on here."


def test_what_is_kept_goes_on_as_it_was(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    post_update(incident=kept, status=IncidentStatus.IDENTIFIED, message="Found it.")
    merge_incident(duplicate=duplicate, into=kept)
    assert (kept.status, kept.resolved_at) == (IncidentStatus.IDENTIFIED, None)


def test_an_incident_cannot_be_merged_into_itself(api: Component) -> None:
    incident = declare({api: MAJOR})
    with pytest.raises(ValidationFailed, match="into itself") as failure:
        merge_incident(duplicate=incident, into=incident)
    assert failure.value.field == "into"
    assert Incident.objects.get().is_open


def test_what_was_merged_is_neither_merged_again_nor_merged_into(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    third = declare()
    merge_incident(duplicate=duplicate, into=kept)
    for one, other in ((duplicate, third), (third, duplicate)):
        with pytest.raises(InvalidTransition, match=f"{duplicate.reference} was merged into {kept.reference}"):
            merge_incident(duplicate=one, into=other)
    assert third.is_open


@pytest.mark.parametrize("status", list(IncidentStatus))
def test_nothing_can_be_said_on_a_merged_incident(both: tuple[Incident, Incident], status: IncidentStatus) -> None:
    kept, duplicate = both
    merge_incident(duplicate=duplicate, into=kept)
    words = IncidentUpdate.objects.count()
    with pytest.raises(InvalidTransition, match=f"merged into {kept.reference}: go on there"):
        post_update(incident=duplicate, status=status, message="It is back.")
    assert IncidentUpdate.objects.count() == words


def test_what_was_merged_into_the_duplicate_moves_along(both: tuple[Incident, Incident]) -> None:
    second, first = both
    third = declare()
    merge_incident(duplicate=first, into=second)
    merge_incident(duplicate=second, into=third)
    assert set(third.duplicates.all()) == {first, second}


def test_reports_from_outside_move_along(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    report = OutageReport.objects.create(what="Nothing loads.", incident=duplicate)
    merge_incident(duplicate=duplicate, into=kept)
    report.refresh_from_db()
    assert report.incident == kept


def test_an_older_form_merges_nothing(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    seen = duplicate.revision
    post_update(incident=duplicate, status=IncidentStatus.IDENTIFIED, message="Found it.")
    with pytest.raises(StaleRevision):
        merge_incident(duplicate=duplicate, into=kept, expected_revision=seen)
    assert Incident.objects.open().count() == 2


def test_a_private_duplicate_is_not_published_by_merging(api: Component, web: Component) -> None:
    kept, secret = declare({api: DEGRADED}), declare({web: MAJOR}, private=True)
    with pytest.raises(ValidationFailed, match="would be published") as failure:
        merge_incident(duplicate=secret, into=kept)
    assert failure.value.field == "into"
    assert said(kept) == {"api": DEGRADED}
    assert secret.is_open


def test_a_public_duplicate_can_become_part_of_a_private_one(api: Component) -> None:
    secret, duplicate = declare(private=True), declare({api: MAJOR})
    merge_incident(duplicate=duplicate, into=secret)
    assert said(secret) == {"api": MAJOR}
    assert Notice.objects.order_by("pk").last().payload["components"] == []  # type: ignore[union-attr]  # just written


def test_an_open_duplicate_of_one_that_is_over_stays_open(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    resolve_incident(incident=kept, message="Over.")
    with pytest.raises(InvalidTransition, match="reopen"):
        merge_incident(duplicate=duplicate, into=kept)
    assert Incident.objects.get(pk=duplicate.pk).merged_into is None


def test_a_duplicate_that_is_over_breaks_nothing_again(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    resolve_incident(incident=duplicate, message="Over.")
    over_at = duplicate.resolved_at
    update = merge_incident(duplicate=duplicate, into=kept)
    assert said(kept) == {"api": DEGRADED, "web": OPERATIONAL}
    assert update is not None
    assert update.body == f"{duplicate.reference} was about the same trouble."
    assert [claim.component.slug for claim in StatusClaim.objects.all()] == ["api"]
    assert (duplicate.resolved_at, duplicate.updates.count()) == (over_at, 2)


def test_two_that_are_over_become_one_and_nobody_is_told(both: tuple[Incident, Incident]) -> None:
    kept, duplicate = both
    for incident in both:
        resolve_incident(incident=incident, message="Over.")
    before, words = set(Notice.objects.values_list("pk", flat=True)), kept.updates.count()
    with pytest.raises(ValidationFailed) as failure:
        merge_incident(duplicate=duplicate, into=kept, message="The same.")
    assert failure.value.field == "message"
    merge_incident(duplicate=duplicate, into=kept)
    assert set(said(kept)) == {"api", "web"}
    assert (told_since(before), kept.updates.count()) == ([], words)
    assert not StatusClaim.objects.exists()


def test_a_probe_may_open_an_incident_anew_after_its_own_was_merged(api: Component) -> None:
    kept, duplicate = declare(), declare({api: MAJOR}, origin=Origin.PROBE, dedupe_key="probe:api", author=None)
    merge_incident(duplicate=duplicate, into=kept)
    resolve_incident(incident=kept, message="Over.")
    assert declare({api: MAJOR}, origin=Origin.PROBE, dedupe_key="probe:api", author=None).is_open


@pytest.mark.parametrize("path", ["/", "/history/", "/history.atom", "/history.rss"])
def test_the_public_sees_what_is_kept_and_not_the_duplicate(api: Component, client: Client, path: str) -> None:
    kept = declare({api: DEGRADED}, title="Kept trouble")
    duplicate = declare({api: MAJOR}, title="Doubled trouble")
    assert "Doubled trouble" in client.get(path).content.decode()
    merge_incident(duplicate=duplicate, into=kept, message="One and the same.")
    page = client.get(path).content.decode()
    assert "Kept trouble" in page
    assert "Doubled trouble" not in page
