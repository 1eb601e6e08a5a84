"""What the console's screens about maintenance share."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from components.admin_base import ModelAdmin
from components.models import Component
from incidents.admin_parts import number
from incidents.enums import MaintenanceStatus, ServiceState, StepState
from incidents.models import Maintenance

type WindowModelAdmin = ModelAdmin[Maintenance]

STATUS_CSS: Mapping[MaintenanceStatus, str] = {
    MaintenanceStatus.SCHEDULED: "none",
    MaintenanceStatus.IN_PROGRESS: "work",
    MaintenanceStatus.VERIFYING: "slow",
    MaintenanceStatus.COMPLETED: "ok",
    MaintenanceStatus.CANCELLED: "none",
}
SERVICE_CSS: Mapping[ServiceState, str] = {
    ServiceState.OPERATIONAL: "ok",
    ServiceState.READ_ONLY: "slow",
    ServiceState.QUEUED: "none",
    ServiceState.RESTARTING: "work",
    ServiceState.OFFLINE: "down",
}
STEP_CSS: Mapping[StepState, str] = {
    StepState.PENDING: "none",
    StepState.RUNNING: "work",
    StepState.DONE: "ok",
    StepState.SKIPPED: "none",
}


def get_window(request: HttpRequest, object_id: str, model_admin: WindowModelAdmin) -> Maintenance:
    """The window. 404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = number(object_id)
    rows = Maintenance.objects.select_related("kind", "series")
    window = rows.filter(pk=pk).first() if pk is not None else None
    if window is None:
        raise Http404("There is no such maintenance window.")
    return window


def check_may_change(request: HttpRequest, window: Maintenance, model_admin: WindowModelAdmin) -> None:
    if not model_admin.has_change_permission(request, window):
        raise PermissionDenied


def to_window(window: Maintenance) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_maintenance_change", args=[window.pk]))


def all_components(window: Maintenance | None = None) -> list[Component]:
    """Those in use, and those of the window, which may have been retired since."""
    active = list(Component.objects.active().select_related("group"))
    known = {component.pk for component in active}
    own = [] if window is None else list(window.components.select_related("group"))
    return [*active, *(component for component in own if component.pk not in known)]
