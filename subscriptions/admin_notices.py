"""Notices in the console: to how many each goes, how far it is, how fast it goes, and who could not be reached.

It stands above `incidents`, as only here both a notice and its deliveries are known.
"""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.admin import is_superuser
from incidents.models import Notice
from statuspage.core.durations import say_duration
from subscriptions.admin_parts import about_notice, chip, is_deleting_an_incident, key_of, recipient_of
from subscriptions.enums import DeliveryState
from subscriptions.models import Delivery
from subscriptions.selectors import Progress, live_progress
from subscriptions.settled import settled

TEMPLATE = "admin/subscriptions/notice/notice.html"
FAILED_SHOWN = 100
OF_ONE_INCIDENT = 10


class NoticeList(ChangeList):
    """With the progress of the notices that the page shows, in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        notices: list[Any] = list(self.result_list)
        progress = settled.of([notice.pk for notice in notices])
        for notice in notices:
            notice.progress = progress[notice.pk]
        self.result_list = notices


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    list_display = ("about", "told", "state_chip", "written", "audience")
    list_filter = ("kind", "audience", "created_at")
    list_select_related = ("incident", "maintenance")
    list_per_page = 20
    search_fields = ("incident__reference", "maintenance__reference", "=public_id")
    search_help_text = "Reference of an incident or a maintenance window"
    show_full_result_count = False
    ordering = ("-created_at", "-pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NoticeList

    def has_delete_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return is_superuser(request.user) and is_deleting_an_incident(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return super().get_queryset(request).defer("payload").prefetch_related("components")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("told/<int:incident_pk>/", self.admin_site.admin_view(self.told_view), name="incidents_notice_told"),
            path(
                "<path:object_id>/progress/",
                self.admin_site.admin_view(self.progress_view),
                name="incidents_notice_progress",
            ),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Notices: who was told"} | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        notice = self._get(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **self._progress(notice),
            **self._failed(request, notice),
            "opts": self.opts,
            "title": about_notice(notice),
        }
        return TemplateResponse(request, TEMPLATE, context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The fragment that a page asks for every two seconds while something waits."""
        notice = self._get(request, object_id)
        return TemplateResponse(request, f"{TEMPLATE}#progress", self._progress(notice))

    def told_view(self, request: HttpRequest, incident_pk: int) -> HttpResponse:
        """For an incident's own page: its newest notices, and to how many each has gone. Two queries."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).filter(incident=incident_pk).select_related("incident", "maintenance")
        notices = list(rows.order_by("-created_at", "-pk")[:OF_ONE_INCIDENT])
        progress = settled.of([notice.pk for notice in notices])
        context = {"notices": [(notice, progress[notice.pk]) for notice in notices], "incident_pk": incident_pk}
        return TemplateResponse(request, "admin/subscriptions/notice/told.html", context)

    def _get(self, request: HttpRequest, object_id: str) -> Notice:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("incident", "maintenance")
        notice = rows.filter(pk=key_of(object_id) or 0).first()
        if notice is None:
            raise Http404("There is no such notice.")
        return notice

    def _progress(self, notice: Notice) -> dict[str, Any]:
        live = live_progress(notice.pk)
        return {
            "notice": notice,
            "live": live,
            "overall": live.overall,
            "is_live": notice.fanned_out_at is None or not live.overall.is_done,
            "per_second": f"{live.per_second:.1f}" if live.per_second < 10 else f"{live.per_second:,.0f}",
            "ends_in": _about(live.ends_in) if live.ends_in is not None else "",
        }

    def _failed(self, request: HttpRequest, notice: Notice) -> dict[str, Any]:
        """The first of those that could not be told, and why. One query."""
        if not request.user.has_perm("subscriptions.view_delivery"):
            return {"failed": [], "may_send_again": False}
        rows = Delivery.objects.filter(notice=notice, state=DeliveryState.FAILED)
        shown = rows.select_related("subscriber", "customer").order_by("pk")[:FAILED_SHOWN]
        return {
            "failed": [(row, recipient_of(row)) for row in shown],
            "may_send_again": request.user.has_perm("subscriptions.change_delivery"),
        }

    @admin.display(description="Written (UTC)", ordering="created_at")
    def written(self, notice: Notice) -> str:
        return f"{notice.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="About", ordering="kind")
    def about(self, notice: Notice) -> str:
        return about_notice(notice)

    @admin.display(description="Told")
    def told(self, notice: Notice) -> str:
        progress = _progress_of(notice)
        return f"{progress.sent:,} of {progress.total:,}"

    @admin.display(description="State")
    def state_chip(self, notice: Notice) -> SafeString:
        progress = _progress_of(notice)
        if notice.fanned_out_at is None:
            return chip("none", "Waits")
        if not progress.is_done:
            return chip("work", f"{progress.remaining:,} to go")
        return chip("part", f"Done, {progress.failed:,} failed") if progress.failed else chip("ok", "Done")


def _about(span: timedelta) -> str:
    return f"about {say_duration(span)}" if span >= timedelta(minutes=1) else "less than a minute"


def _progress_of(notice: Notice) -> Progress:
    found = getattr(notice, "progress", None)
    return found if isinstance(found, Progress) else Progress()
