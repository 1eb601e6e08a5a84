"""Django's admin site with the page's name on it, and on its front page what is wrong now."""

from collections.abc import Callable
from dataclasses import dataclass
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
from incidents.models import AffectedComponent, Incident, OutageReport
from statuspage.core import clock

INCIDENTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    incident: Incident
    components: str
    is_overdue: bool


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
        """What is wrong now, then Django's list. Four queries more than Django's."""
        context = {
            "open_incidents": open_incidents() if request.user.has_perm("incidents.view_incident") else [],
            "troubled": troubled_components(),
            "new_reports": new_reports() if request.user.has_perm("incidents.view_outagereport") else 0,
            "may_declare": request.user.has_perm("incidents.add_incident"),
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


def new_reports() -> int:
    """How many reports from outside nobody has dealt with. One query."""
    return OutageReport.objects.new().count()


def troubled_components() -> list[Component]:
    """Everything that is not known to be fine, the worst first. One query."""
    components = Component.objects.active().exclude(status=ComponentStatus.OPERATIONAL)
    return sorted(components, key=lambda component: -component.state.rank)
