"""What the series say about many promises at once: a number of queries that grows with the distinct windows alone."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.uptime import SlotCounts
from probes.enums import ProbeKind
from probes.models import Probe
from probes.objectives.arithmetic import Counts, sum_counts
from probes.objectives.members import FirstDays, Member
from probes.objectives.together import Together
from probes.series_span import Span, midnight, span_of
from probes.windows import component_counts, latency_histogram, probe_counts

HEARTBEATS = (ProbeKind.HEARTBEAT, ProbeKind.WORKERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """These components (by id) from `begin` to `end`, aware; each by itself too, or all of them together alone."""

    component_ids: tuple[int, ...]
    begin: datetime
    end: datetime
    with_parts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`total` takes an interval as good when all components were; `parts` has each by itself, where asked for."""

    total: Counts
    parts: Mapping[int, Counts]


def count_intervals(
    questions: Collection[Question], members: Mapping[int, Member], together: Together | None
) -> dict[Question, Answer]:
    """Three or four queries for each distinct window. `together` is there where several components count as one."""
    counts: dict[tuple[datetime, datetime], dict[int, Counts]] = {}
    wanted: dict[tuple[datetime, datetime], set[int]] = defaultdict(set)
    for question in questions:
        for pk in question.component_ids if _needs_parts(question) else ():
            wanted[_window_of(question, members[pk])].add(pk)
    for window, ids in wanted.items():
        counts[window] = {pk: counts_of(slots) for pk, slots in component_counts(ids, *window).items()}
    found: dict[Question, Answer] = {}
    for question in questions:
        apart = question.component_ids if _needs_parts(question) else ()
        parts = {pk: counts[_window_of(question, members[pk])][pk] for pk in apart}
        if len(parts) == 1 or together is None:
            total = sum_counts(parts.values())
        else:
            total = together.count(question.component_ids, question.begin, question.end)
        found[question] = Answer(total=total, parts=parts)
    return found


def read_together(
    questions: Collection[Question], *, first_days: FirstDays, members: Mapping[int, Member], now: datetime
) -> Together | None:
    """What it takes to count the components of each question as one. None where there is no question."""
    spans = [span_of(question.begin, question.end, now) for question in questions]
    spans = [span for span in spans if not span.is_empty]
    if not spans:
        return None
    running = next((span.running for span in spans if span.running is not None), None)
    span = Span(begin=min(span.begin for span in spans), end=max(span.end for span in spans), running=running)
    ids = {pk for question in questions for pk in question.component_ids}
    return Together.read(ids, span, first_days=first_days, members=members, now=now)


def merge_latencies(questions: Collection[Question]) -> dict[Question, dict[int, Counter[int]]]:
    """The latency histograms of each component asked for."""
    found: dict[Question, dict[int, Counter[int]]] = {}
    for (begin, end), group in _by_window(questions).items():
        ids = {pk for question in group for pk in question.component_ids}
        histograms = latency_histogram(ids, begin, end)
        for question in group:
            found[question] = {pk: histograms.get(pk, Counter()) for pk in question.component_ids}
    return found


def count_heartbeats(questions: Collection[Question]) -> dict[Question, Answer]:
    """The intervals of each component's heartbeat probes; of several probes each counts for itself."""
    if not questions:
        return {}
    probes: dict[int, list[Probe]] = defaultdict(list)
    ids = {pk for question in questions for pk in question.component_ids}
    for probe in Probe.objects.filter(component_id__in=ids, kind__in=HEARTBEATS).order_by("pk"):
        probes[probe.component_id].append(probe)
    found: dict[Question, Answer] = {}
    for (begin, end), group in _by_window(questions).items():
        wanted = {
            probe.pk: probe.component_id
            for question in group
            for pk in question.component_ids
            for probe in probes[pk]
            if probe.retired_at is None or probe.retired_at >= end
        }
        counts = probe_counts(list(wanted), begin, end)
        for question in group:
            parts = {
                pk: sum_counts(counts_of(counts[probe_id].slots) for probe_id, owner in wanted.items() if owner == pk)
                for pk in question.component_ids
            }
            found[question] = Answer(total=sum_counts(parts.values()), parts=parts)
    return found


def counts_of(slots: SlotCounts) -> Counts:
    return Counts(
        good=slots.available,
        bad=slots.bad,
        maintenance=slots.maintenance,
        not_ours=slots.excluded,
        unknown=slots.unknown,
    )


def _by_window(questions: Iterable[Question]) -> dict[tuple[datetime, datetime], list[Question]]:
    groups: dict[tuple[datetime, datetime], list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.begin, question.end].append(question)
    return groups


def _needs_parts(question: Question) -> bool:
    return question.with_parts or len(question.component_ids) == 1


def _window_of(question: Question, member: Member) -> tuple[datetime, datetime]:
    """A component that was retired meanwhile counts until then."""
    end = question.end if member.retired_at is None else min(question.end, member.retired_at)
    return question.begin, max(question.begin, end)


def first_begin(component_ids: Sequence[int], days: FirstDays) -> datetime | None:
    """When the last of these components was first measured; None where one never was."""
    found = [days.get(pk) for pk in component_ids]
    known = [day for day in found if day is not None]
    return midnight(max(known)) if known and len(known) == len(found) else None
