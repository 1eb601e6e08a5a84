"""One report in the console: what was said, and what can be done about it. A refusal keeps what was typed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from components.admin_base import ModelAdmin
from components.models import Page
from incidents.enums import ReportState, TemplateKind
from incidents.forms import SentenceForm
from incidents.models import Incident, MessageTemplate, OutageReport, ReportMail
from incidents.reports.forms import AnswerForm, BelongsForm
from incidents.reports.letters import answer_report, retry_mail
from incidents.reports.services import close_report, link_reports, reopen_report
from statuspage.core.errors import DomainError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST_PK = 18
INCIDENTS_OFFERED = 30
REPORT_CSS = {ReportState.NEW: "down", ReportState.LINKED: "work", ReportState.CLOSED: "none"}

type Admin = ModelAdmin[OutageReport]


def may_handle(request: HttpRequest) -> bool:
    """What a report says is the visitor's; what is done about it is whoever's may change reports."""
    return request.user.has_perm("incidents.change_outagereport")


def report_view(request: HttpRequest, object_id: str, *, model_admin: Admin) -> HttpResponse:
    return _page(request, _get(request, object_id, model_admin), model_admin)


def belongs_view(request: HttpRequest, object_id: str, *, model_admin: Admin) -> HttpResponse:
    """It belongs to an incident that is there."""
    report = _get(request, object_id, model_admin)
    form = BelongsForm(request.POST)

    def link() -> str:
        link_reports(reports=[report], incident=form.incident, author=author_of(request))
        return f"Belongs to {form.incident.reference}."

    return _handle(request, report, model_admin, link, form)


def answer_view(request: HttpRequest, object_id: str, *, model_admin: Admin) -> HttpResponse:
    """Write to who reported."""
    report = _get(request, object_id, model_admin)
    form = AnswerForm(request.POST)

    def answer() -> str:
        said = form.cleaned_data
        answer_report(report=report, subject=said["subject"], body=said["body"], author=author_of(request))
        if said["closes"] and report.stage is not ReportState.CLOSED:
            close_report(report=report, author=author_of(request))
            return "Answered and closed."
        return "Answered."

    return _handle(request, report, model_admin, answer, form)


def close_view(request: HttpRequest, object_id: str, *, model_admin: Admin) -> HttpResponse:
    report = _get(request, object_id, model_admin)

    def close() -> str:
        close_report(report=report, author=author_of(request))
        return "Closed."

    return _handle(request, report, model_admin, close)


def reopen_view(request: HttpRequest, object_id: str, *, model_admin: Admin) -> HttpResponse:
    report = _get(request, object_id, model_admin)

    def reopen() -> str:
        reopen_report(report=report)
        return "Back in the inbox."

    return _handle(request, report, model_admin, reopen)


def retry_view(request: HttpRequest, object_id: str, mail_id: int, *, model_admin: Admin) -> HttpResponse:
    """Try a mail once more."""
    report = _get(request, object_id, model_admin)
    mail = ReportMail.objects.filter(pk=mail_id, report=report).first()
    if mail is None:
        raise Http404("There is no such mail.")

    def retry() -> str:
        retry_mail(mail=mail)
        return "It is tried again now."

    return _handle(request, report, model_admin, retry)


def author_of(request: HttpRequest) -> str:
    user: User = request.user  # type: ignore[assignment]  # the console lets nobody else in
    return user.get_full_name() or user.get_username()


def _handle(
    request: HttpRequest,
    report: OutageReport,
    model_admin: Admin,
    service: Callable[[], str],
    form: SentenceForm | None = None,
) -> HttpResponse:
    """Call the service; where it refuses, say why, with what was typed still in the form."""
    if request.method != "POST":
        return _to_report(report)
    if not may_handle(request):
        raise PermissionDenied
    if form is not None and not form.is_valid():
        return _page(request, report, model_admin, form)
    try:
        done = service()
    except DomainError as error:
        if form is None:
            messages.error(request, error.sentence)
            return _to_report(report)
        form.refuse(error)
        return _page(request, report, model_admin, form)
    model_admin.log_change(request, report, done)
    messages.success(request, done)
    return _to_report(report)


def _page(
    request: HttpRequest, report: OutageReport, model_admin: Admin, form: SentenceForm | None = None
) -> HttpResponse:
    replies = list(MessageTemplate.objects.filter(kind=TemplateKind.REPLY))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Report from outside",
        "opts": model_admin.opts,
        "report": report,
        "state_css": REPORT_CSS[report.stage],
        "may_handle": may_handle(request),
        "may_declare": request.user.has_perm("incidents.add_incident"),
        "belongs_form": form if isinstance(form, BelongsForm) else BelongsForm(),
        "answer_form": form if isinstance(form, AnswerForm) else _answer_form(request, replies),
        "answering": isinstance(form, AnswerForm) or "template" in request.GET,
        "replies": replies,
        "incidents": Incident.objects.shown().newest_first()[:INCIDENTS_OFFERED],
        "mails": list(report.mails.all()),
        "is_closed": report.stage is ReportState.CLOSED,
        "is_new": report.stage is ReportState.NEW,
    }
    return TemplateResponse(request, "admin/incidents/outagereport/report.html", context)


def _answer_form(request: HttpRequest, replies: list[MessageTemplate]) -> AnswerForm:
    """The chosen template's words, or none."""
    wanted = request.GET.get("template", "")
    chosen = next((reply for reply in replies if reply.slug == wanted), None)
    subject = chosen.title if chosen and chosen.title else f"Your report to {Page.current().name}"
    return AnswerForm(subject=subject, body=chosen.body if chosen else "")


def _get(request: HttpRequest, object_id: str, model_admin: Admin) -> OutageReport:
    """The report. 404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = unquote(object_id)
    report = None
    if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK:
        rows = OutageReport.objects.select_related("component__group", "incident")
        report = rows.filter(pk=int(pk)).first()
    if report is None:
        raise Http404("There is no such report.")
    return report


def _to_report(report: OutageReport) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_outagereport_change", args=[report.pk]))
