"""The page on which a postmortem is written. A refusal keeps what was typed.

Saving and publishing are one form: publishing saves first, shows what the blameless check found, and asks once more.
Whoever was overtaken sees what the other writer left beside their own words, which then are a save away.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from components.admin_base import ModelAdmin
from components.models import Component, Page
from incidents.blameless import BlameWarning, StaffName, review
from incidents.follow_ups import add_action, remove_action, set_action_done
from incidents.forms_postmortem import ENDING, ActionForm, PostmortemForm
from incidents.models import FollowUpAction, Incident, Postmortem
from incidents.models.postmortem import SECTIONS
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from statuspage.core import clock
from statuspage.core.errors import DomainError, StaleRevision
from statuspage.core.markdown import render_markdown

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    type Admin = ModelAdmin[Postmortem]

LONGEST_PK = 18


def start_view(request: HttpRequest, incident_pk: int, *, model_admin: "Admin") -> HttpResponse:
    """Begin the postmortem of an incident, or go to the one that is there. Only a POST makes one."""
    incident = Incident.objects.filter(pk=incident_pk).first() if incident_pk < 10**LONGEST_PK else None
    if incident is None:
        raise Http404("There is no such incident.")
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    existing = Postmortem.objects.filter(incident=incident).first()
    if existing is None and request.method == "POST":
        try:
            existing = start_postmortem(incident=incident)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            model_admin.log_addition(request, existing, "Begun.")
    if existing is None:
        return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[incident.pk]))
    return _to(existing)


def postmortem_view(request: HttpRequest, object_id: str, *, model_admin: "Admin") -> HttpResponse:
    """Read it and write it."""
    postmortem = _get(request, object_id, model_admin)
    if request.method != "POST":
        return _page(request, postmortem, model_admin)
    return _saving(request, postmortem, model_admin, lambda: "Saved.")


def publish_view(request: HttpRequest, object_id: str, *, model_admin: "Admin") -> HttpResponse:
    """Save and publish. With warnings it is saved only, until it comes with `anyway`."""
    postmortem = _get(request, object_id, model_admin)
    if request.method != "POST":
        return _to(postmortem)

    def publish() -> str:
        if not request.POST.get("anyway") and warnings_of(postmortem):
            return ""
        publish_postmortem(
            postmortem=postmortem,
            notify=bool(request.POST.get("notify")),
            author=_author(request),
            expected_revision=postmortem.revision,
        )
        return "Published."

    return _saving(request, postmortem, model_admin, publish)


def _saving(
    request: HttpRequest, postmortem: Postmortem, model_admin: "Admin", then: Callable[[], str]
) -> HttpResponse:
    _may_change(request, postmortem, model_admin)
    form = PostmortemForm(request.POST, postmortem=postmortem)
    if not form.is_valid():
        return _page(request, postmortem, model_admin, form)
    try:
        edit_postmortem(postmortem=postmortem, sections=form.sections, expected_revision=form.cleaned_data["revision"])
        done = then()
    except StaleRevision as error:
        postmortem.refresh_from_db()
        form = PostmortemForm(_with_revision(request.POST, postmortem.revision), postmortem=postmortem)
        form.is_valid()
        form.refuse(error)
        return _page(request, postmortem, model_admin, form, theirs=True)
    except DomainError as error:
        form = PostmortemForm(_with_revision(request.POST, postmortem.revision), postmortem=postmortem)
        form.is_valid()
        form.refuse(error)
        return _page(request, postmortem, model_admin, form)
    if not done:
        return _page(request, postmortem, model_admin, asks=True)
    model_admin.log_change(request, postmortem, done)
    messages.success(request, f"{postmortem.incident.reference}: {done}")
    return _to(postmortem)


def action_view(request: HttpRequest, object_id: str, *, model_admin: "Admin") -> HttpResponse:
    """Add a follow-up action."""
    postmortem = _get(request, object_id, model_admin)
    if request.method != "POST":
        return _to(postmortem)
    _may_change(request, postmortem, model_admin)
    form = ActionForm(request.POST)
    if form.is_valid():
        try:
            add_action(postmortem=postmortem, **form.said)
        except DomainError as error:
            form.refuse(error)
        else:
            return _to(postmortem, "#actions")
    return _page(request, postmortem, model_admin, action_form=form)


def action_done_view(request: HttpRequest, object_id: str, action_pk: int, *, model_admin: "Admin") -> HttpResponse:
    """Done, or with `undo` not after all."""

    def change(action: FollowUpAction) -> None:
        set_action_done(action=action, done="undo" not in request.POST, author=_author(request))

    return _with_action(request, object_id, action_pk, model_admin, change)


def action_remove_view(request: HttpRequest, object_id: str, action_pk: int, *, model_admin: "Admin") -> HttpResponse:
    return _with_action(request, object_id, action_pk, model_admin, lambda action: remove_action(action=action))


def _with_action(
    request: HttpRequest,
    object_id: str,
    action_pk: int,
    model_admin: "Admin",
    change: Callable[[FollowUpAction], None],
) -> HttpResponse:
    postmortem = _get(request, object_id, model_admin)
    if request.method == "POST":
        _may_change(request, postmortem, model_admin)
        action = postmortem.actions.filter(pk=action_pk).first() if action_pk < 10**LONGEST_PK else None
        if action is not None:
            change(action)
    return _to(postmortem, "#actions")


def warnings_of(postmortem: Postmortem) -> list[BlameWarning]:
    """What the blameless check finds, with the names of everybody who has an account. Two queries."""
    users = get_user_model().objects.values_list("first_name", "last_name", "username")
    names = [StaffName(first=first, last=last, account=account) for first, last, account in users]
    texts = {title: text for _, title, text in postmortem.sections}
    return review(texts, names, not_names=Component.objects.values_list("name", flat=True))


def _page(
    request: HttpRequest,
    postmortem: Postmortem,
    model_admin: "Admin",
    form: PostmortemForm | None = None,
    *,
    action_form: ActionForm | None = None,
    theirs: bool = False,
    asks: bool = False,
) -> HttpResponse:
    incident, now = postmortem.incident, clock.now()
    written = form or PostmortemForm(postmortem=postmortem)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Postmortem of {incident.reference}",
        "opts": model_admin.opts,
        "postmortem": postmortem,
        "incident": incident,
        "zone": Page.current().time_zone,
        "form": written,
        "fields": [
            (written[f"{name}{ENDING}"], render_markdown(str(written[f"{name}{ENDING}"].value() or "")))
            for name in SECTIONS
        ],
        "theirs": [(title, text) for _, title, text in postmortem.sections if text] if theirs else [],
        "action_form": action_form or ActionForm(),
        "warnings": warnings_of(postmortem),
        "asks": asks,
        "is_overdue": postmortem.is_overdue(now),
        "may_change": model_admin.has_change_permission(request, postmortem),
        "owners": get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username"),
    }
    return TemplateResponse(request, "admin/incidents/postmortem/write.html", context)


def _get(request: HttpRequest, object_id: str, model_admin: "Admin") -> Postmortem:
    """404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = unquote(object_id)
    row = None
    if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK:
        row = Postmortem.objects.select_related("incident__severity").filter(pk=int(pk)).first()
    if row is None:
        raise Http404("There is no such postmortem.")
    return row


def _may_change(request: HttpRequest, postmortem: Postmortem, model_admin: "Admin") -> None:
    if not model_admin.has_change_permission(request, postmortem):
        raise PermissionDenied


def _with_revision(data: QueryDict, revision: int) -> QueryDict:
    newer = data.copy()
    newer["revision"] = str(revision)
    return newer


def _to(postmortem: Postmortem, part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_postmortem_change", args=[postmortem.pk]) + part)


def _author(request: HttpRequest) -> str:
    user: User = request.user  # type: ignore[assignment]  # the console lets nobody else in
    return user.get_full_name() or user.get_username()
