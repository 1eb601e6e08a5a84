"""The forms by which staff correct a word that was said, merge incidents, and write down one that is over."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from components.models import Component, Page
from incidents.enums import IncidentStatus
from incidents.forms import ImpactForm, SentenceForm, SeverityField, UtcMomentField, message_field
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.models import Incident, IncidentUpdate
from incidents.retroactive import PastUpdate

FEWEST_WORDS = 2
MOST_WORDS = 20


class EditWordForm(SentenceForm):
    """One word as it ought to read. The revision is that of the incident as the writer saw it."""

    message = message_field("What it says")
    display_at = UtcMomentField(
        label="Shown at (UTC)", help_text="Empty leaves its time. It stays between the words before and after it."
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, update: IncidentUpdate) -> None:
        super().__init__(data)
        self.fields["message"].initial = update.body
        self.fields["revision"].initial = update.incident.revision


class MergeForm(SentenceForm):
    """Into which one, and what is said there about it."""

    into = forms.ModelChoiceField(Incident.objects.none(), label="Into", empty_label=None)
    message = message_field("What to say on the one that is kept", rows=3)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, incident: Incident, into: Incident | None = None) -> None:
        super().__init__(data, initial={"into": into})
        # The one that was asked for, and no list: it was chosen on the page before.
        self.fields["into"].queryset = candidates(incident)  # type: ignore[attr-defined]  # it is a ModelChoiceField
        self.fields["into"].widget = forms.HiddenInput()
        self.fields["message"].required = False
        self.fields["message"].help_text = "Markdown. Empty says that the other one goes on here."
        self.fields["revision"].initial = incident.revision


def candidates(incident: Incident) -> Any:
    """What it can be merged into: open ones; for one that is over also those that are."""
    others = Incident.objects.shown().newest_first().exclude(pk=incident.pk).select_related("severity")
    return others.open() if incident.is_open else others


class RecordForm(ImpactForm):
    """The facts of an incident that is over."""

    title = forms.CharField(label="What was broken", max_length=TITLE_LENGTH)
    severity = SeverityField()
    started_at = UtcMomentField(label="Began at (UTC)")
    private = forms.BooleanField(
        label="Private", required=False, help_text="Only its severity, status and times are published."
    )
    data_impact = forms.BooleanField(label="Data was lost or exposed", required=False)
    root_cause_summary = forms.CharField(
        label="Root cause", required=False, max_length=BODY_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )
    remediation = forms.CharField(required=False, max_length=BODY_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))
    notify = forms.BooleanField(label="Tell the subscribers the last word", required=False)

    def __init__(self, data: QueryDict | None = None, *, components: Iterable[Component]) -> None:
        super().__init__(data, components=components, said={})
        self.fields["private"].initial = Page.current().private_incidents
        self.fields["started_at"].required = True


class PastWordForm(SentenceForm):
    """One word of then. A row in which nothing is typed does not count."""

    at = UtcMomentField(label="At (UTC)")
    status = forms.ChoiceField(choices=IncidentStatus.choices)
    message = forms.CharField(
        label="What was said",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": BODY_LENGTH}),
        help_text="Markdown.",
    )

    def __init__(self, data: QueryDict | None = None, *, number: int, count: int) -> None:
        super().__init__(data, prefix=f"word-{number}")
        first, last = number == 0, number == count - 1
        self.fields["status"].initial = IncidentStatus.RESOLVED if last else IncidentStatus.IDENTIFIED
        if first:
            self.fields["status"].initial = IncidentStatus.INVESTIGATING
        self.fields["at"].required = True
        self.legend = "First word" if first else "Last word" if last else f"Word {number + 1}"

    @property
    def is_empty(self) -> bool:
        return not any(str(self[name].value() or "").strip() for name in ("at", "message"))


class RecordForms:
    """The facts and the words, which are sent together."""

    def __init__(self, data: QueryDict | None, *, components: Iterable[Component], more: int = 0) -> None:
        typed = data.get("words", "") if data is not None else ""
        count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < len("100") else FEWEST_WORDS
        self.count = min(max(count + more, FEWEST_WORDS), MOST_WORDS)
        self.can_grow = self.count < MOST_WORDS
        self.facts = RecordForm(data, components=components)
        self.words = [PastWordForm(data, number=number, count=self.count) for number in range(self.count)]

    def is_valid(self) -> bool:
        words = self._said()
        # All of them are looked at, so that all of their mistakes are shown at once.
        valid = [form.is_valid() for form in (self.facts, *words)]
        if not words:
            self.facts.add_error(None, "Write down at least one word that was said.")
            return False
        return all(valid)

    def past_updates(self) -> list[PastUpdate]:
        """In the order in which they stand. The components are what the first word said."""
        impacts = self.facts.impacts()
        return [
            PastUpdate(
                status=IncidentStatus(form.cleaned_data["status"]),
                message=form.cleaned_data["message"],
                at=form.cleaned_data["at"],
                impacts=impacts if position == 0 else {},
            )
            for position, form in enumerate(self._said())
        ]

    def _said(self) -> list[PastWordForm]:
        return [form for form in self.words if not form.is_empty]
