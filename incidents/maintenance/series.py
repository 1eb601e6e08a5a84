"""Windows that come back: a rule, and what each of its windows is announced with.

A day of the series is made once. Whoever changes one window alone, or cancels it, has the last word on that day: it
never comes back. Each service locks the series before anything else.

Errors: `ValidationFailed`, `InvalidTransition`, `NotFound`, `Duplicate`.
"""

from datetime import datetime, timedelta
from typing import Unpack

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from components.services import touch_page
from incidents.input import body_text, title_line
from incidents.maintenance.occurrences import DROPPED, SeriesChanges, move_windows, occurrences
from incidents.maintenance.plans import check_reminders, kind_named, worked_on
from incidents.maintenance.recurrence import check_rule
from incidents.maintenance.rules import LONGEST_WINDOW, NOTE_LENGTH, impact_of
from incidents.maintenance.running import cancel_maintenance
from incidents.maintenance.wording import hours_said
from incidents.models import MaintenanceSeries
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, InvalidTransition, NotFound, ValidationFailed
from statuspage.core.text import clean_line

SLUG_LENGTH = 80
LONGEST_AHEAD = timedelta(days=366)
RELATED = frozenset({"components", "regions"})
NEEDED = frozenset({"title", "message", "rrule", "first_date", "begins", "duration", "announce_before", "components"})


@retry_on_conflict
@transaction.atomic
def create_series(*, slug: str = "", **said: Unpack[SeriesChanges]) -> MaintenanceSeries:
    """A series; its windows are made by `make_due_windows`. Without a slug the title makes it.

    `title`, `message`, `rrule`, `first_date`, `begins`, `duration`, `announce_before` and `components` are needed.
    """
    missing = NEEDED - said.keys()
    if missing:
        raise ValidationFailed(min(missing), f"Say {', '.join(sorted(missing))} too.")
    series = MaintenanceSeries(slug=_slug(slug or said["title"]))
    _set(series, said)
    _check(series)
    _check_first(series, clock.now())
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError:
        raise Duplicate(f"There is a series {series.slug} already: choose another slug.") from None
    _relate(series, said)
    touch_page()
    return series


@retry_on_conflict
@transaction.atomic
def edit_series(
    *,
    series: MaintenanceSeries,
    message_to_subscribers: str = "",
    notify: bool = True,
    author: str | None = None,
    **changes: Unpack[SeriesChanges],
) -> None:
    """Change the series, and with it its windows that are announced and were not changed alone.

    Each moves to the new time of its day, or to the next day that has none; one for which there is no day any more is
    cancelled. Subscribers hear of those that move, if `notify` says so.
    """
    row, now = _lock(series), clock.now()
    _set(row, changes)
    _check(row)
    row.updated_at = now
    row.save(update_fields=[*(name for name in changes if name not in RELATED), "updated_at"])
    _relate(row, changes)
    move_windows(row, changes, now=now, message=message_to_subscribers, notify=notify, author=author)
    touch_page(at=now)
    series.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def end_series(
    *, series: MaintenanceSeries, cancel_announced: bool = False, message: str = DROPPED, author: str | None = None
) -> None:
    """No more windows are made. Those announced take place, unless they are to be cancelled too, with that message."""
    row, now = _lock(series), clock.now()
    row.ended_at = row.updated_at = now
    row.save(update_fields=["ended_at", "updated_at"])
    if cancel_announced:
        for window in list(row.occurrences.upcoming().filter(scheduled_for__gt=now)):
            cancel_maintenance(maintenance=window, message=message, author=author)
    touch_page(at=now)
    series.refresh_from_db()


def _lock(series: MaintenanceSeries) -> MaintenanceSeries:
    row = MaintenanceSeries.objects.select_for_update(of=("self",)).filter(pk=series.pk).first()
    if row is None:
        raise NotFound("This series is not here any more.")
    if row.ended_at is not None:
        raise InvalidTransition(f"The series {row.slug} has ended: make a new one.")
    return row


def _set(series: MaintenanceSeries, said: SeriesChanges) -> None:
    for name, value in _cleaned(said).items():
        setattr(series, name, value)


def _cleaned(said: SeriesChanges) -> dict[str, object]:
    """The columns with clean values. Raises ValidationFailed."""
    found: dict[str, object] = {name: value for name, value in said.items() if name not in RELATED}
    if "title" in said:
        found["title"] = title_line(said["title"])
    if "message" in said:
        found["message"] = body_text(said["message"])
    if "reminders" in said:
        found["reminders"] = [int(before.total_seconds()) for before in check_reminders(said["reminders"])]
    if "kind" in said:
        found["kind"] = kind_named(said["kind"])
    if "impact_level" in said:
        found["impact_level"] = impact_of(said["impact_level"])
    if "impact_note" in said:
        found["impact_note"] = clean_line(said["impact_note"])[:NOTE_LENGTH]
    return found


def _check(series: MaintenanceSeries) -> None:
    series.rrule = check_rule(series.rrule, series.first_date)
    if not timedelta() < series.duration <= LONGEST_WINDOW:
        raise ValidationFailed("duration", f"A window lasts more than nothing and at most {LONGEST_WINDOW.days} days.")
    if not timedelta() < series.announce_before <= LONGEST_AHEAD:
        raise ValidationFailed("announce_before", f"Windows are announced ahead, at most {LONGEST_AHEAD.days} days.")
    kind = series.kind
    if kind is not None and kind.needs_reason:
        raise ValidationFailed("kind", f"{kind.name} maintenance gives a reason each time: it makes no series.")
    if kind is not None and kind.lead_time is not None and series.announce_before < kind.lead_time:
        rule = f"{kind.name} maintenance is announced at least {hours_said(kind.lead_time)} ahead"
        raise ValidationFailed("announce_before", f"{rule}: announce the windows of this series as early.")


def _check_first(series: MaintenanceSeries, now: datetime) -> None:
    """The first window can be announced as early as its kind asks for."""
    first = occurrences(series, now, 1)
    if not first:
        raise ValidationFailed("rrule", "All windows of this rule are over: choose a later first day or another rule.")
    lead_time = None if series.kind is None else series.kind.lead_time
    if lead_time is not None and first[0].begins_at - now < lead_time:
        raise ValidationFailed(
            "first_date",
            f"The first window would begin in {hours_said(first[0].begins_at - now)}, and is announced at least "
            f"{hours_said(lead_time)} ahead: choose a later first day.",
        )


def _relate(series: MaintenanceSeries, said: SeriesChanges) -> None:
    if "components" in said:
        series.components.set(worked_on(said["components"]))
    if "regions" in said:
        series.regions.set(said["regions"])


def _slug(text: str) -> str:
    slug = slugify(clean_line(text))[:SLUG_LENGTH].strip("-")
    if not slug:
        raise ValidationFailed("slug", "Give the series a slug: letters, digits and hyphens.")
    return slug
