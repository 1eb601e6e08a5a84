"""Each probe and each of its locations, in words."""

from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string

from components.enums import ComponentStatus
from components.models import Component
from probes.models import Probe, ProbeLocation
from statuspage.web.pages.components import component_page
from statuspage.web.pages.probe_lines import ProbeLine
from statuspage.web.readmodels import ComponentRow
from statuspage.web.selectors import home_page
from tests.unit.web.conftest import NOON, MakeComponent

UNKNOWN, OPERATIONAL, MAJOR = ComponentStatus.UNKNOWN, ComponentStatus.OPERATIONAL, ComponentStatus.MAJOR_OUTAGE


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    return make_component("api", measured_days=3)


def place(location: str, **changes: Any) -> None:
    values: dict[str, Any] = {
        "next_due_at": NOON,
        "state": "up",
        "last_result_at": NOON,
        "last_latency_ms": 81.6,
        "last_detail": "HTTP 200 in 82 ms",
    }
    ProbeLocation.objects.create(probe=Probe.objects.get(slug="api-http"), location=location, **(values | changes))


def line() -> ProbeLine:
    page = component_page("api")
    assert page is not None
    return page.probes[0]


def row() -> ComponentRow:
    return home_page().components[0]


def test_a_single_location_needs_no_table(api: Component) -> None:
    assert (line().has_places, line().state, line().where, line().quorum) == (False, OPERATIONAL, "", "")
    assert row().places == ()


def test_each_location_says_its_state_and_latency(api: Component) -> None:
    place("eu-west")
    place("us-east", state="down", last_latency_ms=None, last_detail="Connection refused.")
    assert [(one.location, one.state, one.latency_ms, one.detail) for one in line().places] == [
        ("default", OPERATIONAL, 12, "SELECT 1 in 12 ms"),
        ("eu-west", OPERATIONAL, 82, "HTTP 200 in 82 ms"),
        ("us-east", MAJOR, None, "Connection refused."),
    ]


def test_a_location_whose_worker_is_gone_has_no_data_and_is_never_down(api: Component) -> None:
    place("eu-west", state="down", last_result_at=NOON - timedelta(hours=2), last_detail="Connection refused.")
    found = line().places[1]
    assert (found.state, found.latency_ms, found.detail) == (UNKNOWN, None, "No fresh measurement.")


def test_the_front_page_shows_locations_with_the_worst_of_each(api: Component) -> None:
    place("eu-west")
    other = Probe.objects.create(component=api, slug="api-tls", name="TLS", kind="tls")
    ProbeLocation.objects.create(
        probe=other, location="eu-west", next_due_at=NOON, state="down", last_result_at=NOON, last_detail="Expired."
    )
    assert [(one.location, one.state) for one in row().places] == [("default", OPERATIONAL), ("eu-west", MAJOR)]


def test_a_location_that_was_outvoted_does_not_speak_for_the_component(api: Component) -> None:
    place("us-east", state="down", last_latency_ms=None, last_detail="Connection refused.")
    assert (row().state, row().detail) == (OPERATIONAL, "SELECT 1 in 12 ms")


def test_a_component_that_is_down_says_why(api: Component) -> None:
    ProbeLocation.objects.update(state="down", last_detail="Connection refused.")
    Component.objects.update(status=MAJOR)
    assert row().detail == "Connection refused."


def test_a_quorum_is_said_with_its_number(api: Component) -> None:
    place("eu-west")
    place("us-east")
    assert line().quorum == "counts as down when 2 of 3 locations see it"
    Probe.objects.update(quorum=1)
    assert line().quorum == "counts as down when 1 of 3 locations see it"


def test_what_a_probe_waits_for_is_named(api: Component, make_component: MakeComponent) -> None:
    make_component("db", measured_days=1)
    Probe.objects.get(slug="api-http").depends_on.add(Probe.objects.get(slug="db-http"))
    assert line().waits_for == ("HTTP",)


def test_a_paused_probe_is_named_as_such_and_not_as_one_that_measures(api: Component) -> None:
    Probe.objects.update(is_enabled=False)
    page = component_page("api")
    assert page is not None
    assert (page.probes, page.paused) == ((), ("HTTP",))
    html = render_to_string("pages/component.html", {"page": page, "row": page.row, "site": page.site})
    assert "Paused by our staff, so that nothing is checked until it goes on: HTTP." in html
    assert "Nothing measures it" not in html


def test_what_nobody_paused_is_not_named_so(api: Component) -> None:
    page = component_page("api")
    assert page is not None
    assert page.paused == ()
    Probe.objects.update(is_enabled=False, retired_at=NOON)
    page = component_page("api")
    assert page is not None
    assert (page.probes, page.paused) == ((), ())
