"""What a visitor fills in to tell us of a problem.

The form only reads; what may be kept is decided by `incidents.reports.services`, whose refusals come back to their
fields with `refuse`.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from incidents.reports.services import COUNTRY_LENGTH, ERROR_LENGTH, LINE_LENGTH, WHAT_LENGTH
from statuspage.core.errors import DomainError, ValidationFailed
from statuspage.core.mail_addresses import MAX_LENGTH
from statuspage.core.text import clean_text

# More than a person sees in a field that nobody sees.
TRAP = "website"
TRAPPED = (
    "A field that people do not see was filled in, so this looked like a machine. It is empty now: send it again."
)


class CleanField(forms.CharField):
    """Text without what no keyboard types: control characters are taken out, and not a reason to refuse."""

    def to_python(self, value: Any) -> str:
        return clean_text(str(super().to_python(value) or ""))


def _line(label: str, *, longest: int, help_text: str, **attrs: str) -> CleanField:
    widget = forms.TextInput(attrs={"maxlength": longest, **attrs})
    return CleanField(label=label, required=False, help_text=help_text, widget=widget)


def _text(label: str, *, rows: int, longest: int, help_text: str, required: bool) -> CleanField:
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": longest})
    return CleanField(label=label, required=required, help_text=help_text, widget=widget)


class ReportForm(forms.Form):
    """Only `what` has to be filled in. The component's choices are drawn by the template, from the page's groups."""

    use_required_attribute = False

    what = _text(
        "What is broken?",
        rows=4,
        longest=WHAT_LENGTH,
        required=True,
        help_text="The feature, page or integration, and what happens instead of what should.",
    )
    component = CleanField(
        label="Which part is it?",
        required=False,
        widget=forms.Select(),
        help_text="As this page names it. Choose “something else” if you cannot tell.",
    )
    began = _line(
        "Since when?",
        longest=LINE_LENGTH,
        help_text="Roughly is enough, such as “about 14:00” or “this morning”. Name your time zone if it may matter.",
    )
    country = _line(
        "Country", longest=COUNTRY_LENGTH, help_text="Where you connect from.", autocomplete="country-name"
    )
    isp = _line("Internet provider", longest=LINE_LENGTH, help_text="If you know it: some outages are on the way.")
    error_text = _text(
        "Error message",
        rows=3,
        longest=ERROR_LENGTH,
        required=False,
        help_text="Copy what you see, even a part of it. Leave out passwords and tokens.",
    )
    contact = CleanField(
        label="Your email address",
        required=False,
        widget=forms.EmailInput(attrs={"maxlength": MAX_LENGTH, "autocomplete": "email", "inputmode": "email"}),
        help_text="Only if you want an answer. It is used for nothing else and is deleted after a while.",
    )
    website = forms.CharField(required=False, strip=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, component: str = "") -> None:
        super().__init__(data, auto_id="%s", initial={"component": component})
        self.fields["what"].error_messages["required"] = "Say what is broken: one sentence is enough."
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"{name}-help"

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get(TRAP))

    def refuse(self, error: DomainError) -> None:
        """Say the sentence at the field that it is about, else above the form."""
        field = error.field if isinstance(error, ValidationFailed) and error.field in self.fields else None
        self.add_error(field, error.sentence)

    def ready(self) -> None:
        """Call it before the form is shown with errors: they are tied to their fields, and the first has the focus."""
        for position, name in enumerate(name for name in self.fields if name in self.errors):
            attrs = self.fields[name].widget.attrs
            attrs["aria-invalid"] = "true"
            attrs["aria-describedby"] = f"{name}-error {attrs.get('aria-describedby', '')}".strip()
            if position == 0:
                attrs["autofocus"] = True

    @property
    def said(self) -> dict[str, str]:
        """What `submit_report` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != TRAP}

    @property
    def place(self) -> list[BoundField]:
        """Where somebody connects from: two short fields beside each other."""
        return [self["country"], self["isp"]]

    @property
    def chosen(self) -> str:
        """The slug of the component that is chosen now."""
        return str(self["component"].value() or "")
