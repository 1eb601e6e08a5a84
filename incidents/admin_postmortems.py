"""Postmortems in the console: what is owed and how late it is, and one page on which one is written and published.

The list is Django's. Every change goes through the services; the blameless check warns and never forbids.
"""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ModelAdmin, PageTouchingAdmin
from components.models import Page
from incidents.admin_postmortem_views import (
    action_done_view,
    action_remove_view,
    action_view,
    postmortem_view,
    publish_view,
    start_view,
)
from incidents.enums import PostmortemState
from incidents.forms import DurationField
from incidents.models import Postmortem, PostmortemRule
from statuspage.core import clock
from statuspage.core.durations import say_duration


class OwedFilter(admin.SimpleListFilter):
    """What staff have to do, unless one asks for the rest."""

    title = "state"
    parameter_name = "owed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("late", "Late"), ("draft", "Drafts"), ("published", "Published")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Postmortem]) -> QuerySet[Postmortem]:
        drafts = Q(state=PostmortemState.DRAFT)
        chosen = {
            "late": drafts & Q(due_at__lt=clock.now()),
            "draft": drafts,
            "published": Q(state=PostmortemState.PUBLISHED),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(Postmortem)
class PostmortemAdmin(ModelAdmin[Postmortem]):
    list_display = ("of", "state_chip", "due", "because", "actions_open")
    list_display_links = ("of",)
    list_filter = (OwedFilter, "incident__severity")
    list_select_related = ("incident__severity",)
    list_per_page = 50
    search_fields = ("incident__reference", "incident__title")
    search_help_text = "Reference or title of the incident"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(route, self.admin_site.admin_view(view), {"model_admin": self}, name)
            for route, name, view in (
                ("of/<int:incident_pk>/", "incidents_postmortem_start", start_view),
                ("<path:object_id>/publish/", "incidents_postmortem_publish", publish_view),
                ("<path:object_id>/actions/", "incidents_postmortem_action", action_view),
                (
                    "<path:object_id>/actions/<int:action_pk>/done/",
                    "incidents_postmortem_action_done",
                    action_done_view,
                ),
                (
                    "<path:object_id>/actions/<int:action_pk>/remove/",
                    "incidents_postmortem_action_remove",
                    action_remove_view,
                ),
            )
        ]
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Postmortem]:
        return super().get_queryset(request).prefetch_related("actions")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Drafts before what is published; what is due first comes first."""
        return (F("state").asc(), F("due_at").asc(nulls_last=True), "-pk")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return postmortem_view(request, object_id, model_admin=self)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One begins at its incident."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Postmortem | None = None) -> bool:
        """What was published stays at its address for good; a draft goes with its incident, or by a superuser."""
        superuser = request.user.is_active and getattr(request.user, "is_superuser", False)
        return obj is not None and not obj.is_published and bool(superuser)

    @admin.display(description="Of", ordering="incident__started_at")
    def of(self, postmortem: Postmortem) -> str:
        return str(postmortem.incident)

    @admin.display(description="State", ordering="state")
    def state_chip(self, postmortem: Postmortem) -> SafeString:
        css = "ok" if postmortem.is_published else "none"
        return format_html('<span class="chip {}">{}</span>', css, PostmortemState(postmortem.state).label)

    @admin.display(description="Due", ordering="due_at", empty_value="–")
    def due(self, postmortem: Postmortem) -> SafeString | str | None:
        return due_line(postmortem, clock.now())

    @admin.display(description="Because", empty_value="–")
    def because(self, postmortem: Postmortem) -> str | None:
        return postmortem.due_because or None

    @admin.display(description="Open actions", empty_value="–")
    def actions_open(self, postmortem: Postmortem) -> int | None:
        return sum(action.done_at is None for action in postmortem.actions.all()) or None


@admin.register(PostmortemRule)
class PostmortemRuleAdmin(PageTouchingAdmin[PostmortemRule]):
    list_display = ("slug", "longer_than", "data_impact", "business_days", "position")
    ordering = ("position", "slug")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        if db_field.name == "longer_than":
            return DurationField(required=False, help_text="Such as 30m or 2h: of incidents that lasted longer.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def due_line(postmortem: Postmortem, now: datetime) -> SafeString | str | None:
    """`in 3 days`, `late by 2 hours`; None where nothing is owed any more."""
    due = postmortem.due_at
    if due is None or postmortem.is_published:
        return None
    if postmortem.is_overdue(now):
        return format_html('<span class="chip down">late by {}</span>', say_duration(now - due))
    return f"{due.astimezone(Page.current().zone):%a %Y-%m-%d}, in {say_duration(due - now)}"
