"""The page of a day: its intervals, its reasons, what was said."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Component
from components.uptime import SlotState
from incidents.models import Maintenance
from probes.models import ComponentDay, Correction, Probe, ProbeDay, ProbeResult
from probes.series import Checks, DayChecks, pack_checks
from statuspage.web.documents import render_document
from statuspage.web.pages.day import DayPage, day_page
from tests.unit.web.conftest import DEGRADED, MAJOR, NOON, MakeComponent, MakeIncident

DAY = "2026-11-20"
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
STATES = bytes([SlotState.GOOD]) * 288
FIRST_BAD, LAST_BAD = 169, 175


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    """Yesterday it was down from 14:05 to 14:35, and left out from 20:00 to 21:00."""
    api = make_component("api", measured_days=3)
    states, checks = bytearray(STATES), DayChecks()
    for place in range(288):
        is_bad = FIRST_BAD <= place < LAST_BAD
        states[place] = SlotState.BAD if is_bad else SlotState.EXCLUDED if 240 <= place < 252 else SlotState.GOOD
        checks.add(place, Checks(up=3, down=7) if is_bad else Checks(up=10))
    probe = Probe.objects.get(component=api)
    ComponentDay.objects.filter(component=api, date=MIDNIGHT.date()).update(slots=bytes(states), good=270, bad=6)
    ComponentDay.objects.filter(component=api).exclude(date=MIDNIGHT.date()).update(slots=STATES)
    ProbeDay.objects.create(
        probe=probe, location="default", date=MIDNIGHT.date(), slots=bytes(states), checks=pack_checks(checks)
    )
    at = MIDNIGHT + timedelta(hours=14, minutes=6)
    ProbeResult.objects.create(
        probe=probe, location="default", scheduled_at=at, started_at=at, outcome="down", detail="Connection refused."
    )
    return api


def found(day: str = DAY) -> DayPage:
    page = day_page("api", day)
    assert page is not None
    return page


def test_a_day_says_when_it_was_down_how_much_of_it_and_why(api: Component) -> None:
    assert [(run.when, run.label, run.words) for run in found().runs if run.state == SlotState.BAD] == [
        ("14:05 to 14:35", "Down", "42 of 60 checks failed: Connection refused.")
    ]


def test_its_figures_are_those_of_its_intervals(api: Component) -> None:
    page = found()
    assert (page.counts.measured, page.counts.bad, page.counts.excluded) == (276, 6, 12)
    assert page.percentage == Decimal("97.82")
    assert page.coverage == Decimal(100)


def correct(api: Component, **changes: object) -> Correction:
    values: dict[str, object] = {
        "kind": "not_ours",
        "starts_at": MIDNIGHT + timedelta(hours=20),
        "ends_at": MIDNIGHT + timedelta(hours=21),
        "reason": "A transit provider.",
        "author": "anna",
    }
    correction = Correction.objects.create(**(values | changes))
    correction.components.add(api)
    return correction


def test_what_is_left_out_says_why_and_who_said_it_stays_inside(api: Component) -> None:
    correct(api)
    page = found()
    assert [run.reason.text for run in page.runs if run.reason] == ["A transit provider."]
    assert [(line.kind, line.reason) for line in page.corrections] == [("Not ours", "A transit provider.")]
    document = render_document(page.path)
    assert document is not None
    assert b"anna" not in document.body


def test_a_withdrawn_correction_is_told_and_is_no_reason(api: Component) -> None:
    correct(api, withdrawn_at=NOON, withdrawn_reason="It was ours after all.")
    page = found()
    assert not any(run.reason for run in page.runs)
    assert [line.withdrawn_reason for line in page.corrections] == ["It was ours after all."]


def test_the_days_incidents_are_named_and_private_ones_are_not(api: Component, make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(hours=22), lasted=timedelta(minutes=30), impacts={api: MAJOR}, title="Refused")
    make_incident(ago=timedelta(hours=21), lasted=timedelta(minutes=3), impacts={api: MAJOR}, private=True)
    make_incident(ago=timedelta(days=5), lasted=timedelta(minutes=3), impacts={api: DEGRADED}, title="Before")
    make_incident(ago=timedelta(hours=2), impacts={api: DEGRADED}, title="After")
    page = found()
    assert [card.title for card in page.incidents] == ["Refused"]
    assert page.hides_incidents


def test_a_day_without_private_incidents_hides_none(api: Component, make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(hours=22), lasted=timedelta(minutes=30), impacts={api: MAJOR}, title="Refused")
    make_incident(ago=timedelta(hours=2), impacts={api: DEGRADED}, private=True)
    page = found()
    assert ([card.title for card in page.incidents], page.hides_incidents) == (["Refused"], False)


def test_maintenance_is_the_reason_where_no_correction_is(api: Component) -> None:
    day = ComponentDay.objects.get(component=api, date=MIDNIGHT.date())
    day.slots = STATES[:24] + bytes([SlotState.MAINTENANCE]) * 12 + STATES[36:]
    day.save(update_fields=["slots"])
    window = Maintenance.objects.create(
        reference="MNT-2026-1120-a",
        title="Upgrade",
        status="completed",
        scheduled_for=MIDNIGHT + timedelta(hours=2),
        scheduled_until=MIDNIGHT + timedelta(hours=3),
        started_at=MIDNIGHT + timedelta(hours=2),
        completed_at=MIDNIGHT + timedelta(hours=3),
    )
    window.components.add(api)
    page = found()
    assert [(run.when, run.reason.path) for run in page.runs if run.reason] == [
        ("02:00 to 03:00", "/maintenance/MNT-2026-1120-a/")
    ]
    assert [card.title for card in page.maintenances] == ["Upgrade"]


def test_today_ends_now_and_has_no_day_after(api: Component) -> None:
    page = found("2026-11-21")
    assert page.is_running
    assert page.newer is None
    assert page.runs[-1].end <= NOON + timedelta(minutes=5)
    assert found().newer == "/components/api/2026-11-21/"


@pytest.mark.parametrize("day", ["2026-11-22", "2020-01-01", "2026-02-30", "2026-13-01"])
def test_what_is_no_day_of_it_has_no_page(api: Component, day: str) -> None:
    assert render_document(f"/components/api/{day}/") is None


def test_a_component_nobody_measures_has_days_too(make_component: MakeComponent) -> None:
    make_component("mail")
    page = day_page("mail", DAY)
    assert page is not None
    assert (page.runs, page.percentage, page.summary) == ((), None, "Nothing was measured.")


def test_a_day_is_a_fixed_number_of_queries(api: Component, make_incident: MakeIncident) -> None:
    for number in range(5):
        make_incident(ago=timedelta(hours=20 - number), lasted=timedelta(minutes=3), impacts={api: MAJOR})
    with CaptureQueriesContext(connection) as queries:
        found()
    assert len(queries) <= 13


def test_a_day_opens_by_its_address(api: Component) -> None:
    response = Client().get(f"/components/api/{DAY}/")
    html = response.content.decode()
    assert response.status_code == 200
    assert "/v1/status/intervals.csv?component=api&amp;from=2026-11-20T00:00:00Z&amp;to=2026-11-21T00:00:00Z" in html
    assert "Friday 20 November 2026" in html


def test_words_from_people_do_nothing(api: Component) -> None:
    hostile = '"><script>alert(1)</script>'
    correct(api, reason=hostile)
    ProbeResult.objects.update(detail=hostile)
    html = Client().get(f"/components/api/{DAY}/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
