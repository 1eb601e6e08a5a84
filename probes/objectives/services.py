"""What the configuration promises becomes rows. Changed terms end a promise and begin another.

A promise that is not a day old is simply changed: nobody was promised anything by a slip of the pen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from components.models import Component, Group
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import CreditBand, Objective, SlaPolicy, SlaTier
from probes.objectives.terms import ObjectiveTerms, SlaTerms, TierTerms
from statuspage.core import clock

YOUNG = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a promise said before and says now; `before` None: it is new. Equal: nothing was written."""

    before: dict[str, Any] | None
    after: dict[str, Any]


@transaction.atomic
def put_objective(*, terms: ObjectiveTerms, position: int, zone: ZoneInfo) -> Difference:
    """Make the objective say what the terms say. The page's zone is where its first day begins."""
    after = terms.binding() | terms.wording() | {"position": position}
    rows = Objective.objects.current().filter(slug=terms.slug).prefetch_related("components", "groups")
    row = rows.first()
    if row is None:
        _create(terms, position, _beginning(terms, zone))
        return Difference(before=None, after=after)
    known = terms_of(row)
    before = known.binding() | known.wording() | {"position": row.position}
    if known.binding() == terms.binding() or _is_young(row):
        _rewrite(row, terms, position)
    elif _end(row):
        _create(terms, position, clock.now())
    if terms.since is not None and _is_young(row):
        Objective.objects.filter(pk=row.pk).update(started_at=_beginning(terms, zone))
    return Difference(before=before, after=after)


@transaction.atomic
def end_objective(*, objective: Objective) -> None:
    """It is promised no longer: months in which it was keep it."""
    _end(objective)


@transaction.atomic
def put_sla(*, terms: SlaTerms, zone: ZoneInfo) -> Difference:
    """Make the SLA say what the terms say; there is one at a time."""
    after = terms.binding() | terms.wording()
    row = current_sla()
    if row is None:
        _create_sla(terms, _day_begins(terms.since, zone) or clock.now())
        return Difference(before=None, after=after)
    known = sla_terms_of(row)
    before = known.binding() | known.wording()
    if known.binding() == terms.binding():
        if before != after:
            SlaPolicy.objects.filter(pk=row.pk).update(**terms.wording())
        return Difference(before=before, after=after)
    started_at = row.started_at if _is_young(row) else clock.now()
    _end(row)
    _create_sla(terms, started_at)
    return Difference(before=before, after=after)


@transaction.atomic
def end_sla(*, policy: SlaPolicy) -> None:
    _end(policy)


def current_sla() -> SlaPolicy | None:
    """With its components, tiers and bands. Four queries."""
    return SlaPolicy.objects.current().prefetch_related("components", "tiers__bands").first()


def terms_of(row: Objective) -> ObjectiveTerms:
    """With `components` and `groups` prefetched: no query."""
    return ObjectiveTerms(
        slug=row.slug,
        name=row.name,
        kind=ObjectiveKind(row.kind),
        components=tuple(component.slug for component in row.components.all()),
        groups=tuple(group.slug for group in row.groups.all()),
        window=ObjectiveWindow(row.window),
        target=row.target,
        percentile=row.percentile,
        limit=row.limit,
        publish_after=row.publish_after,
        say=row.say,
        since=None,
    )


def sla_terms_of(row: SlaPolicy) -> SlaTerms:
    """With `components` and `tiers__bands` prefetched: no query."""
    return SlaTerms(
        name=row.name,
        text=row.text,
        dispute=row.dispute,
        components=tuple(component.slug for component in row.components.all()),
        window=ObjectiveWindow(row.window),
        tiers=tuple(
            TierTerms(
                slug=tier.slug,
                name=tier.name,
                target=tier.target,
                bands=tuple(sorted(((band.below, band.credit) for band in tier.bands.all()), reverse=True)),
            )
            for tier in row.tiers.all()
        ),
        since=None,
    )


def _beginning(terms: ObjectiveTerms, zone: ZoneInfo) -> datetime:
    """When it is said to begin, but never while an earlier promise of this name held."""
    begin = _day_begins(terms.since, zone) or clock.now()
    earlier = Objective.objects.filter(slug=terms.slug).aggregate(last=Max("ended_at"))["last"]
    return max(begin, earlier) if earlier else begin


def _day_begins(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, tzinfo=zone)


def _is_young(row: Objective | SlaPolicy) -> bool:
    now = clock.now()
    return now - row.created_at < YOUNG or row.started_at >= now


def _end(row: Objective | SlaPolicy) -> bool:
    """A young one is forgotten. Returns whether it was still in force."""
    rows = type(row)._default_manager.filter(pk=row.pk, ended_at__isnull=True)
    if _is_young(row):
        return bool(rows.delete()[0])
    return bool(rows.update(ended_at=clock.now()))


def _create(terms: ObjectiveTerms, position: int, started_at: datetime) -> None:
    row = Objective.objects.create(slug=terms.slug, started_at=started_at, **_columns(terms, position))
    _connect(row, terms)


def _rewrite(row: Objective, terms: ObjectiveTerms, position: int) -> None:
    columns = _columns(terms, position)
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    if changed:
        row.save(update_fields=changed)
    if terms_of(row).binding() != terms.binding():
        _connect(row, terms)


def _columns(terms: ObjectiveTerms, position: int) -> dict[str, Any]:
    return {
        "kind": terms.kind,
        "window": terms.window,
        "target": terms.target,
        "percentile": terms.percentile,
        "limit": terms.limit,
        "position": position,
    } | terms.wording()


def _connect(row: Objective, terms: ObjectiveTerms) -> None:
    row.components.set(Component.objects.filter(slug__in=terms.components))
    row.groups.set(Group.objects.filter(slug__in=terms.groups))


def _create_sla(terms: SlaTerms, started_at: datetime) -> None:
    policy = SlaPolicy.objects.create(window=terms.window, started_at=started_at, **terms.wording())
    policy.components.set(Component.objects.filter(slug__in=terms.components))
    _create_tiers(policy, terms.tiers)


def _create_tiers(policy: SlaPolicy, tiers: Iterable[TierTerms]) -> None:
    for position, tier in enumerate(tiers):
        row = SlaTier.objects.create(
            policy=policy, slug=tier.slug, name=tier.name, target=tier.target, position=position
        )
        CreditBand.objects.bulk_create(
            CreditBand(tier=row, below=below, credit=credit) for below, credit in tier.bands
        )
