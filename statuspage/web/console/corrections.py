"""An incident that was not ours: its time is left out of uptime, with the reason that everybody reads."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from incidents.models import Incident
from probes.admin_corrections import ReasonForm
from probes.corrections import exclude
from probes.enums import CorrectionKind
from statuspage.core.errors import DomainError


def not_ours(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then leave the time of an incident that is over out of the uptime of its components."""
    if not request.user.has_perm("probes.add_correction"):
        raise PermissionDenied
    incident = get_object_or_404(Incident, pk=pk, resolved_at__isnull=False)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _exclude(incident, form.cleaned_data["reason"], request.user.get_username())
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, f"The time of {incident.reference} is left out of uptime.")
        return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[pk]))
    names = ", ".join(component.name for component in incident.components.all()) or "no component"
    context = {
        **admin.site.each_context(request),
        "title": f"{incident.reference} was not ours",
        "explanation": f"From {incident.started_at:%Y-%m-%d %H:%M} to {incident.resolved_at:%Y-%m-%d %H:%M} UTC, "
        f"every five minutes of {names} will be left out of uptime. It can be withdrawn.",
        "button": "Leave it out of uptime",
        "form": form,
    }
    return TemplateResponse(request, "admin/probes/correction/reason.html", context)


def _exclude(incident: Incident, reason: str, author: str) -> None:
    assert incident.resolved_at is not None  # noqa: S101 -- only such are looked for
    exclude(
        components=list(incident.components.all()),
        starts_at=incident.started_at,
        ends_at=incident.resolved_at,
        kind=CorrectionKind.NOT_OURS,
        reason=reason,
        author=author,
        incident=incident,
    )
