"""What staff do about what was said already: correct a word, merge two incidents, write down one that is over."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from components.models import Component
from incidents.admin_incident_page import timeline
from incidents.admin_parts import author_of, check_may_change, get_incident, number, to_incident, with_revision
from incidents.forms import SentenceForm
from incidents.forms_past import EditWordForm, MergeForm, RecordForms, candidates
from incidents.impacts import affected_components
from incidents.merging import taken_over
from incidents.models import Incident, IncidentUpdate, UpdateRevision
from incidents.services import DuplicateIncident, edit_update, merge_incident, record_once
from statuspage.core.errors import DomainError, StaleRevision

if TYPE_CHECKING:
    from incidents.admin_parts import IncidentModelAdmin

OFFERED = 30


def word_view(
    request: HttpRequest, object_id: str, update_pk: str, *, model_admin: "IncidentModelAdmin"
) -> HttpResponse:
    """Correct one word. How it read is kept, and nobody is told."""
    incident = get_incident(request, object_id, model_admin)
    check_may_change(request, incident, model_admin)
    pk = number(update_pk)
    update = incident.updates.filter(pk=pk).first() if pk is not None else None
    if update is None:
        raise Http404("There is no such update.")
    update.incident = incident
    form = EditWordForm(request.POST or None, update=update)
    if request.method != "POST" or not form.is_valid():
        return _word_page(request, incident, update, model_admin, form)
    try:
        kept = _correct(update, form, author_of(request))
    except StaleRevision as error:
        incident.refresh_from_db()
        update.refresh_from_db()
        form = EditWordForm(with_revision(request.POST, form, incident.revision), update=update)
        _refused(form, error)
        return _word_page(request, incident, update, model_admin, form, is_stale=True)
    except DomainError as error:
        form.refuse(error)
        return _word_page(request, incident, update, model_admin, form)
    done = "A word was corrected." if kept else "Nothing was different."
    if kept:
        model_admin.log_change(request, incident, done)
    messages.success(request, f"{incident.reference}: {done}")
    return to_incident(incident, f"#update-{update.public_id}")


def _correct(update: IncidentUpdate, form: EditWordForm, author: str) -> UpdateRevision | None:
    said = form.cleaned_data
    return edit_update(
        update=update,
        message=said["message"],
        display_at=said["display_at"],
        author=author,
        expected_revision=said["revision"],
    )


def _word_page(
    request: HttpRequest,
    incident: Incident,
    update: IncidentUpdate,
    model_admin: "IncidentModelAdmin",
    form: EditWordForm,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    context = _context(request, model_admin, incident, f"Edit a word of {incident.reference}") | {
        "update": update,
        "form": form,
        "revisions": list(update.revisions.all()),
        # What was there when the form was opened may not be what is there now.
        "now": update.body if is_stale and form["message"].value() != update.body else "",
        "timeline": timeline(incident, is_stale=is_stale)[:1] if is_stale else [],
    }
    return TemplateResponse(request, "admin/incidents/incident/word.html", context)


def merge_view(request: HttpRequest, object_id: str, *, model_admin: "IncidentModelAdmin") -> HttpResponse:
    """Choose the one that is kept, read what will happen, then do it."""
    incident = get_incident(request, object_id, model_admin)
    check_may_change(request, incident, model_admin)
    if request.method != "POST":
        pk = number(request.GET.get("into", ""))
        into = candidates(incident).filter(pk=pk).first() if pk is not None else None
        return _merge_page(request, incident, model_admin, MergeForm(incident=incident, into=into), into)
    form = MergeForm(request.POST, incident=incident)
    if not form.is_valid():
        return _merge_page(request, incident, model_admin, form, form.cleaned_data.get("into"))
    into = form.cleaned_data["into"]
    try:
        _merge(incident, form, author_of(request))
    except StaleRevision as error:
        incident.refresh_from_db()
        form = MergeForm(with_revision(request.POST, form, incident.revision), incident=incident)
        _refused(form, error)
        return _merge_page(request, incident, model_admin, form, into)
    except DomainError as error:
        form.refuse(error)
        return _merge_page(request, incident, model_admin, form, into)
    model_admin.log_change(request, incident, f"Merged into {into.reference}.")
    model_admin.log_change(request, into, f"{incident.reference} was merged into it.")
    messages.success(request, f"{incident.reference} goes on as {into.reference}.")
    return to_incident(into)


def _merge(incident: Incident, form: MergeForm, author: str) -> None:
    said = form.cleaned_data
    merge_incident(
        duplicate=incident,
        into=said["into"],
        author=author,
        message=said["message"],
        expected_revision=said["revision"],
    )


def _merge_page(
    request: HttpRequest,
    incident: Incident,
    model_admin: "IncidentModelAdmin",
    form: MergeForm,
    into: Incident | None,
) -> HttpResponse:
    context = _context(request, model_admin, incident, f"Merge {incident.reference} into another incident") | {
        "form": form,
        "into": into,
        "others": [] if into else list(candidates(incident)[:OFFERED]),
        "affected": affected_components(incident),
        "changes": list(taken_over(incident, into).items()) if into else [],
    }
    return TemplateResponse(request, "admin/incidents/incident/merge.html", context)


def record_view(request: HttpRequest, *, model_admin: "IncidentModelAdmin") -> HttpResponse:
    """Write down an incident that is over, with all of its words."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    components = list(Component.objects.active().select_related("group"))
    wants_more = request.POST.get("then") == "more"
    forms = RecordForms(request.POST or None, components=components, more=int(wants_more))
    if request.method == "POST" and not wants_more and forms.is_valid():
        try:
            incident = _record(forms, author_of(request))
        except DuplicateIncident as error:
            return to_incident(error.existing)
        except DomainError as error:
            forms.facts.refuse(error)
        else:
            model_admin.log_addition(request, incident, "Written down afterwards.")
            messages.success(request, f"{incident.reference} is written down.")
            return to_incident(incident)
    context = {**model_admin.admin_site.each_context(request), "title": "Write down an incident that is over"}
    context |= {"opts": model_admin.opts, "forms": forms, "form": forms.facts, "wants_more": wants_more}
    return TemplateResponse(request, "admin/incidents/incident/record.html", context)


def _record(forms: RecordForms, author: str) -> Incident:
    said = forms.facts.cleaned_data
    return record_once(
        title=said["title"],
        severity=said["severity"],
        started_at=said["started_at"],
        updates=forms.past_updates(),
        private=said["private"],
        data_impact=said["data_impact"],
        root_cause_summary=said["root_cause_summary"],
        remediation=said["remediation"],
        author=author,
        notify=said["notify"],
    )


def _refused(form: SentenceForm, error: DomainError) -> None:
    form.is_valid()
    form.refuse(error)


def _context(
    request: HttpRequest, model_admin: "IncidentModelAdmin", incident: Incident, title: str
) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "incident": incident,
    }
