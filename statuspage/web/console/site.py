"""Django's admin site with the page's name on it, and on its front page what is wrong now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import update_wrapper
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.db.models import Prefetch
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import Origin
from incidents.models import AffectedComponent, Draft, Incident, Maintenance, OutageReport, Postmortem, Signal
from statuspage.core import clock
from statuspage.web.console.deliveries import telling

INCIDENTS_SHOWN = 20
WINDOWS_SHOWN = 10
POSTMORTEMS_SHOWN = 10
SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    incident: Incident
    components: str
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedPostmortem:
    postmortem: Postmortem
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One that runs, or begins within a day, or waits for somebody to begin it."""

    window: Maintenance
    is_running_over: bool
    is_waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits for somebody. None where it is not theirs to see."""

    reports: int | None
    signals: int | None
    drafts: int | None


class ConsoleSite(AdminSite):
    site_title = "Console"
    index_title = "Console"
    site_url = None  # the header has a link with clearer words
    enable_nav_sidebar = False
    empty_value_display = "–"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """One query more than Django's."""
        name = Page.objects.values_list("name", flat=True).first() or "Status"
        return {**super().each_context(request), "site_header": name}

    def admin_view[V: Callable[..., HttpResponseBase]](self, view: V, cacheable: bool = False) -> V:  # noqa: FBT001, FBT002 -- Django's signature
        """PostgreSQL has no NUL in its texts, and Django's list filters hand it on as it came."""

        def without_nul(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest("The address contains a NUL.")
            return view(request, *args, **kwargs)

        return cast("V", super().admin_view(update_wrapper(without_nul, view), cacheable))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What is wrong now, what runs and what waits, then Django's list. Twelve queries more than Django's."""
        may = request.user.has_perm
        context = {
            "open_incidents": open_incidents() if may("incidents.view_incident") else [],
            "windows": windows() if may("incidents.view_maintenance") else [],
            "owed": owed_postmortems() if may("incidents.view_postmortem") else [],
            "troubled": troubled_components(),
            "waiting": waiting(may),
            "telling": telling(may),
            "may_declare": may("incidents.add_incident"),
            "may_announce": may("incidents.add_maintenance"),
        }
        return super().index(request, context | (extra_context or {}))


def open_incidents() -> list[OpenIncident]:
    """The newest first. Two queries."""
    affected = Prefetch("affected", AffectedComponent.objects.select_related("component"))
    incidents = Incident.objects.open().newest_first().select_related("severity").prefetch_related(affected)
    now = clock.now()
    return [
        OpenIncident(
            incident=incident,
            components=", ".join(row.component.name for row in incident.affected.all()),
            is_overdue=incident.is_overdue(now),
        )
        for incident in incidents[:INCIDENTS_SHOWN]
    ]


def windows() -> list[Window]:
    """Those that run, then those that begin within a day, the next first. One query."""
    now = clock.now()
    soon = Maintenance.objects.upcoming().filter(scheduled_for__lt=now + SOON)
    rows = (Maintenance.objects.active() | soon).exclude(origin=Origin.IMPORT).order_by("scheduled_for", "pk")
    found = [
        Window(
            window=row,
            is_running_over=row.is_running_over(now),
            is_waiting=not row.is_active and row.scheduled_for < now,
        )
        for row in rows[:WINDOWS_SHOWN]
    ]
    return sorted(found, key=lambda row: not row.window.is_active)


def owed_postmortems() -> list[OwedPostmortem]:
    """The one that is due first comes first. One query."""
    now = clock.now()
    rows = Postmortem.objects.owed().select_related("incident")[:POSTMORTEMS_SHOWN]
    return [OwedPostmortem(postmortem=row, is_overdue=row.is_overdue(now)) for row in rows]


def waiting(may: Callable[[str], bool]) -> Waiting:
    """Reports nobody has dealt with, signals that are not over, drafts. One query for each that may be seen."""
    return Waiting(
        reports=OutageReport.objects.new().count() if may("incidents.view_outagereport") else None,
        signals=Signal.objects.unresolved().count() if may("incidents.view_signal") else None,
        drafts=Draft.objects.count() if may("incidents.view_draft") else None,
    )


def troubled_components() -> list[Component]:
    """Everything that is not known to be fine, the worst first. One query."""
    components = Component.objects.active().exclude(status=ComponentStatus.OPERATIONAL)
    return sorted(components, key=lambda component: -component.state.rank)
