"""The form by which staff announce a window, and the one by which they change it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from components.models import Component, Page, Region
from incidents.enums import MaintenanceImpact, MaintenanceStatus
from incidents.forms import message_field, notify_field
from incidents.forms_maintenance_fields import (
    DowntimeField,
    KindField,
    PageMomentField,
    RemindersField,
    merged_fields,
    remember_what_was_shown,
)
from incidents.forms_maintenance_rows import ETA, STATE, ServicesForm, StepRows
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.maintenance.plans import worked_on
from incidents.maintenance.rules import NOTE_LENGTH, PHASE_LENGTH, REASON_LENGTH
from incidents.models import Maintenance

TIMES = ("scheduled_for", "scheduled_until")
REMIND = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields under one heading; folded away unless something in them was typed or is wrong."""

    legend: str
    fields: list[forms.BoundField]
    folds: bool = False

    @property
    def is_open(self) -> bool:
        return any(field.errors for field in self.fields)


class PlanForm(ServicesForm):
    """What a window and a series have in common."""

    title = forms.CharField(label="What is done", max_length=TITLE_LENGTH)
    kind = KindField()
    expects_downtime = DowntimeField()
    impact_level = forms.ChoiceField(
        label="Impact", required=False, choices=[("", "Nothing is said"), *MaintenanceImpact.choices]
    )
    impact_note = forms.CharField(
        label="What customers notice", required=False, max_length=NOTE_LENGTH, help_text="Such as: read-only mode."
    )
    takes_platform_down = forms.BooleanField(
        label="It takes the platform down",
        required=False,
        help_text="While it runs, /maintenance/ answers 503 for the platform.",
    )
    regions = forms.ModelMultipleChoiceField(Region.objects.all(), required=False, widget=forms.CheckboxSelectMultiple)
    reminders = RemindersField(
        required=False, help_text="How long before the beginning subscribers hear of it again, such as 72h, 24h, 1h."
    )


class WindowForm(PlanForm):
    """Everything that is said of a window."""

    reason = forms.CharField(
        label="Why so late, or why now",
        required=False,
        max_length=REASON_LENGTH,
        help_text="Shown on the page and in mails.",
    )
    what_to_do = forms.CharField(
        label="What customers can do meanwhile",
        required=False,
        max_length=BODY_LENGTH,
        help_text="Markdown.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    starts_itself = forms.BooleanField(label="It begins by itself", required=False, initial=True)
    ends_itself = forms.BooleanField(
        label="It ends by itself",
        required=False,
        initial=True,
        help_text="Never before all steps are done and all services are back.",
    )
    notify_start = forms.BooleanField(label="Tell the subscribers when it begins", required=False, initial=True)
    notify_end = forms.BooleanField(label="Tell the subscribers when it ends", required=False, initial=True)

    def __init__(self, data: QueryDict | None = None, *, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(data, **options)
        self.zone = zone
        self.fields["scheduled_for"] = PageMomentField(label=f"Begins ({zone.key})", zone=zone)
        self.fields["scheduled_until"] = PageMomentField(label=f"Ends ({zone.key})", zone=zone)
        if not self.fields["regions"].queryset.exists():  # type: ignore[attr-defined]  # it is a ModelMultipleChoiceField
            del self.fields["regions"]

    @property
    def sections(self) -> list[Section]:
        """All visible fields but those of services, in the order in which they are filled in."""
        plan = [
            ("", False, ("title", "message", "kind", *TIMES)),
            ("", False, ("reason",)),
            (
                "What customers notice",
                False,
                ("expects_downtime", "impact_level", "impact_note", "takes_platform_down", "what_to_do", "regions"),
            ),
            (
                "Beginning, end and mails",
                True,
                ("phase", "starts_itself", "ends_itself", "notify_start", "notify_end", "reminders"),
            ),
        ]
        made = [Section(legend=legend, folds=folds, fields=self.bound(names)) for legend, folds, names in plan]
        return [section for section in made if section.fields]


class AnnounceForm(WindowForm):
    """One form: words, window, plan, and who is told."""

    message = message_field("What is announced")
    notify = notify_field()

    def __init__(self, data: QueryDict | None = None, *, page: Page, components: list[Component]) -> None:
        super().__init__(data, zone=page.zone)
        self.again = partial(AnnounceForm, data, page=page, components=components)
        self.fields["reminders"].initial = (REMIND,)
        self.add_services(components, {})
        self.steps = StepRows.of(None) if data is None else StepRows.typed(data)

    def said(self) -> dict[str, Any]:
        """What `schedule_maintenance` takes. Raises ValueError for an ETA that cannot be read, said at its row."""
        said = {name: value for name, value in self.cleaned_data.items() if not name.startswith((STATE, ETA))}
        said["services"] = self.services(base=said["scheduled_for"], zone=self.zone)
        return said | {"components": self.chosen(), "steps": self.steps.plans()}


class EditForm(WindowForm):
    """What is there now. Only what the writer touched is written, so that nobody else's change is taken back."""

    phase = forms.CharField(
        label="A word for what is being done",
        required=False,
        max_length=PHASE_LENGTH,
        help_text="Shown while it runs.",
    )
    message = message_field("What to say about the change", rows=3)
    notify = forms.BooleanField(label="Tell the subscribers", required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None = None, *, maintenance: Maintenance, page: Page, components: list[Component]
    ) -> None:
        super().__init__(data, zone=page.zone, initial=initial_of(maintenance))
        self.maintenance = maintenance
        self.again = partial(EditForm, data, maintenance=maintenance, page=page, components=components)
        self.fields["message"].required = False
        self.fields["message"].help_text = "Markdown. A window that is moved says so by itself if this is empty."
        self._leave_out(MaintenanceStatus(maintenance.status))
        services = {row.component_id: row for row in maintenance.services.all()}
        said = {component.pk: services.get(component.pk) for component in maintenance.components.all()}
        self.add_services([] if self.is_over else components, said)
        for row in self.rows_of:
            # The time at which each is expected back is for the window's own page.
            del self.fields[f"{ETA}{row.pk}"]
        self.steps = StepRows.of(maintenance) if data is None else StepRows.typed(data)
        remember_what_was_shown(self, but={"message", "notify", "revision"})

    def _leave_out(self, status: MaintenanceStatus) -> None:
        """What cannot be changed any more."""
        self.is_over = status in {MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED}
        gone = ["starts_itself", *TIMES, "reminders"] if status is not MaintenanceStatus.SCHEDULED else ["phase"]
        if self.is_over:
            gone += ["ends_itself", "notify_end", "phase"]
        if status is not MaintenanceStatus.SCHEDULED:
            gone.append("notify_start")
        for name in gone:
            self.fields.pop(name, None)

    @property
    def changes(self) -> dict[str, Any]:
        """What `edit_maintenance` takes, of what was touched."""
        touched = {name for name in self.changed_data if name not in {"message", "notify", "revision"}}
        found = {name: self.cleaned_data[name] for name in touched if not name.startswith(STATE)}
        states = [component for component in self.rows_of if f"{STATE}{component.pk}" in touched]
        kept = {component.pk: component for component in self.maintenance.components.all()}
        wanted = dict(kept)
        for component in states:
            if self.cleaned_data[f"{STATE}{component.pk}"]:
                wanted[component.pk] = component
            else:
                wanted.pop(component.pk, None)
        if wanted.keys() != kept.keys():
            found["components"] = worked_on(wanted.values())
        return found

    @property
    def states(self) -> dict[Component, str]:
        """The services whose state was chosen anew."""
        said = {component: f"{STATE}{component.pk}" for component in self.rows_of}
        return {
            component: self.cleaned_data[name]
            for component, name in said.items()
            if name in self.changed_data and self.cleaned_data[name] not in {"", "worked"}
        }


def initial_of(maintenance: Maintenance) -> dict[str, Any]:
    """The window's columns as the form's fields begin."""
    names = [*WindowForm.base_fields, *TIMES, "phase"]
    found = {name: getattr(maintenance, name) for name in names if name not in {"regions", "reminders"}}
    found["kind"] = maintenance.kind_id
    found["regions"] = [region.pk for region in maintenance.regions.all()]
    before = maintenance.reminders.order_by("-before").values_list("before", flat=True)
    return found | {"reminders": tuple(before), "revision": maintenance.revision}


def over_what_is_new(data: QueryDict, old: EditForm, fresh: EditForm) -> QueryDict:
    """The form of a writer who was overtaken: what they touched, over what is there now."""
    merged = merged_fields(data, old, fresh, always={"message", "notify"})
    steps = old.steps if old.steps.is_touched else fresh.steps
    merged["steps"], merged["steps_seen"] = str(steps.count), fresh.steps.seen
    for row in steps.rows:
        for part in ("key", "title", "body", "state"):
            merged[f"step-{row.number}-{part}"] = str(getattr(row, part))
    return merged
