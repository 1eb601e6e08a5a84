"""What a window is planned with: the state of each service, the steps, the reminders."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from components.models import Component
from incidents.enums import ServiceState, StepState
from incidents.input import BODY_LENGTH
from incidents.maintenance.rules import short_line
from incidents.models import Maintenance, MaintenanceKind, MaintenanceReminder, MaintenanceService, MaintenanceStep
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_line, clean_text

STEP_TITLE_LENGTH = 160
MOST_STEPS = 100
MOST_REMINDERS = 10
EARLIEST_REMINDER = timedelta(days=60)
OVER = (StepState.DONE, StepState.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """In what state a component is while the window runs, and when it is expected back."""

    component: Component
    state: ServiceState = ServiceState.OPERATIONAL
    eta_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step of the work."""

    title: str
    body: str = ""
    state: StepState = StepState.PENDING
    started_at: datetime | None = None
    finished_at: datetime | None = None


def kind_named(kind: MaintenanceKind | str | None) -> MaintenanceKind | None:
    if kind is None or isinstance(kind, MaintenanceKind):
        return kind
    found = MaintenanceKind.objects.filter(slug=clean_line(kind)).first()
    if found is None:
        known = ", ".join(MaintenanceKind.objects.values_list("slug", flat=True))
        raise ValidationFailed("kind", f"There is no kind of maintenance {kind!r}; choose one of: {known}.")
    return found


def worked_on(components: Iterable[Component], services: Sequence[ServicePlan] = ()) -> list[Component]:
    """All components of a window, each once: those that are named, and those that a service is said of."""
    found = {component.pk: component for component in [*components, *(plan.component for plan in services)]}
    if not found:
        raise ValidationFailed("components", "Name at least one component that is worked on.")
    if len({plan.component.pk for plan in services}) < len(services):
        raise ValidationFailed("services", "A component is named twice among the services: say its state once.")
    return list(found.values())


def write_services(row: Maintenance, plans: Sequence[ServicePlan]) -> None:
    """These services instead of those there were."""
    row.services.all().delete()
    MaintenanceService.objects.bulk_create(
        MaintenanceService(
            maintenance=row,
            component=plan.component,
            position=position,
            state=plan.state,
            eta_at=None if plan.state is ServiceState.OPERATIONAL else plan.eta_at,
        )
        for position, plan in enumerate(plans)
    )


def check_steps(plans: Sequence[StepPlan], *, may_be_begun: bool) -> list[StepPlan]:
    """The steps with clean words. Raises ValidationFailed."""
    if len(plans) > MOST_STEPS:
        raise ValidationFailed("steps", f"A window has at most {MOST_STEPS} steps: put some together.")
    if sum(plan.state is StepState.RUNNING for plan in plans) > 1:
        raise ValidationFailed("steps", "Only one step runs at a time.")
    if not may_be_begun and any(plan.state is not StepState.PENDING for plan in plans):
        raise ValidationFailed("steps", "No step has begun before the window has: leave them all pending.")
    checked = []
    for plan in plans:
        title, body = short_line("steps", plan.title, STEP_TITLE_LENGTH), clean_text(plan.body)
        if not title:
            raise ValidationFailed("steps", "Each step has a title: say in a few words what is done.")
        if len(body) > BODY_LENGTH:
            raise ValidationFailed(
                "steps", f"The text of “{title}” is too long; at most {BODY_LENGTH} characters fit."
            )
        checked.append(
            StepPlan(
                title=title, body=body, state=plan.state, started_at=plan.started_at, finished_at=plan.finished_at
            )
        )
    return checked


def write_steps(row: Maintenance, plans: Sequence[StepPlan], *, now: datetime) -> None:
    """These steps instead of those there were; one that runs or is done has begun and ended now if nothing is said."""
    row.steps.all().delete()
    MaintenanceStep.objects.bulk_create(
        MaintenanceStep(
            maintenance=row,
            position=position,
            title=plan.title,
            body=plan.body,
            state=plan.state,
            started_at=plan.started_at or (now if plan.state is StepState.RUNNING else None),
            finished_at=plan.finished_at if plan.state in OVER else None,
        )
        for position, plan in enumerate(plans)
    )


def check_reminders(reminders: Collection[timedelta]) -> list[timedelta]:
    """Each once, the earliest first. Raises ValidationFailed."""
    chosen = sorted(set(reminders), reverse=True)
    if len(chosen) > MOST_REMINDERS:
        raise ValidationFailed("reminders", f"A window has at most {MOST_REMINDERS} reminders: leave some out.")
    if any(not timedelta() < before <= EARLIEST_REMINDER for before in chosen):
        raise ValidationFailed(
            "reminders", f"A reminder is sent before the window begins, at most {EARLIEST_REMINDER.days} days before."
        )
    return chosen


def write_reminders(row: Maintenance, reminders: Collection[timedelta], *, now: datetime) -> None:
    """These reminders instead of those there were; none whose time has passed, as the window itself is the news then.

    One that was sent for the beginning that stands is not sent again.
    """
    sent = dict(row.reminders.filter(sent_at__isnull=False).values_list("due_at", "sent_at"))
    row.reminders.all().delete()
    MaintenanceReminder.objects.bulk_create(
        MaintenanceReminder(maintenance=row, before=before, due_at=due_at, sent_at=sent.get(due_at))
        for before in reminders
        if (due_at := row.scheduled_for - before) > now or due_at in sent
    )
