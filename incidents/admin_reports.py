"""The inbox: what visitors told us. The list is Django's, one report's page ours (`incidents.admin_report_page`)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.admin_report_page import (
    REPORT_CSS,
    answer_view,
    author_of,
    belongs_view,
    close_view,
    may_handle,
    reopen_view,
    report_view,
    retry_view,
)
from incidents.enums import ReportState
from incidents.models import Incident, OutageReport
from incidents.reports.declaring import MOST_REPORTS
from incidents.reports.forms import BelongsForm
from incidents.reports.services import close_report, link_reports
from statuspage.core.errors import DomainError, InvalidTransition

SHOWN_OF_WHAT = 90
INCIDENTS_OFFERED = 30


class ReportStateFilter(admin.SimpleListFilter):
    """What nobody has dealt with, unless one asks for the rest."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*ReportState.choices[1:], ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutageReport]) -> QuerySet[OutageReport]:
        if self.value() == "all":
            return queryset
        wanted = self.value() if self.value() in ReportState.values else ReportState.NEW
        return queryset.filter(state=wanted)

    def choices(self, changelist: Any) -> Any:
        """The first choice is no choice: say what it means."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "New"}
        yield from others


@admin.register(OutageReport)
class OutageReportAdmin(ReadOnlyAdmin[OutageReport]):
    list_display = ("said", "state_chip", "came", "where", "component", "contact", "belongs", "while_green")
    list_display_links = ("said",)
    list_filter = (ReportStateFilter, "while_green", "component")
    list_select_related = ("component", "incident")
    list_per_page = 50
    search_fields = ("what", "error_text", "country", "isp", "contact", "=public_id", "=incident__reference")
    search_help_text = "What was said, where, by whom, or the incident it belongs to"
    date_hierarchy = "created_at"
    actions = ("make_incident", "belong", "close")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                {"model_admin": self},
                f"incidents_outagereport_{route}",
            )
            for name, route, view in (
                ("belongs", "belongs", belongs_view),
                ("answer", "answer", answer_view),
                ("close", "close", close_view),
                ("reopen", "reopen", reopen_view),
                ("mails/<int:mail_id>/retry", "retry", retry_view),
            )
        ]
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return report_view(request, object_id, model_admin=self)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return may_handle(request)

    def has_declare_permission(self, request: HttpRequest) -> bool:
        return may_handle(request) and request.user.has_perm("incidents.add_incident")

    @admin.action(description="Make one incident of them", permissions=["declare"])
    def make_incident(self, request: HttpRequest, queryset: QuerySet[OutageReport]) -> HttpResponse:
        """The declare form, filled in from these reports; they are linked when it is published."""
        ids = list(queryset.values_list("public_id", flat=True)[: MOST_REPORTS + 1])
        if len(ids) > MOST_REPORTS:
            messages.error(request, f"At most {MOST_REPORTS} reports at once: choose fewer, then link the rest.")
            return HttpResponseRedirect(request.get_full_path())
        query = urlencode([("report", public_id) for public_id in ids])
        return HttpResponseRedirect(f"{reverse('admin:incidents_incident_add')}?{query}")

    @admin.action(description="They belong to an incident", permissions=["handle"])
    def belong(self, request: HttpRequest, queryset: QuerySet[OutageReport]) -> TemplateResponse | None:
        form = BelongsForm(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            try:
                link_reports(reports=list(queryset), incident=form.incident, author=author_of(request))
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, f"They belong to {form.incident.reference}.")
                return None
        return self._ask(request, queryset, form)

    @admin.action(description="Close: nothing more is to be done", permissions=["handle"])
    def close(self, request: HttpRequest, queryset: QuerySet[OutageReport]) -> None:
        done = 0
        for report in queryset:
            try:
                close_report(report=report, author=author_of(request))
            except InvalidTransition as error:
                messages.warning(request, f"{report}: {error}")
            else:
                done += 1
        messages.success(request, f"Closed: {done}.")

    def _ask(self, request: HttpRequest, queryset: QuerySet[OutageReport], form: BelongsForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"To which incident do {queryset.count()} reports belong?",
            "checkbox": ACTION_CHECKBOX_NAME,
            "reports": queryset,
            "belongs_form": form,
            "incidents": Incident.objects.shown().newest_first()[:INCIDENTS_OFFERED],
        }
        return TemplateResponse(request, "admin/incidents/outagereport/belong.html", context)

    @admin.display(description="What is broken")
    def said(self, report: OutageReport) -> str:
        line = " ".join(report.what.split())
        return line if len(line) <= SHOWN_OF_WHAT else f"{line[: SHOWN_OF_WHAT - 1]}…"

    @admin.display(description="State", ordering="state")
    def state_chip(self, report: OutageReport) -> SafeString:
        return format_html('<span class="chip {}">{}</span>', REPORT_CSS[report.stage], report.stage.label)

    @admin.display(description="When (UTC)", ordering="created_at")
    def came(self, report: OutageReport) -> str:
        return f"{report.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="Where from", empty_value="–")
    def where(self, report: OutageReport) -> str | None:
        return ", ".join(part for part in (report.country, report.isp) if part) or None

    @admin.display(description="Incident", ordering="incident", empty_value="–")
    def belongs(self, report: OutageReport) -> str | None:
        return report.incident.reference if report.incident else None
