"""`GET /v1/status/slo`: each promise with the counts it is judged by."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from components.models import Component, Page
from probes.enums import ObjectiveKind
from probes.models import CreditBand, Probe, SlaPolicy, SlaTier
from tests.unit.web.api.conftest import october, promise, states_of, write_day

PATH = "/v1/status/slo"


def asked(client: Client, month: str = "2026-10") -> dict[str, Any]:
    response = client.get(PATH, {"month": month})
    assert response.status_code == 200, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def test_each_component_has_its_promises_and_the_counts_behind_them(client: Client, probe: Probe) -> None:
    promise(probe.component)
    october(probe, d07=states_of(bad=5), d08=states_of(maintenance=24), d09=states_of(excluded=3, unknown=2))
    (component,) = asked(client)["components"]
    assert (component["component"], component["name"]) == ("api", "API gateway")
    assert component["objectives"] == [
        {
            "objective": "availability",
            "name": "API availability",
            "kind": "availability",
            "window": "calendar_month",
            "promise": "99.9\xa0% of five-minute intervals in each calendar month",
            "target": 99.9,
            "limitMs": None,
            "windowStart": "2026-10-01T00:00:00Z",
            "windowEnd": "2026-11-01T00:00:00Z",
            "isPartial": False,
            "note": "",
            "unit": "intervals",
            "good": 31 * 288 - 34,
            "bad": 5,
            "excluded": 27,
            "maintenance": 24,
            "notOurs": 3,
            "unknown": 2,
            "availability": 99.94,
            "coverage": 99.97,
            "latencyMs": None,
            "met": True,
            "verdict": "met",
            "errorBudget": 8,
            "errorBudgetLeft": 3,
            "errorBudgetLeftMinutes": 15,
        }
    ]


def test_without_a_month_it_is_the_running_one(client: Client, probe: Probe) -> None:
    promise(probe.component)
    data = client.get(PATH).json()["data"]
    assert (data["month"], data["isRunning"]) == ("2026-11", True)
    assert [burn["hours"] for burn in data["objectives"][0]["burnRates"]] == [1, 6, 24]


def test_burn_rates_have_the_counts_they_are_made_of(client: Client, probe: Probe) -> None:
    promise(probe.component)
    # From midnight on, twelve hours of 144 intervals; three of the last hour failed.
    write_day(probe, date(2026, 11, 21), bytes([1]) * 138 + bytes([3]) * 3 + bytes([1]) * 3 + bytes(144))
    (row,) = asked(client, "2026-11")["objectives"]
    assert [(burn["hours"], burn["good"], burn["bad"]) for burn in row["burnRates"]] == [
        (1, 8, 3),
        (6, 68, 3),
        (24, 141, 3),
    ]


def test_without_promises_the_running_month_is_empty(client: Client, page: Page) -> None:
    data = client.get(PATH).json()["data"]
    assert (data["components"], data["objectives"], data["misses"], data["sla"]) == ([], [], [], None)


def test_months_are_those_of_the_page(client: Client, probe: Probe) -> None:
    Page.objects.filter(pk=1).update(time_zone="Europe/Berlin")
    promise(probe.component)
    data = asked(client)
    assert (data["windowStart"], data["windowEnd"], data["timeZone"]) == (
        "2026-09-30T22:00:00Z",
        "2026-10-31T23:00:00Z",
        "Europe/Berlin",
    )


def test_a_miss_is_called_out(client: Client, probe: Probe) -> None:
    promise(probe.component)
    october(probe, d07=states_of(bad=26))
    (miss,) = asked(client)["misses"]
    assert (miss["month"], miss["objective"]) == ("2026-10", "availability")
    assert miss["sentence"].startswith("API availability was 99.70\xa0% in October 2026")


def test_figures_that_are_not_published_yet_are_null_everywhere(client: Client, probe: Probe) -> None:
    promise(probe.component, publish_after=timedelta(days=90))
    october(probe, d07=states_of(bad=26))
    data = asked(client)
    (row,) = data["objectives"]
    assert (row["verdict"], row["met"], row["good"], row["bad"], row["availability"], row["errorBudgetLeft"]) == (
        "not_published",
        *[None] * 5,
    )
    assert (data["components"], data["misses"]) == ([], [])


def test_hidden_components_are_nowhere(client: Client, probe: Probe) -> None:
    hidden = Component.objects.create(slug="secret-thing", name="Secret thing", is_visible=False)
    promise(probe.component, hidden)
    promise(hidden, slug="hidden-promise", name="Hidden promise")
    SlaPolicy.objects.create(name="SLA", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    content = client.get(PATH, {"month": "2026-10"}).content.decode()
    assert "ecret" not in content
    assert "idden" not in content


def test_latency_counts_checks_and_has_no_minutes(client: Client, probe: Probe) -> None:
    kind: dict[str, Any] = {"kind": ObjectiveKind.LATENCY, "target": None, "percentile": 99}
    promise(probe.component, limit=timedelta(seconds=1), **kind)
    (row,) = asked(client)["objectives"]
    assert (row["unit"], row["target"], row["limitMs"], row["met"], row["errorBudgetLeftMinutes"]) == (
        "checks",
        99.0,
        1000.0,
        None,
        None,
    )


def test_each_tier_has_its_credit(client: Client, probe: Probe) -> None:
    policy = SlaPolicy.objects.create(name="SLA", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    tier = SlaTier.objects.create(policy=policy, slug="TEAM", name="Team", target=Decimal("99.9"))
    CreditBand.objects.create(tier=tier, below=Decimal("99.9"), credit=Decimal("12.5"))
    october(probe, d07=states_of(bad=26))
    sla = asked(client)["sla"]
    assert (sla["name"], sla["components"], sla["bad"], sla["availability"]) == ("SLA", ["api"], 26, 99.7)
    assert (sla["windowStart"], sla["windowEnd"]) == ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert sla["tiers"] == [
        {
            "tier": "TEAM",
            "name": "Team",
            "target": 99.9,
            "met": False,
            "creditPct": 12.5,
            "credits": [{"below": 99.9, "creditPct": 12.5}],
            "errorBudget": 8,
            "errorBudgetLeft": -18,
            "errorBudgetLeftMinutes": -90,
        }
    ]


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("month=2026-13", 400, "is no month"),
        ("month=%00", 400, "is no month"),
        ("month=0001-01", 400, "is no month"),
        ("month=9999-12", 400, "is no month"),
        ("month=" + "9" * 5000, 400, "is no month"),
        ("month=2026-10&month=2026-11", 400, "is there 2 times"),
        ("mont=2026-10", 400, "There is no parameter 'mont'; known here: month."),
        ("month=2026-12", 404, "has not begun"),
        ("month=2020-01", 404, "Nothing was promised in January 2020"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    client: Client, page: Page, query: str, status: int, sentence: str
) -> None:
    response = client.get(f"{PATH}?{query}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert sentence in response.json()["detail"]
    assert len(response.content) < 1000


def test_it_is_read_without_login_from_everywhere(client: Client, probe: Probe) -> None:
    promise(probe.component)
    response = client.get(PATH, {"month": "2026-10"})
    assert (response["Access-Control-Allow-Origin"], response["Content-Type"]) == ("*", "application/json")
    again = client.get(PATH, {"month": "2026-10"}, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(PATH).content == b""
    preflight = client.options(PATH)
    assert (preflight.status_code, preflight["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    refused = client.post(PATH)
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, OPTIONS")
