"""The forms by which staff declare, update, resolve and correct an incident."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from components.models import Component
from incidents.enums import TemplateKind
from incidents.forms import (
    OPEN_CHOICES,
    ImpactForm,
    SentenceForm,
    SeverityField,
    UtcMomentField,
    message_field,
    notify_field,
    promise_fields,
    promise_of,
)
from incidents.forms_words import Prepared, WordsForm
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.models import AffectedComponent, Incident


class OpenIncidentForm(WordsForm, ImpactForm):
    """Everything an incident begins with, on one screen."""

    template_kind = TemplateKind.INCIDENT
    texts = ("title", "message")

    title = forms.CharField(
        label="What is broken",
        max_length=TITLE_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": "API errors in eu-west", "autofocus": True}),
    )
    severity = SeverityField()
    status = forms.ChoiceField(choices=OPEN_CHOICES)
    message = message_field("First public word")
    next_update_in, promise = promise_fields()
    started_at = UtcMomentField(label="Began at (UTC)", help_text="Empty is now.")
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
        super().__init__(data, begin_with=begin_with, components=components, said={})
        self.fields["form_id"].initial = uuid.uuid4().hex
        self.fields["private"].initial = self.page.private_incidents
        self.add_blanks()


class PostUpdateForm(WordsForm, ImpactForm):
    """The next public word. The revision is that of the incident as the writer saw it."""

    template_kind = TemplateKind.UPDATE

    status = forms.ChoiceField(choices=OPEN_CHOICES)
    message = message_field("What to say")
    next_update_in, promise = promise_fields()
    display_at = UtcMomentField(
        label="Shown at (UTC)", help_text="Empty is now. It may lie back, after the last word."
    )
    notify = notify_field()
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        incident: Incident,
        components: Iterable[Component],
        said: Mapping[int, str],
        begin_with: Mapping[str, Any] | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        super().__init__(
            data, begin_with=begin_with, prepared=prepared, components=components, said=said, prefix="update"
        )
        self.fields["revision"].initial = incident.revision
        self.fields["next_update_in"].help_text += f" {incident.severity.name}: {promise_of(incident.severity)}."
        if incident.is_open:
            self.fields["status"].initial = incident.status
        else:
            self.fields["status"].label = "Reopen as"
        self.add_blanks()


class ResolveForm(WordsForm):
    """The last word, what caused it and what is done about it."""

    template_kind = TemplateKind.RESOLUTION
    texts = ("message", "root_cause_summary", "remediation")

    message = message_field("Last word", rows=3)
    root_cause_summary = forms.CharField(
        label="Root cause",
        required=False,
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What failed, not who. It stands with the resolved entry and in the last mail.",
    )
    remediation = forms.CharField(
        label="Remediation",
        required=False,
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is done so that it does not come back.",
    )
    unexplained = forms.BooleanField(label="We do not know the cause yet: publish without", required=False)
    resolved_at = UtcMomentField(label="Over at (UTC)", help_text="Empty is now.")
    notify = notify_field()
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        incident: Incident,
        begin_with: Mapping[str, Any] | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        super().__init__(data, begin_with=begin_with, prepared=prepared, prefix="resolve")
        self.incident = incident
        self.fields["revision"].initial = incident.revision
        self.fields["message"].initial = "This incident is resolved."
        self.fields["root_cause_summary"].initial = incident.root_cause_summary
        self.fields["remediation"].initial = incident.remediation
        if not incident.severity.inline_summary:
            del self.fields["unexplained"]
        self.add_blanks()

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if "unexplained" in self.fields and not said.get("root_cause_summary") and not said.get("unexplained"):
            self.add_error(
                "root_cause_summary",
                f"{self.incident.severity.name} incidents are explained when they are resolved: say in a sentence or "
                "two what failed, or tick that it is not known yet.",
            )
        return said


class EditIncidentForm(SentenceForm):
    """What is said about the incident itself. Nobody is told."""

    title = forms.CharField(max_length=TITLE_LENGTH)
    severity = SeverityField()
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


def declare_form(data: QueryDict | None = None, begin_with: Mapping[str, Any] | None = None) -> OpenIncidentForm:
    components = list(Component.objects.active().select_related("group"))
    return OpenIncidentForm(data, components=components, begin_with=begin_with)


def update_form(
    incident: Incident,
    data: QueryDict | None = None,
    begin_with: Mapping[str, Any] | None = None,
    *,
    affected: list[AffectedComponent] | None = None,
    prepared: Prepared | None = None,
) -> PostUpdateForm:
    if affected is None:
        affected = list(incident.affected.select_related("component"))
    said = {row.component_id: row.status for row in affected}
    components = Component.objects.active().select_related("group")
    return PostUpdateForm(
        data, incident=incident, components=components, said=said, begin_with=begin_with, prepared=prepared
    )


def resolve_form(
    incident: Incident,
    data: QueryDict | None = None,
    begin_with: Mapping[str, Any] | None = None,
    *,
    prepared: Prepared | None = None,
) -> ResolveForm:
    return ResolveForm(data, incident=incident, begin_with=begin_with, prepared=prepared)


def edit_form(incident: Incident, data: QueryDict | None = None) -> EditIncidentForm:
    return EditIncidentForm(data, incident=incident)
