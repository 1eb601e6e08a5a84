"""What the console's screens about incidents share."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from components.admin_base import ModelAdmin
from incidents.enums import IncidentStatus
from incidents.forms import SentenceForm
from incidents.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    type IncidentModelAdmin = ModelAdmin[Incident]

LONGEST_PK = 18
LONGEST_AUTHOR = 150
STATUS_CSS: Mapping[IncidentStatus, str] = {
    IncidentStatus.INVESTIGATING: "down",
    IncidentStatus.IDENTIFIED: "part",
    IncidentStatus.MONITORING: "work",
    IncidentStatus.RESOLVED: "ok",
}


def get_incident(request: HttpRequest, object_id: str, model_admin: "IncidentModelAdmin") -> Incident:
    """The incident. 404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = number(object_id)
    rows = Incident.objects.select_related("severity", "merged_into")
    incident = rows.filter(pk=pk).first() if pk is not None else None
    if incident is None:
        raise Http404("There is no such incident.")
    return incident


def check_may_change(request: HttpRequest, incident: Incident, model_admin: "IncidentModelAdmin") -> None:
    if not model_admin.has_change_permission(request, incident):
        raise PermissionDenied


def number(object_id: str) -> int | None:
    """A primary key out of an address, or None for what is none."""
    pk = unquote(object_id)
    return int(pk) if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK else None


def to_incident(incident: Incident, part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[incident.pk]) + part)


def author_of(request: HttpRequest) -> str:
    user: User = request.user  # type: ignore[assignment]  # the console lets nobody else in
    return (user.get_full_name() or user.get_username())[:LONGEST_AUTHOR]


def with_revision(data: QueryDict, form: SentenceForm, revision: int, name: str = "revision") -> QueryDict:
    """What was typed, over what is there now."""
    newer = data.copy()
    newer[form.add_prefix(name)] = str(revision)
    return newer
