"""Promises in the console: to be looked at."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from components.models import Component
from probes.enums import ObjectiveKind
from probes.models import CreditBand, Objective, SlaPolicy, SlaTier

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def objective(api: Component) -> Objective:
    row = Objective.objects.create(
        slug="api-availability",
        name="API availability",
        kind=ObjectiveKind.AVAILABILITY,
        target=Decimal("99.9"),
        started_at=LONG_AGO,
    )
    row.components.set([api])
    return row


def test_promises_are_listed_in_words(staff: Client, objective: Objective) -> None:
    page = staff.get("/admin/probes/objective/").content.decode()
    assert "API availability" in page
    assert "99.9\xa0% of five-minute intervals in each calendar month" in page


def test_what_was_promised_once_is_there_when_asked_for(staff: Client, objective: Objective) -> None:
    Objective.objects.update(ended_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert "API availability" not in staff.get("/admin/probes/objective/").content.decode()
    assert "API availability" in staff.get("/admin/probes/objective/?in_force=ended").content.decode()
    assert "API availability" in staff.get("/admin/probes/objective/?in_force=all").content.decode()


def test_a_promise_cannot_be_changed_by_hand(staff: Client, objective: Objective) -> None:
    path = f"/admin/probes/objective/{objective.pk}/change/"
    assert staff.get(path).status_code == 200
    assert staff.post(path, {"name": "Another"}).status_code == 403
    assert staff.get("/admin/probes/objective/add/").status_code == 403


def test_the_sla_shows_its_tiers_and_credits(staff: Client) -> None:
    policy = SlaPolicy.objects.create(name="SLA", started_at=LONG_AGO)
    tier = SlaTier.objects.create(policy=policy, slug="TEAM", name="<b>Team</b>", target=Decimal("99.9"))
    CreditBand.objects.create(tier=tier, below=Decimal("99.9"), credit=Decimal(10))
    assert "all that are shown" in staff.get("/admin/probes/slapolicy/").content.decode()
    page = staff.get(f"/admin/probes/slapolicy/{policy.pk}/change/").content.decode()
    assert "&lt;b&gt;Team&lt;/b&gt; (TEAM): 99.9\xa0%; below 99.9\xa0%: 10\xa0%" in page
