"""The page of a month's objectives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.models import Component, Page
from components.uptime import SlotState, count_slots, worst_of_day
from probes.corrections import exclude, withdraw
from probes.enums import CorrectionKind, ObjectiveKind
from probes.models import ComponentDay, Correction, CreditBand, Objective, SlaPolicy, SlaTier
from probes.objectives.report import Budget, Unit
from statuspage.web import misses
from statuspage.web.documents import render_document
from statuspage.web.pages.slo import SloPage, budget_svg, slo_page
from statuspage.web.selectors import home_page
from tests.unit.web.conftest import NOON, MakeComponent

LONG_AGO = NOON - timedelta(days=100)


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    misses.forget()
    yield
    misses.forget()


@pytest.fixture
def api(make_component: MakeComponent) -> Component:
    """All well for 90 days but for 2 h 5 min on 10 October."""
    Page.objects.update(time_zone="UTC")
    api = make_component("api", measured_days=90)
    states = bytes([SlotState.GOOD]) * 288
    ComponentDay.objects.filter(component=api).update(slots=states)
    bad = states[:100] + bytes([SlotState.BAD]) * 25 + states[125:]
    counts = count_slots(bad)
    ComponentDay.objects.filter(component=api, date="2026-10-10").update(
        slots=bad, good=counts.good, bad=counts.bad, worst=worst_of_day(counts)
    )
    return api


def promise(*components: Component, slug: str = "api", **changes: Any) -> Objective:
    values: dict[str, Any] = {
        "name": "API availability",
        "kind": ObjectiveKind.AVAILABILITY,
        "target": Decimal("99.9"),
        "started_at": LONG_AGO,
    }
    objective = Objective.objects.create(slug=slug, **(values | changes))
    objective.components.set(components)
    return objective


def found(month: str) -> SloPage:
    page = slo_page(month)
    assert page is not None
    return page


def text(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == 200, path
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_missed_month_says_so_first_in_words(api: Component) -> None:
    promise(api)
    page = found("2026-10")
    assert page.verdict == "0 of 1 objective met, 1 missed."
    assert [sentence.replace("\N{NO-BREAK SPACE}", " ").split(" in ")[0] for sentence in page.misses] == [
        "API availability was 99.71 %"
    ]
    assert "What we missed" in text("/slo/2026-10/")


def test_a_card_has_figure_coverage_and_what_is_left_of_the_budget(api: Component) -> None:
    promise(api)
    card = found("2026-10").cards[0]
    assert (card.figure, card.coverage) == ("99.71\N{NO-BREAK SPACE}%", "100\N{NO-BREAK SPACE}%")
    assert card.budget == "40 minutes"
    assert card.budget_left == "overspent by 1\N{NO-BREAK SPACE}h 25\N{NO-BREAK SPACE}min"
    assert 'width="0%"' in card.budget_svg


def test_the_running_month_says_that_it_runs(api: Component) -> None:
    promise(api)
    html = text("/slo/2026-11/")
    assert "The month is not over: figures so far." in html
    assert "Met so far" in html
    assert 'rel="next"' not in html


def test_what_is_not_measured_is_a_dash_and_never_a_zero(api: Component, make_component: MakeComponent) -> None:
    promise(make_component("mail"), slug="mail", name="Mail")
    card = found("2026-10").cards[0]
    assert (card.figure, card.coverage, card.budget, card.budget_left, card.budget_svg) == ("–", "–", "–", "–", "")
    assert found("2026-10").verdict == "0 of 1 objective met, 1 without a figure."


def test_a_statement_is_said_and_not_judged(api: Component) -> None:
    promise(slug="backups", name="Backups", kind=ObjectiveKind.STATEMENT, target=None, say="Taken daily.")
    page = found("2026-10")
    assert page.cards == ()
    assert page.statements == (("Backups", "Taken daily."),)


def test_several_components_are_judged_each(api: Component, make_component: MakeComponent) -> None:
    promise(api, make_component("mail"))
    parts = found("2026-10").cards[0].parts
    assert [(part.name, part.verdict.label) for part in parts] == [("Api", "Missed"), ("Mail", "Not measured")]


def test_each_tier_says_what_a_missed_month_gives_back(api: Component) -> None:
    policy = SlaPolicy.objects.create(
        name="SLA", text="**Months** of\nthe page", dispute="Write to us.", started_at=LONG_AGO
    )
    policy.components.add(api)
    for slug, target in (("TEAM", "99.9"), ("SOLO", "99")):
        tier = SlaTier.objects.create(policy=policy, slug=slug, name=slug.title(), target=Decimal(target))
        CreditBand.objects.create(tier=tier, below=Decimal(target), credit=Decimal(10))
    sla = found("2026-10").sla
    assert sla is not None
    assert [(tier.name, tier.verdict.label, tier.credit) for tier in sla.tiers] == [
        ("Team", "Missed", "10\N{NO-BREAK SPACE}% of the fee"),
        ("Solo", "Met", "none"),
    ]
    assert "<strong>Months</strong> of\nthe page" in sla.text
    assert "Write to us." in text("/slo/2026-10/")


def test_every_figure_can_be_counted_again(api: Component) -> None:
    promise(api)
    html = text("/slo/2026-10/")
    assert 'href="/v1/status/slo?month=2026-10"' in html
    assert 'href="/v1/status/intervals.csv?component=api&amp;month=2026-10"' in html
    for path in ("/v1/status/slo?month=2026-10", "/v1/status/intervals.csv?component=api&month=2026-10"):
        assert Client().get(path).status_code == 200


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "1999-01", "2026-00"])
def test_a_month_without_a_report_has_no_page(api: Component, month: str) -> None:
    promise(api)
    assert render_document(f"/slo/{month}/") is None


def test_without_objectives_the_running_month_says_so(page: Page, at_noon: object) -> None:
    assert "No objectives are set" in text("/slo/2026-11/")


def test_slo_leads_to_the_month_that_runs_in_the_pages_zone(page: Page, at_noon: Any) -> None:
    at_noon.move_to(datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    response = Client().get("/slo/")
    assert (response.status_code, response["Location"]) == (302, "/slo/2026-12/")


def test_only_this_address_leads_on_and_only_for_reading(page: Page) -> None:
    assert Client().post("/slo/").status_code == 405
    assert Client().options("/slo/").status_code == 204


def test_the_front_page_repeats_last_months_miss(api: Component) -> None:
    promise(api)
    assert [miss.month for miss in home_page().misses] == ["2026-10"]
    assert 'href="/slo/2026-10/#o-api"' in text("/")
    assert 'id="o-api"' in text("/slo/2026-10/")


def test_a_month_that_was_kept_is_not_mentioned(api: Component) -> None:
    promise(api, target=Decimal(99))
    assert home_page().misses == ()


def test_the_miss_is_computed_once_an_hour_and_again_after_a_change(api: Component) -> None:
    promise(api)
    home_page()
    with CaptureQueriesContext(connection) as queries:
        home_page()
    assert len(queries) <= 16
    ComponentDay.objects.filter(date="2026-10-10").update(good=288, bad=0, slots=bytes([1]) * 288)
    assert home_page().misses
    Page.objects.update(version=99)
    assert not home_page().misses


def test_words_from_people_do_nothing(api: Component) -> None:
    hostile = '"><script>alert(1)</script>'
    promise(api, name=hostile, say=hostile)
    promise(slug="words", name=hostile, kind=ObjectiveKind.STATEMENT, target=None, say=hostile)
    SlaPolicy.objects.create(name=hostile, text=hostile, dispute=hostile, started_at=LONG_AGO).components.add(api)
    for path in ("/slo/2026-10/", "/how-it-works/", "/"):
        assert "<script>alert" not in text(path)


def budget(left: int, percent: str | None) -> Budget:
    return Budget(
        unit=Unit.INTERVALS,
        eligible=100,
        total=10,
        spent=10 - left,
        left=left,
        total_minutes=50,
        left_minutes=left * 5,
        left_percent=None if percent is None else Decimal(percent),
    )


def test_the_bar_of_a_budget_has_the_colour_of_what_is_left() -> None:
    assert 'class="budget ok"' in budget_svg(budget(8, "80"))
    assert 'class="budget slow"' in budget_svg(budget(2, "20"))
    assert 'class="budget down"' in budget_svg(budget(-2, "0"))
    assert budget_svg(None) == budget_svg(budget(0, None)) == ""


def leave_out(*components: Component, reason: str = "The provider's network.") -> Correction:
    return exclude(
        components=components,
        starts_at=datetime(2026, 10, 10, 9, 0, tzinfo=UTC),
        ends_at=datetime(2026, 10, 10, 10, 0, tzinfo=UTC),
        kind=CorrectionKind.NOT_OURS,
        reason=reason,
        author="a.lovelace",
    )


def test_what_was_left_out_afterwards_is_told_with_its_reason_and_not_by_whom(api: Component, at_noon: object) -> None:
    promise(api)
    leave_out(api)
    html = text("/slo/2026-10/")
    assert "Sat 10 October, 09:00 to 10:00 UTC" in html
    assert "The provider&#x27;s network." in html
    assert "lovelace" not in html
    assert "Corrected afterwards" not in text("/slo/2026-11/")


def test_a_correction_taken_back_stays_told(api: Component, at_noon: object) -> None:
    promise(api)
    withdraw(correction=leave_out(api), author="a.lovelace", reason="It was ours.")
    assert "counts again: It was ours." in text("/slo/2026-10/")


def test_a_correction_of_hidden_components_is_not_told(
    api: Component, make_component: MakeComponent, at_noon: object
) -> None:
    promise(api)
    secret = make_component("secret", measured_days=90)
    Component.objects.filter(pk=secret.pk).update(is_visible=False)
    leave_out(secret)
    assert "Corrected afterwards" not in text("/slo/2026-10/")
