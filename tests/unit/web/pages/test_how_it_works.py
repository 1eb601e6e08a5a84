"""The page that is made of what measures and decides."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from components.models import Component, Page
from incidents.models import MaintenanceKind, PostmortemRule, SeverityPolicy
from probes.enums import ObjectiveKind, RuleKind
from probes.models import Objective, Probe, ProbeLocation, Rule, SlaPolicy, SlaTier
from statuspage.web.pages.how_it_works import HowItWorksPage, how_it_works_page
from tests.unit.web.conftest import NOON, MakeComponent


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    return make_component("api", measured_days=3)


def words() -> str:
    html = Client().get("/how-it-works/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


def found() -> HowItWorksPage:
    return how_it_works_page()


def test_a_components_latency_target_is_its_objective(api: Component) -> None:
    objective = Objective.objects.create(
        slug="fast",
        name="Fast",
        kind=ObjectiveKind.LATENCY,
        percentile=95,
        limit=timedelta(milliseconds=200),
        started_at=NOON - timedelta(days=9),
    )
    objective.components.add(api)
    assert [line.target for line in found().lines] == ["p95 below 200\N{NO-BREAK SPACE}ms"]


def test_without_an_objective_it_is_the_threshold_of_the_probe(api: Component) -> None:
    Probe.objects.update(degraded_above=timedelta(milliseconds=300))
    assert [line.target for line in found().lines] == ["degraded above 300\N{NO-BREAK SPACE}ms"]


def rule(**changes: Any) -> Rule:
    values: dict[str, Any] = {
        "slug": "slow",
        "kind": RuleKind.LATENCY_ABOVE,
        "limit": 200,
        "lasting": timedelta(minutes=2),
        "pages": True,
        "sentence": "{name} is slow.",
    }
    return Rule.objects.create(probe=Probe.objects.get(), **(values | changes))


def test_on_call_is_paged_when_a_rule_says_so(api: Component) -> None:
    rule()
    assert [line.pages_when for line in found().lines] == [
        ("Answers take longer than 200\N{NO-BREAK SPACE}ms for 2 minutes",)
    ]
    assert "When answers take longer than 200 ms for 2 minutes, on-call is paged." in words()


def test_where_nobody_is_paged_it_says_what_happens_instead(api: Component) -> None:
    rule(pages=False, degrades=True)
    Probe.objects.update(opens_incident=True, failure_threshold=2)
    assert [(line.pages_when, line.instead) for line in found().lines] == [
        ((), "Not paged; an incident opens after 2 failures in a row.")
    ]
    Probe.objects.update(opens_incident=False)
    assert "Not paged." in words()


def test_every_probe_is_there_with_its_method_and_no_address(api: Component) -> None:
    Probe.objects.update(config={"url": "https://user:secret@10.0.0.7:8443/internal"}, allow_private=True)
    said = words()
    assert "HTTP GET request" in said
    assert "every 30 seconds, waits up to 5 seconds" in said
    for word in ("secret", "10.0.0.7", "8443", "internal"):
        assert word not in said


def test_locations_are_named_with_their_quorum(api: Component) -> None:
    probe = Probe.objects.get()
    for location in ("eu-west", "us-east"):
        ProbeLocation.objects.create(probe=probe, location=location, next_due_at=NOON)
    assert "from default, eu-west and us-east, counts as down when 2 of 3 locations see it" in words()


def test_what_nobody_measures_is_named_too(api: Component, make_component: MakeComponent) -> None:
    make_component("mail", name="Email gateway")
    assert "Not measured, said by our staff: Email gateway." in words()


def test_a_page_without_probes_or_objectives_is_still_a_page(page: Page) -> None:
    assert "Nothing is measured yet" in words()


def test_the_ladder_is_that_of_the_incidents(page: Page) -> None:
    SeverityPolicy.objects.filter(slug="critical").update(
        description="Core API down.", first_update=timedelta(minutes=15), update_every=timedelta(minutes=30)
    )
    assert "Critical Core API down. Within 15 minutes Every 30 minutes Postmortem within 7 business days" in words()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"update_every": timedelta(minutes=15), "promise": "on_change"}, "Every 15 minutes or on material change"),
        ({"update_every": timedelta(hours=1), "promise": "more_information"}, "Every hour or as soon as we know more"),
        ({"update_every": None, "promise": "on_change"}, "At resolution Postmortem"),
        ({"inline_summary": True}, "Postmortem within 7 business days; Summary on the resolved entry"),
        ({"inline_summary": True, "postmortem_business_days": None}, "Every 30 minutes Summary on the resolved entry"),
        ({"postmortem_business_days": None}, "Every 30 minutes Not promised"),
        ({"first_update": None}, "– Every 30 minutes"),
    ],
)
def test_what_a_severity_promises_is_said_in_words(page: Page, fields: dict[str, Any], said: str) -> None:
    SeverityPolicy.objects.exclude(slug="critical").delete()
    SeverityPolicy.objects.update(**fields)
    assert said in words()


def test_kinds_of_maintenance_say_how_far_ahead_and_when_why(page: Page) -> None:
    MaintenanceKind.objects.filter(slug="other").update(needs_reason=True, lead_time=timedelta(days=10))
    said = words()
    assert "infrastructure. At least 72 hours ahead If it is announced later, we say why" in said
    assert "potential impact. At least 10 days ahead We always say why" in said
    assert "We say why. As soon as we know We always say why" in said


def test_the_rules_of_postmortems_are_there_with_the_days_that_count(page: Page) -> None:
    assert "we publish a postmortem" not in words()
    Page.objects.update(holidays="GB")
    PostmortemRule.objects.create(slug="both", longer_than=timedelta(minutes=30), data_impact=True, business_days=5)
    PostmortemRule.objects.create(slug="data", data_impact=True, business_days=1, position=1)
    said = words()
    assert (
        "For any incident that lasts more than 30 minutes or with material data impact we publish a postmortem within "
        "5 business days. For any incident with material data impact we publish a postmortem within 1 business day. "
        "Business days are Monday to Friday, without the public holidays of GB."
    ) in said


def test_the_sla_is_there_with_its_tiers_and_the_way_to_dispute_it(api: Component) -> None:
    policy = SlaPolicy.objects.create(name="SLA of the API", dispute="Write to **us**.", started_at=NOON)
    SlaTier.objects.create(policy=policy, slug="TEAM", name="Team", target=Decimal("99.9"))
    said = words()
    assert "Team 99.9 %" in said
    assert "Write to us" in said


def test_objectives_that_are_promised_no_more_are_gone(api: Component) -> None:
    Objective.objects.create(
        slug="old",
        name="Old promise",
        kind=ObjectiveKind.STATEMENT,
        say="Once.",
        started_at=NOON - timedelta(days=9),
        ended_at=NOON - timedelta(days=1),
    )
    assert "Old promise" not in words()


def test_every_page_leads_here_and_to_the_objectives(api: Component) -> None:
    for path in ("/", "/history/", "/components/api/", "/how-it-works/"):
        html = Client().get(path).content.decode()
        assert 'href="/how-it-works/"' in html, path
        assert 'href="/slo/2026-11/"' in html, path
