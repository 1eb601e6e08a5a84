"""The charts of a component: on its page, and each span on a page of its own."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component
from probes.enums import ObjectiveKind
from probes.histogram import bucket_of, encode
from probes.models import Objective, Probe, ProbeDay
from probes.series import pack_hours
from statuspage.web.documents import render_document
from statuspage.web.pages.components import component_page
from statuspage.web.pages.latency import LatencyPage, latency_page
from tests.unit.web.conftest import NOON, MakeComponent


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    """Measured for a day: 100 checks of 40 ms between 10:00 and 11:00 UTC."""
    api = make_component("api", measured_days=3)
    hours = [Counter({bucket_of(40.0): 100}) if hour == 10 else Counter[int]() for hour in range(24)]
    ProbeDay.objects.create(
        probe=Probe.objects.get(component=api),
        location="default",
        date=NOON.date(),
        slots=bytes(288),
        hours=pack_hours(hours),
        histogram=encode(sum(hours, Counter())),
    )
    return api


def found(slug: str, key: str) -> LatencyPage:
    page = latency_page(slug, key)
    assert page is not None
    return page


def test_a_component_shows_its_last_day_by_the_hour(api: Component) -> None:
    page = component_page("api")
    assert page is not None
    assert page.latency is not None
    assert page.latency.step == "Each point is 1 hour."
    assert "last 24 hours: p50 " in page.latency.chart.summary


def test_the_spans_lead_to_each_other_and_the_shown_one_is_marked(api: Component) -> None:
    links = found("api", "7d").view.links
    assert [link.path for link in links] == [f"/components/api/latency/{key}/" for key in ("24h", "7d", "30d", "90d")]
    assert [link.is_current for link in links] == [False, True, False, False]


@pytest.mark.parametrize("path", ["/components/api/latency/7d/", "/components/api/latency/90d/"])
def test_each_span_is_a_page(api: Component, path: str) -> None:
    document = render_document(path)
    assert document is not None
    assert document.body.decode().count("<svg role=") == 1


@pytest.mark.parametrize("path", ["/components/api/latency/8d/", "/components/nothing/latency/7d/"])
def test_what_is_no_span_has_no_page(api: Component, path: str) -> None:
    assert render_document(path) is None


def test_a_span_without_measurement_says_so(api: Component) -> None:
    document = render_document("/components/api/latency/24h/")
    assert document is not None
    assert "No latency was measured in the last 24 hours." in document.body.decode()


def test_the_probes_own_threshold_and_the_objective_are_drawn(api: Component) -> None:
    Probe.objects.update(degraded_above=timedelta(milliseconds=500))
    objective = Objective.objects.create(
        slug="fast",
        name="Fast",
        kind=ObjectiveKind.LATENCY,
        percentile=99,
        limit=timedelta(milliseconds=50),
        started_at=NOON - timedelta(days=50),
    )
    objective.components.add(api)
    summary = found("api", "7d").view.chart.summary
    assert "Degraded above 500" in summary
    assert "Objective, p99 below 50" in summary


def test_a_component_nobody_measures_has_no_chart(make_component: MakeComponent) -> None:
    make_component("mail")
    page = component_page("mail")
    assert page is not None
    assert page.latency is None


def test_a_chart_is_a_fixed_number_of_queries(api: Component) -> None:
    with CaptureQueriesContext(connection) as queries:
        latency_page("api", "90d")
    assert len(queries) <= 8
