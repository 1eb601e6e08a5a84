"""Incidents, the severity ladder and maintenance in the console. Every change of state goes through the services."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ModelAdmin, PageTouchingAdmin
from components.services import touch_page
from incidents.admin_drafts import DraftAdmin
from incidents.admin_maintenance import MaintenanceAdmin, MaintenanceKindAdmin, MaintenanceSeriesAdmin
from incidents.admin_pages import ContentPageAdmin
from incidents.admin_past import merge_view, record_view, word_view
from incidents.admin_postmortems import PostmortemAdmin
from incidents.admin_reports import OutageReportAdmin
from incidents.admin_signals import SignalAdmin
from incidents.admin_templates import MessageTemplateAdmin
from incidents.admin_views import (
    STATUS_CSS,
    due_view,
    edit_view,
    incident_view,
    open_view,
    resolve_view,
    update_view,
)
from incidents.forms import DurationField
from incidents.models import Incident, SeverityPolicy
from statuspage.core import clock
from statuspage.core.durations import format_duration, say_duration

__all__ = [
    "ContentPageAdmin",
    "DraftAdmin",
    "IncidentAdmin",
    "MaintenanceAdmin",
    "MaintenanceKindAdmin",
    "MaintenanceSeriesAdmin",
    "MessageTemplateAdmin",
    "OutageReportAdmin",
    "PostmortemAdmin",
    "SeverityPolicyAdmin",
    "SignalAdmin",
    "is_superuser",
]


@admin.register(Incident)
class IncidentAdmin(ModelAdmin[Incident]):
    """The list is Django's; opening and one incident's own page are ours (`incidents.admin_views`)."""

    list_display = ("title", "status_chip", "severity", "began", "next_update", "secret", "reference", "origin")
    list_display_links = ("title", "reference")
    list_filter = ("status", "severity", "private", "origin")
    list_select_related = ("severity",)
    list_per_page = 50
    search_fields = ("reference", "title", "=public_id")
    search_help_text = "Reference or title"
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), {"model_admin": self}, route)
            for name, route, view in (
                ("update", "incidents_incident_update", update_view),
                ("resolve", "incidents_incident_resolve", resolve_view),
                ("edit", "incidents_incident_edit", edit_view),
                ("merge", "incidents_incident_merge", merge_view),
                ("due", "incidents_incident_due", due_view),
                ("updates/<path:update_pk>", "incidents_incident_word", word_view),
            )
        ]
        record = path(
            "record/", self.admin_site.admin_view(record_view), {"model_admin": self}, "incidents_incident_record"
        )
        return [record, *own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return open_view(request, model_admin=self)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return incident_view(request, object_id, model_admin=self)

    def has_delete_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        """History is not deleted, and never in bulk; a superuser may, once it is over and holds no component."""
        return obj is not None and not obj.is_open and is_superuser(request.user)

    def delete_model(self, request: HttpRequest, obj: Incident) -> None:
        super().delete_model(request, obj)
        touch_page()

    @admin.display(description="Status", ordering="status")
    def status_chip(self, incident: Incident) -> SafeString:
        return format_html('<span class="chip {}">{}</span>', STATUS_CSS[incident.state], incident.state.label)

    @admin.display(description="Began (UTC)", ordering="started_at")
    def began(self, incident: Incident) -> str:
        return f"{incident.started_at:%Y-%m-%d %H:%M}"

    @admin.display(description="Private", ordering="private", empty_value="–")
    def secret(self, incident: Incident) -> str | None:
        return "private" if incident.private else None

    @admin.display(description="Next update", ordering="next_update_due_at", empty_value="–")
    def next_update(self, incident: Incident) -> str | None:
        due, now = incident.next_update_due_at, clock.now()
        if due is None:
            return None
        return f"late by {say_duration(now - due)}" if due < now else f"in {say_duration(due - now)}"


@admin.register(SeverityPolicy)
class SeverityPolicyAdmin(PageTouchingAdmin[SeverityPolicy]):
    list_display = ("name", "slug", "rank", "impact", "first_update_in", "update_every_in", "postmortem_business_days")
    search_fields = ("name", "slug")
    list_filter = ("impact",)
    ordering = ("rank", "slug")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        if db_field.name in {"first_update", "update_every"}:
            help_text = f"Such as 30m or 2h. {db_field.help_text}".strip()
            return DurationField(required=False, help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: SeverityPolicy | None = None) -> list[str]:
        """The slug is what configuration and programs know it by."""
        return ["slug"] if obj else []

    @admin.display(description="First update", ordering="first_update", empty_value="–")
    def first_update_in(self, policy: SeverityPolicy) -> str | None:
        return _shown(policy.first_update)

    @admin.display(description="Update every", ordering="update_every", empty_value="–")
    def update_every_in(self, policy: SeverityPolicy) -> str | None:
        return _shown(policy.update_every)


def is_superuser(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(user.is_active and getattr(user, "is_superuser", False))


def _shown(duration: timedelta | None) -> str | None:
    return None if duration is None else format_duration(duration)
