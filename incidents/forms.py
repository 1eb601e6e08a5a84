"""What the console's forms are made of.

They read what was typed; the rules are the services', and a service's refusal goes back to its field with `refuse`.
Times are UTC where a label does not name another zone.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Promise
from incidents.input import BODY_LENGTH
from incidents.models import SeverityPolicy
from statuspage.core.durations import brief_duration, format_duration, read_duration, say_duration
from statuspage.core.errors import DomainError, ValidationFailed
from statuspage.core.wall_clock import exists, moment_at

if TYPE_CHECKING:
    SeverityChoice = forms.ModelChoiceField[SeverityPolicy]
else:
    # Django's own is generic to the type checker only.
    SeverityChoice = forms.ModelChoiceField

IMPACT_CHOICES = [(status.value, status.label) for status in ComponentStatus if status is not ComponentStatus.UNKNOWN]
NO_IMPACT = ("", "—")
OPEN_CHOICES = [choice for choice in IncidentStatus.choices if choice[0] != IncidentStatus.RESOLVED]
PREFIX = "component-"


class DurationField(forms.Field):
    """`30m`, also `30 min` and `30 minutes` ↔ timedelta; empty is None."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return read_duration(text)
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


class WallClockField(forms.DateTimeField):
    """A moment as the clocks of the page's zone show it ↔ an aware UTC moment; empty is None."""

    def __init__(self, *, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(widget=MomentInput(), **kwargs)
        self.zone = zone

    def to_python(self, value: Any) -> Any:
        said = super().to_python(value)
        if said is None:
            return None
        wall = said.replace(tzinfo=None)
        try:
            if not exists(wall, self.zone):
                raise ValidationError(self.gap(wall))
            return moment_at(wall, self.zone)
        except OverflowError:
            raise ValidationError("The calendar ends there: choose another year.") from None

    def gap(self, _wall: datetime, /) -> str:
        """What to say about a time that no clock shows."""
        return "No clock shows this time on that day: they are put forward. Choose another one."

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return super().prepare_value(value)


class UtcMomentField(forms.DateTimeField):
    """A moment in UTC, shown again as it was typed; empty is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=MomentInput(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


class SeverityField(SeverityChoice):
    """Each rung with what it promises, so that it is read before it is chosen."""

    def __init__(self) -> None:
        super().__init__(SeverityPolicy.objects.all(), empty_label=None)

    def label_from_instance(self, obj: Any) -> str:
        # Narrow enough for a phone.
        every = f"update within {brief_duration(obj.update_every)}" if obj.update_every else "no update promised"
        wording = Promise(obj.promise).label.removeprefix("By then") if obj.update_every else ""
        return f"{obj.name} – {every}{wording}"


def promise_of(severity: SeverityPolicy) -> str:
    """`next update within 30 minutes, or on material change`."""
    if severity.update_every is None:
        return "no next update is promised"
    within = f"next update within {say_duration(severity.update_every)}"
    return within + Promise(severity.promise).label.removeprefix("By then")


class SentenceForm(forms.Form):
    """A form that a service may refuse, with the typed text kept."""

    required_css_class = "required"

    def add_error(self, field: str | None, error: Any) -> None:
        """As Django's; the page then begins at the first field that is wrong, which may be screens below the top."""
        super().add_error(field, error)
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is not None:
            for other in self.fields.values():
                other.widget.attrs.pop("autofocus", None)
            self.fields[wrong].widget.attrs["autofocus"] = True

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


def promise_fields() -> tuple[DurationField, forms.ChoiceField]:
    """Within what time the next update comes, and what may bring it sooner."""
    duration = DurationField(
        label="Next update within",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "as the severity says", "list": "promises", "maxlength": 20}),
        help_text="Such as 30m or 2h. It is shown on the page, and we are reminded.",
    )
    choices = [("", "as the severity says"), *Promise.choices]
    return duration, forms.ChoiceField(label="Promised", choices=choices, required=False)


def promise_said(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Both, as the services take them."""
    wording = cleaned.get("promise")
    return {"next_update_in": cleaned["next_update_in"], "promise": Promise(wording) if wording else None}


def notify_field() -> forms.BooleanField:
    return forms.BooleanField(label="Tell the subscribers", required=False, initial=True)
