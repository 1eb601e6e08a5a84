"""The forms by which staff write a postmortem and its follow-up actions. The rules are the services'."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from incidents.follow_ups import OWNER_LENGTH, TEXT_LENGTH
from incidents.forms import SentenceForm
from incidents.models import Postmortem
from incidents.models.postmortem import SECTIONS
from incidents.postmortem_prefill import SECTION_LENGTH
from statuspage.core.errors import DomainError, ValidationFailed

HELP = {
    "summary": "Two or three sentences for who reads nothing else: what broke, for whom, for how long.",
    "timeline": "What happened when, with the zone.",
    "root_cause": "What failed, and what made it possible. Not who.",
    "resolution": "What was done so that it works again.",
    "prevention": "What is different now, or will be, so that it does not come back.",
}
ROWS = {"summary": 3, "timeline": 12}
# The preview looks for a field of this name.
ENDING = "-message"


class PostmortemForm(SentenceForm):
    """The five sections as Markdown. The revision is that of the postmortem as the writer saw it."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, postmortem: Postmortem) -> None:
        super().__init__(data)
        self.fields["revision"].initial = postmortem.revision
        for name, title, text in postmortem.sections:
            widget = forms.Textarea(attrs={"rows": ROWS.get(name, 6), "maxlength": SECTION_LENGTH})
            self.fields[f"{name}{ENDING}"] = forms.CharField(
                label=title, required=False, widget=widget, help_text=HELP[name], initial=text
            )

    @property
    def sections(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"{name}{ENDING}"] for name in SECTIONS}

    def refuse(self, error: DomainError) -> None:
        if isinstance(error, ValidationFailed) and error.field in SECTIONS:
            self.add_error(f"{error.field}{ENDING}", error.sentence)
        else:
            super().refuse(error)


class ActionForm(SentenceForm):
    """One thing that somebody will do."""

    text = forms.CharField(label="What is going to be done", max_length=TEXT_LENGTH)
    owner = forms.CharField(
        label="Who sees to it",
        required=False,
        max_length=OWNER_LENGTH,
        widget=forms.TextInput(attrs={"list": "owners"}),
    )
    due_on = forms.DateField(label="By", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    @property
    def said(self) -> dict[str, Any]:
        due_on: date | None = self.cleaned_data["due_on"]
        return {"text": self.cleaned_data["text"], "owner": self.cleaned_data["owner"], "due_on": due_on}
