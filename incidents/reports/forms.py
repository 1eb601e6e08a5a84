"""What staff fill in about a report."""

from django import forms
from django.http import QueryDict

from incidents.forms import SentenceForm
from incidents.input import BODY_LENGTH
from incidents.models import Incident
from incidents.reports.letters import SUBJECT_LENGTH

LONGEST_REFERENCE = 40


class BelongsForm(SentenceForm):
    """Which incident a report belongs to, by the reference that people say."""

    reference = forms.CharField(
        label="Belongs to",
        max_length=LONGEST_REFERENCE,
        widget=forms.TextInput(attrs={"placeholder": "INC-2026-1121-a", "list": "incidents", "autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix="belongs")

    def clean_reference(self) -> str:
        wanted = str(self.cleaned_data["reference"]).strip()
        found = Incident.objects.select_related("merged_into").filter(reference__iexact=wanted).first()
        if found is None:
            raise forms.ValidationError(f"There is no incident {wanted}: choose one of the list.")
        self.incident = found
        return found.reference


class AnswerForm(SentenceForm):
    """A mail to who reported."""

    subject = forms.CharField(max_length=SUBJECT_LENGTH)
    body = forms.CharField(
        label="Answer",
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": BODY_LENGTH}),
        help_text="Plain text. It is sent as it stands here.",
    )
    closes = forms.BooleanField(label="Close the report as well", required=False)

    def __init__(self, data: QueryDict | None = None, *, subject: str = "", body: str = "") -> None:
        super().__init__(data, prefix="answer", initial={"subject": subject, "body": body})
