"""The rows of a window's form: its steps, and the state of each service."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from components.models import Component
from incidents.enums import ServiceState, StepState
from incidents.forms_maintenance_fields import ETA_HELP, PARTS, WORKED_ON, QuietForm, eta_of
from incidents.maintenance import ServicePlan, StepPlan
from incidents.maintenance.plans import MOST_STEPS
from incidents.models import Maintenance, MaintenanceService
from statuspage.core.text import clean_line, clean_text

EMPTY_ROWS = 3
STATE, ETA = "service-", "eta-"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step as it was typed. `key` is that of the step it was, empty for a new one."""

    number: int
    key: str = ""
    title: str = ""
    body: str = ""
    state: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.title.strip() or self.body.strip())


class StepRows:
    """The steps of a form, a few empty ones below them. `seen` is a mark of the steps as the writer was shown them."""

    def __init__(self, rows: Sequence[StepRow], *, seen: str) -> None:
        self.rows = [replace(row, number=number) for number, row in enumerate(rows)]
        self.seen = seen

    @classmethod
    def of(cls, maintenance: Maintenance | None) -> "StepRows":
        steps = [] if maintenance is None else list(maintenance.steps.all())
        rows = [
            StepRow(
                number=0,
                key=str(step.pk),
                title=step.title,
                body=step.body,
                state="" if step.state == StepState.PENDING else step.get_state_display(),
            )
            for step in steps
        ]
        return cls([*rows, *_empty(0 if rows else EMPTY_ROWS)], seen=_mark(rows))

    @classmethod
    def typed(cls, data: QueryDict) -> "StepRows":
        """What was sent, with more rows or without one, if one of these buttons was pressed."""
        said = data.get("steps", "")
        count = min(int(said), MOST_STEPS + EMPTY_ROWS) if said.isascii() and said.isdigit() and len(said) < 4 else 0
        rows = [
            StepRow(
                number=number,
                key=data.get(f"step-{number}-key", ""),
                title=data.get(f"step-{number}-title", ""),
                body=data.get(f"step-{number}-body", ""),
                state=data.get(f"step-{number}-state", ""),
            )
            for number in range(count)
            if data.get("drop") != str(number)
        ]
        more = EMPTY_ROWS if data.get("then") == "more" or not rows else 0
        return cls([*rows, *_empty(more)], seen=data.get("steps_seen", ""))

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def can_grow(self) -> bool:
        return self.count < MOST_STEPS

    @property
    def any_typed(self) -> bool:
        return bool(self.filled)

    @property
    def filled(self) -> list[StepRow]:
        return [row for row in self.rows if not row.is_empty]

    @property
    def is_touched(self) -> bool:
        return _mark(self.filled) != self.seen

    def plans(self, maintenance: Maintenance | None = None) -> list[StepPlan]:
        """As the services take them; a step that was there keeps its state and times."""
        known = {} if maintenance is None else {str(step.pk): step for step in maintenance.steps.all()}
        found = []
        for row in self.filled:
            step = known.get(row.key)
            kept = (
                {}
                if step is None
                else {
                    "state": StepState(step.state),
                    "started_at": step.started_at,
                    "finished_at": step.finished_at,
                }
            )
            found.append(StepPlan(title=row.title, body=row.body, **kept))  # type: ignore[arg-type]  # a step's columns
        return found


def _empty(count: int) -> list[StepRow]:
    return [StepRow(number=0) for _ in range(count)]


def _mark(rows: Sequence[StepRow]) -> str:
    said = [(row.key, clean_line(row.title), clean_text(row.body)) for row in rows]
    return hashlib.sha256(repr(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFields:
    """One component's two fields."""

    component: Component
    state: forms.BoundField
    eta: forms.BoundField | None


class ServicesForm(QuietForm):
    """Which components are worked on, in what state each will be, and how long after the beginning it is back."""

    rows_of: list[Component]

    def add_services(self, components: Sequence[Component], said: dict[int, MaintenanceService | None]) -> None:
        """`said` has the components that are part of the window already."""
        self.rows_of = sorted(components, key=lambda component: component.pk not in said)
        for component in self.rows_of:
            row = said.get(component.pk)
            # What was said of a service is said anew, never unsaid.
            choices = PARTS if row is None else [choice for choice in PARTS if choice[0] != WORKED_ON]
            first = row.state if row is not None else WORKED_ON if component.pk in said else ""
            self.fields[f"{STATE}{component.pk}"] = forms.ChoiceField(
                choices=choices, required=False, label=component.full_name, initial=first
            )
            self.fields[f"{ETA}{component.pk}"] = forms.CharField(
                required=False,
                max_length=20,
                label=f"{component.full_name} is back after",
                widget=forms.TextInput(attrs={"placeholder": ETA_HELP}),
            )

    @property
    def service_rows(self) -> list[ServiceFields]:
        return [
            ServiceFields(
                component=component,
                state=self[f"{STATE}{component.pk}"],
                eta=self[f"{ETA}{component.pk}"] if f"{ETA}{component.pk}" in self.fields else None,
            )
            for component in self.rows_of
        ]

    def chosen(self) -> list[Component]:
        """All that are part of the window."""
        return [component for component in self.rows_of if self.cleaned_data.get(f"{STATE}{component.pk}")]

    def services(self, *, base: datetime, zone: ZoneInfo) -> list[ServicePlan]:
        """What is said of single services. An ETA counts from `base`. Raises ValueError, said at its row."""
        found = []
        for component in self.chosen():
            word = self.cleaned_data[f"{STATE}{component.pk}"]
            if word == WORKED_ON:
                continue
            eta = self._eta(component, base=base, zone=zone)
            found.append(ServicePlan(component=component, state=ServiceState(word), eta_at=eta))
        return found

    def _eta(self, component: Component, *, base: datetime, zone: ZoneInfo) -> datetime | None:
        name = f"{ETA}{component.pk}"
        try:
            return eta_of(self.cleaned_data.get(name, ""), base=base, zone=zone)
        except ValueError as error:
            self.add_error(name, f"Expected {error}.")
            raise
