"""What a file says of incidents, maintenance and postmortems: written down once, and staff's from then on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management.base import CommandError

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import DueReason, IncidentStatus, MaintenanceStatus, Promise, ServiceState, StepState
from incidents.models import (
    ContentPage,
    Incident,
    Maintenance,
    MaintenanceKind,
    MaintenanceSeries,
    MessageTemplate,
    Notice,
    Postmortem,
    PostmortemRule,
    SeverityPolicy,
)
from incidents.services import post_update
from tests.unit.configuration.conftest import WHOLE, Load
from tests.unit.configuration.texts import (
    COMING,
    EVERYTHING,
    INCIDENT,
    OPEN,
    POLICIES,
    POSTMORTEM,
    SERIES,
    WINDOW,
    WORDS,
)

NOW = datetime(2026, 11, 21, 14, 28, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_an_incident_is_there_with_all_of_its_words_at_their_times(load: Load) -> None:
    assert "+ incident INC-2026-0814-a" in load(WHOLE + INCIDENT)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity.slug, incident.data_impact) == (
        "Automations are not sent",
        "critical",
        True,
    )
    # The page is in London: 13:10 there is 12:10 UTC.
    assert incident.started_at == datetime(2026, 8, 14, 12, 10, tzinfo=UTC)
    assert (incident.root_cause_summary, incident.remediation) == ("A lock.", "An alarm.")
    first, last = incident.updates.order_by("display_at")
    assert first.body == "It is the database:\n\n* automations are **not** sent"
    assert (first.display_at, first.promised_in, first.promise) == (
        datetime(2026, 8, 14, 12, 23, tzinfo=UTC),
        timedelta(hours=1),
        Promise.MORE_INFORMATION,
    )
    assert (last.status, last.author) == (IncidentStatus.RESOLVED, "on-call")
    assert [impact.new_status for impact in last.impacts.all()] == [ComponentStatus.OPERATIONAL]
    assert not Notice.objects.exists()


def test_one_that_is_not_over_is_open_with_its_claims_and_its_deadline(load: Load) -> None:
    load(WHOLE + OPEN)
    incident = Incident.objects.get()
    assert (incident.reference, incident.is_open) == ("INC-2026-1121-a", True)
    assert Component.objects.get(slug="api").status == ComponentStatus.PARTIAL_OUTAGE
    assert (incident.next_update_due_at, incident.due_reason) == (NOW + timedelta(minutes=20), DueReason.CADENCE)


def test_subscribers_hear_of_it_if_the_file_says_so(load: Load) -> None:
    load(WHOLE + OPEN.replace('severity = "critical"', 'severity = "critical"\nnotify = true'))
    assert [notice.kind for notice in Notice.objects.all()] == ["incident.created"]


def test_the_first_load_of_a_page_gives_references_of_its_own_days(load: Load) -> None:
    load(WHOLE.replace("Europe/London", "Pacific/Auckland") + OPEN)
    assert Incident.objects.get().reference == "INC-2026-1122-a"


def test_a_postmortem_is_published_when_it_was_and_prefilled_where_nothing_is_said(load: Load) -> None:
    load(WHOLE + INCIDENT + POSTMORTEM)
    postmortem = Postmortem.objects.get()
    assert postmortem.published_at == datetime(2026, 8, 21, 7, 11, tzinfo=UTC)
    assert (postmortem.summary, postmortem.root_cause) == ("The database stood still.", "A lock.")
    assert "automations are **not** sent" in postmortem.timeline


def test_without_a_time_of_publication_it_is_a_draft(load: Load) -> None:
    said = load(WHOLE + INCIDENT + POSTMORTEM.replace('published_at = "2026-08-21T07:11Z"', ""))
    assert "+ postmortem of INC-2026-0814-a (a draft)" in said
    assert not Postmortem.objects.published().exists()


def test_a_window_runs_with_its_services_and_steps(load: Load) -> None:
    load(WHOLE + WINDOW)
    window = Maintenance.objects.get()
    assert (window.reference, window.status) == ("MNT-2026-1121-a", MaintenanceStatus.IN_PROGRESS)
    assert (window.scheduled_for, window.scheduled_until, window.started_at) == (
        NOW - timedelta(minutes=28),
        NOW + timedelta(minutes=32),
        NOW - timedelta(minutes=14),
    )
    assert (window.takes_platform_down, window.phase, window.impact_level, window.impact_note) == (
        True,
        "investigating",
        "low",
        "read-only mode",
    )
    assert {region.name for region in window.regions.all()} == {"Europe (Ireland)", "moon"}
    service = window.services.get()
    assert (service.component.slug, service.state, service.eta_at) == (
        "api",
        ServiceState.OFFLINE,
        NOW + timedelta(minutes=12),
    )
    assert [(step.title, step.state) for step in window.steps.all()] == [
        ("Pre-flight checks", StepState.DONE),
        ("Migrations", StepState.RUNNING),
        ("Smoke tests", StepState.PENDING),
    ]
    assert Component.objects.get(slug="api").status == ComponentStatus.UNDER_MAINTENANCE


def test_a_window_to_come_is_announced_with_its_reminders(load: Load) -> None:
    assert "+ maintenance MNT-2026-1125-a (postgres-18)" in load(WHOLE + COMING)
    window = Maintenance.objects.get()
    assert window.scheduled_for == datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    assert (window.kind and window.kind.slug, window.expects_downtime) == ("routine", False)
    assert window.reminders.count() == 2


def test_subscribers_hear_of_a_window_only_if_the_file_says_so(load: Load) -> None:
    load(WHOLE + COMING)
    assert not Notice.objects.exists()
    load(WHOLE + COMING.replace('key = "postgres-18"', 'key = "another"\nnotify = true'))
    assert [notice.kind for notice in Notice.objects.all()] == ["maintenance.scheduled"]


def test_a_window_announced_too_late_needs_its_reason_and_nothing_is_written(load: Load) -> None:
    text = WHOLE + COMING.replace("now+4d", "now+1d")
    with pytest.raises(CommandError, match="at least 72 hours ahead") as refusal:
        load(text)
    line = text.splitlines().index("[[maintenance]]") + 1
    assert f"page.toml:{line}: maintenance[0].reason cannot be: " in str(refusal.value)
    assert not Component.objects.exists()
    load(text.replace('kind = "routine"', 'kind = "routine"\nreason = "A hole in the database."'))
    assert Maintenance.objects.get().reason == "A hole in the database."


def test_a_series_is_made(load: Load) -> None:
    assert "+ maintenance series twice-a-month" in load(WHOLE + SERIES)
    series = MaintenanceSeries.objects.get()
    assert (series.rrule, str(series.first_date), str(series.begins)) == (
        "FREQ=MONTHLY;BYDAY=1TU,3TU",
        "2026-11-25",
        "02:00:00",
    )
    assert (series.duration, series.announce_before, series.reminders) == (
        timedelta(hours=2),
        timedelta(days=7),
        [86_400],
    )


def test_policies_are_those_of_the_file_and_the_shipped_ones_make_room(load: Load) -> None:
    said = load(WHOLE + POLICIES)
    assert [(kind.slug, kind.lead_time, kind.needs_reason) for kind in MaintenanceKind.objects.all()] == [
        ("routine", timedelta(hours=72), False),
        ("ad-hoc", None, True),
    ]
    assert "- maintenance kind other" in said
    rule = PostmortemRule.objects.get()
    assert (rule.longer_than, rule.data_impact, rule.business_days) == (timedelta(minutes=30), True, 5)


def test_a_kind_that_staff_made_stays_without_prune(load: Load) -> None:
    MaintenanceKind.objects.create(slug="own", name="Our own")
    assert "maintenance kind own is not in the file" in load(WHOLE + POLICIES)
    assert "- maintenance kind own" in load(WHOLE + POLICIES, prune=True)


def test_a_kind_that_windows_have_stays_even_with_prune(load: Load) -> None:
    load(WHOLE + COMING)
    others = POLICIES.replace('slug = "routine"', 'slug = "planned"')
    assert "maintenance kind routine is not in the file and stays: windows have it" in load(WHOLE + others, prune=True)
    assert MaintenanceKind.objects.filter(slug="routine").exists()


def test_the_rules_of_the_file_decide_about_its_incidents(load: Load) -> None:
    load(EVERYTHING)
    incident = Incident.objects.get(dedupe_key="file:db-outage")
    with time_machine.travel(NOW + timedelta(minutes=5)):
        post_update(incident=incident, status=IncidentStatus.RESOLVED, message="Over.", author=None)
    assert Postmortem.objects.filter(incident=incident, due_at__isnull=False).exists()


def test_templates_and_pages_say_what_the_file_says(load: Load) -> None:
    load(WHOLE + WORDS)
    template, page = MessageTemplate.objects.get(), ContentPage.objects.get()
    assert (template.title, template.severity and template.severity.slug, template.status) == (
        "[[service]] is slow",
        "critical",
        "investigating",
    )
    assert [component.slug for component in template.components.all()] == ["api"]
    assert (page.title, page.body, page.places) == (
        "What counts as an incident",
        "* Anything that is **broken**",
        ["footer", "report"],
    )
    said = load(WHOLE + WORDS.replace("**broken**", "broken").replace("It is slow", "Slow"))
    assert "~ template slow: name" in said
    assert "~ content page what-counts: body" in said
    assert ContentPage.objects.get().body == "* Anything that is broken"


def test_with_prune_words_that_the_file_no_longer_has_go(load: Load) -> None:
    load(WHOLE + WORDS)
    others = WORDS.replace('"slow"', '"fast"').replace('"what-counts"', '"what-to-do"')
    assert "content page what-counts is not in the file" in load(WHOLE + others)
    said = load(WHOLE + others, prune=True)
    assert "- content page what-counts" in said
    assert [template.slug for template in MessageTemplate.objects.all()] == ["fast"]
    # A file that says nothing of them leaves them alone.
    load(WHOLE, prune=True)
    assert ContentPage.objects.count() == 1


def test_loading_twice_changes_nothing_more_and_says_what_is_there(load: Load) -> None:
    load(EVERYTHING)
    version = Page.objects.get().version
    with time_machine.travel(NOW + timedelta(days=2)):
        said = load(EVERYTHING)
    assert "Nothing to change." in said
    for kept in (
        "incident INC-2026-0814-a is there already and stays as it is",
        "incident INC-2026-1121-a (db-outage) is there already",
        "postmortem of INC-2026-0814-a is there already",
        "maintenance MNT-2026-1125-a (postgres-18) is there already",
        "maintenance series twice-a-month is there already",
    ):
        assert kept in said
    assert (Incident.objects.count(), Maintenance.objects.count(), Page.objects.get().version) == (2, 2, version)


def test_what_staff_did_since_stays_and_prune_deletes_nothing_that_was_said(load: Load) -> None:
    load(EVERYTHING)
    incident = Incident.objects.get(dedupe_key="file:db-outage")
    post_update(incident=incident, status=IncidentStatus.RESOLVED, message="Over.", author=None)
    load(EVERYTHING)
    assert not Incident.objects.open().exists()
    said = load(WHOLE, prune=True)
    assert (Incident.objects.count(), Maintenance.objects.count(), Postmortem.objects.published().count()) == (2, 2, 1)
    assert MaintenanceSeries.objects.filter(ended_at__isnull=True).exists()
    assert "incident" not in said


def test_a_series_that_the_file_no_longer_has_ends_with_prune(load: Load) -> None:
    load(WHOLE + SERIES)
    other = SERIES.replace("twice-a-month", "quarterly")
    assert "maintenance series twice-a-month is not in the file" in load(WHOLE + other)
    assert "- maintenance series twice-a-month" in load(WHOLE + other, prune=True)
    assert MaintenanceSeries.objects.get(slug="twice-a-month").ended_at == NOW


def test_a_dry_run_writes_nothing_of_it(load: Load) -> None:
    assert "+ incident INC-2026-0814-a" in load(EVERYTHING, dry_run=True)
    for model in (Incident, Maintenance, ContentPage):
        assert not model.objects.exists()


def test_how_the_next_update_is_promised_is_part_of_the_ladder(load: Load) -> None:
    said = WHOLE.replace('postmortem = "7bd"', 'promise = "on_change"\ninline_summary = true')
    load(said.replace("support_url", 'home_url = "https://example.com"\nsupport_url'))
    rung = SeverityPolicy.objects.get(slug="critical")
    assert (rung.promise, rung.inline_summary) == (Promise.ON_CHANGE, True)
    assert Page.objects.get().home_url == "https://example.com"
    load(WHOLE)
    rung.refresh_from_db()
    assert (rung.promise, rung.inline_summary) == (Promise.BY, False)
