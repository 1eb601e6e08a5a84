"""What is said about the times in a form while it is filled in: the kind's rule, the clocks, the length."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.forms_maintenance import TIMES, WindowForm
from incidents.forms_maintenance_fields import overlap_sentence
from incidents.maintenance import lead_time_warning
from incidents.models import Maintenance, MaintenanceKind
from statuspage.core import clock
from statuspage.core.durations import say_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence; a warning asks for something."""

    sentence: str
    warns: bool = False


def notes_on(form: WindowForm, window: Maintenance | None = None) -> list[Note]:
    """Of a bound form, whatever of it can be read. `window` is the one that is changed."""
    now = clock.now()
    found = [
        Note(sentence=str(error), warns=True)
        for name in TIMES
        if name in form.fields and form[name].value()
        for error in form.errors.get(name, [])
    ]
    said = form.cleaned_data
    begins: datetime | None = said.get("scheduled_for") or (window.scheduled_for if window else None)
    ends: datetime | None = said.get("scheduled_until") or (window.scheduled_until if window else None)
    if begins is None:
        return found
    found += [Note(sentence=text) for at in (begins, ends) if at and (text := overlap_sentence(at, form.zone))]
    if ends is not None:
        found += _window(form, begins, ends, now)
    announced_at = now
    if window is not None and "scheduled_for" not in form.changed_data:
        announced_at = window.announced_at or window.created_at
    if ends is None or ends > now:
        found += _rule(said.get("kind"), said.get("reason", ""), announced_at, begins)
    return found


def _window(form: WindowForm, begins: datetime, ends: datetime, now: datetime) -> list[Note]:
    if ends <= begins:
        return [Note(sentence="The window ends before it begins: choose a later end.", warns=True)]
    lasts = f"It lasts {say_duration(ends - begins)}"
    if form.zone.key != "UTC":
        first, last = begins.astimezone(UTC), ends.astimezone(UTC)
        end = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%d %B, %H:%M}"
        lasts += f", in UTC from {first:%d %B, %H:%M} until {end}"
    if ends <= now:
        return [Note(sentence=f"{lasts}. It is over already: it is written down, and nobody is told.", warns=True)]
    if begins <= now:
        return [Note(sentence=f"{lasts}. It has begun already: it runs as soon as it is announced.", warns=True)]
    found = [Note(sentence=f"{lasts}. It begins in {say_duration(begins - now)}.")]
    zones = {at.astimezone(form.zone).utcoffset() for at in (begins, ends)}
    if len(zones) > 1:
        found.append(Note(sentence=f"Clocks in {form.zone.key} change while it runs."))
    return found


def _rule(kind: MaintenanceKind | None, reason: str, announced_at: datetime, begins: datetime) -> list[Note]:
    if kind is None:
        return []
    warning = lead_time_warning(kind, announced_at, begins)
    if warning is None and not kind.needs_reason:
        return []
    rule = warning or f"{kind.name} maintenance says why it is done."
    if reason:
        return [Note(sentence=f"{rule} Your reason is shown.")]
    return [Note(sentence=f"{rule} Say why: the reason is shown.", warns=True)]


def soon(now: datetime) -> datetime:
    """The next full hour, a day from now: where an empty form begins."""
    return (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
