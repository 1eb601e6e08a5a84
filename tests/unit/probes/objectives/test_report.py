"""Months, misses, budgets and burn rates out of written days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component, Group, Page
from probes.enums import ObjectiveKind, ObjectiveWindow, ProbeKind
from probes.models import CreditBand, Probe, ProbeDay, SlaPolicy, SlaTier
from probes.objectives.report import (
    MonthReport,
    ObjectiveRow,
    Unit,
    Verdict,
    current_month,
    current_objectives,
    missed_last_month,
    month_report,
    sla_report,
)
from statuspage.core.errors import NotFound, ValidationFailed
from tests.unit.probes.objectives.conftest import (
    GOOD,
    NOW,
    OCTOBER,
    Promise,
    day_of,
    write_day,
    write_days,
    write_latencies,
)


def only_row(report: MonthReport) -> ObjectiveRow:
    (row,) = report.rows
    return row


def figures_of(row: ObjectiveRow) -> tuple[int, int, int, int, int]:
    assert row.figures is not None
    figures = row.figures
    return figures.good, figures.bad, figures.maintenance, figures.not_ours, figures.unknown


def test_a_month_says_what_was_measured_what_failed_and_what_was_left_out(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, *OCTOBER, d07=day_of(bad=9), d08=day_of(maintenance=24), d09=day_of(excluded=3, unknown=5))
    row = only_row(month_report("2026-10"))
    assert figures_of(row) == (31 * 288 - 41, 9, 24, 3, 5)
    assert row.figures is not None
    assert (row.figures.availability, row.figures.coverage, row.figures.excluded) == (
        Decimal("99.89"),
        Decimal("99.94"),
        27,
    )
    assert (row.verdict, row.met, row.is_running, row.is_partial, row.note) == (
        Verdict.MISSED,
        False,
        False,
        False,
        "",
    )


def test_the_budget_of_a_month_that_is_over_is_that_of_what_was_measured(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, *OCTOBER, d07=day_of(bad=5), d08=day_of(maintenance=288))
    budget = only_row(month_report("2026-10")).budget
    assert budget is not None
    # 30 days of 288 intervals, a thousandth of them.
    assert (budget.eligible, budget.total, budget.spent, budget.left, budget.left_minutes) == (8640, 8, 5, 3, 15)
    assert budget.left_percent == Decimal("37.50")


def test_the_budget_of_the_running_month_counts_on_the_days_to_come(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, date(2026, 11, 1), date(2026, 11, 20))
    write_day(api, date(2026, 11, 21), bytes([GOOD]) * 144 + bytes(144))
    row = only_row(month_report("2026-11"))
    assert row.budget is not None
    assert row.is_running
    # Twelve hours and the slot that runs, of which nothing is known, are neither measured nor still to come.
    assert row.budget.eligible == 30 * 288 - 1
    assert row.note == "The month is not over."
    assert row.met is True


def test_a_month_nobody_measured_is_neither_met_nor_missed(api: Component, promise: Promise) -> None:
    promise(api)
    row = only_row(month_report("2026-10"))
    assert (row.verdict, row.met) == (Verdict.NOT_MEASURED, None)
    assert row.figures is not None
    assert row.figures.availability is None
    assert month_report("2026-10").misses == ()


def test_meeting_a_target_is_not_decided_by_the_shown_figure(api: Component, promise: Promise) -> None:
    promise(api, target=Decimal("99.8992"))
    write_days(api, *OCTOBER, d07=day_of(bad=9))
    row = only_row(month_report("2026-10"))
    assert row.figures is not None
    # 8919 of 8928 is 99.89919…: shown as 99.89, short of the target by a hair.
    assert row.figures.availability == Decimal("99.89")
    assert row.verdict is Verdict.MISSED


def test_months_begin_at_midnight_of_the_page(api: Component, promise: Promise) -> None:
    Page.objects.filter(pk=1).update(time_zone="Europe/Berlin")
    promise(api)
    write_days(api, date(2026, 9, 30), date(2026, 10, 31))
    # 22:00 UTC on 30 September is October in Berlin; 23:00 UTC on 31 October, after the clocks went back, is not.
    write_day(api, date(2026, 9, 30), bytes([GOOD]) * 264 + bytes([3]) * 24)
    write_day(api, date(2026, 10, 31), bytes([GOOD]) * 276 + bytes([3]) * 12)
    report = month_report("2026-10")
    assert (report.begin, report.end) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )
    assert figures_of(only_row(report)) == (31 * 288 + 12 - 24, 24, 0, 0, 0)


def test_with_several_components_an_interval_is_good_when_all_are(
    api: Component, web: Component, promise: Promise
) -> None:
    promise(api, web)
    write_days(api, *OCTOBER, d07=day_of(bad=3))
    write_days(web, *OCTOBER, d07=day_of(good=2, bad=3), d08=day_of(maintenance=4))
    row = only_row(month_report("2026-10"))
    assert figures_of(row) == (31 * 288 - 9, 5, 4, 0, 0)
    assert [(part.component.slug, part.figures.bad, part.verdict) for part in row.parts if part.figures] == [
        ("api", 3, Verdict.MET),
        ("web", 3, Verdict.MET),
    ]


def test_a_group_stands_for_the_components_in_it(api: Component, web: Component, promise: Promise) -> None:
    group = Group.objects.create(slug="platform", name="Platform")
    Component.objects.update(group=group)
    objective = promise()
    objective.groups.set([group])
    write_days(api, *OCTOBER)
    write_days(web, *OCTOBER, d07=day_of(bad=30))
    row = only_row(month_report("2026-10"))
    assert [component.slug for component in row.components] == ["api", "web"]
    assert row.verdict is Verdict.MISSED


def test_a_component_that_began_later_counts_from_its_first_measurement(
    api: Component, web: Component, promise: Promise
) -> None:
    promise(api, web)
    write_days(api, *OCTOBER)
    write_days(web, date(2026, 10, 12), date(2026, 10, 31), d12=day_of(unknown=100))
    row = only_row(month_report("2026-10"))
    assert figures_of(row) == (31 * 288, 0, 0, 0, 0)
    assert row.is_partial
    assert row.note == "Web application is measured since 12 October 2026."


def test_what_one_component_lacks_the_other_cannot_vouch_for(api: Component, web: Component, promise: Promise) -> None:
    promise(api, web)
    write_days(api, *OCTOBER)
    write_days(web, *OCTOBER, d12=day_of(good=10, unknown=100))
    assert figures_of(only_row(month_report("2026-10"))) == (31 * 288 - 100, 0, 0, 0, 100)


def test_a_promise_made_in_the_middle_of_a_month_is_judged_from_then_on(api: Component, promise: Promise) -> None:
    promise(api, started_at=datetime(2026, 10, 11, tzinfo=UTC))
    write_days(api, *OCTOBER, d07=day_of(bad=50))
    row = only_row(month_report("2026-10"))
    assert figures_of(row) == (21 * 288, 0, 0, 0, 0)
    assert (row.is_partial, row.note) == (True, "Counted from 11 October 2026.")


@pytest.mark.parametrize(
    ("minutes", "note"),
    [
        (1, "Counting begins on 11 November 2026, 14:55 UTC."),
        (5, "Counted from 11 November 2026, 14:55 UTC."),
    ],
)
def test_no_time_that_is_still_to_come_is_said_as_one_that_was(
    api: Component, promise: Promise, minutes: int, note: str
) -> None:
    made_at = datetime(2026, 11, 11, 14, 50, 30, tzinfo=UTC)
    promise(api, started_at=made_at)
    with time_machine.travel(made_at + timedelta(minutes=minutes), tick=False):
        assert note in only_row(month_report("2026-11")).note


def test_terms_that_were_just_changed_are_counted_to_the_end_of_their_interval(
    api: Component, promise: Promise
) -> None:
    promise(api, ended_at=datetime(2026, 11, 11, 14, 50, 30, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 11, 11, 14, 52, tzinfo=UTC), tick=False):
        assert "Counting ends on 11 November 2026, 14:55 UTC." in only_row(month_report("2026-11")).note


def test_a_promise_of_this_very_moment_is_there_and_one_to_come_is_not(api: Component, promise: Promise) -> None:
    promise(api, slug="now", started_at=NOW)
    promise(api, slug="later", started_at=NOW + timedelta(hours=1))
    (row,) = current_objectives()
    assert (row.slug, row.verdict) == ("now", Verdict.NOT_MEASURED)
    assert [row.slug for row in month_report("2026-11").rows] == ["now"]


def test_changed_terms_are_two_rows_in_the_month_of_the_change(api: Component, promise: Promise) -> None:
    change = datetime(2026, 10, 11, tzinfo=UTC)
    promise(api, ended_at=change)
    promise(api, started_at=change, target=Decimal(95))
    write_days(api, *OCTOBER, d07=day_of(bad=50), d12=day_of(bad=50))
    old, new = month_report("2026-10").rows
    assert (old.verdict, old.note, old.is_partial) == (Verdict.MISSED, "Counted until 11 October 2026.", True)
    assert (new.verdict, new.is_partial) == (Verdict.MET, True)
    assert [row.target_percent for row in current_objectives()] == [95]


def test_a_component_that_was_taken_away_counts_until_then(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, date(2026, 10, 1), date(2026, 10, 10), d07=day_of(bad=50))
    Component.objects.filter(pk=api.pk).update(retired_at=datetime(2026, 10, 11, tzinfo=UTC))
    assert figures_of(only_row(month_report("2026-10"))) == (10 * 288 - 50, 50, 0, 0, 0)
    assert current_objectives() == ()


def test_one_of_several_that_was_taken_away_counts_until_then(
    api: Component, web: Component, promise: Promise
) -> None:
    promise(api, web)
    write_days(api, *OCTOBER)
    write_days(web, date(2026, 10, 1), date(2026, 10, 10), d07=day_of(bad=50))
    Component.objects.filter(pk=web.pk).update(retired_at=datetime(2026, 10, 11, tzinfo=UTC))
    assert figures_of(only_row(month_report("2026-10"))) == (31 * 288 - 50, 50, 0, 0, 0)


def test_a_promise_about_hidden_components_is_hidden(api: Component, promise: Promise) -> None:
    promise(api)
    Component.objects.update(is_visible=False)
    write_days(api, *OCTOBER)
    assert month_report("2026-10").rows == ()


def test_a_rolling_window_ends_with_the_month_or_now(api: Component, promise: Promise) -> None:
    promise(api, window=ObjectiveWindow.ROLLING_30D, target=Decimal("99.5"))
    write_days(api, date(2026, 9, 1), date(2026, 11, 20))
    past, running = only_row(month_report("2026-10")), only_row(month_report("2026-11"))
    assert (past.begin, past.end) == (datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    # From one interval's beginning to another's, as the window is counted.
    full = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    assert (running.begin, running.end) == (full - timedelta(days=30), full)
    assert figures_of(past) == (30 * 288, 0, 0, 0, 0)
    assert running.budget is not None
    assert running.figures is not None
    assert running.budget.eligible == running.figures.measured
    assert not running.is_partial


def test_figures_wait_until_there_is_enough_history(api: Component, promise: Promise) -> None:
    promise(api, publish_after=timedelta(days=30))
    write_days(api, date(2026, 11, 9), date(2026, 11, 20), d12=day_of(bad=288))
    row = only_row(month_report("2026-11"))
    assert (row.verdict, row.figures, row.budget, row.burn, row.parts) == (Verdict.NOT_PUBLISHED, None, None, (), ())
    assert "Figures are published after 30 days of measurement; so far there are 12." in row.note


def test_with_enough_history_figures_are_published(api: Component, promise: Promise) -> None:
    promise(api, publish_after=timedelta(days=30))
    write_days(api, date(2026, 10, 1), date(2026, 11, 20))
    assert only_row(month_report("2026-11")).verdict is Verdict.MET


def test_on_the_day_that_was_named_figures_are_published(
    api: Component, promise: Promise, now: time_machine.Traveller
) -> None:
    promise(api, publish_after=timedelta(days=30))
    write_days(api, date(2026, 10, 22), date(2026, 11, 20))
    published_at = datetime(2026, 11, 21, tzinfo=UTC)
    now.move_to(published_at - timedelta(seconds=1))
    assert only_row(month_report("2026-11")).verdict is Verdict.NOT_PUBLISHED
    now.move_to(published_at)
    assert only_row(month_report("2026-11")).verdict is Verdict.MET


def test_what_ended_when_a_month_began_was_not_promised_in_it(api: Component, promise: Promise) -> None:
    promise(api, ended_at=datetime(2026, 11, 1, tzinfo=UTC))
    write_days(api, *OCTOBER)
    assert len(month_report("2026-10").rows) == 1
    assert month_report("2026-11").rows == ()


def test_latency_is_judged_by_its_percentile(api: Component, promise: Promise) -> None:
    kept = {"kind": ObjectiveKind.LATENCY, "target": None}
    promise(api, slug="p50", percentile=50, limit=timedelta(milliseconds=200), **kept)
    promise(api, slug="p99", percentile=99, limit=timedelta(seconds=1), **kept)
    write_latencies(api, date(2026, 10, 7), *[100.0] * 90, *[3000.0] * 10)
    median, tail = month_report("2026-10").rows
    assert (median.verdict, tail.verdict) == (Verdict.MET, Verdict.MISSED)
    assert tail.figures is not None
    assert (tail.figures.unit, tail.figures.good, tail.figures.bad) == (Unit.CHECKS, 90, 10)
    assert tail.latency_ms == pytest.approx(3000, rel=0.05)
    assert tail.promise == "99\xa0% of answers within 1\xa0s in each calendar month"


def test_latencies_of_several_components_are_merged(api: Component, web: Component, promise: Promise) -> None:
    promise(api, web, kind=ObjectiveKind.LATENCY, target=None, percentile=95, limit=timedelta(milliseconds=200))
    write_latencies(api, date(2026, 10, 7), *[100.0] * 96)
    write_latencies(web, date(2026, 10, 7), *[300.0] * 4)
    row = only_row(month_report("2026-10"))
    assert row.verdict is Verdict.MET
    assert [part.verdict for part in row.parts] == [Verdict.MET, Verdict.MISSED]


def test_heartbeats_are_judged_by_the_intervals_of_their_own_probes(api: Component, promise: Promise) -> None:
    promise(api, kind=ObjectiveKind.HEARTBEAT_AGE, target=None, percentile=95, limit=timedelta(seconds=60))
    beat = Probe.objects.create(component=api, slug="beat", name="Beat", kind=ProbeKind.HEARTBEAT)
    other = Probe.objects.create(component=api, slug="http", name="HTTP", kind=ProbeKind.HTTP)
    for probe, bad in ((beat, 20), (other, 288)):
        ProbeDay.objects.create(
            probe=probe,
            location="default",
            date=date(2026, 10, 31),
            slots=day_of(bad=bad),
            good_slots=288 - bad,
            bad_slots=bad,
        )
    row = only_row(month_report("2026-10"))
    assert figures_of(row) == (268, 20, 0, 0, 0)
    assert row.verdict is Verdict.MISSED


def test_a_statement_is_words_alone(promise: Promise) -> None:
    promise(kind=ObjectiveKind.STATEMENT, target=None, say="Restore is drilled.")
    row = only_row(month_report("2026-10"))
    assert (row.verdict, row.promise, row.figures, row.target_percent) == (
        Verdict.STATEMENT,
        "Restore is drilled.",
        None,
        None,
    )


def test_the_burn_rates_are_those_of_the_last_hours(api: Component, promise: Promise) -> None:
    promise(api)
    write_day(api, date(2026, 11, 20), day_of())
    # Six bad ones in the last hour, which begins at 11:05: its first slot begins not before 11:02.
    write_day(api, date(2026, 11, 21), bytes([GOOD]) * 138 + bytes([3]) * 6 + bytes(144))
    (row,) = current_objectives()
    assert [(burn.hours, burn.good, burn.bad) for burn in row.burn] == [(1, 5, 6), (6, 65, 6), (24, 281, 6)]
    assert row.burn[0].rate == Decimal("545.45")


def test_what_was_bad_before_the_promise_burns_nothing_of_it(api: Component, promise: Promise) -> None:
    promise(api, started_at=datetime(2026, 11, 21, 11, 0, tzinfo=UTC))
    write_day(api, date(2026, 11, 21), bytes([3]) * 132 + bytes([GOOD]) * 12 + bytes(144))
    (row,) = current_objectives()
    assert [(burn.hours, burn.good, burn.bad) for burn in row.burn] == [(1, 11, 0), (6, 12, 0), (24, 12, 0)]


def test_the_month_that_runs_is_that_of_the_pages_zone(page: Page, now: time_machine.Traveller) -> None:
    Page.objects.update(time_zone="Europe/Berlin")
    now.move_to(datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
    assert current_month() == "2026-10"
    now.move_to(datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    assert current_month() == "2026-11"


def test_months_that_are_over_burn_nothing_any_more(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, *OCTOBER)
    assert only_row(month_report("2026-10")).burn == ()


def test_a_miss_is_called_out_in_the_month_after(api: Component, promise: Promise) -> None:
    promise(api, name="API availability")
    write_days(api, *OCTOBER, d07=day_of(bad=26))
    (miss,) = missed_last_month()
    assert miss.path == "/slo/2026-10/"
    assert miss.sentence == (
        "API availability was 99.70\xa0% in October 2026; "
        "the objective is: 99.9\xa0% of five-minute intervals in each calendar month."
    )
    assert month_report("2026-10").misses == (miss,)


def test_a_running_month_has_no_misses_yet(api: Component, promise: Promise) -> None:
    promise(api)
    write_days(api, date(2026, 11, 1), date(2026, 11, 20), d07=day_of(bad=26))
    assert only_row(month_report("2026-11")).verdict is Verdict.MISSED
    assert month_report("2026-11").misses == ()


def test_nothing_promised_is_nothing_missed(page: Page) -> None:
    assert missed_last_month() == ()
    assert current_objectives() == ()
    assert month_report("2026-11").rows == ()


@pytest.mark.parametrize("month", ["2026-12", "2025-12", "2020-01"])
def test_months_without_a_report_are_not_found(api: Component, promise: Promise, month: str) -> None:
    promise(api)
    with pytest.raises(NotFound):
        month_report(month)


@pytest.mark.parametrize(
    "month", ["", "2026-13", "2026-1", "october", "0001-01", "9999-12", "2026-10\x00", "２０２６-10"]
)
def test_what_is_no_month_is_refused(page: Page, month: str) -> None:
    with pytest.raises(ValidationFailed):
        month_report(month)


def test_months_lead_to_those_beside_them(api: Component, promise: Promise) -> None:
    promise(api, started_at=datetime(2026, 10, 11, tzinfo=UTC))
    october, november = month_report("2026-10"), month_report("2026-11")
    assert (october.previous, october.following) == (None, "2026-11")
    assert (november.previous, november.following) == ("2026-10", None)


@pytest.fixture
def sla(page: Page) -> SlaPolicy:
    policy = SlaPolicy.objects.create(name="SLA", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    for position, (slug, target) in enumerate([("TEAM", "99.9"), ("SOLO", "99")]):
        tier = SlaTier.objects.create(
            policy=policy, slug=slug, name=slug.title(), target=Decimal(target), position=position
        )
        CreditBand.objects.create(tier=tier, below=Decimal(target), credit=Decimal(10))
        CreditBand.objects.create(tier=tier, below=Decimal(95), credit=Decimal(25))
    return policy


def test_each_tier_has_the_credit_that_the_month_earned(api: Component, sla: SlaPolicy) -> None:
    sla.components.set([api])
    write_days(api, *OCTOBER, d07=day_of(bad=26))
    report = month_report("2026-10").sla
    assert report is not None
    assert [(tier.slug, tier.verdict, tier.credit) for tier in report.tiers] == [
        ("TEAM", Verdict.MISSED, Decimal(10)),
        ("SOLO", Verdict.MET, Decimal(0)),
    ]


def test_an_sla_without_components_is_about_all_that_are_shown(api: Component, web: Component, sla: SlaPolicy) -> None:
    hidden = Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    write_days(api, *OCTOBER)
    write_days(web, *OCTOBER, d07=day_of(bad=26))
    write_days(hidden, *OCTOBER, d07=day_of(bad=288))
    report = month_report("2026-10").sla
    assert report is not None
    assert [component.slug for component in report.components] == ["api", "web"]
    assert report.figures is not None
    assert report.figures.bad == 26


def test_the_terms_with_which_a_month_began_hold_for_all_of_it(api: Component, sla: SlaPolicy) -> None:
    change = datetime(2026, 10, 11, tzinfo=UTC)
    SlaPolicy.objects.filter(pk=sla.pk).update(ended_at=change)
    SlaPolicy.objects.create(name="Changed", started_at=change)
    write_days(api, *OCTOBER, d12=day_of(bad=26))
    october, now = month_report("2026-10").sla, sla_report()
    assert october is not None
    assert now is not None
    assert (october.name, now.name) == ("SLA", "Changed")
    assert october.figures is not None
    assert (october.figures.bad, october.note) == (26, "")


def test_a_report_takes_no_more_queries_for_more_promises_and_more_history(
    api: Component, web: Component, promise: Promise, sla: SlaPolicy, now: time_machine.Traveller
) -> None:
    kept = {"kind": ObjectiveKind.LATENCY, "target": None, "percentile": 95, "limit": timedelta(seconds=1)}
    for number in range(2):
        promise(api, slug=f"one-{number}")
        promise(api, web, slug=f"both-{number}")
        promise(api, slug=f"fast-{number}", **kept)
    write_days(api, *OCTOBER)
    write_days(web, *OCTOBER)
    with CaptureQueriesContext(
        connection,
    ) as few:
        month_report("2026-10")
    for number in range(2, 12):
        component = Component.objects.create(slug=f"c-{number}", name=f"C {number}")
        write_days(component, date(2026, 8, 1), date(2026, 11, 20))
        promise(component, slug=f"one-{number}")
        promise(component, web, slug=f"both-{number}")
        promise(component, slug=f"fast-{number}", **kept)
    with CaptureQueriesContext(connection) as many:
        month_report("2026-10")
    assert len(many) == len(few)
    assert len(few) <= 22
