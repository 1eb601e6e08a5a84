"""Taking a report, and what may be done with it."""

from datetime import timedelta
from itertools import product

import pytest
import time_machine

from components.models import Component, Page
from incidents.enums import REPORT_TRANSITIONS, Origin, ReportState
from incidents.models import Incident, OutageReport, ReportMail
from incidents.reports import services
from incidents.reports.services import close_report, link_reports, reopen_report, submit_report
from incidents.services import open_incident, resolve_incident
from statuspage.core.errors import InvalidTransition, NotFound, RateLimited, ValidationFailed
from tests.unit.incidents.reports.conftest import NOON, Submit


@pytest.fixture
def incident(api: Component) -> Incident:
    return open_incident(
        title="API errors", severity="major", message="We are looking.", impacts={}, origin=Origin.STAFF
    )


def test_a_report_keeps_what_was_said_and_not_where_it_came_from(api: Component) -> None:
    submit_report(
        what="  Requests\r\nfail ",
        component="api",
        country="Norway",
        isp=" Example\tNet ",
        began="about 14:00",
        error_text="502 Bad Gateway",
        contact=" Ada@Example.ORG ",
        sender="192.0.2.7",
    )
    row = OutageReport.objects.get()
    assert (row.what, row.component, row.country, row.isp) == ("Requests\nfail", api, "Norway", "Example Net")
    assert (row.began, row.error_text, row.contact) == ("about 14:00", "502 Bad Gateway", "ada@example.org")
    assert (row.state, row.incident, row.while_green) == (ReportState.NEW, None, True)
    assert len(row.sender_hash) == 64
    assert "192.0.2.7" not in str(OutageReport.objects.values().get())


def test_neighbours_of_one_ipv6_network_have_one_hash(page: Page) -> None:
    hashes = {
        submit_report(what=what, sender=sender).sender_hash
        for what, sender in (("a", "2001:db8::1"), ("b", "2001:db8::2:1"), ("c", "2001:db8:0:1::1"))
    }
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"what": ""}, "what"),
        ({"what": " \x00\u202e "}, "what"),
        ({"what": "x" * 4_001}, "what"),
        ({"country": "x" * 81}, "country"),
        ({"isp": "x" * 161}, "isp"),
        ({"began": "x" * 161}, "began"),
        ({"error_text": "x" * 10_001}, "error_text"),
        ({"component": "no-such"}, "component"),
        ({"component": "a\x00b" * 1_000}, "component"),
        ({"contact": "ada"}, "contact"),
        ({"contact": "a@b,c@d"}, "contact"),
        ({"contact": "ada@example.org\r\nBcc: eve@example.org"}, "contact"),
        ({"contact": "ada@example.org\x00"}, "contact"),
        ({"contact": f"{'a' * 311}@example.org"}, "contact"),
        ({"contact": "Ada <ada@example.org>"}, "contact"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(api: Component, said: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        submit_report(**({"what": "Broken", "sender": "192.0.2.1"} | said))
    assert caught.value.field == field
    assert not OutageReport.objects.exists()


def test_an_international_domain_is_kept_in_the_form_that_mail_servers_take(page: Page) -> None:
    assert submit_report(what="Broken", contact="ada@bücher.example").contact == "ada@xn--bcher-kva.example"


def test_words_that_mean_something_to_machines_are_kept_as_words(page: Page) -> None:
    hostile = "{{7*7}} {% load x %} {0.__class__} <script>alert(1)</script>"
    report = submit_report(what=f"\ud800\x00{hostile}", error_text=hostile)
    report.refresh_from_db()
    assert (report.what, report.error_text) == (hostile, hostile)


def test_a_component_that_is_not_shown_cannot_be_named(page: Page) -> None:
    Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    with pytest.raises(ValidationFailed):
        submit_report(what="Broken", component="hidden")


def test_a_page_that_takes_no_reports_stores_none(page: Page) -> None:
    Page.objects.update(accepts_reports=False)
    with pytest.raises(NotFound):
        submit_report(what="Broken")
    assert not OutageReport.objects.exists()


def test_two_taps_on_the_button_are_one_report(submit: Submit, at_noon: time_machine.Traveller) -> None:
    Page.objects.update(support_email="help@example.com")
    said = {"what": "Broken", "sender": "192.0.2.1"}
    first = submit(**said)
    assert submit(**said) == first
    assert (OutageReport.objects.count(), ReportMail.objects.count()) == (1, 1)
    assert submit(**(said | {"what": "Still broken"})) != first
    assert submit(**(said | {"sender": "192.0.2.2"})) != first
    at_noon.shift(timedelta(minutes=11))
    assert submit(**said) != first


def test_one_network_may_report_so_often_an_hour(submit: Submit) -> None:
    for number in range(services.REPORTS_AN_ADDRESS):
        submit(what=f"Broken {number}", sender="192.0.2.1")
    with pytest.raises(RateLimited, match="Nothing you typed is lost"):
        submit(what="Once more", sender="192.0.2.1")
    submit(what="Somebody else", sender="192.0.2.2")


def test_all_together_may_report_so_often_an_hour(
    submit: Submit, at_noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "REPORTS_IN_ALL", 3)
    for _ in range(3):
        submit()
    with pytest.raises(RateLimited):
        submit()
    assert OutageReport.objects.count() == 3
    at_noon.shift(timedelta(hours=1, seconds=1))
    submit()


def test_reports_are_linked_to_an_incident(submit: Submit, incident: Incident) -> None:
    one, two = submit(), submit()
    link_reports(reports=[one, two], incident=incident, author="ada")
    assert {row.incident for row in OutageReport.objects.all()} == {incident}
    assert (one.state, one.handled_by, one.handled_at) == (ReportState.LINKED, "ada", NOON)


def test_a_report_of_a_merged_incident_belongs_to_the_one_that_is_left(submit: Submit, incident: Incident) -> None:
    other = open_incident(title="API", severity="major", message="The same.", impacts={})
    resolve_incident(incident=other, message="The same as the other.")
    Incident.objects.filter(pk=other.pk).update(merged_into=incident)
    other.refresh_from_db()
    report = submit()
    link_reports(reports=[report], incident=other)
    assert report.incident == incident


def test_a_report_is_closed_and_comes_back(submit: Submit, incident: Incident) -> None:
    report = submit()
    link_reports(reports=[report], incident=incident)
    close_report(report=report, author="ada")
    assert (report.state, report.incident) == (ReportState.CLOSED, incident)
    reopen_report(report=report)
    assert (report.state, report.incident, report.handled_at, report.handled_by) == ("new", None, None, "")


@pytest.mark.parametrize(("old", "new"), list(product(ReportState, ReportState)))
def test_only_the_steps_of_the_table_are_possible(
    submit: Submit, incident: Incident, old: ReportState, new: ReportState
) -> None:
    report = submit()
    OutageReport.objects.filter(pk=report.pk).update(state=old)
    report.refresh_from_db()
    steps = {
        ReportState.NEW: lambda: reopen_report(report=report),
        ReportState.LINKED: lambda: link_reports(reports=[report], incident=incident),
        ReportState.CLOSED: lambda: close_report(report=report),
    }
    if new in REPORT_TRANSITIONS[old]:
        steps[new]()
        assert OutageReport.objects.get().state == new
    else:
        with pytest.raises(InvalidTransition):
            steps[new]()
        assert OutageReport.objects.get().state == old


def test_who_comes_second_is_told(submit: Submit, incident: Incident) -> None:
    mine = submit()
    theirs = OutageReport.objects.get(pk=mine.pk)
    close_report(report=theirs)
    with pytest.raises(InvalidTransition, match="Somebody else"):
        link_reports(reports=[mine], incident=incident)
    assert OutageReport.objects.get().incident is None


def test_of_several_reports_all_are_linked_or_none(submit: Submit, incident: Incident) -> None:
    one, two = submit(), submit()
    close_report(report=OutageReport.objects.get(pk=two.pk))
    with pytest.raises(InvalidTransition):
        link_reports(reports=[one, two], incident=incident)
    assert not OutageReport.objects.filter(incident=incident).exists()
