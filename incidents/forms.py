"""The forms by which staff declare, update, resolve and correct an incident.

They read what was typed; the rules are the services', and a service's refusal goes back to its field with `refuse`.
Times are UTC.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.models import Incident, SeverityPolicy
from statuspage.core.durations import format_duration, parse_duration
from statuspage.core.errors import DomainError, ValidationFailed

IMPACT_CHOICES = [(status.value, status.label) for status in ComponentStatus if status is not ComponentStatus.UNKNOWN]
NO_IMPACT = ("", "—")
OPEN_CHOICES = [choice for choice in IncidentStatus.choices if choice[0] != IncidentStatus.RESOLVED]
PREFIX = "component-"


class DurationField(forms.Field):
    """`30m` ↔ timedelta; empty is None."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_duration(text)
        except ValueError as error:
            raise ValidationError(f"Expected {error}.") from None

    def prepare_value(self, value: Any) -> Any:
        return format_duration(value) if isinstance(value, timedelta) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class SentenceForm(forms.Form):
    """A form that a service may refuse, with the typed text kept."""

    required_css_class = "required"

    def refuse(self, error: DomainError) -> None:
        """Say the sentence at the field that it is about, else above the form."""
        field = error.field if isinstance(error, ValidationFailed) and error.field in self.fields else None
        self.add_error(field, error.sentence)


class ImpactForm(SentenceForm):
    """One select for each component; only those that were chosen count."""

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        components: Iterable[Component],
        said: Mapping[int, str],
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, prefix=prefix)
        self.impact_of: dict[str, Component] = {}
        # What the incident is about already comes first.
        for component in sorted(components, key=lambda component: component.pk not in said):
            now = said.get(component.pk)
            name = f"{PREFIX}{component.pk}"
            leave = ("", f"— stays {ComponentStatus(now).label.lower()}") if now else NO_IMPACT
            self.fields[name] = forms.ChoiceField(
                choices=[leave, *IMPACT_CHOICES], required=False, label=component.full_name
            )
            self.impact_of[name] = component

    def impacts(self) -> dict[Component, ComponentStatus]:
        return {
            component: ComponentStatus(self.cleaned_data[name])
            for name, component in self.impact_of.items()
            if self.cleaned_data.get(name)
        }

    @property
    def impact_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.impact_of]

    @property
    def impacts_chosen(self) -> bool:
        return any(field.value() for field in self.impact_fields)

    @property
    def other_fields(self) -> list[forms.BoundField]:
        """The visible fields that are not about components, in order."""
        return [field for field in self.visible_fields() if field.name not in self.impact_of]


def message_field(label: str, *, rows: int = 5) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": BODY_LENGTH, "class": "message"})
    return forms.CharField(label=label, widget=widget, help_text="Markdown. Say what is affected and what comes next.")


def promise_field() -> DurationField:
    return DurationField(
        label="Next update within",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "as the severity says", "list": "promises", "maxlength": 20}),
        help_text="Such as 30m or 2h. It is shown on the page.",
    )


def notify_field() -> forms.BooleanField:
    return forms.BooleanField(label="Tell the subscribers", required=False, initial=True)


class OpenIncidentForm(ImpactForm):
    """Everything an incident begins with, on one screen."""

    title = forms.CharField(
        label="What is broken",
        max_length=TITLE_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": "API errors in eu-west", "autofocus": True}),
    )
    severity = forms.ModelChoiceField(SeverityPolicy.objects.all(), empty_label=None)
    status = forms.ChoiceField(choices=OPEN_CHOICES)
    message = message_field("First public word")
    next_update_in = promise_field()
    started_at = forms.DateTimeField(
        label="Began at (UTC)", required=False, widget=MomentInput(), help_text="Empty is now."
    )
    private = forms.BooleanField(
        label="Private", required=False, help_text="Only its severity, status and times are published."
    )
    data_impact = forms.BooleanField(label="Data may be lost or exposed", required=False)
    notify = notify_field()
    # Two taps on the button are one incident.
    form_id = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    # The reports from outside that this incident is made of.
    reports = forms.CharField(widget=forms.HiddenInput, max_length=1000, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        components: Iterable[Component],
        begin_with: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, components=components, said={})
        self.initial.update(begin_with or {})
        self.fields["form_id"].initial = uuid.uuid4().hex
        self.fields["private"].initial = Page.current().private_incidents


class PostUpdateForm(ImpactForm):
    """The next public word. The revision is that of the incident as the writer saw it."""

    status = forms.ChoiceField(choices=OPEN_CHOICES)
    message = message_field("What to say")
    next_update_in = promise_field()
    notify = notify_field()
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        incident: Incident,
        components: Iterable[Component],
        said: Mapping[int, str],
    ) -> None:
        super().__init__(data, components=components, said=said, prefix="update")
        self.fields["revision"].initial = incident.revision
        if incident.is_open:
            self.fields["status"].initial = incident.status
        else:
            self.fields["status"].label = "Reopen as"


class ResolveForm(SentenceForm):
    """The last word, what caused it and what is done about it."""

    message = message_field("Last word", rows=3)
    root_cause_summary = forms.CharField(
        label="Root cause",
        required=False,
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What failed, not who.",
    )
    remediation = forms.CharField(
        label="Remediation",
        required=False,
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is done so that it does not come back.",
    )
    notify = notify_field()
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, incident: Incident) -> None:
        super().__init__(data, prefix="resolve")
        self.fields["revision"].initial = incident.revision
        self.fields["message"].initial = "This incident is resolved."
        self.fields["root_cause_summary"].initial = incident.root_cause_summary
        self.fields["remediation"].initial = incident.remediation


class EditIncidentForm(SentenceForm):
    """What is said about the incident itself. Nobody is told."""

    title = forms.CharField(max_length=TITLE_LENGTH)
    severity = forms.ModelChoiceField(SeverityPolicy.objects.all(), empty_label=None)
    private = forms.BooleanField(required=False, help_text="Only its severity, status and times are published.")
    data_impact = forms.BooleanField(label="Data may be lost or exposed", required=False)
    root_cause_summary = forms.CharField(
        label="Root cause", required=False, max_length=BODY_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )
    remediation = forms.CharField(required=False, max_length=BODY_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, incident: Incident) -> None:
        names = ("title", "severity", "private", "data_impact", "root_cause_summary", "remediation", "revision")
        initial = {name: getattr(incident, name) for name in names}
        super().__init__(data, prefix="edit", initial=initial)
