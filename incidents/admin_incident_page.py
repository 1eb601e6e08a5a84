"""One incident's page in the console: what is so, what was said, and the forms that its state allows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from components.enums import ComponentStatus
from incidents.admin_parts import STATUS_CSS
from incidents.enums import DueReason, TemplateKind
from incidents.forms import SentenceForm
from incidents.forms_incident import edit_form, resolve_form, update_form
from incidents.forms_words import Prepared
from incidents.models import Draft, Evidence, Incident, IncidentUpdate, OutageReport, UpdateRevision
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.core.markdown import render_markdown

if TYPE_CHECKING:
    from incidents.admin_parts import IncidentModelAdmin

TEMPLATE = "admin/incidents/incident/incident.html"
EVIDENCE_SHOWN = 50
REPORTS_SHOWN = 50
WHY = {
    DueReason.FIRST_UPDATE: "The first word of a person",
    DueReason.CADENCE: "The next update",
    DueReason.PROMISE: "The promised update",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One update as the page shows it, who wrote it, and how it read before."""

    update: IncidentUpdate
    html: str
    is_new: bool
    revisions: list[UpdateRevision]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWord:
    """The next word that is owed, counted down or up."""

    what: str
    left: str
    is_late: bool
    clock: str


def incident_page(
    request: HttpRequest,
    incident: Incident,
    model_admin: "IncidentModelAdmin",
    form: SentenceForm | None = None,
    seen_revision: int | None = None,
) -> HttpResponse:
    """`form` is one that was refused; `seen_revision` is what a writer had seen who was overtaken."""
    affected = list(incident.affected.select_related("component__group").order_by("component__position"))
    prepared = Prepared.load(TemplateKind.UPDATE, TemplateKind.RESOLUTION)
    updating = update_form(incident, affected=affected, prepared=prepared)
    forms: dict[str, SentenceForm] = {"edit_form": edit_form(incident), "update_form": updating}
    if incident.is_open:
        forms["resolve_form"] = resolve_form(incident, prepared=prepared)
    if form is not None:
        forms[f"{form.prefix}_form"] = form
    context = {
        **model_admin.admin_site.each_context(request),
        **forms,
        **_beside(request, incident),
        "title": incident.title,
        "opts": model_admin.opts,
        "incident": incident,
        "affected": [(row.component, ComponentStatus(row.status)) for row in affected],
        "status_css": STATUS_CSS[incident.state],
        "timeline": timeline(incident, is_stale=seen_revision is not None),
        "may_change": model_admin.has_change_permission(request, incident) and incident.merged_into is None,
        "may_delete": model_admin.has_delete_permission(request, incident),
        "failed": form.prefix if form is not None else "",
        "due": due_word(incident),
    }
    return TemplateResponse(request, TEMPLATE, context)


def due_fragment(request: HttpRequest, incident: Incident) -> HttpResponse:
    return TemplateResponse(request, f"{TEMPLATE}#due", {"incident": incident, "due": due_word(incident)})


def due_word(incident: Incident) -> DueWord | None:
    now, due = clock.now(), incident.next_update_due_at
    if due is None or not incident.is_open:
        return None
    is_late = due < now
    day = "" if due.date() == now.date() else f" on {due:%d %B}"
    return DueWord(
        what=WHY[DueReason(incident.due_reason or DueReason.CADENCE)],
        left=say_duration(now - due if is_late else due - now),
        is_late=is_late,
        clock=f"{due:%H:%M} UTC{day}",
    )


def timeline(incident: Incident, *, is_stale: bool = False) -> list[TimelineEntry]:
    """Newest first; what a writer who was overtaken has not seen is marked. Two queries, three if any was edited."""
    updates = list(incident.updates.prefetch_related("impacts"))
    edited = [update for update in updates if update.edited_at is not None]
    if edited:
        prefetch_related_objects(edited, "revisions")
    return [
        TimelineEntry(
            update=update,
            html=render_markdown(update.body),
            is_new=is_stale and position == 0,
            revisions=list(update.revisions.all()) if update.edited_at is not None else [],
        )
        for position, update in enumerate(updates)
    ]


def _beside(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What belongs to it and is not public. One query, and one for each that there is."""
    there = Incident.objects.filter(pk=incident.pk).values_list(
        Exists(Draft.objects.filter(incident=OuterRef("pk"))),
        Exists(Evidence.objects.filter(incident=OuterRef("pk"))),
        Exists(OutageReport.objects.filter(incident=OuterRef("pk"))),
        Exists(Incident.objects.filter(merged_into=OuterRef("pk"))),
    )
    drafts, evidence, reports, duplicates = there.first() or (False, False, False, False)
    may_read_reports = reports and request.user.has_perm("incidents.view_outagereport")
    from_outside = incident.reports.select_related("component__group").order_by("-created_at")
    return {
        "drafts": list(incident.drafts.order_by("publish_at", "pk")) if drafts else [],
        "evidence": list(incident.evidence.order_by("-at", "-pk")[:EVIDENCE_SHOWN]) if evidence else [],
        "reports": list(from_outside[:REPORTS_SHOWN]) if may_read_reports else [],
        "duplicates": list(incident.duplicates.order_by("pk")) if duplicates else [],
    }
