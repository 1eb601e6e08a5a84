"""One report of each month, with the numbers of its page, when it is time."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from components.enums import ComponentStatus
from components.models import Component, Group, Page
from incidents.enums import IncidentStatus, MaintenanceStatus, NoticeKind
from incidents.models import Incident, Maintenance, Notice, SeverityPolicy
from probes.enums import ObjectiveKind
from probes.models import MonthlyReport, Objective
from probes.monthly_report import covered_seconds, due_month, make_due_report, report_payload
from probes.objectives.report import month_report
from tests.unit.probes.objectives.conftest import OCTOBER, day_of, write_days, write_latencies

ON_THE_FIRST = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ON_THE_FIRST, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(db: None, now: time_machine.Traveller) -> Page:
    Page.current()
    Page.objects.update(name="Example", url="https://status.example.com/")
    return Page.current()


@pytest.fixture
def api(page: Page) -> Component:
    group = Group.objects.create(slug="core", name="Core")
    component = Component.objects.create(slug="api", name="API gateway", position=1, group=group)
    write_days(component, *OCTOBER, d07=day_of(bad=9), d08=day_of(maintenance=24), d09=day_of(unknown=5))
    return component


def promise(component: Component, **changes: Any) -> Objective:
    values: dict[str, Any] = {
        "slug": "availability",
        "name": "Availability",
        "kind": ObjectiveKind.AVAILABILITY,
        "target": Decimal("99.9"),
        "started_at": JANUARY,
        "created_at": JANUARY,
    }
    objective = Objective.objects.create(**(values | changes))
    objective.components.set([component])
    return objective


def test_the_report_has_the_numbers_of_the_months_page(api: Component) -> None:
    promise(api)
    promise(
        api,
        slug="fast",
        name="Fast",
        kind=ObjectiveKind.LATENCY,
        target=None,
        percentile=95,
        limit=timedelta(milliseconds=200),
    )
    write_latencies(api, date(2026, 10, 3), *[100.0] * 99, 900.0)
    payload, page = report_payload("2026-10"), month_report("2026-10")
    assert payload["report"] == {"month": "2026-10", "url": "https://status.example.com/slo/2026-10/"}
    for said, row in zip(payload["objectives"], page.rows, strict=True):
        assert row.figures is not None
        assert (said["slug"], said["promise"], said["verdict"]) == (row.slug, row.promise, row.verdict.value)
        is_latency = row.kind is ObjectiveKind.LATENCY
        assert said["figure"] == str(row.latency_ms if is_latency else row.figures.availability)
    assert payload["misses"] == [miss.sentence for miss in page.misses] != []
    (part,) = next(row for row in page.rows if row.slug == "availability").parts
    assert part.figures is not None
    assert payload["components"] == [
        {
            "slug": "api",
            "name": "API gateway",
            "group": "Core",
            "availability": str(part.figures.availability),
            "coverage": str(part.figures.coverage),
        }
    ]
    assert payload["components"][0]["availability"] == "99.89"
    assert payload["components"][0]["coverage"] == "99.94"


def test_without_promises_it_leads_to_the_history_of_the_month(api: Component) -> None:
    payload = report_payload("2026-10")
    assert payload["report"]["url"] == "https://status.example.com/history/2026-10/"
    assert (payload["objectives"], payload["misses"]) == ([], [])
    assert payload["components"][0]["availability"] == "99.89"


def test_what_was_not_measured_or_is_hidden_is_not_in_it(api: Component) -> None:
    Component.objects.create(slug="new", name="New", position=2)
    hidden = Component.objects.create(slug="inner", name="Inner", position=3, is_visible=False)
    write_days(hidden, *OCTOBER)
    assert [component["slug"] for component in report_payload("2026-10")["components"]] == ["api"]


def incident(reference: str, began: datetime, hours: float, **changes: Any) -> Incident:
    ended = began + timedelta(hours=hours) if hours else None
    values: dict[str, Any] = {
        "title": f"Trouble {reference}",
        "severity": SeverityPolicy.objects.get(slug="major"),
        "status": IncidentStatus.RESOLVED if ended else IncidentStatus.MONITORING,
        "started_at": began,
        "resolved_at": ended,
    }
    return Incident.objects.create(reference=reference, **(values | changes))


def test_incidents_count_for_what_lies_in_the_month_and_time_that_two_share_counts_once(api: Component) -> None:
    incident("INC-1", datetime(2026, 9, 30, 22, 0, tzinfo=UTC), 3)  # an hour of it in October
    incident("INC-2", datetime(2026, 10, 10, 10, 0, tzinfo=UTC), 2)
    incident("INC-3", datetime(2026, 10, 10, 11, 0, tzinfo=UTC), 4)  # an hour of it beside the other
    incident("INC-4", datetime(2026, 10, 31, 23, 0, tzinfo=UTC), 0)  # goes on
    incident("INC-5", datetime(2026, 11, 1, 1, 0, tzinfo=UTC), 1)
    incident("INC-6", datetime(2026, 10, 20, 0, 0, tzinfo=UTC), 200, private=True, title="Secret")
    main = Incident.objects.get(reference="INC-2")
    incident("INC-7", datetime(2026, 10, 10, 10, 0, tzinfo=UTC), 9, merged_into=main)
    said = report_payload("2026-10")["incidents"]
    assert (said["count"], said["seconds"]) == (4, (1 + 5 + 1) * 3600)
    assert said["longest"] == {
        "reference": "INC-3",
        "title": "Trouble INC-3",
        "url": "https://status.example.com/incidents/INC-3/",
        "seconds": 4 * 3600,
    }


def test_maintenance_that_was_done_is_told(api: Component) -> None:
    for number, (status, day) in enumerate(
        [(MaintenanceStatus.COMPLETED, 5), (MaintenanceStatus.COMPLETED, 6), (MaintenanceStatus.CANCELLED, 7)]
    ):
        begin = datetime(2026, 10, day, 2, 0, tzinfo=UTC)
        Maintenance.objects.create(
            reference=f"MNT-{number}",
            title="Upgrade",
            status=status,
            scheduled_for=begin,
            scheduled_until=begin + timedelta(hours=1),
            started_at=begin,
            completed_at=begin + timedelta(minutes=90),
        )
    assert report_payload("2026-10")["maintenance"] == {"count": 2, "seconds": 2 * 90 * 60}


def test_it_is_written_once(api: Component, now: time_machine.Traveller) -> None:
    notice = make_due_report()
    assert notice is not None
    assert notice.kind == NoticeKind.MONTHLY_REPORT
    assert notice.payload["report"]["month"] == "2026-10"
    now.shift(timedelta(days=1))
    assert make_due_report() is None
    assert Notice.objects.count() == MonthlyReport.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_workers_one_writes_it(api: Component) -> None:
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait(timeout=10)
        try:
            make_due_report()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert Notice.objects.count() == MonthlyReport.objects.count() == 1


def test_a_report_that_could_not_be_written_is_written_the_next_time(
    api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Notice.objects, "create", fail)
        with pytest.raises(RuntimeError):
            make_due_report()
    assert not MonthlyReport.objects.exists()
    assert make_due_report() is not None


@pytest.mark.parametrize(
    ("local", "month"),
    [
        ("2026-11-01 08:59", None),
        ("2026-11-01 09:00", "2026-10"),
        ("2026-11-02 00:00", "2026-10"),
        ("2026-11-07 23:59", "2026-10"),
        ("2026-11-08 00:00", None),
        ("2026-11-30 12:00", None),
        ("2027-01-01 09:00", "2026-12"),
        ("2028-03-01 09:00", "2028-02"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_it_is_due_from_nine_on_the_first_to_the_end_of_the_seventh_in_the_pages_zone(
    local: str, month: str | None, zone: str
) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert due_month(at, ZoneInfo(zone)) == month


def test_a_page_that_wants_none_writes_none(api: Component) -> None:
    Page.objects.update(monthly_report=False)
    assert make_due_report() is None
    assert not MonthlyReport.objects.exists()


def test_a_page_that_measured_nothing_in_that_month_writes_none(page: Page) -> None:
    component = Component.objects.create(slug="api", name="API gateway")
    write_days(component, date(2026, 11, 1), date(2026, 11, 1))
    assert ComponentStatus(component.status) is ComponentStatus.UNKNOWN
    assert make_due_report() is None


def test_time_that_several_share_counts_once() -> None:
    at = datetime(2026, 10, 1, tzinfo=UTC)
    hours = [(0, 2), (1, 3), (1, 2), (5, 6)]
    assert covered_seconds((at + timedelta(hours=a), at + timedelta(hours=b)) for a, b in hours) == 4 * 3600
    assert covered_seconds([]) == 0
