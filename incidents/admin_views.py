"""The console's own screens: declare an incident, post, resolve, correct.

A refusal keeps what was typed. A writer who was overtaken sees what is new with their words still in the form, and
the form then carries the newer revision.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

from components.admin_base import ModelAdmin
from incidents.admin_incident_page import due_fragment, incident_page
from incidents.admin_keeping import keep, keeping
from incidents.admin_parts import STATUS_CSS, author_of, check_may_change, get_incident, to_incident, with_revision
from incidents.enums import DraftKind, Origin
from incidents.forms import PREFIX, SentenceForm
from incidents.forms_incident import OpenIncidentForm, declare_form, edit_form, resolve_form, update_form
from incidents.forms_words import WordsForm
from incidents.models import Incident
from incidents.publishing import declare, end, say
from incidents.reports.declaring import SEPARATOR, Reported, link_declared, reported
from incidents.services import DuplicateIncident, edit_incident
from statuspage.core.errors import DomainError, StaleRevision

__all__ = ["STATUS_CSS", "due_view", "edit_view", "incident_view", "open_view", "resolve_view", "update_view"]

type IncidentModelAdmin = ModelAdmin[Incident]


def open_view(request: HttpRequest, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    """Declare an incident in one form."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    told = _reported(request)
    begin_with = told.initial(PREFIX)
    form = declare_form(request.POST or None, begin_with)
    if request.method == "POST":
        done = _declare(request, form, told, model_admin)
        if done is not None:
            return done
        form = _chosen(request.POST, form, declare_form)
    elif "template" in request.GET:
        typed = {name: request.GET[name] for name in form.fields if name in request.GET}
        form = declare_form(_as_sent(declare_form(None, begin_with | typed)))
        form = declare_form(None, form.with_template(request.GET["template"]))
    context = {**model_admin.admin_site.each_context(request), "title": "Declare an incident", "form": form}
    context |= {"opts": model_admin.opts, "nothing_to_choose": not form.impact_of, "reports": told.reports}
    return TemplateResponse(request, "admin/incidents/incident/open.html", context)


def _declare(
    request: HttpRequest, form: OpenIncidentForm, told: Reported, model_admin: IncidentModelAdmin
) -> HttpResponse | None:
    """Where to go next, or None to stay with the form."""
    if keeping(request):
        return keep(request, form, kind=DraftKind.DECLARE)
    if request.POST.get("then") == "choose" or not form.is_valid():
        return None
    origin = Origin.REPORT if told.reports else Origin.STAFF
    try:
        incident = declare(form, author=author_of(request), origin=origin)
    except DuplicateIncident as error:
        # The same form sent twice.
        return to_incident(error.existing)
    except DomainError as error:
        form.refuse(error)
        return None
    model_admin.log_addition(request, incident, "Declared.")
    messages.success(request, f"{incident.reference} is open and on the page.")
    for report in link_declared(reports=told.reports, incident=incident, author=author_of(request)):
        messages.warning(request, f"Somebody else dealt with a report meanwhile: {report}")
    return to_incident(incident)


def _reported(request: HttpRequest) -> Reported:
    """The reports from outside that the address or the form names. One query, none without any."""
    if not request.user.has_perm("incidents.change_outagereport"):
        return Reported(reports=())
    return reported([*request.GET.getlist("report"), *request.POST.get("reports", "").split(SEPARATOR)])


def _chosen[F: WordsForm](
    data: QueryDict, form: F, again: Callable[[QueryDict | None, dict[str, Any] | None], F]
) -> F:
    """The form with the words of the template that was chosen, if one was."""
    if data.get("then") != "choose":
        return form
    return again(None, form.with_template(data.get(form.add_prefix("template"), "")))


def _as_sent(form: WordsForm) -> QueryDict:
    """What a browser would send of a form that nobody has touched."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.value()
        if value is True:
            data[field.html_name] = "on"
        elif value not in {None, False, ""}:
            data[field.html_name] = str(value)
    return data


def incident_view(request: HttpRequest, object_id: str, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    """One incident: its facts, its timeline, and the forms that its state allows."""
    incident = get_incident(request, object_id, model_admin)
    if "template" not in request.GET:
        return incident_page(request, incident, model_admin)
    kind = request.GET.get("kind", DraftKind.UPDATE)
    make: Callable[..., WordsForm] = resolve_form if kind == DraftKind.RESOLVE and incident.is_open else update_form
    form = make(incident, _as_sent(make(incident)))
    chosen = make(incident, None, form.with_template(request.GET["template"]))
    return incident_page(request, incident, model_admin, chosen)


def due_view(request: HttpRequest, object_id: str, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    """When the next word is due, counted down."""
    return due_fragment(request, get_incident(request, object_id, model_admin))


def update_view(request: HttpRequest, object_id: str, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    incident = get_incident(request, object_id, model_admin)
    form = update_form(incident, request.POST or None)

    def post(_said: dict[str, Any]) -> str:
        say(form, incident=incident, author=author_of(request))
        return "Update posted."

    def again(data: QueryDict | None, begin_with: dict[str, Any] | None = None) -> WordsForm:
        return update_form(incident, data, begin_with)

    return _handle_words(request, incident, model_admin, form, DraftKind.UPDATE, post, again)


def resolve_view(request: HttpRequest, object_id: str, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    incident = get_incident(request, object_id, model_admin)
    form = resolve_form(incident, request.POST or None)

    def resolve(_said: dict[str, Any]) -> str:
        end(form, incident=incident, author=author_of(request))
        return "Resolved."

    def again(data: QueryDict | None, begin_with: dict[str, Any] | None = None) -> WordsForm:
        return resolve_form(incident, data, begin_with)

    return _handle_words(request, incident, model_admin, form, DraftKind.RESOLVE, resolve, again)


def edit_view(request: HttpRequest, object_id: str, *, model_admin: IncidentModelAdmin) -> HttpResponse:
    incident = get_incident(request, object_id, model_admin)

    def edit(said: dict[str, Any]) -> str:
        said = dict(said)
        edit_incident(incident=incident, expected_revision=said.pop("revision"), **said)
        return "Corrected."

    form = edit_form(incident, request.POST or None)
    return _handle(request, incident, model_admin, form, edit, lambda data: edit_form(incident, data))


def _handle_words(
    request: HttpRequest,
    incident: Incident,
    model_admin: IncidentModelAdmin,
    form: WordsForm,
    kind: DraftKind,
    service: Callable[[dict[str, Any]], str],
    again: Callable[..., WordsForm],
) -> HttpResponse:
    """Choose a template, keep a draft, or publish."""
    if request.method == "POST":
        check_may_change(request, incident, model_admin)
        if request.POST.get("then") == "choose":
            return incident_page(request, incident, model_admin, _chosen(request.POST, form, again))
        if keeping(request):
            kept = keep(request, form, kind=kind, incident=incident)
            return kept or incident_page(request, incident, model_admin, form)
    return _handle(request, incident, model_admin, form, service, again)


def _handle(
    request: HttpRequest,
    incident: Incident,
    model_admin: IncidentModelAdmin,
    form: SentenceForm,
    service: Callable[[dict[str, Any]], str],
    again: Callable[[QueryDict | None], SentenceForm],
) -> HttpResponse:
    """Call the service with what was typed; on a refusal show the page with the form as it was."""
    if request.method != "POST":
        return to_incident(incident)
    check_may_change(request, incident, model_admin)
    if not form.is_valid():
        return incident_page(request, incident, model_admin, form)
    try:
        done = service(form.cleaned_data)
    except StaleRevision as error:
        seen = form.cleaned_data["revision"]
        incident.refresh_from_db()
        form = again(with_revision(request.POST, form, incident.revision))
        form.is_valid()
        form.refuse(error)
        return incident_page(request, incident, model_admin, form, seen_revision=seen)
    except DomainError as error:
        form.refuse(error)
        return incident_page(request, incident, model_admin, form)
    model_admin.log_change(request, incident, done)
    messages.success(request, f"{incident.reference}: {done}")
    return to_incident(incident)
