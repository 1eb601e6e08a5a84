"""The inbox: reports are looked at, become an incident, belong to one, are answered or closed."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from components.models import Component
from incidents.enums import Origin, TemplateKind
from incidents.models import Incident, MessageTemplate, OutageReport, ReportMail, SeverityPolicy
from incidents.reports.letters import answer_report
from incidents.reports.services import close_report, submit_report

LIST = "/admin/incidents/outagereport/"
DECLARE = "/admin/incidents/incident/add/"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def report(api: Component) -> OutageReport:
    return submit_report(
        what="Orders <b>vanish</b> {{7*7}}",
        component="api",
        country="Norway",
        isp="Example Net",
        began="about 14:00",
        error_text="<script>alert(1)</script>",
        contact="ada@example.org",
        sender="192.0.2.1",
    )


@pytest.fixture
def other(api: Component) -> OutageReport:
    return submit_report(what="The list is empty", sender="192.0.2.2")


@pytest.fixture
def onlooker(client: Client, db: None) -> Client:
    """Staff who may look at reports, and nothing else."""
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_outagereport"))
    client.force_login(user)
    return client


def page_of(report: OutageReport, action: str = "change") -> str:
    return f"{LIST}{report.pk}/{action}/"


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def act(client: Client, action: str, *reports: OutageReport, **said: str) -> Any:
    data = {"action": action, "_selected_action": [str(one.pk) for one in reports], **said}
    return client.post(LIST, data, follow=True)


def declaration(**said: str) -> dict[str, str]:
    severity = str(SeverityPolicy.objects.get(slug="major").pk)
    return {"title": "Orders fail", "severity": severity, "status": "investigating", "message": "Oh."} | said


def test_the_inbox_shows_what_nobody_has_dealt_with(staff: Client, report: OutageReport, other: OutageReport) -> None:
    page = text_of(staff.get(LIST))
    for said in ("Orders &lt;b&gt;vanish&lt;/b&gt; {{7*7}}", "Norway, Example Net", "ada@example.org", "API gateway"):
        assert said in page
    close_report(report=report)
    assert "ada@example.org" not in text_of(staff.get(LIST))
    assert "ada@example.org" in text_of(staff.get(LIST, {"state": "closed"}))
    assert "ada@example.org" in text_of(staff.get(LIST, {"state": "all"}))
    assert "The list is empty" in text_of(staff.get(LIST))


def test_reports_are_searched_by_what_was_said_and_by_whom(
    staff: Client, report: OutageReport, other: OutageReport
) -> None:
    for query in ("vanish", "Norway", "ada@example.org", report.public_id):
        page = text_of(staff.get(LIST, {"q": query}))
        assert "ada@example.org" in page
        assert "The list is empty" not in page


def test_one_report_is_shown_whole_and_inert(staff: Client, report: OutageReport) -> None:
    page = text_of(staff.get(page_of(report)))
    for said in ("about 14:00", "Norway, Example Net", "ada@example.org", "API gateway", "<b>green</b>", "{{7*7}}"):
        assert said in page
    assert "Orders <b>" not in page
    assert "<script>alert" not in page


def test_a_report_becomes_an_incident_with_its_words_filled_in(
    staff: Client, report: OutageReport, api: Component
) -> None:
    assert f'href="{DECLARE}?report={report.public_id}"' in text_of(staff.get(page_of(report)))
    page = text_of(staff.get(DECLARE, {"report": report.public_id}))
    assert 'value="Orders &lt;b&gt;vanish&lt;/b&gt; {{7*7}}"' in page
    assert "We have had reports of problems with API gateway and are looking into them." in page
    assert '<option value="degraded_performance" selected>' in page
    assert f'name="reports" value="{report.public_id}"' in page
    response = staff.post(DECLARE, declaration(reports=report.public_id, **{f"component-{api.pk}": "partial_outage"}))
    incident = Incident.objects.get()
    report.refresh_from_db()
    assert response.headers["Location"] == f"/admin/incidents/incident/{incident.pk}/change/"
    assert (report.state, report.incident, report.handled_by) == ("linked", incident, "ada")
    assert incident.origin == Origin.REPORT


def test_what_visitors_wrote_is_not_said_by_itself(staff: Client, report: OutageReport) -> None:
    page = text_of(staff.get(DECLARE, {"report": report.public_id}))
    message = page.split('name="message"')[1].split("</textarea>")[0]
    assert "vanish" not in message


def test_a_form_that_is_refused_still_knows_its_reports(staff: Client, report: OutageReport) -> None:
    page = text_of(staff.post(DECLARE, declaration(reports=report.public_id, title="")))
    assert f'name="reports" value="{report.public_id}"' in page
    assert "about 14:00" in page
    assert not Incident.objects.exists()


def test_several_reports_become_one_incident(staff: Client, report: OutageReport, other: OutageReport) -> None:
    response = act(staff, "make_incident", report, other)
    assert response.redirect_chain[-1][0].startswith(DECLARE)
    page = text_of(response)
    assert "2 reports from outside" in page
    ids = page.split('name="reports" value="')[1].split('"')[0]
    staff.post(DECLARE, declaration(reports=ids))
    assert {row.incident for row in OutageReport.objects.all()} == {Incident.objects.get()}


def test_an_incident_is_declared_although_a_report_was_dealt_with_meanwhile(
    staff: Client, report: OutageReport, other: OutageReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = OutageReport.objects.get(pk=other.pk)
    close_report(report=OutageReport.objects.get(pk=other.pk))
    monkeypatch.setattr("incidents.admin_views.reported", lambda _ids: _Told(reports=(report, stale)))
    response = staff.post(DECLARE, declaration(reports="x"), follow=True)
    assert "Somebody else dealt with a report meanwhile: The list is empty" in text_of(response)
    report.refresh_from_db()
    assert report.incident == Incident.objects.get()


class _Told:
    def __init__(self, *, reports: tuple[OutageReport, ...]) -> None:
        self.reports = reports

    def initial(self, _prefix: str) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("ids", ["nothing", "'; DROP", "a,b,,c", "x" * 900])
def test_reports_that_are_not_there_are_left_out(staff: Client, api: Component, ids: str) -> None:
    assert staff.get(DECLARE, {"report": ids}).status_code == 200
    staff.post(DECLARE, declaration(reports=ids))
    assert Incident.objects.get().origin == Origin.STAFF


def test_who_may_not_change_reports_declares_without_them(client: Client, report: OutageReport) -> None:
    user = User.objects.create(username="mallory", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_incident", "view_incident"]))
    client.force_login(user)
    assert "vanish" not in text_of(client.get(DECLARE, {"report": report.public_id}))
    client.post(DECLARE, declaration(reports=report.public_id))
    report.refresh_from_db()
    assert (Incident.objects.count(), report.state) == (1, "new")


def test_a_report_is_linked_by_the_reference_that_people_say(
    staff: Client, report: OutageReport, incident: Incident
) -> None:
    said = {"belongs-reference": f" {incident.reference.lower()} "}
    page = text_of(staff.post(page_of(report, "belongs"), said, follow=True))
    assert f"Belongs to {incident.reference}." in page
    report.refresh_from_db()
    assert report.incident == incident


@pytest.mark.parametrize("typed", ["INC-1999-0101-z", "", "x" * 50, "a\0b"])
def test_a_reference_that_nobody_knows_is_refused_and_kept(
    staff: Client, report: OutageReport, incident: Incident, typed: str
) -> None:
    response = staff.post(page_of(report, "belongs"), {"belongs-reference": typed})
    assert response.status_code == 200
    assert 'class="refusal"' in text_of(response)
    report.refresh_from_db()
    assert report.incident is None


def test_several_reports_are_linked_at_once(
    staff: Client, report: OutageReport, other: OutageReport, incident: Incident
) -> None:
    assert "To which incident do 2 reports belong?" in text_of(act(staff, "belong", report, other))
    said = {"confirmed": "yes", "belongs-reference": "INC-nothing"}
    assert "There is no incident INC-nothing" in text_of(act(staff, "belong", report, other, **said))
    said["belongs-reference"] = incident.reference
    act(staff, "belong", report, other, **said)
    assert OutageReport.objects.filter(incident=incident).count() == 2


def test_reports_are_closed_alone_and_together(staff: Client, report: OutageReport, other: OutageReport) -> None:
    staff.post(page_of(report, "close"))
    page = text_of(act(staff, "close", other))
    assert "Closed: 1." in page
    assert set(OutageReport.objects.values_list("state", "handled_by")) == {("closed", "ada")}


def test_closing_twice_is_said_and_no_error(staff: Client, report: OutageReport) -> None:
    staff.post(page_of(report, "close"))
    page = text_of(staff.post(page_of(report, "close"), follow=True))
    assert "This report is closed already." in page


def test_a_report_comes_back_to_the_inbox(staff: Client, report: OutageReport) -> None:
    staff.post(page_of(report, "close"))
    staff.post(page_of(report, "reopen"))
    report.refresh_from_db()
    assert report.state == "new"


def test_an_answer_begins_with_a_template_and_is_a_row_before_it_is_sent(staff: Client, report: OutageReport) -> None:
    MessageTemplate.objects.create(
        slug="mended", name="It is mended", kind=TemplateKind.REPLY, title="Mended", body="Dear [[name]], it works."
    )
    MessageTemplate.objects.create(slug="down", name="We are down", kind=TemplateKind.INCIDENT, body="Down.")
    page = text_of(staff.get(page_of(report)))
    assert "?template=mended#answer" in page
    assert "We are down" not in page
    page = text_of(staff.get(page_of(report), {"template": "mended"}))
    assert "Dear [[name]], it works." in page
    assert 'value="Mended"' in page
    said = {"answer-subject": "Mended", "answer-body": "Dear [[name]], it works."}
    refused = text_of(staff.post(page_of(report, "answer"), said))
    assert "There is a blank to fill in: [[name]]." in refused
    said["answer-body"] = "Dear Ada, it works."
    page = text_of(staff.post(page_of(report, "answer"), said | {"answer-closes": "on"}, follow=True))
    assert "Answered and closed." in page
    assert "Dear Ada, it works." in page
    assert "waiting" in page
    mail = ReportMail.objects.get()
    assert (mail.to, mail.subject, mail.author) == ("ada@example.org", "Mended", "ada")


def test_who_left_no_address_cannot_be_answered_and_no_text_is_lost(staff: Client, other: OutageReport) -> None:
    assert "Send the answer" not in text_of(staff.get(page_of(other)))
    said = {"answer-subject": "Hello", "answer-body": "TYPED"}
    page = text_of(staff.post(page_of(other, "answer"), said))
    assert "They left no address to answer to." in page
    assert "TYPED" in page
    assert not ReportMail.objects.exists()


def test_a_mail_that_failed_says_why_and_is_tried_again(staff: Client, report: OutageReport) -> None:
    mail = answer_report(report=report, subject="Mended", body="It works.")
    ReportMail.objects.update(next_attempt_at=None, last_error="550 <nobody> here", attempts=1)
    page = text_of(staff.get(page_of(report)))
    assert "not sent, given up" in page
    assert "550 &lt;nobody&gt; here" in page
    staff.post(page_of(report, f"mails/{mail.pk}/retry"))
    mail.refresh_from_db()
    assert mail.next_attempt_at is not None
    assert staff.post(page_of(report, "mails/99999/retry")).status_code == 404


def test_whoever_may_only_look_changes_nothing(onlooker: Client, report: OutageReport, incident: Incident) -> None:
    page = text_of(onlooker.get(page_of(report)))
    assert "about 14:00" in page
    assert "Make it an incident" not in page
    mail = answer_report(report=report, subject="Mended", body="It works.")
    said = {"belongs-reference": incident.reference, "answer-subject": "x", "answer-body": "x"}
    for action in ("belongs", "answer", "close", "reopen", f"mails/{mail.pk}/retry"):
        assert onlooker.post(page_of(report, action), said).status_code == 403
    for action in ("belong", "close", "make_incident"):
        act(onlooker, action, report, confirmed="yes", **said)
    report.refresh_from_db()
    assert (report.state, report.incident, ReportMail.objects.count()) == ("new", None, 1)


def test_whoever_may_not_look_sees_nothing(reader: Client, report: OutageReport) -> None:
    assert reader.get(LIST).status_code == 403
    assert reader.get(page_of(report)).status_code == 403


@pytest.mark.parametrize("pk", ["999", "x", "9" * 40, "1_2F"])
def test_a_report_that_is_not_there_is_a_404(staff: Client, api: Component, pk: str) -> None:
    assert staff.get(f"{LIST}{pk}/change/").status_code == 404


def test_the_inbox_costs_the_same_however_long_it_is(
    staff: Client, api: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        submit_report(what=f"Broken {number}", component="api", sender=f"192.0.2.{number}")
    with django_assert_max_num_queries(14):
        assert "Broken 11" in text_of(staff.get(LIST))


def test_the_front_page_says_how_many_wait(staff: Client, report: OutageReport, other: OutageReport) -> None:
    assert "2 new reports from outside" in text_of(staff.get("/admin/"))
    close_report(report=report)
    assert "1 new report from outside" in text_of(staff.get("/admin/"))
    close_report(report=other)
    assert "from outside" not in text_of(staff.get("/admin/"))


def test_the_front_page_says_nothing_of_them_to_whoever_may_not_look(reader: Client, report: OutageReport) -> None:
    assert "from outside" not in text_of(reader.get("/admin/"))
