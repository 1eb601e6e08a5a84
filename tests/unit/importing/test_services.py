"""Writing what a file says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Model
from pytest_django import DjangoAssertNumQueries

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group, Page, StatusChange, StatusClaim
from incidents.enums import IncidentStatus, Origin
from incidents.importing.tally import ImportReport
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    Notice,
    SeverityPolicy,
    UpdateImpact,
)
from incidents.services import post_update
from statuspage.core.errors import ValidationFailed
from tests.statuspage_files import incident, row, said, summary, update, window

Take = Callable[..., ImportReport]


def test_an_incident_keeps_its_id_times_and_address(take_lines: Take) -> None:
    take_lines(row())

    kept = Incident.objects.get(public_id="upl0ads0slow")
    assert kept.started_at == kept.created_at == datetime(2024, 3, 5, 9, 10, tzinfo=UTC)
    assert kept.contained_at == datetime(2024, 3, 5, 9, 50, tzinfo=UTC)
    assert kept.resolved_at == datetime(2024, 3, 5, 10, 0, tzinfo=UTC)
    assert kept.updated_at == datetime(2024, 3, 5, 10, 0, 12, tzinfo=UTC)
    assert kept.external_url == "https://status.example.org/incidents/upl0ads0slow"
    assert (kept.status, kept.impact, kept.origin) == (IncidentStatus.RESOLVED, "minor", Origin.IMPORT)


def test_its_updates_read_as_they_did(take_lines: Take) -> None:
    take_lines(row())

    labels = [update.label for update in Incident.objects.get().updates.order_by("display_at")]
    assert labels == ["Investigating", "Update", "Monitoring", "Resolved"]


def test_references_are_given_in_the_order_of_the_dates(take_lines: Take) -> None:
    take_lines(
        row(url="https://x.example/late0late0la", started_at="2024-03-05T09:59:00Z"),
        row(),
        row(url="https://x.example/early0early0", started_at="2024-03-04T23:59:00Z", resolved_at=None),
    )

    references = dict(Incident.objects.values_list("public_id", "reference"))
    assert references == {
        "early0early0": "INC-2024-0304-a",
        "upl0ads0slow": "INC-2024-0305-a",
        "late0late0la": "INC-2024-0305-b",
    }


def test_the_day_of_a_reference_is_the_pages(take_lines: Take) -> None:
    Page.objects.update_or_create(pk=1, defaults={"time_zone": "Asia/Tokyo"})
    take_lines(row(started_at="2024-03-05T23:30:00Z", resolved_at="2024-03-05T23:50:00Z"))

    assert Incident.objects.get().reference == "INC-2024-0306-a"


def test_references_go_on_after_those_that_are_taken(take_lines: Take) -> None:
    take_lines(row())
    take_lines(row(url="https://x.example/an0ther0anot"))

    assert Incident.objects.get(public_id="an0ther0anot").reference == "INC-2024-0305-b"


@pytest.mark.parametrize(
    ("impact", "severity"),
    [("critical", "critical"), ("major", "major"), ("minor", "minor"), ("none", "minor")],
)
def test_the_severity_follows_the_impact(take_lines: Take, impact: str, severity: str) -> None:
    take_lines(row(impact=impact))

    kept = Incident.objects.get()
    assert (kept.severity.slug, kept.impact) == (severity, impact)


def test_another_ladder_is_met_at_the_mildest_rung_that_is_bad_enough(take_lines: Take) -> None:
    SeverityPolicy.objects.all().delete()
    for rank, (slug, impact) in enumerate([("sev1", "critical"), ("sev2", "major"), ("sev3", "major")], start=1):
        SeverityPolicy.objects.create(slug=slug, name=slug, rank=rank, impact=impact)
    take_lines(row(impact="minor"))

    assert Incident.objects.get().severity.slug == "sev3"


def test_without_a_ladder_nothing_is_imported(take_lines: Take) -> None:
    SeverityPolicy.objects.all().delete()

    with pytest.raises(ValidationFailed, match="set up the ladder"):
        take_lines(row())
    assert not Incident.objects.exists()


def test_a_missing_component_is_made_visible_and_without_a_status(take_lines: Take) -> None:
    take_lines(row(components=["Object storage", "Object storage", ""]))

    made = Component.objects.get()
    assert (made.slug, made.name, made.state) == ("object-storage", "Object storage", ComponentStatus.UNKNOWN)
    assert list(Component.objects.visible()) == [made]
    assert made.affected_by.get().status == ComponentStatus.DEGRADED_PERFORMANCE


def test_a_component_with_that_name_is_used(take_lines: Take) -> None:
    existing = Component.objects.create(slug="up", name="Uploads")
    report = take_lines(row())

    assert Incident.objects.get().components.get() == existing
    assert report.components.total == 0


def test_names_that_make_the_same_slug_get_their_own(take_lines: Take) -> None:
    take_lines(row(components=["API!", "API?", "数据"]))

    assert set(Component.objects.values_list("slug", flat=True)) == {"api", "api-2", "component"}


def test_a_window_keeps_its_times_and_words(take_lines: Take) -> None:
    take_lines(window())

    kept = Maintenance.objects.get()
    assert (kept.public_id, kept.reference, kept.status) == ("datab4s3upgr", "MNT-2024-0403-a", "completed")
    assert kept.scheduled_for == datetime(2024, 4, 3, 2, 0, tzinfo=UTC)
    labels = [update.label for update in kept.updates.order_by("display_at")]
    assert labels == ["Scheduled", "In progress", "Completed"]


def test_a_window_of_statuspage_keeps_what_was_scheduled(take: Take) -> None:
    announced = update("update000009", "scheduled", "2024-05-02T08:00:00Z", "We will restart it.")
    value = incident(
        id="w1nd0ww1nd0w",
        status="scheduled",
        impact="maintenance",
        scheduled_for="2024-06-01T22:00:00.000Z",
        scheduled_until="2024-06-01T23:30:00.000Z",
        incident_updates=[announced],
    )
    take({"scheduled_maintenances": [value]})

    kept = Maintenance.objects.get()
    assert (kept.status, kept.started_at, kept.completed_at) == ("scheduled", None, None)
    assert kept.scheduled_until - kept.scheduled_for == timedelta(minutes=90)
    assert [part.name for part in kept.components.all()] == ["API"]
    assert kept.updates.get().public_id == "update000009"


def test_the_same_file_again_changes_nothing(take: Take) -> None:
    value = summary(
        incidents=[incident()],
        scheduled_maintenances=[incident(id="w1nd0ww1nd0w", status="scheduled", incident_updates=[])],
    )
    take(value)
    before = _everything()
    report = take(value)

    assert not report.changed_anything
    assert _everything() == before


def test_the_same_lines_again_change_nothing(take_lines: Take) -> None:
    twice = {"at": "2024-03-05T09:30:00Z", "status": "Update", "message": "Still at it."}
    rows = (row(updates=[*row()["updates"], twice, twice]), window())
    take_lines(*rows)
    before = _everything()
    report = take_lines(*rows)

    assert not report.changed_anything
    assert IncidentUpdate.objects.count() == 6
    assert _everything() == before


def test_a_newer_file_adds_what_was_said_since(take_lines: Take) -> None:
    take_lines(row(resolved_at=None, updated_at="2024-03-05T09:30:00Z", updates=row()["updates"][:2]))
    assert Incident.objects.open().count() == 1
    report = take_lines(row())

    assert (report.incidents.changed, report.updates.added) == (1, 2)
    assert Incident.objects.open().count() == 0
    assert IncidentUpdate.objects.count() == 4


def test_an_older_file_does_not_take_anything_back(take_lines: Take) -> None:
    take_lines(row())
    report = take_lines(row(title="Old", resolved_at=None, updated_at="2024-03-05T09:30:00Z"))

    assert (report.incidents.left, report.changed_anything) == (1, False)
    assert Incident.objects.get().title == "Uploads are slow"


def test_what_staff_said_here_stays(take: Take) -> None:
    take({"incidents": [incident()]})
    kept = Incident.objects.get()
    post_update(incident=kept, status=IncidentStatus.MONITORING, message="We watch it.")
    report = take({"incidents": [incident(updated_at="2024-05-02T00:00:00Z", status="resolved")]})

    assert report.incidents.left == 1
    assert Incident.objects.get().status == IncidentStatus.MONITORING


def test_the_two_kinds_of_file_about_the_same_incident_make_it_once(take: Take, take_lines: Take) -> None:
    updates = [
        {"at": "2024-05-01T08:00:00Z", "status": "Investigating", "message": "We are looking into it."},
        {"at": "2024-05-01T08:20:00Z", "status": "Update", "message": "A switch is broken."},
    ]
    take_lines(
        row(
            url="https://x.example/outage0outag",
            resolved_at=None,
            updates=updates,
            updated_at="2024-05-01T08:20:00Z",
            components=["API"],
        )
    )
    take({"incidents": [incident()]})

    ids = set(Incident.objects.get().updates.values_list("public_id", flat=True))
    assert ids == {"update000001", "update000002"}
    assert Component.objects.count() == 1


def test_a_corrected_update_replaces_the_words(take: Take) -> None:
    take({"incidents": [incident()]})
    second, first = incident()["incident_updates"]
    corrected = {**second, "body": "Two switches are broken.", "updated_at": "2024-05-01T09:00:00Z"}
    take({"incidents": [incident(updated_at="2024-05-01T09:00:00Z", incident_updates=[corrected, first])]})

    bodies = set(IncidentUpdate.objects.values_list("body", flat=True))
    assert bodies == {"Two switches are broken.", "We are looking into it."}


def test_an_update_id_belongs_to_one_incident(take: Take) -> None:
    report = take({"incidents": [incident(), incident(id="s3c0nds3c0nd")]})

    assert IncidentUpdate.objects.count() == 2
    assert len(report.skipped) == 2
    assert "another incident has one with this id" in report.skipped[0].sentence


def test_an_open_incident_claims_what_it_says(take: Take) -> None:
    take({"incidents": [incident()]})

    claim = StatusClaim.objects.get()
    assert (claim.source, claim.source_id, claim.status) == (ClaimSource.INCIDENT, "outage0outag", "major_outage")
    assert claim.since == datetime(2024, 5, 1, 8, 20, 0, 800_000, tzinfo=UTC)
    assert Component.objects.get().state is ComponentStatus.MAJOR_OUTAGE


def test_what_is_known_of_a_component_is_not_replaced_by_what_is_usual(take: Take, take_lines: Take) -> None:
    take({"incidents": [incident()]})
    known = AffectedComponent.objects.values_list("component__name", "status").get()
    # The same incident, from a kind of file that has no states: for a minor one degraded would be usual.
    lines = row(url="https://x.example/outage0outag", updated_at="2024-05-02T00:00:00Z", components=["API"])
    take_lines(lines)

    assert Incident.objects.get().status == IncidentStatus.RESOLVED
    assert AffectedComponent.objects.values_list("component__name", "status").get() == known
    assert known == ("API", ComponentStatus.MAJOR_OUTAGE)


def test_an_open_incident_that_says_nothing_of_its_components_claims_nothing(take_lines: Take) -> None:
    take_lines(row(resolved_at=None, updates=row()["updates"][:2]))

    assert not StatusClaim.objects.exists()


def test_its_end_in_a_newer_file_takes_the_claim_back(take: Take) -> None:
    take({"incidents": [incident()]})
    over = incident(status="resolved", resolved_at="2024-05-01T09:00:00Z", updated_at="2024-05-01T09:00:01Z")
    take({"incidents": [over]})

    assert not StatusClaim.objects.exists()
    assert StatusChange.objects.values_list("at", flat=True).first() == datetime(2024, 5, 1, 9, 0, tzinfo=UTC)


def test_what_an_update_said_of_a_component_is_kept_as_it_was_said(take: Take) -> None:
    named = update(
        "update000001",
        "investigating",
        "2024-05-01T08:00:00Z",
        "Looking.",
        affected_components=[
            *said("operational", "partial_outage", name="Platform - API"),
            *said("operational", "major_outage", code="g0neg0neg0ne", name="Gone"),
        ],
    )
    take({"incidents": [incident(incident_updates=[named])]})

    kept = UpdateImpact.objects.values_list("code", "name", "old_status", "new_status", "component__name")
    assert list(kept) == [
        ("api0api0api0", "Platform - API", "operational", "partial_outage", "API"),
        ("g0neg0neg0ne", "Gone", "operational", "major_outage", None),
    ]


def test_nobody_is_told(take: Take, take_lines: Take) -> None:
    take(summary(incidents=[incident()]))
    take_lines(row(), window())

    assert not Notice.objects.exists()


def test_the_page_is_published_anew_only_when_something_changed(take_lines: Take) -> None:
    take_lines(row())
    version = Page.current().version
    take_lines(row())

    assert version > 1
    assert Page.current().version == version


def test_a_dry_run_reports_and_keeps_nothing(take: Take) -> None:
    report = take(summary(incidents=[incident()]), dry_run=True)

    assert (report.components.added, report.incidents.added, report.updates.added) == (1, 1, 2)
    assert not Component.objects.exists()
    assert not Incident.objects.exists()


def test_progress_is_told_after_every_hundred(take_lines: Take) -> None:
    seen: list[tuple[int, int]] = []
    rows = [row(url=f"https://x.example/incident{number:04}") for number in range(205)]
    take_lines(*rows, window(), progress=lambda done, total: seen.append((done, total)))

    assert seen == [(100, 206), (200, 206), (205, 206), (206, 206)]


def test_a_hundred_incidents_cost_as_many_queries_as_one(
    take_lines: Take, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    take_lines(row())
    rows = [row(url=f"https://x.example/incident{number:04}") for number in range(100)]
    with django_assert_max_num_queries(25):
        take_lines(*rows)

    assert Incident.objects.count() == 101


def _everything() -> list[object]:
    models: list[type[Model]] = [
        *(Page, Group, Component, StatusClaim, StatusChange),
        *(Incident, IncidentUpdate, UpdateImpact, Maintenance, MaintenanceUpdate),
    ]
    return [list(model._default_manager.order_by("pk").values()) for model in models]
