"""The small forms of one window's page: each a word, a time or a press."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from incidents.enums import MaintenanceStatus, ServiceState
from incidents.forms import SentenceForm, message_field
from incidents.forms_maintenance_fields import PageMomentField, eta_of
from incidents.maintenance.running import BEGUN, ENDED
from incidents.models import Maintenance
from statuspage.core import clock

VERIFYING = "The work is done. We are verifying that everything is well."
STATUSES = [
    ("", "stays as it is"),
    (MaintenanceStatus.IN_PROGRESS.value, "In progress: the work goes on"),
    (MaintenanceStatus.VERIFYING.value, "Verifying"),
]
WORDS = {"start": BEGUN, "verify": VERIFYING, "complete": ENDED}


class WordForm(SentenceForm):
    """A public word, and whether subscribers hear it. The prefix is the action."""

    message = message_field("What is said", rows=3)
    notify = forms.BooleanField(label="Tell the subscribers", required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, action: str, window: Maintenance) -> None:
        super().__init__(data, prefix=action)
        self.fields["message"].initial = WORDS.get(action, "")
        self.fields["message"].help_text = "Markdown."
        told = {"start": window.notify_start, "complete": window.notify_end, "verify": False}
        self.fields["notify"].initial = told.get(action, True)
        self.fields["revision"].initial = window.revision


class UpdateForm(WordForm):
    """A word in any status; of a window that runs, also that it is verified or goes on."""

    status = forms.ChoiceField(choices=STATUSES, required=False)

    field_order = ("message", "status", "notify")

    def __init__(self, data: QueryDict | None = None, *, action: str, window: Maintenance) -> None:
        super().__init__(data, action=action, window=window)
        if not window.is_active:
            del self.fields["status"]


class ExtendForm(WordForm):
    """A later end."""

    field_order = ("until", "message", "notify")

    def __init__(self, data: QueryDict | None = None, *, action: str, window: Maintenance, zone: ZoneInfo) -> None:
        super().__init__(data, action=action, window=window)
        until = PageMomentField(label=f"New end ({zone.key})", zone=zone, initial=window.scheduled_until)
        self.fields["until"] = until
        self.order_fields(self.field_order)
        self.fields["message"].required = False
        self.fields["message"].help_text = "Markdown. Empty says the new end."


class EstimateForm(SentenceForm):
    """When it is expected to be over; empty takes that back."""

    at = forms.CharField(
        label="Expected to end",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "40m, or 15:20"}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, window: Maintenance, zone: ZoneInfo) -> None:
        expected = window.estimated_until
        super().__init__(data, prefix="estimate")
        self.zone = zone
        self.fields["at"].initial = "" if expected is None else f"{expected.astimezone(zone):%H:%M}"
        self.fields[
            "at"
        ].help_text = f"{zone.key}, or from now. The announced end stays as it is. Empty: nothing is said."
        self.fields["revision"].initial = window.revision

    def clean_at(self) -> datetime | None:
        return _moment(self.cleaned_data["at"], self.zone)


class ServiceForm(SentenceForm):
    """One row, one press: in what state a component is, and when it is back."""

    state = forms.ChoiceField(choices=ServiceState.choices)
    eta = forms.CharField(
        label="Back",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "back: 12m or 15:20"}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None = None, *, component_pk: int, zone: ZoneInfo, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, prefix=f"service-{component_pk}", initial=initial)
        self.zone = zone
        if not initial["state"]:
            self.fields["state"] = forms.ChoiceField(choices=[("", "Say its state"), *ServiceState.choices])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("state") == ServiceState.OPERATIONAL:
            # One that is back is not expected any more.
            said["eta"] = ""
        return said

    def eta_at(self, kept: datetime | None) -> datetime | None:
        """The moment; the one that stands if the text is the one that was shown of it. Raises ValidationError."""
        text = self.cleaned_data["eta"]
        shown = "" if kept is None else f"{kept.astimezone(self.zone):%H:%M}"
        if kept is not None and text == shown:
            # One that has passed is said no more: it is not tomorrow's.
            return kept if kept > clock.now() else None
        return _moment(text, self.zone)


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return eta_of(text, base=clock.now(), zone=zone)
    except ValueError as error:
        raise ValidationError(f"Expected {error}.") from None
