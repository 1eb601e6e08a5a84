"""One window's page in the console: what is so, the next thing to do, and the forms that its state allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

from components.models import Component, Page
from incidents.admin_maintenance_parts import SERVICE_CSS, STATUS_CSS, STEP_CSS, WindowModelAdmin
from incidents.enums import MaintenanceStatus, Origin, ServiceState, StepState
from incidents.forms import SentenceForm
from incidents.forms_maintenance_actions import (
    WORDS,
    EstimateForm,
    ExtendForm,
    ServiceForm,
    UpdateForm,
    WordForm,
)
from incidents.maintenance.steps import NONE_RUNS
from incidents.maintenance.wording import downtime_sentence, impact_phrase, progress_phrase
from incidents.models import Maintenance, MaintenanceService, MaintenanceStep, MaintenanceUpdate
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.core.markdown import render_markdown

TEMPLATE = "admin/incidents/maintenance/window.html"
SCHEDULED, OVER = MaintenanceStatus.SCHEDULED, {MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED}
EARLY = timedelta(hours=1)
ACTIONS: Mapping[MaintenanceStatus, tuple[str, ...]] = {
    MaintenanceStatus.SCHEDULED: ("update", "extend", "start", "cancel"),
    MaintenanceStatus.IN_PROGRESS: ("update", "estimate", "extend", "verify", "complete"),
    MaintenanceStatus.VERIFYING: ("update", "estimate", "extend", "complete"),
    MaintenanceStatus.COMPLETED: ("update",),
    MaintenanceStatus.CANCELLED: ("update",),
}
LABELS = {
    "update": ("Post an update", "Post the update"),
    "extend": ("Extend: a later end", "Announce the later end"),
    "estimate": ("Say when it is expected to end", "Say so"),
    "start": ("Begin, in your own words", "Begin the maintenance"),
    "verify": ("Verify, in your own words", "Go on to verifying"),
    "complete": ("Complete, in your own words", "Complete the maintenance"),
    "cancel": ("Cancel: it will not take place", "Cancel the maintenance"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextThing:
    """The largest thing on the screen: one press. `action` is the address's last part."""

    action: str
    label: str
    hint: str = ""
    fields: Mapping[str, str]
    in_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form of the page, folded away until it is wanted."""

    action: str
    summary: str
    button: str
    form: SentenceForm
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One component: what is said of it now, and the form that says something else."""

    component: Component
    label: str
    css: str
    eta_at: datetime | None
    is_back: bool
    form: ServiceForm


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    step: MaintenanceStep
    label: str
    css: str
    html: str
    may_skip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One update of the timeline; `is_new` to a writer who was overtaken."""

    update: MaintenanceUpdate
    html: str
    is_new: bool


def window_page(
    request: HttpRequest,
    window: Maintenance,
    model_admin: WindowModelAdmin,
    form: SentenceForm | None = None,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    """`form` is one that was sent and refused."""
    page, now = Page.current(), clock.now()
    zone = page.zone
    is_imported = window.origin == Origin.IMPORT
    may_change = model_admin.has_change_permission(request, window)
    may_act = may_change and not is_imported
    steps = list(window.steps.all())
    context = {
        **model_admin.admin_site.each_context(request),
        "title": window.title,
        "opts": model_admin.opts,
        "window": window,
        "zone": zone,
        "status_css": STATUS_CSS[window.state],
        "standing": standing(window, now, zone),
        "downtime": downtime_sentence(window.expects_downtime),
        "impact": impact_phrase(window.impact_level, window.impact_note),
        "regions": ", ".join(region.name for region in window.regions.all()),
        "to_come": list(window.reminders.filter(sent_at__isnull=True).order_by("-before")),
        "links": links(window, page),
        "is_imported": is_imported,
        "may_change": may_change,
        "may_act": may_act,
        "is_over": window.state in OVER,
        "next": next_thing(window, steps, now) if may_change else None,
        "also": also(window) if may_act else None,
        "steps": step_lines(window, steps, may_act=may_act),
        "services": service_rows(window, zone, form),
        "sheets": sheets(window, zone, form) if may_act else [],
        "timeline": timeline(window, is_stale=is_stale),
    }
    return TemplateResponse(request, TEMPLATE, context)


def standing(window: Maintenance, now: datetime, zone: ZoneInfo) -> str:
    """Where it is, in a sentence."""
    if window.is_active:
        said = progress_phrase(
            now, scheduled_until=window.scheduled_until, estimated_until=window.estimated_until, zone=zone
        )
        left = window.scheduled_until - now
        rest = f", {say_duration(left)} left" if now < window.scheduled_until else ""
        return f"{said[0].upper()}{said[1:]}{rest}."
    if window.state is not SCHEDULED:
        return ""
    if window.origin == Origin.IMPORT:
        return ""
    by = "by itself" if window.starts_itself else "when somebody says so"
    if window.scheduled_for <= now:
        return f"Late to begin by {say_duration(now - window.scheduled_for)}; it begins {by}."
    return f"Begins in {say_duration(window.scheduled_for - now)}, {by}."


def links(window: Maintenance, page: Page) -> list[tuple[str, str]]:
    """What it is, and its address: where customers read it, and what a load balancer is pointed at."""
    path = window.get_absolute_url()
    found = [
        ("Public page", page.absolute_url(path)),
        ("One file, offline.html", page.absolute_url(f"{path}offline.html")),
    ]
    if window.takes_platform_down:
        found.append(("503 while it runs", page.absolute_url("/maintenance/")))
    return found


def next_thing(window: Maintenance, steps: list[MaintenanceStep], now: datetime) -> NextThing | None:
    """None where nothing is next: a tap that begins a window hours before its time could not be taken back."""
    revision = str(window.revision)
    if window.origin == Origin.IMPORT:
        hint = "It was imported: nothing about it happens by itself."
        return NextThing(action="take-over", label="Take it over", hint=hint, fields={"revision": revision})
    if window.state is SCHEDULED and window.scheduled_for - now > EARLY:
        return None
    if window.state is SCHEDULED:
        return NextThing(action="start", label="Begin the maintenance now", fields=_quick(window, "start"))
    if not window.is_active:
        return None
    running = next((step for step in steps if step.state == StepState.RUNNING), None)
    following = next((step for step in steps if step.state == StepState.PENDING), None)
    if running is not None or following is not None:
        label = f"Begin: {following.title}" if following is not None else f"Finish: {running.title}" if running else ""
        hint = f"This finishes: {running.title}" if running is not None and following is not None else ""
        expected = str(NONE_RUNS if running is None else running.pk)
        return NextThing(action="step", label=label, hint=hint, fields={"expected_step": expected}, in_place=True)
    if window.state is MaintenanceStatus.VERIFYING:
        return NextThing(action="complete", label="Complete the maintenance", fields=_quick(window, "complete"))
    hint = "All steps are over." if steps else ""
    return NextThing(action="verify", label="Go on to verifying", hint=hint, fields=_quick(window, "verify"))


def also(window: Maintenance) -> NextThing | None:
    """Beside it: the end, for who does not verify."""
    if window.state is not MaintenanceStatus.IN_PROGRESS or _has_open_steps(window):
        return None
    return NextThing(action="complete", label="Complete without verifying", fields=_quick(window, "complete"))


def _has_open_steps(window: Maintenance) -> bool:
    return window.steps.filter(state__in=[StepState.PENDING, StepState.RUNNING]).exists()


def _quick(window: Maintenance, action: str) -> dict[str, str]:
    """What one press sends: the usual word, told as the window's own settings say."""
    told = {"start": window.notify_start, "complete": window.notify_end, "verify": False}[action]
    said = {f"{action}-message": WORDS[action], f"{action}-revision": str(window.revision)}
    return said | ({f"{action}-notify": "on"} if told else {})


def step_lines(window: Maintenance, steps: list[MaintenanceStep], *, may_act: bool) -> list[StepLine]:
    return [
        StepLine(
            step=step,
            label=step.get_state_display(),
            css=STEP_CSS[StepState(step.state)],
            html=render_markdown(step.body),
            may_skip=may_act and window.is_active and step.state in {StepState.PENDING, StepState.RUNNING},
        )
        for step in steps
    ]


def service_rows(window: Maintenance, zone: ZoneInfo, sent: SentenceForm | None = None) -> list[ServiceRow]:
    """In the order of the plan, then those of which nothing single is said. Two queries."""
    said = {row.component_id: row for row in window.services.all()}
    components = sorted(
        window.components.select_related("group"),
        key=lambda component: (component.pk not in said, said[component.pk].position if component.pk in said else 0),
    )
    return [_service_row(window, component, said.get(component.pk), zone, sent) for component in components]


def _service_row(
    window: Maintenance,
    component: Component,
    row: MaintenanceService | None,
    zone: ZoneInfo,
    sent: SentenceForm | None,
) -> ServiceRow:
    form = service_form(window, component, row, zone)
    if isinstance(sent, ServiceForm) and sent.prefix == form.prefix:
        form = sent
    state = ServiceState(row.state) if row is not None else None
    return ServiceRow(
        component=component,
        label="Worked on" if state is None else state.label,
        css="work" if state is None else SERVICE_CSS[state],
        eta_at=row.eta_at if row is not None else None,
        is_back=state is ServiceState.OPERATIONAL,
        form=form,
    )


def service_form(
    window: Maintenance,
    component: Component,
    row: MaintenanceService | None,
    zone: ZoneInfo,
    data: QueryDict | None = None,
) -> ServiceForm:
    """`row` is what is said of the component now."""
    eta = "" if row is None or row.eta_at is None else f"{row.eta_at.astimezone(zone):%H:%M}"
    initial = {"state": row.state if row else "", "eta": eta, "revision": window.revision}
    return ServiceForm(data, component_pk=component.pk, zone=zone, initial=initial)


def sheets(window: Maintenance, zone: ZoneInfo, sent: SentenceForm | None) -> list[Sheet]:
    found = []
    for action in ACTIONS[window.state]:
        form = sent if sent is not None and sent.prefix == action else action_form(window, action, zone)
        summary, button = LABELS[action]
        found.append(Sheet(action=action, summary=summary, button=button, form=form, is_open=form is sent))
    if sent is not None and sent.prefix in LABELS and sent.prefix not in ACTIONS[window.state]:
        # Its state allows that no more, and what was typed is not lost.
        summary, button = LABELS[sent.prefix]
        found.insert(0, Sheet(action=sent.prefix, summary=summary, button=button, form=sent, is_open=True))
    return found


def action_form(window: Maintenance, action: str, zone: ZoneInfo, data: QueryDict | None = None) -> SentenceForm:
    if action == "extend":
        return ExtendForm(data, action=action, window=window, zone=zone)
    if action == "estimate":
        return EstimateForm(data, window=window, zone=zone)
    if action == "update":
        return UpdateForm(data, action=action, window=window)
    return WordForm(data, action=action, window=window)


def timeline(window: Maintenance, *, is_stale: bool = False) -> list[Entry]:
    """Newest first. One query."""
    return [
        Entry(update=update, html=render_markdown(update.body), is_new=is_stale and position == 0)
        for position, update in enumerate(window.updates.all())
    ]
