"""Several reports while the page is green wake somebody; then it ends by itself."""

from datetime import timedelta

import pytest
import time_machine

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page
from components.services import claim_status
from incidents.models import Signal
from incidents.reports.noticing import end_if_over
from incidents.reports.services import close_report, link_reports
from incidents.services import open_incident, resolve_incident
from incidents.signals import acknowledge_signal, resolve_signal
from incidents.tasks import sweep_reports
from tests.unit.incidents.reports.conftest import Submit


def firing() -> list[Signal]:
    return list(Signal.objects.unresolved())


def test_the_third_report_within_ten_minutes_raises_one_signal(
    api: Component, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    one = submit(component="api")
    at_noon.shift(timedelta(minutes=4))
    two = submit(component="api")
    assert not firing()
    at_noon.shift(timedelta(minutes=5))
    three = submit(component="api", what="The list is empty.")
    (signal,) = firing()
    assert (signal.source, signal.fingerprint, signal.pages) == ("reports", "reports", True)
    assert signal.title == "3 reports within 9 minutes while the page is green"
    assert signal.detail == "The newest: The list is empty."
    assert signal.evidence == {"reports": [three.public_id, two.public_id, one.public_id]}
    assert signal.component == api


def test_a_fourth_report_tells_the_same_signal(
    api: Component, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    reports = [submit() for _ in range(3)]
    acknowledge_signal(signal=firing()[0], actor="ada")
    at_noon.shift(timedelta(minutes=20))
    reports.append(submit())
    (signal,) = firing()
    assert (signal.count, signal.state) == (2, "acknowledged")
    assert signal.title.startswith("4 reports within 20 minutes")
    assert set(signal.evidence["reports"]) == {report.public_id for report in reports}


def test_reports_about_different_things_are_about_no_component(api: Component, submit: Submit) -> None:
    submit(component="api")
    submit()
    submit(component="api")
    assert firing()[0].component is None


def test_reports_that_come_slowly_raise_nothing(
    api: Component, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    for _ in range(5):
        submit()
        at_noon.shift(timedelta(minutes=5, seconds=1))
    assert not firing()


def test_the_page_says_how_many_and_how_soon(api: Component, submit: Submit) -> None:
    Page.objects.update(reports_to_signal=1)
    submit()
    assert firing()[0].title == "1 report within 1 minute while the page is green"


def test_zero_is_never(api: Component, submit: Submit) -> None:
    Page.objects.update(reports_to_signal=0)
    for _ in range(5):
        submit()
    assert not firing()


def test_nothing_is_raised_while_an_incident_is_open(api: Component, submit: Submit) -> None:
    open_incident(title="API errors", severity="minor", message="We know.", impacts={}, private=True)
    assert not any(submit().while_green for _ in range(4))
    assert not firing()


@pytest.mark.parametrize(
    "status",
    [
        ComponentStatus.UNDER_MAINTENANCE,
        ComponentStatus.DEGRADED_PERFORMANCE,
        ComponentStatus.PARTIAL_OUTAGE,
        ComponentStatus.MAJOR_OUTAGE,
    ],
)
def test_nothing_is_raised_while_the_page_is_not_green(
    api: Component, submit: Submit, status: ComponentStatus
) -> None:
    claim_status(component=api, status=status, source=ClaimSource.STAFF)
    for _ in range(4):
        submit()
    assert not firing()


def test_what_came_while_it_was_known_does_not_count_afterwards(api: Component, submit: Submit) -> None:
    incident = open_incident(title="API errors", severity="minor", message="We know.", impacts={})
    for _ in range(4):
        submit()
    resolve_incident(incident=incident, message="It is over.")
    submit()
    assert not firing()


def test_a_component_that_nobody_sees_or_measures_does_not_keep_it_from_being_raised(
    api: Component, submit: Submit
) -> None:
    Component.objects.create(slug="new", name="New")
    hidden = Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    claim_status(component=hidden, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF)
    for _ in range(3):
        submit()
    assert firing()


def test_it_ends_when_an_incident_is_opened(api: Component, submit: Submit) -> None:
    for _ in range(3):
        submit()
    sweep_reports()
    assert firing()
    open_incident(title="API errors", severity="minor", message="We know.", impacts={})
    sweep_reports()
    assert not firing()


def test_it_ends_when_the_last_report_is_dealt_with(api: Component, submit: Submit) -> None:
    one, two, three = (submit() for _ in range(3))
    close_report(report=one)
    close_report(report=two)
    assert firing()
    incident = open_incident(title="API errors", severity="minor", message="Over.", impacts={})
    resolve_incident(incident=incident, message="It is over.")
    assert firing()
    link_reports(reports=[three], incident=incident)
    assert not firing()


def test_it_ends_after_a_quiet_hour(api: Component, submit: Submit, at_noon: time_machine.Traveller) -> None:
    for _ in range(3):
        submit()
    at_noon.shift(timedelta(minutes=59))
    assert not end_if_over()
    submit()
    at_noon.shift(timedelta(minutes=59))
    assert not end_if_over()
    at_noon.shift(timedelta(minutes=2))
    assert end_if_over()
    assert not end_if_over()
    assert not firing()


def test_after_staff_ended_it_reports_are_counted_anew(
    api: Component, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    for _ in range(3):
        submit()
    at_noon.shift(timedelta(minutes=1))
    resolve_signal(fingerprint="reports", actor="ada")
    at_noon.shift(timedelta(minutes=1))
    submit()
    submit()
    assert not firing()
    submit()
    assert len(firing()[0].evidence["reports"]) == 3


def test_very_many_reports_fit_into_the_evidence(
    api: Component, submit: Submit, at_noon: time_machine.Traveller
) -> None:
    for number in range(120):
        at_noon.shift(timedelta(seconds=1))
        submit(what=f"Broken {number}")
    (signal,) = firing()
    assert signal.title.startswith("120 reports")
    assert len(signal.evidence["reports"]) == 100


def test_what_comes_when_the_page_has_turned_red_is_not_told_as_if_it_were_green(
    api: Component, submit: Submit
) -> None:
    for _ in range(3):
        submit()
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF)
    submit()
    (signal,) = firing()
    assert (signal.count, len(signal.evidence["reports"])) == (1, 3)
