"""Maintenance in the console: windows, series and kinds. The screens are ours, the lists are Django's."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ModelAdmin, PageTouchingAdmin
from components.models import Page
from incidents.admin_maintenance_actions import (
    service_view,
    skip_view,
    step_view,
    take_over_view,
    window_view,
    word_view,
)
from incidents.admin_maintenance_parts import STATUS_CSS
from incidents.admin_maintenance_series import coming_view, end_series_view, get_series, write_series_view
from incidents.admin_maintenance_views import announce_view, check_view, edit_view
from incidents.enums import MaintenanceStatus
from incidents.forms import DurationField
from incidents.maintenance import take_over
from incidents.maintenance.occurrences import recurrence_of
from incidents.maintenance.wording import hours_said
from incidents.models import Maintenance, MaintenanceKind, MaintenanceSeries
from statuspage.core import clock
from statuspage.core.errors import DomainError

__all__ = ["MaintenanceAdmin", "MaintenanceKindAdmin", "MaintenanceSeriesAdmin"]


class NotDeleted:
    """History is not deleted: a window is cancelled, a series ends."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Maintenance)
class MaintenanceAdmin(NotDeleted, ModelAdmin[Maintenance]):
    list_display = ("title", "status_chip", "begins", "ends", "of_series", "reference", "origin")
    list_display_links = ("title", "reference")
    list_filter = ("status", "kind", "origin")
    list_select_related = ("series",)
    list_per_page = 50
    search_fields = ("reference", "title", "=public_id")
    search_help_text = "Reference or title"
    date_hierarchy = "scheduled_for"
    ordering = ("-scheduled_for", "-pk")
    actions = ("take_over_chosen",)

    def get_urls(self) -> list[URLPattern]:
        wrap = partial(_route, self)
        own = [
            wrap("check/", check_view, "incidents_maintenance_check_new"),
            wrap("<path:object_id>/check/", check_view, "incidents_maintenance_check"),
            wrap("<path:object_id>/edit/", edit_view, "incidents_maintenance_edit"),
            wrap("<path:object_id>/step/", step_view, "incidents_maintenance_step"),
            wrap("<path:object_id>/skip/", skip_view, "incidents_maintenance_skip"),
            wrap("<path:object_id>/take-over/", take_over_view, "incidents_maintenance_take_over"),
            wrap("<path:object_id>/service/<path:component_pk>/", service_view, "incidents_maintenance_service"),
            wrap("<path:object_id>/do/<slug:action>/", word_view, "incidents_maintenance_do"),
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The console routes this address to `statuspage.web.console.maintenance`, which also looks at the past."""
        return announce_view(request, model_admin=self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return window_view(request, object_id, model_admin=self)

    @admin.action(description="Take over imported windows", permissions=["change"])
    def take_over_chosen(self, request: HttpRequest, queryset: QuerySet[Maintenance]) -> None:
        for window in queryset.order_by("pk"):
            try:
                take_over(maintenance=window)
            except DomainError as error:
                messages.error(request, error.sentence)
            else:
                self.log_change(request, window, "Taken over.")
                messages.success(request, f"{window.reference} is ours from now on.")

    @admin.display(description="Status", ordering="status")
    def status_chip(self, window: Maintenance) -> SafeString:
        over = " · runs over" if window.is_running_over(clock.now()) else ""
        label = f"{MaintenanceStatus(window.status).label}{over}"
        return format_html('<span class="chip {}">{}</span>', STATUS_CSS[window.state], label)

    @admin.display(description="Begins (UTC)", ordering="scheduled_for")
    def begins(self, window: Maintenance) -> str:
        return f"{window.scheduled_for:%Y-%m-%d %H:%M}"

    @admin.display(description="Ends (UTC)", ordering="scheduled_until")
    def ends(self, window: Maintenance) -> str:
        return f"{window.scheduled_until:%Y-%m-%d %H:%M}"

    @admin.display(description="Series", empty_value="–")
    def of_series(self, window: Maintenance) -> str | None:
        if window.series is None:
            return None
        return f"{window.series.title}{' (changed alone)' if window.is_changed_alone else ''}"


@admin.register(MaintenanceSeries)
class MaintenanceSeriesAdmin(NotDeleted, ModelAdmin[MaintenanceSeries]):
    list_display = ("title", "next_window", "rrule", "kind", "slug", "ended")
    list_display_links = ("title", "slug")
    list_select_related = ("kind",)
    search_fields = ("title", "slug")
    ordering = ("ended_at", "title", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaintenanceSeries]:
        """With the page's zone, so that a long list asks for it once."""
        zone = Page.objects.filter(pk=1).values("time_zone")[:1]
        return super().get_queryset(request).annotate(zone_key=Coalesce(Subquery(zone), Value("UTC")))

    def get_urls(self) -> list[URLPattern]:
        own = [
            _route(self, "coming/", self._coming, "incidents_maintenanceseries_coming_new"),
            _route(self, "<path:object_id>/coming/", self._coming, "incidents_maintenanceseries_coming"),
            _route(self, "<path:object_id>/end/", self._end, "incidents_maintenanceseries_end"),
        ]
        return [*own, *super().get_urls()]

    def _coming(self, request: HttpRequest, object_id: str = "", **_: Any) -> HttpResponse:
        series = get_series(request, object_id, self) if object_id else None
        return coming_view(request, series, model_admin=self)

    def _end(self, request: HttpRequest, object_id: str, **_: Any) -> HttpResponse:
        return end_series_view(request, get_series(request, object_id, self), model_admin=self)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return write_series_view(request, None, model_admin=self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return write_series_view(request, get_series(request, object_id, self), model_admin=self)

    @admin.display(description="Next", empty_value="–")
    def next_window(self, series: MaintenanceSeries) -> str | None:
        if series.ended_at is not None:
            return None
        zone = ZoneInfo(series.zone_key)  # type: ignore[attr-defined]  # the list's query has it
        coming = recurrence_of(series).occurrences(zone=zone, after=clock.now(), count=1)
        return f"{coming[0].begins_at.astimezone(zone):%Y-%m-%d %H:%M}" if coming else "no more"

    @admin.display(description="Ended (UTC)", ordering="ended_at", empty_value="–")
    def ended(self, series: MaintenanceSeries) -> str | None:
        return None if series.ended_at is None else f"{series.ended_at:%Y-%m-%d}"


@admin.register(MaintenanceKind)
class MaintenanceKindAdmin(PageTouchingAdmin[MaintenanceKind]):
    list_display = ("name", "slug", "announced", "needs_reason", "position")
    ordering = ("position", "slug")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        if db_field.name == "lead_time":
            return DurationField(required=False, help_text=f"Such as 72h. {db_field.help_text} Empty: any time.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: MaintenanceKind | None = None) -> list[str]:
        """The slug is what programs know it by."""
        return ["slug"] if obj else []

    @admin.display(description="Announced ahead", ordering="lead_time", empty_value="any time")
    def announced(self, kind: MaintenanceKind) -> str | None:
        return None if kind.lead_time is None else hours_said(kind.lead_time)


def _route(model_admin: Any, where: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    route: URLPattern = path(where, model_admin.admin_site.admin_view(view), {"model_admin": model_admin}, name)
    return route
