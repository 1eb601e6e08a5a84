"""Visitors and staff at the same moment, in threads with connections of their own."""

import pytest

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.models import Incident, OutageReport, Signal
from incidents.reports import services
from incidents.reports.services import close_report, link_reports, submit_report
from incidents.services import open_incident
from statuspage.core.errors import InvalidTransition, RateLimited
from tests.unit.incidents.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def three_raise_a_signal(api: Component) -> None:
    Page.objects.filter(pk=1).update(reports_to_signal=3)


def tell(what: str = "It does not work.", sender: str = "192.0.2.1") -> OutageReport:
    return submit_report(what=what, component="api", sender=sender)


def test_several_taps_at_once_are_one_report(api: Component) -> None:
    assert at_once(*[tell] * 4) == [None] * 4
    assert OutageReport.objects.count() == 1


def test_the_limit_for_all_is_exact(api: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REPORTS_IN_ALL", 2)
    errors = at_once(*[lambda n=n: tell(f"Broken {n}", f"192.0.2.{n}") for n in range(5)])
    assert [type(error) for error in errors if error] == [RateLimited] * 3
    assert OutageReport.objects.count() == 2


def test_reports_at_once_raise_one_signal(api: Component) -> None:
    assert at_once(*[lambda n=n: tell(f"Broken {n}", f"192.0.2.{n}") for n in range(5)]) == [None] * 5
    signal = Signal.objects.get()
    assert (signal.count, len(signal.evidence["reports"])) == (3, 5)


def test_visitors_report_while_staff_declare_and_neither_is_held_up(api: Component) -> None:
    def declare() -> Incident:
        return open_incident(
            title="API errors",
            severity="major",
            message="We know.",
            impacts={api: ComponentStatus.PARTIAL_OUTAGE},
        )

    jobs = [lambda n=n: tell(f"Broken {n}", f"192.0.2.{n}") for n in range(4)]
    assert at_once(declare, *jobs, declare) == [None] * 6
    assert OutageReport.objects.count() == 4


def test_of_two_who_deal_with_one_report_one_is_told(api: Component) -> None:
    incident = open_incident(title="API errors", severity="major", message="We know.", impacts={})
    report = tell()
    mine, theirs = OutageReport.objects.get(pk=report.pk), OutageReport.objects.get(pk=report.pk)
    errors = at_once(
        lambda: link_reports(reports=[mine], incident=incident),
        lambda: close_report(report=theirs),
    )
    assert [type(error) for error in errors if error] == [InvalidTransition]
