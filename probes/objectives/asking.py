"""Which promises held, of which components, over which time: and what the series say of them, read once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from components.models import Component
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective, SlaPolicy
from probes.objectives.measuring import (
    Answer,
    Question,
    States,
    count_heartbeats,
    count_intervals,
    first_days,
    merge_latencies,
    recent_states,
    visible_components,
)
from probes.objectives.timing import ROLLING, Frame, frame_of

BURN_HOURS = (1, 6, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked[P: (Objective, SlaPolicy)]:
    """One promise, its frame and its public components; `question` None where nothing is to be measured."""

    promise: P
    frame: Frame
    components: tuple[Component, ...]
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
    first_days: Mapping[int, date | None]
    recent: States | None


def read(
    *, month: tuple[datetime, datetime], zone: tzinfo, now: datetime, with_burn: bool, only_current: bool = False
) -> Reading:
    """The promises that held in the month, or of these only those that hold now.

    A bounded number of queries; none for what is not promised.
    """
    begin, end = month
    components = visible_components(min(begin, end - ROLLING))
    objectives = Objective.objects.in_force(begin, min(end, now)).prefetch_related("components", "groups")
    found = (
        _ask(objective, components, month, now, ended_at=objective.ended_at)
        for objective in (objectives.current() if only_current else objectives)
    )
    # A promise about nothing but hidden components is hidden with them.
    asked = tuple(one for one in found if one.question or one.promise.kind == ObjectiveKind.STATEMENT)
    sla = _ask_sla(components, month, now)
    of_intervals = _questions(asked, ObjectiveKind.AVAILABILITY)
    burning = {pk for question in of_intervals for pk in question.component_ids}
    if sla is not None and sla.question is not None:
        of_intervals.append(sla.question)
    ids = {pk for one in (*asked, sla) if one and one.question for pk in one.question.component_ids}
    return Reading(
        zone=zone,
        now=now,
        asked=asked,
        sla=sla,
        intervals=count_intervals(of_intervals, components),
        latencies=merge_latencies(_questions(asked, ObjectiveKind.LATENCY)),
        heartbeats=count_heartbeats(_questions(asked, ObjectiveKind.HEARTBEAT_AGE)),
        first_days=first_days(ids) if ids else {},
        recent=recent_states(burning, components, max(BURN_HOURS)) if with_burn and burning else None,
    )


def _ask_sla(
    components: Mapping[int, Component], month: tuple[datetime, datetime], now: datetime
) -> Asked[SlaPolicy] | None:
    """The terms with which the month began hold for all of it: changed ones count from the next month on."""
    begin, end = month
    policies = SlaPolicy.objects.in_force(begin, min(end, now)).order_by("started_at", "pk")
    policy = policies.prefetch_related("components", "tiers__bands").first()
    return None if policy is None else _ask(policy, components, month, now, ended_at=None)


def _ask[P: (Objective, SlaPolicy)](
    promise: P,
    components: Mapping[int, Component],
    month: tuple[datetime, datetime],
    now: datetime,
    *,
    ended_at: datetime | None,
) -> Asked[P]:
    frame = frame_of(
        ObjectiveWindow(promise.window), month=month, started_at=promise.started_at, ended_at=ended_at, now=now
    )
    chosen = tuple(_chosen(promise, components, frame))
    question = None
    if chosen and frame.since < frame.until:
        question = Question(
            component_ids=tuple(component.pk for component in chosen), begin=frame.since, end=frame.until
        )
    return Asked(promise=promise, frame=frame, components=chosen, question=question)


def _chosen(promise: Objective | SlaPolicy, components: Mapping[int, Component], frame: Frame) -> Sequence[Component]:
    named = {component.pk for component in promise.components.all()}
    there = [one for one in components.values() if one.retired_at is None or one.retired_at > frame.since]
    if isinstance(promise, SlaPolicy):
        return [one for one in there if one.pk in named or not named]
    groups = {group.pk for group in promise.groups.all()}
    return [one for one in there if one.pk in named or one.group_id in groups]


def _questions(asked: Sequence[Asked[Objective]], kind: ObjectiveKind) -> list[Question]:
    return [one.question for one in asked if one.question is not None and one.promise.kind == kind]
