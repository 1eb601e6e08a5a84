"""Which promises held, of which components, over which time: and what the series say of them, read once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective, SlaPolicy
from probes.objectives.measuring import (
    Answer,
    Question,
    count_heartbeats,
    count_intervals,
    merge_latencies,
    read_together,
)
from probes.objectives.members import FirstDays, Member, first_days, visible_members
from probes.objectives.timing import ROLLING, Frame, frame_of
from probes.objectives.together import Together

BURN_HOURS = (1, 6, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked[P: (Objective, SlaPolicy)]:
    """One promise, its frame and its public components; `question` None where nothing is to be measured."""

    promise: P
    frame: Frame
    components: tuple[Member, ...]
    question: Question | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read. `recent` is there where burn rates were asked for."""

    zone: tzinfo
    now: datetime
    asked: tuple[Asked[Objective], ...]
    sla: Asked[SlaPolicy] | None
    intervals: Mapping[Question, Answer]
    latencies: Mapping[Question, Mapping[int, Counter[int]]]
    heartbeats: Mapping[Question, Answer]
    first_days: FirstDays
    recent: Together | None


def read(
    *, month: tuple[datetime, datetime], zone: tzinfo, now: datetime, with_burn: bool, only_current: bool = False
) -> Reading:
    """The promises that held in the month, or of these only those that hold now.

    A bounded number of queries; none for what is not promised.
    """
    begin, end = month
    members = visible_members(min(begin, end - ROLLING))
    objectives = Objective.objects.in_force(begin, _until(end, now))
    if only_current:
        objectives = objectives.current()
    components = _named(objectives.values_list("pk", "components"))
    groups = _named(objectives.values_list("pk", "groups"))
    found = (
        _ask(
            objective,
            _chosen(members, components[objective.pk], groups[objective.pk]),
            month=month,
            now=now,
            ended_at=objective.ended_at,
        )
        for objective in objectives
    )
    # A promise about nothing but hidden components is hidden with them.
    asked = tuple(one for one in found if one.components or one.promise.kind == ObjectiveKind.STATEMENT)
    sla = _ask_sla(members, month, now)
    burning = _burning(asked, now) if with_burn else []
    of_intervals = _questions(asked, ObjectiveKind.AVAILABILITY)
    if sla is not None and sla.question is not None:
        of_intervals.append(sla.question)
    days = first_days({pk for one in (*asked, sla) if one and one.question for pk in one.question.component_ids})
    several = [question for question in of_intervals if len(question.component_ids) > 1]
    together = read_together([*several, *burning], first_days=days, members=members, now=now)
    return Reading(
        zone=zone,
        now=now,
        asked=asked,
        sla=sla,
        intervals=count_intervals(of_intervals, members, together),
        latencies=merge_latencies(_questions(asked, ObjectiveKind.LATENCY)),
        heartbeats=count_heartbeats(_questions(asked, ObjectiveKind.HEARTBEAT_AGE)),
        first_days=days,
        recent=together if burning else None,
    )


def _burning(asked: Sequence[Asked[Objective]], now: datetime) -> list[Question]:
    """What must be read for burn rates: the last day of everything whose availability is promised."""
    ids = {pk for question in _questions(asked, ObjectiveKind.AVAILABILITY) for pk in question.component_ids}
    begin = now - timedelta(hours=max(BURN_HOURS))
    return [Question(component_ids=tuple(sorted(ids)), begin=begin, end=now)] if ids else []


def _ask_sla(
    members: Mapping[int, Member], month: tuple[datetime, datetime], now: datetime
) -> Asked[SlaPolicy] | None:
    """The terms with which the month began hold for all of it: changed ones count from the next month on."""
    begin, end = month
    policies = SlaPolicy.objects.in_force(begin, _until(end, now)).order_by("started_at", "pk")
    policy = policies.prefetch_related("components", "tiers__bands").first()
    if policy is None:
        return None
    named = {component.pk for component in policy.components.all()}
    chosen = _chosen(members, named, set()) if named else list(members.values())
    return _ask(policy, chosen, month=month, now=now, ended_at=None)


def _ask[P: (Objective, SlaPolicy)](
    promise: P,
    members: Sequence[Member],
    *,
    month: tuple[datetime, datetime],
    now: datetime,
    ended_at: datetime | None,
) -> Asked[P]:
    frame = frame_of(
        ObjectiveWindow(promise.window), month=month, started_at=promise.started_at, ended_at=ended_at, now=now
    )
    chosen = tuple(one for one in members if one.is_there_after(frame.since))
    question = None
    if chosen and frame.since < frame.until:
        ids = tuple(component.pk for component in chosen)
        with_parts = isinstance(promise, Objective)
        question = Question(component_ids=ids, begin=frame.since, end=frame.until, with_parts=with_parts)
    return Asked(promise=promise, frame=frame, components=chosen, question=question)


def _until(end: datetime, now: datetime) -> datetime:
    """What is promised from now on is promised already; what begins later is not."""
    return min(end, now + timedelta.resolution)


def _named(pairs: Iterable[tuple[int, int | None]]) -> dict[int, set[int]]:
    """What each promise names, by its id. One query for all."""
    found: dict[int, set[int]] = defaultdict(set)
    for promise, named in pairs:
        if named is not None:
            found[promise].add(named)
    return found


def _chosen(members: Mapping[int, Member], components: set[int], groups: set[int]) -> list[Member]:
    """The named components and those of the named groups, in the order of the page."""
    if groups:
        return [one for one in members.values() if one.pk in components or one.group_id in groups]
    # Most promises name one or two of many.
    return sorted((members[pk] for pk in components if pk in members), key=lambda one: one.rank)


def _questions(asked: Sequence[Asked[Objective]], kind: ObjectiveKind) -> list[Question]:
    return [one.question for one in asked if one.question is not None and one.promise.kind == kind]
