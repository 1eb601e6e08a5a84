"""From what was read to the rows of a report."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective, SlaPolicy
from probes.objectives.arithmetic import (
    Counts,
    budget_of,
    burn_of,
    credit_of,
    interval_figures,
    judge,
    latency_figures,
    percentile_ms,
)
from probes.objectives.asking import BURN_HOURS, Asked, Reading
from probes.objectives.measuring import Answer, Question, first_begin
from probes.objectives.members import Member
from probes.objectives.readings import (
    Burn,
    ComponentRef,
    Figures,
    ObjectiveRow,
    Part,
    SlaReport,
    TierRow,
    Verdict,
)
from probes.objectives.timing import Frame
from probes.objectives.wording import note_of, promise_in_words, wait_note

MILLISECOND = timedelta(milliseconds=1)


def rows_of(reading: Reading) -> tuple[ObjectiveRow, ...]:
    return tuple(_row(one, reading) for one in reading.asked)


def _row(asked: Asked[Objective], reading: Reading) -> ObjectiveRow:
    objective, frame = asked.promise, asked.frame
    kind, window = ObjectiveKind(objective.kind), ObjectiveWindow(objective.window)
    wait = _wait(asked, reading)
    parts = () if wait else _parts(asked, reading)
    whole = _whole(asked, reading, parts) if parts else None
    note = note_of(frame, zone=reading.zone, window=window, late=_late(asked, reading))
    return ObjectiveRow(
        slug=objective.slug,
        name=objective.name,
        kind=kind,
        window=window,
        promise=promise_in_words(
            kind,
            window,
            target=objective.target,
            percentile=objective.percentile,
            limit=objective.limit,
            say=objective.say,
        ),
        say=objective.say,
        components=tuple(_ref(component) for component in asked.components),
        target_percent=None if kind is ObjectiveKind.STATEMENT else _target(objective),
        percentile=objective.percentile,
        limit_ms=None if objective.limit is None else objective.limit / MILLISECOND,
        begin=frame.since,
        end=frame.until,
        is_running=frame.is_running,
        is_partial=frame.begins_late or frame.ends_early or bool(_late(asked, reading)),
        note=" ".join(part for part in (note, wait) if part) if kind is not ObjectiveKind.STATEMENT else "",
        figures=whole.figures if whole else None,
        latency_ms=whole.latency_ms if whole else None,
        verdict=_verdict(kind, wait, whole),
        budget=whole.budget if whole else None,
        burn=() if wait else _burn(asked, reading),
        parts=parts,
    )


def _verdict(kind: ObjectiveKind, wait: str, whole: Part | None) -> Verdict:
    if kind is ObjectiveKind.STATEMENT:
        return Verdict.STATEMENT
    if wait:
        return Verdict.NOT_PUBLISHED
    return whole.verdict if whole else Verdict.NOT_MEASURED


def _target(objective: Objective) -> Decimal:
    """In per cent; of latency and heartbeats it is the percentile."""
    return objective.target or Decimal(objective.percentile or 100)


def _wait(asked: Asked[Objective], reading: Reading) -> str:
    """Why figures are not published yet; empty where they are."""
    publish_after = asked.promise.publish_after
    if not publish_after or asked.question is None:
        return ""
    begin = first_begin(asked.question.component_ids, reading.first_days)
    history = reading.now - begin if begin is not None else timedelta()
    return wait_note(publish_after, history) if history < publish_after else ""


def _late(asked: Asked[Objective] | Asked[SlaPolicy], reading: Reading) -> list[tuple[str, datetime]]:
    """Components that were first measured only within the window."""
    found = []
    for component in asked.components:
        begin = first_begin([component.pk], reading.first_days)
        if begin is not None and asked.frame.since < begin < asked.frame.until:
            found.append((component.name, begin))
    return found


def _parts(asked: Asked[Objective], reading: Reading) -> tuple[Part, ...]:
    objective = asked.promise
    if asked.question is None:
        return ()
    if objective.kind == ObjectiveKind.LATENCY:
        histograms = reading.latencies[asked.question]
        return tuple(_latency_part(component, histograms[component.pk], objective) for component in asked.components)
    answer = _answers(objective, reading)[asked.question]
    return tuple(
        _interval_part(component, answer.parts[component.pk], objective, asked.frame) for component in asked.components
    )


def _whole(asked: Asked[Objective], reading: Reading, parts: tuple[Part, ...]) -> Part | None:
    """All components together; its `component` is the first and says nothing."""
    if asked.question is None or len(parts) == 1:
        return parts[0] if parts else None
    objective, first = asked.promise, asked.components[0]
    if objective.kind == ObjectiveKind.LATENCY:
        merged = sum(reading.latencies[asked.question].values(), Counter[int]())
        return _latency_part(first, merged, objective)
    return _interval_part(first, _answers(objective, reading)[asked.question].total, objective, asked.frame)


def _answers(objective: Objective, reading: Reading) -> Mapping[Question, Answer]:
    return reading.heartbeats if objective.kind == ObjectiveKind.HEARTBEAT_AGE else reading.intervals


def _interval_part(component: Member, counts: Counts, objective: Objective, frame: Frame) -> Part:
    figures = interval_figures(counts)
    return _part(component, figures, None, objective, still_to_come=frame.still_to_come)


def _latency_part(component: Member, histogram: Counter[int], objective: Objective) -> Part:
    figures = latency_figures(histogram, (objective.limit or timedelta()) / MILLISECOND)
    return _part(component, figures, percentile_ms(histogram, int(_target(objective))), objective, still_to_come=0)


def _part(
    component: Member, figures: Figures, latency_ms: float | None, objective: Objective, *, still_to_come: int
) -> Part:
    target = _target(objective)
    return Part(
        component=_ref(component),
        figures=figures,
        latency_ms=latency_ms,
        verdict=judge(figures, target),
        budget=budget_of(figures, target, still_to_come=still_to_come),
    )


def _burn(asked: Asked[Objective], reading: Reading) -> tuple[Burn, ...]:
    """Of availability alone. Only the time in which the promise held counts."""
    is_measured = asked.promise.kind == ObjectiveKind.AVAILABILITY and asked.question is not None
    if not is_measured or reading.recent is None:
        return ()
    burns = []
    ids = [component.pk for component in asked.components]
    for hours in BURN_HOURS:
        begin = max(asked.frame.since, reading.now - timedelta(hours=hours))
        counts = reading.recent.count(ids, begin, reading.now)
        burns.append(burn_of(hours, good=counts.good, bad=counts.bad, target=_target(asked.promise)))
    return tuple(burns)


def sla_of(reading: Reading) -> SlaReport | None:
    """The SLA and what each tier earned. A credit is told however little was measured: coverage is said beside it."""
    asked = reading.sla
    if asked is None or asked.question is None:
        return None
    policy, frame, window = asked.promise, asked.frame, ObjectiveWindow(asked.promise.window)
    figures = interval_figures(reading.intervals[asked.question].total)
    return SlaReport(
        name=policy.name,
        text=policy.text,
        dispute=policy.dispute,
        window=window,
        components=tuple(_ref(component) for component in asked.components),
        begin=frame.since,
        end=frame.until,
        is_running=frame.is_running,
        note=note_of(frame, zone=reading.zone, window=window, late=_late(asked, reading)),
        figures=figures,
        tiers=_tiers(policy, figures, frame),
    )


def _tiers(policy: SlaPolicy, figures: Figures, frame: Frame) -> tuple[TierRow, ...]:
    rows = []
    for tier in policy.tiers.all():
        credit, bands = credit_of(figures, tier.target, [(band.below, band.credit) for band in tier.bands.all()])
        rows.append(
            TierRow(
                slug=tier.slug,
                name=tier.name,
                target=tier.target,
                verdict=judge(figures, tier.target),
                credit=credit,
                budget=budget_of(figures, tier.target, still_to_come=frame.still_to_come),
                bands=bands,
            )
        )
    return tuple(rows)


def _ref(component: Member) -> ComponentRef:
    return ComponentRef(slug=component.slug, name=component.name)
