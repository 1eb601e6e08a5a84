"""Announcing a window, and changing one. A refusal keeps what was typed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

from components.models import Page
from components.services import lock_components
from incidents.admin_maintenance_notes import Note, notes_on
from incidents.admin_maintenance_page import timeline
from incidents.admin_maintenance_parts import (
    WindowModelAdmin,
    all_components,
    check_may_change,
    get_window,
    to_window,
)
from incidents.admin_parts import author_of
from incidents.enums import ServiceState
from incidents.forms_maintenance import AnnounceForm, EditForm, over_what_is_new
from incidents.maintenance import edit_maintenance, schedule_maintenance, set_service, set_steps
from incidents.models import Maintenance
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import DomainError, StaleRevision
from statuspage.core.text import clean_line

type Announced = Callable[..., object]

REFILLS = {"more", "check"}
ANNOUNCE = "admin/incidents/maintenance/announce.html"
EDIT = "admin/incidents/maintenance/edit.html"
NOTES = "admin/incidents/maintenance/_notes.html"
TWIN_WITHIN = timedelta(minutes=10)


def announce_view(
    request: HttpRequest, *, model_admin: WindowModelAdmin, announced: Announced | None = None
) -> HttpResponse:
    """Announce a window in one form.

    `announced(maintenance=…, author=…)` is called in the same transaction: what is to be done about a window that has
    begun already belongs to a layer above.
    """
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    page, components = Page.current(), all_components()
    form = AnnounceForm(request.POST or None, page=page, components=components)
    if request.method == "POST":
        form.is_quiet = _refills(request.POST)
        if not form.is_quiet and form.is_valid():
            window = _announce(request, form, announced)
            if window is not None:
                model_admin.log_addition(request, window, "Announced.")
                messages.success(request, f"{window.reference} is announced.")
                return to_window(window)
    context = {**model_admin.admin_site.each_context(request), "title": "Announce maintenance", "form": form}
    context |= {"opts": model_admin.opts, "notes": _notes(form), "zone": page.zone}
    return TemplateResponse(request, ANNOUNCE, context)


def _announce(request: HttpRequest, form: AnnounceForm, announced: Announced | None) -> Maintenance | None:
    """The window, or None with the refusal in the form."""
    try:
        said = form.said()
    except ValueError:
        return None
    try:
        return _announce_once(said, author_of(request), announced)
    except DomainError as error:
        form.refuse(error)
        return None


@retry_on_conflict
@transaction.atomic
def _announce_once(said: dict[str, Any], author: str, announced: Announced | None) -> Maintenance:
    """The window, or the one that a second tap on the button, or somebody else's, would announce again."""
    # Whoever announces the same at the same moment waits here.
    lock_components([*said["components"], *(plan.component for plan in said["services"])])
    just_now = Maintenance.objects.filter(created_at__gte=clock.now() - TWIN_WITHIN)
    times = {"scheduled_for": said["scheduled_for"], "scheduled_until": said["scheduled_until"]}
    twin = just_now.filter(title=clean_line(said["title"]), **times).order_by("pk").first()
    if twin is not None:
        return twin
    window = schedule_maintenance(author=author, **said)
    if announced is not None:
        announced(maintenance=window, author=author)
    return window


def edit_view(request: HttpRequest, object_id: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """Change what was announced. Who was overtaken sees what is new, with their own changes still in the form."""
    window = get_window(request, object_id, model_admin)
    check_may_change(request, window, model_admin)
    page, components = Page.current(), all_components(window)
    form = EditForm(request.POST or None, maintenance=window, page=page, components=components)
    is_stale = False
    if request.method == "POST":
        form.is_quiet = _refills(request.POST)
        if not form.is_quiet and form.is_valid():
            try:
                _change(request, window, form)
            except StaleRevision as error:
                is_stale = True
                form = _overtaken(request, window, form, page)
                form.is_valid()
                form.refuse(error)
            except DomainError as error:
                form.refuse(error)
            else:
                model_admin.log_change(request, window, "Changed.")
                messages.success(request, f"{window.reference}: changed.")
                return to_window(window)
    context = {**model_admin.admin_site.each_context(request), "title": f"Change {window.reference}", "form": form}
    context |= {"opts": model_admin.opts, "window": window, "notes": _notes(form, window), "zone": page.zone}
    context |= {"timeline": timeline(window, is_stale=True)[:1] if is_stale else []}
    return TemplateResponse(request, EDIT, context)


@transaction.atomic
def _change(request: HttpRequest, window: Maintenance, form: EditForm) -> None:
    """All of it or nothing. The services inside wait for nobody: the first one holds the window."""
    said = form.cleaned_data
    edit_maintenance(
        maintenance=window,
        message=said["message"],
        notify=said["notify"],
        expected_revision=said["revision"],
        author=author_of(request),
        **form.changes,
    )
    for component, word in form.states.items():
        set_service(maintenance=window, component=component, state=ServiceState(word))
    if not form.is_over and form.steps.is_touched:
        set_steps(maintenance=window, steps=form.steps.plans(window))


def _overtaken(request: HttpRequest, window: Maintenance, form: EditForm, page: Page) -> EditForm:
    window.refresh_from_db()
    components = all_components(window)
    fresh = EditForm(maintenance=window, page=page, components=components)
    data = over_what_is_new(request.POST, form, fresh)
    return EditForm(data, maintenance=window, page=page, components=components)


def check_view(request: HttpRequest, object_id: str = "", *, model_admin: WindowModelAdmin) -> HttpResponse:
    """What is to be said about the times that stand in the form: a fragment."""
    page = Page.current()
    if object_id:
        window = get_window(request, object_id, model_admin)
        check_may_change(request, window, model_admin)
        edited = EditForm(request.POST, maintenance=window, page=page, components=all_components(window))
        return _fragment(request, _notes(edited, window))
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    return _fragment(request, _notes(AnnounceForm(request.POST, page=page, components=all_components())))


def _fragment(request: HttpRequest, notes: list[Note]) -> HttpResponse:
    return TemplateResponse(request, NOTES, {"notes": notes})


def _notes(form: AnnounceForm | EditForm, window: Maintenance | None = None) -> list[Note]:
    """Nothing about a form that nobody has touched. One that is quiet stays so: another of the same is read."""
    if not form.is_bound:
        return []
    reader = form.again()
    reader.full_clean()
    return notes_on(reader, window)


def _refills(data: QueryDict) -> bool:
    """Whether the button was one that only shows the form again."""
    return data.get("then") in REFILLS or "drop" in data
