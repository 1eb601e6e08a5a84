"""The console's own screens: declare an incident, see one whole, post, resolve, correct.

A refusal keeps what was typed. A writer who was overtaken sees what is new with their words still in the form, and
the form then carries the newer revision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from components.admin_base import ModelAdmin
from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Origin
from incidents.forms import PREFIX, EditIncidentForm, OpenIncidentForm, PostUpdateForm, ResolveForm, SentenceForm
from incidents.models import AffectedComponent, Incident, IncidentUpdate
from incidents.reports.declaring import SEPARATOR, Reported, link_declared, reported
from incidents.services import DuplicateIncident, edit_incident, open_incident, post_update, resolve_incident
from statuspage.core import clock
from statuspage.core.errors import DomainError, StaleRevision
from statuspage.core.markdown import render_markdown

if TYPE_CHECKING:
    from django.contrib.auth.models import User


LONGEST_PK = 18
LONGEST_AUTHOR = 150
STATUS_CSS = {
    IncidentStatus.INVESTIGATING: "down",
    IncidentStatus.IDENTIFIED: "part",
    IncidentStatus.MONITORING: "work",
    IncidentStatus.RESOLVED: "ok",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One update as the page shows it, and who wrote it."""

    update: IncidentUpdate
    html: str
    is_new: bool


def open_view(request: HttpRequest, *, model_admin: ModelAdmin[Incident]) -> HttpResponse:
    """Declare an incident in one form."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    components = list(Component.objects.active().select_related("group"))
    told = _reported(request)
    form = OpenIncidentForm(request.POST or None, components=components, begin_with=told.initial(PREFIX))
    if request.method == "POST" and form.is_valid():
        try:
            incident = _open(request, form, told)
        except DuplicateIncident as error:
            # The same form sent twice.
            return _to_incident(error.existing)
        except DomainError as error:
            form.refuse(error)
        else:
            model_admin.log_addition(request, incident, "Declared.")
            messages.success(request, f"{incident.reference} is open and on the page.")
            for report in link_declared(reports=told.reports, incident=incident, author=_author(request)):
                messages.warning(request, f"Somebody else dealt with a report meanwhile: {report}")
            return _to_incident(incident)
    context = {**model_admin.admin_site.each_context(request), "title": "Declare an incident", "form": form}
    context |= {"opts": model_admin.opts, "nothing_to_choose": not components, "reports": told.reports}
    return TemplateResponse(request, "admin/incidents/incident/open.html", context)


def _reported(request: HttpRequest) -> Reported:
    """The reports from outside that the address or the form names. One query, none without any."""
    if not request.user.has_perm("incidents.change_outagereport"):
        return Reported(reports=())
    return reported([*request.GET.getlist("report"), *request.POST.get("reports", "").split(SEPARATOR)])


def _open(request: HttpRequest, form: OpenIncidentForm, told: Reported) -> Incident:
    said = form.cleaned_data
    return open_incident(
        title=said["title"],
        severity=said["severity"],
        message=said["message"],
        impacts=form.impacts(),
        status=IncidentStatus(said["status"]),
        private=said["private"],
        data_impact=said["data_impact"],
        started_at=said["started_at"],
        origin=Origin.REPORT if told.reports else Origin.STAFF,
        dedupe_key=f"form-{said['form_id']}" if said["form_id"] else "",
        author=_author(request),
        notify=said["notify"],
        next_update_in=said["next_update_in"],
    )


def incident_view(request: HttpRequest, object_id: str, *, model_admin: ModelAdmin[Incident]) -> HttpResponse:
    """One incident: its facts, its timeline, and the forms that its state allows."""
    return _incident_page(request, _get(request, object_id, model_admin), model_admin)


def update_view(request: HttpRequest, object_id: str, *, model_admin: ModelAdmin[Incident]) -> HttpResponse:
    incident = _get(request, object_id, model_admin)

    def post(said: dict[str, Any]) -> str:
        post_update(
            incident=incident,
            status=IncidentStatus(said["status"]),
            message=said["message"],
            impacts=form.impacts(),
            notify=said["notify"],
            author=_author(request),
            expected_revision=said["revision"],
            next_update_in=said["next_update_in"],
        )
        return "Update posted."

    form = _update_form(incident, request.POST or None)
    return _handle(request, incident, model_admin, form, post, _update_form)


def resolve_view(request: HttpRequest, object_id: str, *, model_admin: ModelAdmin[Incident]) -> HttpResponse:
    incident = _get(request, object_id, model_admin)

    def resolve(said: dict[str, Any]) -> str:
        resolve_incident(
            incident=incident,
            message=said["message"],
            root_cause_summary=said["root_cause_summary"],
            remediation=said["remediation"],
            notify=said["notify"],
            author=_author(request),
            expected_revision=said["revision"],
        )
        return "Resolved."

    return _handle(request, incident, model_admin, _resolve_form(incident, request.POST), resolve, _resolve_form)


def edit_view(request: HttpRequest, object_id: str, *, model_admin: ModelAdmin[Incident]) -> HttpResponse:
    incident = _get(request, object_id, model_admin)

    def edit(said: dict[str, Any]) -> str:
        said = dict(said)
        edit_incident(incident=incident, expected_revision=said.pop("revision"), **said)
        return "Corrected."

    return _handle(request, incident, model_admin, _edit_form(incident, request.POST), edit, _edit_form)


type FormMaker = Callable[[Incident, QueryDict | None], SentenceForm]


def _handle(
    request: HttpRequest,
    incident: Incident,
    model_admin: ModelAdmin[Incident],
    form: SentenceForm,
    service: Callable[[dict[str, Any]], str],
    again: FormMaker,
) -> HttpResponse:
    """Call the service with what was typed; on a refusal show the page with the form as it was."""
    if request.method != "POST":
        return _to_incident(incident)
    if not model_admin.has_change_permission(request, incident):
        raise PermissionDenied
    if not form.is_valid():
        return _incident_page(request, incident, model_admin, form)
    try:
        done = service(form.cleaned_data)
    except StaleRevision as error:
        seen = form.cleaned_data["revision"]
        form = again(incident, _with_revision(request.POST, form, incident.revision))
        form.is_valid()
        form.refuse(error)
        return _incident_page(request, incident, model_admin, form, seen_revision=seen)
    except DomainError as error:
        form.refuse(error)
        return _incident_page(request, incident, model_admin, form)
    model_admin.log_change(request, incident, done)
    messages.success(request, f"{incident.reference}: {done}")
    return _to_incident(incident)


def _incident_page(
    request: HttpRequest,
    incident: Incident,
    model_admin: ModelAdmin[Incident],
    form: SentenceForm | None = None,
    seen_revision: int | None = None,
) -> HttpResponse:
    affected = list(incident.affected.select_related("component__group").order_by("component__position"))
    forms: dict[str, SentenceForm] = {"edit_form": _edit_form(incident, None)}
    forms["update_form"] = _update_form(incident, None, affected)
    if incident.is_open:
        forms["resolve_form"] = _resolve_form(incident, None)
    if form is not None:
        forms[f"{form.prefix}_form"] = form
    context = {
        **model_admin.admin_site.each_context(request),
        **forms,
        "title": incident.title,
        "opts": model_admin.opts,
        "incident": incident,
        "affected": [(row.component, ComponentStatus(row.status)) for row in affected],
        "status_css": STATUS_CSS[incident.state],
        "timeline": _timeline(incident, is_stale=seen_revision is not None),
        "may_change": model_admin.has_change_permission(request, incident),
        "may_delete": model_admin.has_delete_permission(request, incident),
        "failed": form.prefix if form is not None else "",
        "is_overdue": incident.is_overdue(clock.now()),
    }
    return TemplateResponse(request, "admin/incidents/incident/incident.html", context)


def _timeline(incident: Incident, *, is_stale: bool) -> list[TimelineEntry]:
    """Newest first; what a writer who was overtaken has not seen is marked."""
    updates = list(incident.updates.prefetch_related("impacts"))
    return [
        TimelineEntry(update=update, html=render_markdown(update.body), is_new=is_stale and position == 0)
        for position, update in enumerate(updates)
    ]


def _update_form(
    incident: Incident, data: QueryDict | None, affected: list[AffectedComponent] | None = None
) -> PostUpdateForm:
    if affected is None:
        affected = list(incident.affected.select_related("component"))
    said = {row.component_id: row.status for row in affected}
    components = Component.objects.active().select_related("group")
    return PostUpdateForm(data, incident=incident, components=components, said=said)


def _resolve_form(incident: Incident, data: QueryDict | None) -> ResolveForm:
    return ResolveForm(data, incident=incident)


def _edit_form(incident: Incident, data: QueryDict | None) -> EditIncidentForm:
    return EditIncidentForm(data, incident=incident)


def _with_revision(data: QueryDict, form: SentenceForm, revision: int) -> QueryDict:
    newer = data.copy()
    newer[form.add_prefix("revision")] = str(revision)
    return newer


def _get(request: HttpRequest, object_id: str, model_admin: ModelAdmin[Incident]) -> Incident:
    """The incident. 404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = unquote(object_id)
    incident = None
    if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK:
        incident = Incident.objects.select_related("severity").filter(pk=int(pk)).first()
    if incident is None:
        raise Http404("There is no such incident.")
    return incident


def _to_incident(incident: Incident) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[incident.pk]))


def _author(request: HttpRequest) -> str:
    user: User = request.user  # type: ignore[assignment]  # the console lets nobody else in
    return (user.get_full_name() or user.get_username())[:LONGEST_AUTHOR]
