"""What the forms about maintenance are made of: times of the page's clocks, reminders, rows that grow."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.http import QueryDict

from incidents.enums import ServiceState
from incidents.forms import SentenceForm, WallClockField
from incidents.maintenance.wording import hours_said
from incidents.models import MaintenanceKind
from statuspage.core.durations import format_duration, parse_duration, read_duration
from statuspage.core.wall_clock import moment_at

DAY = timedelta(days=1)
CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
NO_KIND = "No kind: no rule about how far ahead"
DOWNTIME = [("", "Nothing is said"), ("no", "No downtime is expected"), ("yes", "Downtime is expected")]
WORKED_ON = "worked"
PARTS = [("", "— not part of it"), (WORKED_ON, "worked on"), *ServiceState.choices]
ETA_HELP = "12m, or 15:20"


def gap_sentence(wall: datetime, zone: ZoneInfo) -> str:
    """Why no moment is meant by a time that no clock shows, and what to choose instead."""
    meant = moment_at(wall, zone).astimezone(zone)
    return (
        f"No clock in {zone.key} shows {wall:%H:%M} on {wall.day} {wall:%B %Y}: clocks are put forward there. "
        f"Choose {meant:%H:%M} for as long after the change."
    )


def overlap_sentence(at: datetime, zone: ZoneInfo) -> str | None:
    """Which one is meant of a time that clocks show twice; None for any other time."""
    wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return None
    day = f"{wall.day} {wall:%B %Y}"
    return (
        f"Clocks in {zone.key} show {wall:%H:%M} twice on {day}: the first one is meant, "
        f"{moment_at(wall, zone):%H:%M} UTC."
    )


class PageMomentField(WallClockField):
    """As its base, with the way out of a time that no clock shows."""

    def gap(self, wall: datetime, /) -> str:
        return gap_sentence(wall, self.zone)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By what clocks show: a form does not hold seconds, nor which of two equal times is meant."""
        shown = self.prepare_value(initial)
        text = f"{shown:%Y-%m-%dT%H:%M}" if isinstance(shown, datetime) else str(shown or "")
        return text[:16].replace(" ", "T") != str(data or "")[:16].replace(" ", "T")


class RemindersField(forms.Field):
    """`72h, 24h, 1h` ↔ a tuple of timedeltas."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        try:
            return tuple(parse_duration(part) for part in re.split(r"[\s,;]+", str(value or "").strip()) if part)
        except ValueError as error:
            raise ValidationError(f"Expected durations, each {error}.") from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else ", ".join(format_duration(before) for before in value or ())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial)) != str(data or "")


class DowntimeField(forms.TypedChoiceField):
    """Expected, not expected, or nothing said ↔ True, False, None."""

    def __init__(self) -> None:
        super().__init__(
            choices=DOWNTIME,
            coerce=lambda word: word == "yes",
            empty_value=None,
            required=False,
            label="Downtime",
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial)) != str(data or "")


class KindField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic to the type checker only
    """Each kind with its rule, so that it is read before it is chosen."""

    def __init__(self) -> None:
        super().__init__(MaintenanceKind.objects.all(), required=False, empty_label=NO_KIND)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} – {rule_of(obj)}"


def rule_of(kind: MaintenanceKind) -> str:
    """`announced at least 72 hours ahead`, `at any time, with a reason`."""
    ahead = "at any time" if kind.lead_time is None else f"announced at least {hours_said(kind.lead_time)} ahead"
    return f"{ahead}, with a reason" if kind.needs_reason else ahead


def eta_of(text: str, *, base: datetime, zone: ZoneInfo) -> datetime | None:
    """`12m` is that long after `base`; `15:20` is the next moment after it at which clocks of the zone show that.

    Empty is None. Raises ValueError with what was expected.
    """
    said = text.strip()
    if not said:
        return None
    clock = CLOCK.fullmatch(said)
    if clock is None:
        try:
            return base + read_duration(said)
        except ValueError:
            raise ValueError("a time such as 15:20, or a duration such as 12m or 2h") from None
    try:
        wall = time(int(clock[1]), int(clock[2]))
    except ValueError:
        raise ValueError("a time of the day, from 00:00 to 23:59") from None
    day = base.astimezone(zone).date()
    found = moment_at(datetime.combine(day, wall), zone)
    return found if found > base else moment_at(datetime.combine(day + DAY, wall), zone)


class QuietForm(SentenceForm):
    """One that keeps what was typed and says nothing about it yet, while rows are added to it."""

    is_quiet = False

    def full_clean(self) -> None:
        if not self.is_quiet:
            super().full_clean()
            return
        self._errors, self.cleaned_data = ErrorDict(), {}

    def bound(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]


def as_sent(form: forms.Form) -> QueryDict:
    """What a browser would send of a form that nobody has touched, without what was there at first."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.value()
        if value is True:
            data[field.html_name] = "on"
        elif isinstance(value, (list, tuple)):
            data.setlist(field.html_name, [str(getattr(one, "pk", one)) for one in value])
        elif value not in {None, False, ""}:
            shown = f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value)
            data[field.html_name] = shown
    return data


def remember_what_was_shown(form: forms.Form, *, but: set[str]) -> None:
    """The form carries what it was opened with, so that what the writer touched is known whatever others do."""
    for name, field in form.fields.items():
        field.show_hidden_initial = name not in but


def merged_fields(data: QueryDict, old: forms.Form, fresh: forms.Form, *, always: set[str]) -> QueryDict:
    """What a writer who was overtaken touched, and `always` these fields, over what is there now."""
    merged, now = as_sent(fresh), as_sent(fresh)
    hidden = {field.name for field in fresh.hidden_fields()}
    touched = {*old.changed_data, *always} - hidden
    for field in fresh:
        if field.name in touched:
            merged.setlist(field.html_name, data.getlist(field.html_name))
        if field.field.show_hidden_initial:
            merged.setlist(field.html_initial_name, now.getlist(field.html_name))
    return merged
