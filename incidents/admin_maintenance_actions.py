"""What staff do with one window: begin, go on, say something, end. Every press is one POST, and two taps are one."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict

from components.models import Component, Page
from incidents import maintenance as services
from incidents.admin_maintenance_page import action_form, service_form, window_page
from incidents.admin_maintenance_parts import WindowModelAdmin, check_may_change, get_window, to_window
from incidents.admin_parts import author_of, number, with_revision
from incidents.enums import MaintenanceStatus, ServiceState
from incidents.forms import SentenceForm
from incidents.forms_maintenance_actions import WORDS, ServiceForm
from incidents.models import Maintenance
from statuspage.core.errors import Conflict, DomainError, StaleRevision

type Said = dict[str, Any]

IN_PROGRESS, VERIFYING, COMPLETED = (
    MaintenanceStatus.IN_PROGRESS,
    MaintenanceStatus.VERIFYING,
    MaintenanceStatus.COMPLETED,
)
# What the press of a button has led to when it is pressed again.
DONE: Mapping[str, frozenset[MaintenanceStatus]] = {
    "start": frozenset({IN_PROGRESS, VERIFYING}),
    "verify": frozenset({VERIFYING}),
    "complete": frozenset({COMPLETED}),
}


def window_view(request: HttpRequest, object_id: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """One window: its facts, its timeline, and what its state allows."""
    return window_page(request, get_window(request, object_id, model_admin), model_admin)


def word_view(request: HttpRequest, object_id: str, action: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """A form of the window's page: update, extend, estimate, start, verify, complete, cancel."""
    window = get_window(request, object_id, model_admin)
    service = SERVICES.get(action)
    if service is None:
        raise Http404("There is no such action.")
    if request.method != "POST":
        return to_window(window)
    check_may_change(request, window, model_admin)
    zone = Page.current().zone
    form = action_form(window, action, zone, request.POST)
    if not form.is_valid():
        return window_page(request, window, model_admin, form)
    try:
        done = service(window, form.cleaned_data, author_of(request))
    except Conflict as error:
        window.refresh_from_db()
        if _was_done(window, action, form):
            messages.info(request, f"{window.reference} is {window.state.label.lower()} already.")
            return to_window(window)
        is_stale = isinstance(error, StaleRevision)
        form = action_form(window, action, zone, with_revision(request.POST, form, window.revision))
        return _refused(request, window, model_admin, form, error, is_stale=is_stale)
    except DomainError as error:
        return _refused(request, window, model_admin, form, error)
    model_admin.log_change(request, window, done)
    messages.success(request, f"{window.reference}: {done}")
    return to_window(window)


def _was_done(window: Maintenance, action: str, form: SentenceForm) -> bool:
    """Whether this is the second tap on a button that says the usual word: nothing that was typed is lost."""
    return window.state in DONE.get(action, ()) and form.cleaned_data["message"] == WORDS[action]


def _refused(
    request: HttpRequest,
    window: Maintenance,
    model_admin: WindowModelAdmin,
    form: SentenceForm,
    error: DomainError,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    form.is_valid()
    form.refuse(error)
    return window_page(request, window, model_admin, form, is_stale=is_stale)


def _start(window: Maintenance, said: Said, author: str) -> str:
    services.start_maintenance(maintenance=window, author=author, **_word(said))
    return "it has begun."


def _verify(window: Maintenance, said: Said, author: str) -> str:
    services.post_maintenance_update(maintenance=window, status=VERIFYING, author=author, **_word(said))
    return "it is verified now."


def _complete(window: Maintenance, said: Said, author: str) -> str:
    services.complete_maintenance(maintenance=window, author=author, **_word(said))
    return "it is complete."


def _cancel(window: Maintenance, said: Said, author: str) -> str:
    services.cancel_maintenance(maintenance=window, author=author, **_word(said))
    return "it is cancelled."


def _update(window: Maintenance, said: Said, author: str) -> str:
    status = MaintenanceStatus(said["status"]) if said.get("status") else None
    services.post_maintenance_update(maintenance=window, status=status, author=author, **_word(said))
    return "update posted."


def _extend(window: Maintenance, said: Said, author: str) -> str:
    services.extend_maintenance(maintenance=window, until=said["until"], author=author, **_word(said))
    return "it ends later."


def _estimate(window: Maintenance, said: Said, _author: str) -> str:
    services.estimate_end(maintenance=window, at=said["at"], expected_revision=said["revision"])
    return "its expected end is said." if said["at"] else "no expected end is said."


def _word(said: Said) -> dict[str, Any]:
    return {"message": said["message"], "notify": said["notify"], "expected_revision": said["revision"]}


SERVICES: Mapping[str, Callable[[Maintenance, Said, str], str]] = {
    "start": _start,
    "verify": _verify,
    "complete": _complete,
    "cancel": _cancel,
    "update": _update,
    "extend": _extend,
    "estimate": _estimate,
}


def step_view(request: HttpRequest, object_id: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """The next step, by the one that ran when the button was shown."""

    def advance(window: Maintenance) -> str:
        step = services.advance_step(
            maintenance=window,
            expected_step=_posted_number(request, "expected_step"),
            notify="notify" in request.POST,
            author=author_of(request),
        )
        return "all steps are over." if step is None else f"now: {step.title}"

    return _press(request, object_id, model_admin, advance)


def skip_view(request: HttpRequest, object_id: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """This step is not done."""

    def skip(window: Maintenance) -> str:
        step = window.steps.filter(pk=_posted_number(request, "step")).first()
        if step is None:
            raise StaleRevision(f"The steps of {window.reference} were written anew: look at them again.")
        services.skip_step(
            maintenance=window,
            step=step,
            expected_revision=_posted_number(request, "revision"),
            author=author_of(request),
        )
        return f"skipped: {step.title}"

    return _press(request, object_id, model_admin, skip)


def take_over_view(request: HttpRequest, object_id: str, *, model_admin: WindowModelAdmin) -> HttpResponse:
    """An imported window is ours from now on."""

    def take(window: Maintenance) -> str:
        services.take_over(maintenance=window, expected_revision=_posted_number(request, "revision"))
        return "it is ours from now on."

    return _press(request, object_id, model_admin, take)


def _press(
    request: HttpRequest, object_id: str, model_admin: WindowModelAdmin, service: Callable[[Maintenance], str]
) -> HttpResponse:
    """One press without anything typed: a refusal is a sentence above the page."""
    window = get_window(request, object_id, model_admin)
    if request.method != "POST":
        return to_window(window)
    check_may_change(request, window, model_admin)
    try:
        done = service(window)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        model_admin.log_change(request, window, done)
        messages.success(request, f"{window.reference}: {done}")
    return to_window(window)


def _posted_number(request: HttpRequest, name: str) -> int:
    """A key or a revision. What is none is one that nobody has, and is refused as overtaken."""
    found = number(request.POST.get(name, ""))
    return -1 if found is None else found


def service_view(
    request: HttpRequest, object_id: str, component_pk: str, *, model_admin: WindowModelAdmin
) -> HttpResponse:
    """One row, one press: in what state a component is, and when it is back."""
    window = get_window(request, object_id, model_admin)
    component = window.components.filter(pk=number(component_pk) or 0).first()
    if component is None:
        raise Http404("That component is not part of this window.")
    if request.method != "POST":
        return to_window(window)
    check_may_change(request, window, model_admin)
    form = _service_form(request.POST, window, component)
    if not form.is_valid():
        return window_page(request, window, model_admin, form)
    try:
        said = _say(window, component, form)
    except StaleRevision as error:
        window.refresh_from_db()
        if _is_so(window, component, form):
            # The second tap, or somebody else's.
            return to_window(window)
        form = _service_form(with_revision(request.POST, form, window.revision), window, component)
        return _refused(request, window, model_admin, form, error, is_stale=True)
    except ValidationError as error:
        form.add_error("eta", error)
        return window_page(request, window, model_admin, form)
    except DomainError as error:
        return _refused(request, window, model_admin, form, error)
    model_admin.log_change(request, window, said)
    messages.success(request, f"{window.reference}: {said}")
    return to_window(window)


def _service_form(posted: QueryDict, window: Maintenance, component: Component) -> ServiceForm:
    """As it was sent; the button of one that is back says so whatever else is chosen in its row."""
    data = posted.copy()
    if "back" in data:
        data[f"service-{component.pk}-state"] = ServiceState.OPERATIONAL.value
    row = window.services.filter(component=component).first()
    return service_form(window, component, row, Page.current().zone, data)


def _is_so(window: Maintenance, component: Component, form: ServiceForm) -> bool:
    state = form.cleaned_data["state"]
    return not form.cleaned_data["eta"] and window.services.filter(component=component, state=state).exists()


def _say(window: Maintenance, component: Component, form: ServiceForm) -> str:
    row = window.services.filter(component=component).first()
    state = ServiceState(cast("str", form.cleaned_data["state"]))
    eta_at = form.eta_at(row.eta_at if row is not None else None)
    services.set_service(
        maintenance=window,
        component=component,
        state=state,
        eta_at=eta_at,
        expected_revision=form.cleaned_data["revision"],
    )
    return f"{component.name} is {state.label.lower()}."
