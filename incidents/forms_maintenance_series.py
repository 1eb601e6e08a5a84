"""The form of a window that comes back, and the rules that people mean by a few words."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import QueryDict

from components.models import Component, Page
from incidents.forms import DurationField, SentenceForm, message_field
from incidents.forms_maintenance import PlanForm, Section
from incidents.forms_maintenance_fields import remember_what_was_shown
from incidents.maintenance.occurrences import DROPPED
from incidents.models import MaintenanceSeries

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OWN = "own"
CHOICES = [
    ("weekly", "Every week, on the weekday of the first day"),
    ("fortnightly", "Every two weeks, on the weekday of the first day"),
    ("first_third", "On the first and third such weekday of each month"),
    ("monthly", "Each month, on the same day of the month"),
    ("month_end", "Each month, on its last day"),
    ("quarterly", "Each quarter, on the same weekday, such as the second Sunday"),
    (OWN, "By a rule of its own"),
]
LAST_WEEK = 5
NOT_OF_IT = {"message_to_subscribers", "notify", "seen_at"}


def rule_for(choice: str, first: date) -> str:
    """The RRULE that is meant, counted from that day."""
    day = WEEKDAYS[first.weekday()]
    week = (first.day - 1) // 7 + 1
    rules: Mapping[str, Callable[[], str]] = {
        "weekly": lambda: f"FREQ=WEEKLY;BYDAY={day}",
        "fortnightly": lambda: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={day}",
        "first_third": lambda: f"FREQ=MONTHLY;BYDAY=1{day},3{day}",
        "monthly": lambda: f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        "month_end": lambda: "FREQ=MONTHLY;BYMONTHDAY=-1",
        # A month without a fifth Sunday has a last one.
        "quarterly": lambda: f"FREQ=MONTHLY;INTERVAL=3;BYDAY={-1 if week == LAST_WEEK else week}{day}",
    }
    return rules[choice]()


def choice_of(series: MaintenanceSeries) -> str:
    """The choice whose rule this is, else a rule of its own."""
    names = [name for name, _ in CHOICES if name != OWN]
    return next((name for name in names if rule_for(name, series.first_date) == series.rrule), OWN)


class SeriesForm(PlanForm):
    """What each window is announced with, and when they are."""

    message = message_field("What is announced each time")
    repeats = forms.ChoiceField(label="It comes back", choices=CHOICES)
    rrule = forms.CharField(
        label="Own rule (RRULE)",
        required=False,
        max_length=500,
        help_text="Read only if you chose a rule of its own, such as FREQ=MONTHLY;BYDAY=1TU,3TU",
    )
    first_date = forms.DateField(
        label="First day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It counts from there.",
    )
    begins = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    duration = DurationField(label="How long", help_text="Such as 90m or 2h.")
    announce_before = DurationField(
        label="Announced ahead", help_text="Such as 96h: how long before its beginning each window is announced."
    )
    components = forms.ModelMultipleChoiceField(
        Component.objects.none(), label="What is worked on", widget=forms.CheckboxSelectMultiple
    )
    message_to_subscribers = forms.CharField(
        label="What is said about windows that move or fall away",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Empty says it by itself.",
    )
    notify = forms.BooleanField(label="Tell the subscribers of windows that move", required=False, initial=True)
    seen_at = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None = None, *, page: Page, series: MaintenanceSeries | None = None) -> None:
        super().__init__(data, initial={} if series is None else _initial(series))
        self.again = partial(SeriesForm, data, page=page, series=series)
        self.add_services([], {})
        self.zone, self.series = page.zone, series
        self.fields["begins"].label = f"Begins at ({page.zone.key})"
        own = [] if series is None else series.components.values_list("pk", flat=True)
        chosen = Component.objects.active() | Component.objects.filter(pk__in=list(own))
        self.fields["components"].queryset = chosen.select_related("group")  # type: ignore[attr-defined]  # it is one of many
        if not self.fields["regions"].queryset.exists():  # type: ignore[attr-defined]  # it is one of many
            del self.fields["regions"]
        if series is None:
            del self.fields["message_to_subscribers"], self.fields["notify"], self.fields["seen_at"]
        else:
            remember_what_was_shown(self, but=NOT_OF_IT)

    @property
    def sections(self) -> list[Section]:
        plan = [
            ("", False, ("title", "message", "kind")),
            ("When", False, ("first_date", "repeats", "rrule", "begins", "duration", "announce_before")),
            (
                "What customers notice",
                False,
                ("components", "expects_downtime", "impact_level", "impact_note", "takes_platform_down", "regions"),
            ),
            ("Mails", True, ("reminders",)),
            ("Windows announced already", False, ("message_to_subscribers", "notify")),
        ]
        made = [Section(legend=legend, folds=folds, fields=self.bound(names)) for legend, folds, names in plan]
        return [section for section in made if section.fields]

    def rule(self) -> str | None:
        """Of what can be read so far; None while the first day is missing."""
        choice, first = self.cleaned_data.get("repeats"), self.cleaned_data.get("first_date")
        if choice is None or first is None:
            return None
        return self.cleaned_data.get("rrule", "") if choice == OWN else rule_for(choice, first)

    def said(self) -> dict[str, Any]:
        """What `create_series` takes."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in {"repeats", *NOT_OF_IT}}
        return found | {"rrule": self.rule() or ""}

    def changes(self) -> dict[str, Any]:
        """What `edit_series` takes: what was touched."""
        assert self.series is not None  # noqa: S101 -- only such a form is asked
        said = self.said()
        touched = set(self.changed_data)
        found = {name: said[name] for name in touched & said.keys() if name != "rrule"}
        return found | ({"rrule": said["rrule"]} if said["rrule"] != self.series.rrule else {})


def _initial(series: MaintenanceSeries) -> dict[str, Any]:
    related = {"components", "regions", "reminders", "kind", "repeats", "rrule", "seen_at"}
    names = [name for name in SeriesForm.base_fields if name not in related and hasattr(series, name)]
    choice = choice_of(series)
    return {name: getattr(series, name) for name in names} | {
        "components": [component.pk for component in series.components.all()],
        "regions": [region.pk for region in series.regions.all()],
        "reminders": tuple(timedelta(seconds=seconds) for seconds in series.reminders),
        "kind": series.kind_id,
        "repeats": choice,
        "rrule": series.rrule if choice == OWN else "",
        "seen_at": series.updated_at.isoformat(),
    }


class EndSeriesForm(SentenceForm):
    """Whether those that are announced take place."""

    cancel_announced = forms.BooleanField(
        label="Cancel the windows that are announced", required=False, help_text="Otherwise they take place."
    )
    message = message_field("What is said about those that are cancelled", rows=2)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["message"].required = False
        self.fields["message"].help_text = f"Markdown. Empty says: {DROPPED}"
