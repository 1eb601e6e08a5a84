"""Drafts in the console: what waits, one at a time in the form it was typed in. Nothing here is public."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from components.admin_base import ModelAdmin
from components.models import Page
from incidents.admin_incident_page import timeline
from incidents.admin_keeping import keep, keeping, said_of
from incidents.admin_parts import author_of, number, to_incident, with_revision
from incidents.drafts import discard_draft, form_for, publish_draft, save_draft
from incidents.enums import DraftKind
from incidents.forms_incident import declare_form, resolve_form, update_form
from incidents.forms_words import WordsForm
from incidents.models import Draft, Incident
from statuspage.core.errors import DomainError, StaleRevision

WORDS_SHOWN = 3
SHOWN_OF_WORDS = 80


@admin.register(Draft)
class DraftAdmin(ModelAdmin[Draft]):
    """Who may declare sees and publishes new incidents; who may change incidents the rest."""

    list_display = ("what", "kind", "publishes", "problem", "incident", "author")
    list_filter = ("kind",)
    list_select_related = ("incident",)
    ordering = ("publish_at", "-updated_at")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        discard = self.admin_site.admin_view(discard_view)
        own = [path("<path:object_id>/discard/", discard, {"model_admin": self}, "incidents_draft_discard")]
        return own + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A draft begins in the form of what it is going to be."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        may = {kind: request.user.has_perm(needed(kind)) for kind in DraftKind}
        return any(may.values()) if obj is None else may[DraftKind(obj.kind)]

    def has_view_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        return bool(request.user.has_perm("incidents.view_incident")) or self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        """It is thrown away by the button on its page."""
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return draft_view(request, object_id, model_admin=self)

    @admin.display(description="Words")
    def what(self, draft: Draft) -> str:
        words = str(draft.form.get("title") or draft.form.get("message") or "nothing yet")
        return words if len(words) <= SHOWN_OF_WORDS else f"{words[: SHOWN_OF_WORDS - 1]}…"

    @admin.display(description="Publishes", ordering="publish_at", empty_value="by hand")
    def publishes(self, draft: Draft) -> str | None:
        if draft.publish_at is None:
            return None
        zone = Page.current().zone
        return f"{draft.publish_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def needed(kind: DraftKind) -> str:
    return "incidents.add_incident" if kind is DraftKind.DECLARE else "incidents.change_incident"


def draft_view(request: HttpRequest, object_id: str, *, model_admin: DraftAdmin) -> HttpResponse:
    """Go on writing, publish, or have it published later."""
    draft = _get(request, object_id, model_admin)
    if request.method != "POST":
        return _page(request, draft, model_admin, _form_that_shows(draft, draft.form))
    if not model_admin.has_change_permission(request, draft):
        raise PermissionDenied
    form = form_for(DraftKind(draft.kind), draft.incident, request.POST)
    if request.POST.get("then") == "choose":
        slug = request.POST.get(form.add_prefix("template"), "")
        return _page(request, draft, model_admin, _form_that_shows(draft, form.with_template(slug)))
    try:
        done = _keep_or_publish(request, draft, form, model_admin)
    except StaleRevision as error:
        return _overtaken(request, draft, model_admin, form, error)
    return done or _page(request, draft, model_admin, form)


def _keep_or_publish(
    request: HttpRequest, draft: Draft, form: WordsForm, model_admin: DraftAdmin
) -> HttpResponse | None:
    """Where to go next, or None with the refusal in the form."""
    if keeping(request):
        return keep(request, form, kind=DraftKind(draft.kind), incident=draft.incident, draft=draft)
    if not form.is_valid():
        return None
    try:
        incident = _publish(request, draft, form)
    except StaleRevision:
        raise
    except DomainError as error:
        form.data = with_revision(request.POST, form, form.cleaned_data["draft_revision"], "draft_revision")
        form.refuse(error)
        return None
    model_admin.log_change(request, draft, "Published.")
    messages.success(request, f"{incident.reference}: published.")
    return to_incident(incident)


def _publish(request: HttpRequest, draft: Draft, form: WordsForm) -> Incident:
    """What was typed is kept first. Whoever publishes by hand has taken it over: it does not go out by itself."""
    author = author_of(request)
    row = save_draft(
        kind=DraftKind(draft.kind),
        form=form.typed(),
        author=author,
        draft=draft,
        expected_revision=form.cleaned_data["draft_revision"],
    )
    form.cleaned_data["draft_revision"] = row.revision
    return publish_draft(draft=row, author=author)


def _overtaken(
    request: HttpRequest, draft: Draft, model_admin: DraftAdmin, form: WordsForm, error: StaleRevision
) -> HttpResponse:
    """Somebody else wrote on the draft, or on its incident: what they said, and the own words over it."""
    now = Draft.objects.select_related("incident__severity").filter(pk=draft.pk).first()
    if now is None:
        now = draft
    data = with_revision(request.POST, form, now.revision, "draft_revision")
    if now.incident is not None:
        data = with_revision(data, form, now.incident.revision)
    newer = form_for(DraftKind(draft.kind), now.incident, data)
    newer.is_valid()
    newer.refuse(error)
    theirs = {} if form.cleaned_data.get("draft_revision") == now.revision else now.form
    return _page(request, now, model_admin, newer, theirs=theirs, is_stale=True)


def discard_view(request: HttpRequest, object_id: str, *, model_admin: DraftAdmin) -> HttpResponse:
    draft = _get(request, object_id, model_admin)
    if not model_admin.has_change_permission(request, draft):
        raise PermissionDenied
    if request.method == "POST":
        seen = request.POST.get("draft_revision", "")
        try:
            # What is no revision is none that the draft ever had.
            discard_draft(draft=draft, expected_revision=(number(seen) or -1) if seen else None)
        except DomainError as error:
            messages.error(request, error.sentence)
            return HttpResponseRedirect(reverse("admin:incidents_draft_change", args=[draft.pk]))
        messages.success(request, "The draft is thrown away.")
        if draft.incident is not None:
            return to_incident(draft.incident)
    return HttpResponseRedirect(reverse("admin:incidents_draft_changelist"))


def _form_that_shows(draft: Draft, kept: dict[str, Any]) -> WordsForm:
    """As it was typed, without a word about what is missing."""
    begin_with = {**kept, "publish_at": draft.publish_at, "draft_revision": draft.revision}
    if draft.incident is None:
        return declare_form(None, begin_with)
    if draft.kind == DraftKind.UPDATE:
        return update_form(draft.incident, None, begin_with)
    return resolve_form(draft.incident, None, begin_with)


def _page(
    request: HttpRequest,
    draft: Draft,
    model_admin: DraftAdmin,
    form: WordsForm,
    theirs: dict[str, Any] | None = None,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    incident = draft.incident
    shown = ("title", "message", "root_cause_summary", "remediation")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Draft: {DraftKind(draft.kind).label.lower()}{f' of {incident.reference}' if incident else ''}",
        "opts": model_admin.opts,
        "draft": draft,
        "incident": incident,
        "form": form,
        "theirs": [str(theirs[name]) for name in shown if theirs.get(name)] if theirs else [],
        "timeline": timeline(incident, is_stale=is_stale and not theirs)[:WORDS_SHOWN] if incident else [],
        "may_change": model_admin.has_change_permission(request, draft),
        "becomes": said_of(draft) if draft.publish_at and not draft.problem else "",
    }
    return TemplateResponse(request, "admin/incidents/incident/draft.html", context)


def _get(request: HttpRequest, object_id: str, model_admin: DraftAdmin) -> Draft:
    """404 if there is none, 403 for who may not see it."""
    pk = number(object_id)
    rows = Draft.objects.select_related("incident__severity")
    draft = rows.filter(pk=pk).first() if pk is not None else None
    if not model_admin.has_view_permission(request, draft):
        raise PermissionDenied
    if draft is None:
        raise Http404("There is no such draft: it was published or thrown away.")
    return draft
