"""Leaving a time out of uptime afterwards, and taking that back. Nothing that was measured is changed by either.

Both write, in one transaction, what was decided and by whom, the days of the components anew, and for each of these
days its figures before and after.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from components.models import Component
from components.services import touch_page
from components.uptime import SlotCounts, first_slot_from, slot_of
from incidents.models import Incident, Maintenance
from probes.enums import CorrectionKind
from probes.models import REASON_LENGTH, ComponentDay, Correction, CorrectionEffect
from probes.series_days import remake_days
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict, Duplicate, ValidationFailed
from statuspage.core.text import clean_line

LONGEST = timedelta(days=366)
LONGEST_AUTHOR = 150
FIGURES = ("good", "degraded", "bad", "maintenance", "excluded", "unknown")


@retry_on_conflict
@transaction.atomic
def exclude(
    *,
    components: Collection[Component],
    starts_at: datetime,
    ends_at: datetime,
    kind: CorrectionKind,
    reason: str,
    author: str,
    incident: Incident | None = None,
    maintenance: Maintenance | None = None,
) -> Correction:
    """Leave a time that is over out of the uptime of these components: every slot that it touches.

    `reason` is public. Raises ValidationFailed for a time that cannot be meant and Duplicate for what is left out so
    already.
    """
    if components:
        # Held before anybody else's correction of them is looked for.
        _locked(components)
    begin, end = check(components=components, starts_at=starts_at, ends_at=ends_at, kind=kind, reason=reason)
    chosen = list(components)
    correction = Correction.objects.create(
        kind=kind,
        starts_at=begin,
        ends_at=end,
        reason=_reason(reason),
        author=clean_line(author)[:LONGEST_AUTHOR],
        incident=incident,
        maintenance=maintenance,
    )
    correction.components.set(chosen)
    _remake(correction, chosen, is_withdrawal=False)
    touch_page()
    return correction


def check(
    *, components: Collection[Component], starts_at: datetime, ends_at: datetime, kind: CorrectionKind, reason: str
) -> tuple[datetime, datetime]:
    """The slots that `exclude` would leave out, from the first one's beginning to the last one's end; raises as it."""
    if not components:
        raise ValidationFailed("components", "Choose at least one component.")
    begin, end = _window(starts_at, ends_at)
    _reason(reason)
    _refuse_again(components, begin, end, kind)
    return begin, end


@retry_on_conflict
@transaction.atomic
def withdraw(*, correction: Correction, author: str, reason: str) -> Correction:
    """Take a correction back: its time counts again as it was measured. Raises Conflict when somebody did already."""
    said = _reason(reason)
    chosen = _locked(list(correction.components.all()))
    now = clock.now()
    won = Correction.objects.filter(pk=correction.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=clean_line(author)[:LONGEST_AUTHOR], withdrawn_reason=said
    )
    if not won:
        raise Conflict("This correction is withdrawn already.")
    correction.refresh_from_db()
    _remake(correction, chosen, is_withdrawal=True)
    touch_page()
    return correction


def _window(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Every slot that the time touches."""
    now = clock.now()
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise ValidationFailed("starts_at", "Say the times with their offset from UTC.")
    if ends_at <= starts_at:
        raise ValidationFailed("ends_at", "The end must be after the beginning.")
    if ends_at > now:
        raise ValidationFailed("ends_at", "Only what is over can be left out: the end lies in the future.")
    if ends_at - starts_at > LONGEST:
        raise ValidationFailed("starts_at", f"That is more than {LONGEST.days} days: leave out less at once.")
    return slot_of(starts_at.astimezone(now.tzinfo)), first_slot_from(ends_at.astimezone(now.tzinfo))


def _reason(reason: str) -> str:
    said = clean_line(reason)
    if not said:
        raise ValidationFailed("reason", "Say why: everybody can read it.")
    if len(said) > REASON_LENGTH:
        raise ValidationFailed("reason", f"The reason has {len(said)} characters; at most {REASON_LENGTH} fit.")
    return said


def _locked(components: Iterable[Component]) -> list[Component]:
    rows = Component.objects.select_for_update().filter(pk__in=[component.pk for component in components])
    return list(rows.order_by("pk"))


def _refuse_again(components: Collection[Component], begin: datetime, end: datetime, kind: CorrectionKind) -> None:
    same = Correction.objects.valid().filter(kind=kind, starts_at=begin, ends_at=end, components__in=components)
    known = same.prefetch_related("components").first()
    if known is not None:
        names = ", ".join(component.name for component in known.components.all())
        raise Duplicate(f"This time of {names} is left out already ({known.get_kind_display().lower()}).")


def _remake(correction: Correction, components: list[Component], *, is_withdrawal: bool) -> None:
    keys = {(component.pk, day) for component in components for day in _dates(correction)}
    before = _figures(keys)
    now = clock.now()
    after = {(day.component_id, day.date): _of(day.counts) for day in remake_days(keys, now)}
    CorrectionEffect.objects.bulk_create(
        CorrectionEffect(
            correction=correction,
            component_id=component_id,
            date=day,
            is_withdrawal=is_withdrawal,
            before=before.get((component_id, day), dict.fromkeys(FIGURES, 0)),
            after=figures,
            at=now,
        )
        for (component_id, day), figures in sorted(after.items())
    )


def _dates(correction: Correction) -> list[date]:
    """The UTC days with a slot of it."""
    last = (correction.ends_at - timedelta(microseconds=1)).date()
    first = correction.starts_at.date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _figures(keys: Collection[tuple[int, date]]) -> dict[tuple[int, date], dict[str, int]]:
    rows = ComponentDay.objects.filter(component_id__in={pk for pk, _ in keys}, date__in={day for _, day in keys})
    return {(row.component_id, row.date): _of(row) for row in rows.defer("slots")}


def _of(day: ComponentDay | SlotCounts) -> dict[str, int]:
    return {name: getattr(day, name) for name in FIGURES}
