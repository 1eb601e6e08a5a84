"""What is said of a window when it is announced: its kind's rule, its reason, its plan, and who hears of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from components.models import Component, Region
from incidents.enums import MaintenanceStatus, NoticeKind, Origin, ServiceState, StepState
from incidents.maintenance import ServicePlan, StepPlan, lead_time_warning
from incidents.models import Maintenance, MaintenanceKind, Notice
from statuspage.core.errors import Duplicate, ValidationFailed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
Announce = Callable[..., Maintenance]


def in_hours(hours: float) -> dict[str, datetime]:
    return {"scheduled_for": NOW + hours * HOUR, "scheduled_until": NOW + (hours + 1) * HOUR}


@pytest.mark.parametrize(
    ("kind", "hours", "sentence"),
    [
        (
            "routine",
            71.99,
            "Routine maintenance is announced at least 72 hours ahead; this window would be announced 7",
        ),
        ("other", 12, "Planned maintenance is announced at least 48 hours ahead; this window would be announced 12 h"),
        ("other", -0.5, "this window has begun already"),
        ("urgent", 500, "Urgent maintenance says why it is done"),
    ],
)
def test_a_window_that_breaks_its_rule_says_why(announce: Announce, kind: str, hours: float, sentence: str) -> None:
    with pytest.raises(ValidationFailed, match=sentence) as refused:
        announce(kind=kind, **in_hours(hours))
    assert refused.value.field == "reason"
    assert not Maintenance.objects.exists()
    window = announce(kind=kind, reason=" A disk\nfails. ", **in_hours(hours))
    assert (window.kind and window.kind.slug, window.reason) == (kind, "A disk fails.")


@pytest.mark.parametrize(("kind", "hours"), [("routine", 72), ("other", 48), (None, 0.1)])
def test_exactly_as_early_as_the_rule_says_is_early_enough(announce: Announce, kind: str | None, hours: float) -> None:
    assert announce(kind=kind, **in_hours(hours)).reason == ""


def test_a_window_that_is_over_needs_no_reason(announce: Announce) -> None:
    assert announce(kind="urgent", **in_hours(-5)).status == MaintenanceStatus.COMPLETED


def test_the_warning_is_there_before_anything_is_announced(db: None) -> None:
    routine = MaintenanceKind.objects.get(slug="routine")
    assert lead_time_warning(routine, NOW, NOW + 72 * HOUR) is None
    assert lead_time_warning(None, NOW, NOW) is None
    assert lead_time_warning(MaintenanceKind.objects.get(slug="urgent"), NOW, NOW) is None
    warning = lead_time_warning(routine, NOW, NOW + timedelta(minutes=90))
    assert warning is not None
    assert warning.endswith("this window would be announced 1 hour ahead.")


def test_a_kind_that_is_not_there_is_named_with_those_that_are(announce: Announce) -> None:
    with pytest.raises(ValidationFailed, match="choose one of: routine, other, urgent"):
        announce(kind="weekly")


def test_a_whole_plan_is_kept_in_its_order(announce: Announce, api: Component, web: Component) -> None:
    region = Region.objects.create(slug="eu", name="eu-west")
    window = announce(
        services=[
            ServicePlan(component=web, state=ServiceState.OFFLINE, eta_at=NOW + 2 * HOUR),
            ServicePlan(component=api, eta_at=NOW + 2 * HOUR),
        ],
        steps=[StepPlan(title="Drain"), StepPlan(title=" Migrate\n", body="3 of 7")],
        regions=[region],
        impact_level="LOW",
        impact_note="read-only mode",
        expects_downtime=False,
        what_to_do="Nothing.",
        phase="preparing",
    )
    window.refresh_from_db()
    assert [(row.component.slug, row.state, row.eta_at) for row in window.services.all()] == [
        ("web", "offline", NOW + 2 * HOUR),
        ("api", "operational", None),
    ]
    assert [(row.title, row.body, row.state) for row in window.steps.all()] == [
        ("Drain", "", "pending"),
        ("Migrate", "3 of 7", "pending"),
    ]
    assert set(window.components.all()) == {api, web}
    assert (window.impact_level, window.expects_downtime, window.phase) == ("low", False, "preparing")
    assert list(window.regions.all()) == [region]


def test_a_plan_that_cannot_be_is_refused(announce: Announce, api: Component) -> None:
    running = StepPlan(title="Migrate", state=StepState.RUNNING)
    for said, field in (
        ({"steps": [running]}, "steps"),
        ({"steps": [running, running], **in_hours(-0.5)}, "steps"),
        ({"steps": [StepPlan(title="x" * 161)]}, "steps"),
        ({"steps": [StepPlan(title=" ")]}, "steps"),
        ({"steps": [StepPlan(title="x")] * 101}, "steps"),
        ({"services": [ServicePlan(component=api)] * 2}, "services"),
        ({"reminders": [timedelta()]}, "reminders"),
        ({"reminders": [timedelta(days=61)]}, "reminders"),
        ({"reminders": [timedelta(minutes=number + 1) for number in range(11)]}, "reminders"),
        ({"impact_level": "awful"}, "impact_level"),
        ({"phase": "x" * 41}, "phase"),
        ({"reason": "x" * 501}, "reason"),
        ({"reference": "MNT-1"}, "reference"),
        ({"started_at": NOW + HOUR}, "started_at"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            announce(**said)
        assert refused.value.field == field, said
    assert not Maintenance.objects.exists()


def test_a_reference_of_its_own_is_taken_once(announce: Announce) -> None:
    assert announce(reference="MNT-2026-0519-a").reference == "MNT-2026-0519-a"
    with pytest.raises(Duplicate, match="MNT-2026-0519-a"):
        announce(reference="MNT-2026-0519-a")


def test_a_window_that_began_later_than_planned_says_when(announce: Announce, api: Component) -> None:
    window = announce(started_at=NOW - 0.25 * HOUR, **in_hours(-0.5))
    assert (window.status, window.started_at) == (MaintenanceStatus.IN_PROGRESS, NOW - 0.25 * HOUR)


def test_a_window_written_down_afterwards_has_done_its_steps_and_all_is_back(
    announce: Announce, api: Component
) -> None:
    window = announce(
        steps=[StepPlan(title="Drain"), StepPlan(title="Rehearse", state=StepState.SKIPPED)],
        services=[ServicePlan(component=api, state=ServiceState.OFFLINE)],
        started_at=NOW - 4.5 * HOUR,
        **in_hours(-5),
    )
    assert list(window.steps.values_list("state", flat=True)) == ["done", "skipped"]
    assert window.services.get().state == ServiceState.OPERATIONAL
    assert (window.started_at, window.completed_at) == (NOW - 4.5 * HOUR, NOW - 4 * HOUR)


def test_the_word_of_a_window_that_began_is_as_old_as_its_beginning(announce: Announce) -> None:
    for said, at in (
        (in_hours(-9), NOW - 9 * HOUR),
        (in_hours(-0.5), NOW - 0.5 * HOUR),
        (in_hours(-0.5) | {"started_at": NOW - 0.75 * HOUR}, NOW - 0.75 * HOUR),
        (in_hours(2), NOW),
    ):
        assert announce(**said).updates.get().display_at == at, said


def test_subscribers_hear_of_a_window_once_and_by_choice(announce: Announce) -> None:
    announce(notify=False)
    announce(**in_hours(-9))
    announce(notify_start=False, **in_hours(-0.5))
    announce(notify=False, **in_hours(-0.5))
    assert not Notice.objects.exists()
    announce()
    announce(**in_hours(-0.5))
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == [
        NoticeKind.MAINTENANCE_SCHEDULED,
        NoticeKind.MAINTENANCE_STARTED,
    ]


def test_a_notice_says_all_of_the_window_as_it_was(announce: Announce, api: Component, web: Component) -> None:
    window = announce(
        kind="other",
        reason="A disk fails.",
        impact_level="low",
        what_to_do="**Wait**.",
        expects_downtime=True,
        services=[ServicePlan(component=web)],
        regions=[Region.objects.create(slug="eu", name="eu-west")],
    )
    notice = Notice.objects.get()
    Maintenance.objects.update(title="Something else", origin=Origin.IMPORT)
    said = notice.payload["maintenance"]
    assert (said["title"], said["reference"], said["status"]) == ("Upgrade", window.reference, "scheduled")
    assert (said["kind"], said["kind_name"], said["reason"]) == ("other", "Planned", "A disk fails.")
    assert (said["scheduled_for"], said["started_at"]) == ("2026-11-21T15:00:00Z", None)
    assert (said["expects_downtime"], said["impact_level"], said["regions"]) == (True, "low", ["eu-west"])
    assert said["what_to_do_markdown"] == "**Wait**."
    assert "<strong>Wait</strong>" in said["what_to_do_html"]
    assert said["url"].endswith(f"/maintenance/{window.reference}/")
    assert notice.payload["update"]["label"] == "Scheduled"
    assert [(one["slug"], one["status"]) for one in notice.payload["components"]] == [
        ("api", "under_maintenance"),
        ("web", "operational"),
    ]
    assert "before" not in notice.payload
    assert (notice.maintenance, set(notice.components.all())) == (window, {api, web})
