"""The home page's read model: what it says, and what it asks of the database."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from components.enums import ClaimSource, ComponentStatus
from components.models import Group, Page
from components.services import claim_status
from incidents.enums import IncidentStatus
from incidents.models import Incident, Maintenance
from incidents.services import open_incident, post_update
from probes.enums import MetricKind
from probes.models import ComponentDay, Metric, Probe, ProbeLocation
from probes.services import pause_probe
from statuspage.web.pages.components import component_page
from statuspage.web.pages.entries import incident_page
from statuspage.web.selectors import home_page, site_info
from tests.unit.web.conftest import DEGRADED, MAJOR, NOON, OPERATIONAL, MakeComponent, MakeIncident


def test_the_site_is_one_query_once_its_links_are_known(
    page: Page, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        site_info()
    with django_assert_num_queries(1):
        site = site_info()
    assert (site.name, site.url, site.zone_name) == ("Example", "https://status.example.com", "CET")


@pytest.mark.parametrize(("components", "incidents"), [(1, 0), (1, 40), (60, 3)])
@pytest.mark.parametrize(("status", "most"), [("completed", 16), ("scheduled", 20), ("in_progress", 20)])
def test_home_is_sixteen_queries_whatever_there_is_and_twenty_with_a_window_to_come(
    components: int,
    incidents: int,
    status: str,
    most: int,
    make_component: MakeComponent,
    make_incident: MakeIncident,
) -> None:
    made = [make_component(f"c{number}", measured_days=90) for number in range(components)]
    for number in range(incidents):
        make_incident(ago=timedelta(days=number, hours=1), lasted=timedelta(minutes=9), impacts={made[0]: DEGRADED})
    make_incident(impacts={made[0]: MAJOR})
    Maintenance.objects.create(
        reference="MNT-2026-1122-a",
        title="Upgrade",
        status=status,
        scheduled_for=NOON,
        scheduled_until=NOON + timedelta(hours=1),
    ).components.set(made)
    Metric.objects.create(key="online_now", name="Online now", kind=MetricKind.GAUGE)
    # What the foot of the page links is read once a version.
    site_info()
    with CaptureQueriesContext(connection) as queries:
        home = home_page()
    assert len(home.components) == components
    assert len(queries) == most


def test_an_empty_page_says_so(page: Page) -> None:
    home = home_page()
    assert home.is_empty
    assert (home.banner.title, home.banner.state) == ("No Components Yet", ComponentStatus.UNKNOWN)


def test_all_well_is_said_in_the_words_of_the_overall_state(make_component: MakeComponent) -> None:
    make_component(measured_days=90)
    home = home_page()
    assert (home.banner.title, home.banner.state) == ("All Systems Operational", OPERATIONAL)
    assert home.banner.checked_at == NOON
    row = home.components[0]
    assert (row.percentage, row.coverage, row.latency_ms, row.line) == (
        Decimal("100.00"),
        Decimal("100.00"),
        12,
        "SELECT 1 in 12 ms",
    )


def test_stale_measurements_are_never_green(make_component: MakeComponent) -> None:
    make_component(measured_days=90)
    ProbeLocation.objects.update(last_result_at=NOON - timedelta(minutes=30))
    home = home_page()
    assert home.banner.title == "Monitoring data is stale"
    assert home.banner.state is ComponentStatus.UNKNOWN
    assert home.banner.stale_since == NOON - timedelta(minutes=30)
    assert (home.components[0].state, home.components[0].detail) == (
        ComponentStatus.UNKNOWN,
        "No fresh measurement.",
    )
    assert home.components[0].latency_ms is None
    assert home.components[0].since == NOON - timedelta(minutes=30)


def test_an_outage_is_still_said_while_measurements_are_stale(make_component: MakeComponent) -> None:
    make_component(status=MAJOR, measured_days=90)
    ProbeLocation.objects.update(last_result_at=NOON - timedelta(minutes=30))
    banner = home_page().banner
    assert (banner.title, banner.state, banner.is_stale) == ("Major System Outage", MAJOR, True)


def test_without_probes_no_figure_is_invented(make_component: MakeComponent) -> None:
    make_component()
    row = home_page().components[0]
    assert (row.is_measured, row.percentage, row.coverage, row.last_checked_at) == (False, None, None, None)
    assert {day.state for day in row.days} == {OPERATIONAL}


def test_an_incident_colours_the_days_of_a_component_without_probes(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component()
    make_incident(ago=timedelta(days=5), lasted=timedelta(hours=1), impacts={api: DEGRADED})
    days = home_page().components[0].days
    assert [day.date for day in days if day.state is DEGRADED] == [(NOON - timedelta(days=5)).date()]


def test_trouble_of_this_moment_colours_today_before_it_is_rolled_up(make_component: MakeComponent) -> None:
    make_component(status=MAJOR, measured_days=90)
    days = home_page().components[0].days
    assert [day.state for day in days[-2:]] == [OPERATIONAL, MAJOR]


def test_trouble_that_a_probe_found_is_not_said_to_be_declared(make_component: MakeComponent) -> None:
    api = make_component(status=None, measured_days=90)
    ProbeLocation.objects.update(state="down", first_failure_at=NOON)
    claim_status(component=api, status=MAJOR, source=ClaimSource.PROBE, source_id="api-http")
    today = home_page().components[0].days[-1]
    assert (today.state, today.note) == (MAJOR, "measured now")


def test_no_bar_is_red_where_uptime_is_not_measured(make_component: MakeComponent) -> None:
    api = make_component(status=None, measured_days=90)
    ComponentDay.objects.all().delete()
    ProbeLocation.objects.update(state="down", first_failure_at=NOON)
    claim_status(component=api, status=MAJOR, source=ClaimSource.PROBE, source_id="api-http")
    (row,) = home_page().components
    assert (row.state, row.percentage) == (MAJOR, None)
    assert {day.state for day in row.days} == {ComponentStatus.UNKNOWN}


def test_a_component_whose_only_probe_is_paused_says_so(make_component: MakeComponent) -> None:
    make_component(status=None, measured_days=90)
    pause_probe(probe=Probe.objects.get())
    (row,) = home_page().components
    assert (row.state, row.detail) == (ComponentStatus.UNKNOWN, "Paused by our staff.")
    assert (row.latency_ms, row.last_checked_at, row.is_stale) == (None, None, False)


def test_failures_come_first_in_their_group_and_failing_groups_come_first(make_component: MakeComponent) -> None:
    quiet = Group.objects.create(slug="quiet", name="Quiet", position=1)
    loud = Group.objects.create(slug="loud", name="Loud", position=2)
    make_component("a", group=quiet, position=1)
    make_component("b", group=loud, position=2)
    make_component("c", group=loud, position=3, status=MAJOR)
    blocks = home_page().blocks
    assert [(block.slug, [row.slug for row in block.rows]) for block in blocks] == [
        ("loud", ["c", "b"]),
        ("quiet", ["a"]),
    ]
    assert (blocks[0].summary, blocks[1].summary) == ("Major outage, 1 of 2", "Operational")


def test_of_many_groups_only_those_with_trouble_are_unfolded(make_component: MakeComponent) -> None:
    for number in range(4):
        group = Group.objects.create(slug=f"g{number}", name=f"G{number}", position=number)
        for place in range(5):
            make_component(f"c{number}-{place}", group=group, status=MAJOR if number == place == 2 else OPERATIONAL)
    assert [(block.slug, block.is_open) for block in home_page().blocks] == [
        ("g2", True),
        ("g0", False),
        ("g1", False),
        ("g3", False),
    ]


def test_some_components_show_only_while_degraded(make_component: MakeComponent) -> None:
    make_component("shy", only_show_if_degraded=True)
    assert home_page().blocks == ()
    make_component("loud", only_show_if_degraded=True, status=DEGRADED)
    assert [row.slug for block in home_page().blocks for row in block.rows] == ["loud"]


def test_hidden_and_retired_components_are_nowhere(make_component: MakeComponent, make_incident: MakeIncident) -> None:
    hidden = make_component("hidden", is_visible=False)
    make_component("retired", retired_at=NOON)
    make_incident(impacts={hidden: MAJOR})
    home = home_page()
    assert home.components == ()
    assert home.open_incidents[0].components == ()


def test_the_next_update_is_promised_with_how_soon(make_component: MakeComponent, make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(minutes=2), next_update_in=timedelta(minutes=15))
    card = home_page().open_incidents[0]
    assert (card.next_update_in, card.is_overdue) == ("13 min", False)
    assert card.next_update_due_at == NOON + timedelta(minutes=13)


def test_an_overdue_update_is_said_to_be(make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(minutes=40), next_update_in=timedelta(minutes=30))
    card = home_page().open_incidents[0]
    assert (card.next_update_in, card.is_overdue) == ("10 min", True)


def test_a_private_incident_has_severity_states_and_times_only(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component()
    incident = make_incident(title="Secret", message="Secret words", private=True, impacts={api: MAJOR})
    card = home_page().open_incidents[0]
    assert (card.title, card.components, card.excerpt) == ("Critical incident", (), "")
    page = incident_page(incident.reference)
    assert page is not None
    assert "Secret" not in repr(page)
    assert [entry.label for entry in page.timeline] == ["Investigating"]


def test_the_timeline_of_a_private_incident_names_states_only(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component("api", name="Secret")
    incident = make_incident(private=True, impacts={api: MAJOR})
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Worse.", impacts={api: DEGRADED})
    page = incident_page(incident.reference)
    assert page is not None
    assert [(entry.label, entry.body, entry.impacts) for entry in page.timeline] == [("Investigating", "", ())] * 2
    assert "Secret" not in repr(page)


def test_a_timeline_says_what_changed_about_components_that_visitors_see(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    shown, hidden = make_component("shown"), make_component("hidden", is_visible=False)
    incident = make_incident(impacts={shown: MAJOR, hidden: MAJOR})
    page = incident_page(incident.reference)
    assert page is not None
    assert [impact.name for impact in page.timeline[0].impacts] == ["Shown"]


def test_what_is_over_promises_no_next_update(make_incident: MakeIncident) -> None:
    incident = make_incident(ago=timedelta(hours=2), lasted=timedelta(hours=1))
    Incident.objects.update(next_update_due_at=NOON)
    page = incident_page(incident.reference)
    assert page is not None
    assert (page.card.next_update_due_at, page.card.next_update_in, page.card.is_overdue) == (None, "", False)


def test_the_page_of_a_component_names_no_private_incident_and_no_member_of_staff(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    api = make_component()
    incident = make_incident(title="Secret", private=True, impacts={api: MAJOR})
    page = component_page("api")
    assert page is not None
    assert page.incidents == ()
    # "None" would be a lie while one is open.
    assert page.hides_incidents
    assert [(change.new, change.said_by, change.path) for change in page.changes] == [(MAJOR, "an incident", "")]
    assert incident.reference not in repr(page)


def test_the_page_of_a_component_hides_nothing_where_all_incidents_are_public(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    make_incident(impacts={make_component(): MAJOR})
    page = component_page("api")
    assert page is not None
    assert (len(page.incidents), page.hides_incidents) == (1, False)


def test_days_without_incidents_are_folded_into_one_line(make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(days=3), lasted=timedelta(minutes=41))
    past = home_page().past
    assert [(day.label, day.is_empty) for day in past] == [
        ("19 to 21 November", True),
        ("18 November", False),
        ("7 to 17 November", True),
    ]
    assert past[1].incidents[0].duration == "41 minutes"


def test_days_are_those_of_the_pages_zone(make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(hours=12, minutes=30), lasted=timedelta(minutes=5))
    # 23:30 UTC on the 20th is already the 21st in Berlin.
    assert [day.label for day in home_page().past if not day.is_empty] == ["Today"]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("status", "title"),
    [
        (IncidentStatus.INVESTIGATING, "Incident in progress"),
        (IncidentStatus.IDENTIFIED, "Incident in progress"),
        (IncidentStatus.MONITORING, "All Systems Operational"),
    ],
)
def test_all_is_not_well_while_an_incident_without_components_is_looked_into(
    make_component: MakeComponent,
    status: IncidentStatus,
    title: str,
    private: bool,
) -> None:
    make_component("api", measured_days=1)
    open_incident(
        title="Mails are late", severity="major", message="Looking.", impacts={}, status=status, private=private
    )
    banner = home_page().banner
    assert banner.title == title
    assert (banner.state is OPERATIONAL) == (status is IncidentStatus.MONITORING)
