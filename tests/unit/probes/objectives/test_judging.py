"""From what was read to the rows of a report."""

from datetime import UTC, date, datetime
from decimal import Decimal

from components.models import Component, Page
from probes.models import SlaPolicy, SlaTier
from probes.objectives.report import month_report

from .conftest import GOOD, OCTOBER, Promise, day_of, write_day, write_days


def test_the_budget_of_a_tier_counts_on_the_days_to_come(api: Component, page: Page) -> None:
    policy = SlaPolicy.objects.create(name="SLA", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    SlaTier.objects.create(policy=policy, slug="TEAM", name="Team", target=Decimal("99.9"))
    write_days(api, date(2026, 11, 1), date(2026, 11, 20))
    write_day(api, date(2026, 11, 21), bytes([GOOD]) * 144 + bytes(144))
    report = month_report("2026-11").sla
    assert report is not None
    (tier,) = report.tiers
    assert tier.budget is not None
    # All of November but the interval that runs, of which nothing is known.
    assert tier.budget.eligible == 30 * 288 - 1


def test_the_sla_says_what_was_first_measured_within_its_window(api: Component, web: Component, page: Page) -> None:
    SlaPolicy.objects.create(name="SLA", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    write_days(api, *OCTOBER)
    write_days(web, date(2026, 10, 12), date(2026, 10, 31), d12=day_of(unknown=100))
    report = month_report("2026-10").sla
    assert report is not None
    assert report.note == "Web application is measured since 12 October 2026."


def test_what_was_first_measured_when_the_month_ended_is_not_late_in_it(
    api: Component, web: Component, promise: Promise
) -> None:
    promise(api, web)
    write_days(api, *OCTOBER)
    write_days(web, date(2026, 11, 1), date(2026, 11, 2))
    (row,) = month_report("2026-10").rows
    assert (row.note, row.is_partial) == ("", False)
