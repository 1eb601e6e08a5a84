"""What the series say about many promises at once: a number of queries that grows with the distinct windows alone."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from components.models import Component
from components.uptime import SLOT, SLOTS_A_DAY, SlotCounts, first_known
from probes.enums import ProbeKind
from probes.models import ComponentDay, Probe
from probes.objectives.arithmetic import Counts
from probes.objectives.combining import NOT_THERE, count_together
from probes.series_span import Span, midnight, span_of
from probes.series_tally import MEASURED
from probes.windows import component_counts, latency_histogram, probe_counts
from statuspage.core import clock

HEARTBEATS = (ProbeKind.HEARTBEAT, ProbeKind.WORKERS)
GONE = bytes([NOT_THERE])
NOBODY_KNOWS = bytes(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """These components (by id) from `begin` to `end`, aware."""

    component_ids: tuple[int, ...]
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`total` takes an interval as good when all components were; `parts` has each by itself."""

    total: Counts
    parts: Mapping[int, Counts]


def count_intervals(questions: Collection[Question], components: Mapping[int, Component]) -> dict[Question, Answer]:
    """Three or four queries for each distinct window of one component's; two more where several count together."""
    found: dict[Question, Answer] = {}
    alone = [question for question in questions if len(question.component_ids) == 1]
    for (begin, end), group in _by_window(alone, lambda question: _end_of(question, components)).items():
        ids = {question.component_ids[0] for question in group}
        counts = component_counts(ids, begin, end)
        for question in group:
            total = counts_of(counts[question.component_ids[0]])
            found[question] = Answer(total=total, parts={question.component_ids[0]: total})
    together = [question for question in questions if len(question.component_ids) > 1]
    if together:
        states = States.read(together, components)
        for question in together:
            bytes_by_id = {pk: states.of(pk, question.begin, question.end) for pk in question.component_ids}
            found[question] = Answer(
                total=count_together(list(bytes_by_id.values())),
                parts={pk: count_together([one]) for pk, one in bytes_by_id.items()},
            )
    return found


def merge_latencies(questions: Collection[Question]) -> dict[Question, dict[int, Counter[int]]]:
    """The latency histograms of each component asked for."""
    found: dict[Question, dict[int, Counter[int]]] = {}
    for (begin, end), group in _by_window(questions, lambda question: question.end).items():
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
    for (begin, end), group in _by_window(questions, lambda question: question.end).items():
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


def first_days(component_ids: Collection[int]) -> dict[int, date | None]:
    """The UTC day of each component's first measurement; None where there is none. One query."""
    first = ComponentDay.objects.filter(MEASURED, component_id=OuterRef("pk")).order_by("date").values("date")[:1]
    rows = Component.objects.filter(pk__in=component_ids).order_by().annotate(day=Subquery(first))
    return dict(rows.values_list("pk", "day"))


@dataclass(frozen=True, slots=True)
class States:
    """The states of some components' intervals over some days, each a byte (`SlotState`)."""

    days: Mapping[tuple[int, date], bytes]
    first_days: Mapping[int, date | None]
    ends: Mapping[int, datetime | None]
    now: datetime

    @classmethod
    def read(cls, questions: Collection[Question], components: Mapping[int, Component]) -> "States":
        """Two queries."""
        ids = {pk for question in questions for pk in question.component_ids}
        now = clock.now()
        spans = [span_of(question.begin, question.end, now) for question in questions]
        since = min(span.begin for span in spans).date()
        until = max(span.end for span in spans).date()
        rows = ComponentDay.objects.filter(component_id__in=ids, date__gte=since, date__lte=until).order_by()
        return cls(
            {(pk, day): bytes(slots) for pk, day, slots in rows.values_list("component_id", "date", "slots")},
            first_days(ids),
            {pk: components[pk].retired_at for pk in ids},
            now,
        )

    def of(self, component_id: int, begin: datetime, end: datetime) -> bytes:
        """One byte for each interval of the window up to now; `NOT_THERE` before the first measurement, after the
        component was retired, and for the running interval while nothing is known of it."""
        span = span_of(begin, end, self.now)
        if span.is_empty:
            return b""
        parts = []
        for day in span.dates():
            first, last = span.of_day(day)
            parts.append(self._day(component_id, day)[first:last])
        states = b"".join(parts)
        if span.running is not None and not states[-1]:
            states = states[:-1] + GONE
        return self._without_end(component_id, states, span)

    def _day(self, component_id: int, day: date) -> bytes:
        first_day = self.first_days.get(component_id)
        if first_day is None or day < first_day:
            return GONE * SLOTS_A_DAY
        states = self.days.get((component_id, day), NOBODY_KNOWS * SLOTS_A_DAY)
        if day == first_day:
            begin = first_known(states)
            return GONE * begin + states[begin:]
        return states

    def _without_end(self, component_id: int, states: bytes, span: Span) -> bytes:
        retired_at = self.ends.get(component_id)
        if retired_at is None or retired_at >= span.end:
            return states
        kept = max(0, -((span.begin - retired_at) // SLOT))
        return states[:kept] + GONE * (len(states) - kept)


def recent_states(component_ids: Collection[int], components: Mapping[int, Component], hours: int) -> States:
    """The states of the last hours, for burn rates. Two queries."""
    now = clock.now()
    question = Question(component_ids=tuple(component_ids), begin=now - timedelta(hours=hours), end=now)
    return States.read([question], components)


def counts_of(slots: SlotCounts) -> Counts:
    return Counts(
        good=slots.available,
        bad=slots.bad,
        maintenance=slots.maintenance,
        not_ours=slots.excluded,
        unknown=slots.unknown,
    )


def sum_counts(parts: Iterable[Counts]) -> Counts:
    rows = list(parts)
    return Counts(
        good=sum(row.good for row in rows),
        bad=sum(row.bad for row in rows),
        maintenance=sum(row.maintenance for row in rows),
        not_ours=sum(row.not_ours for row in rows),
        unknown=sum(row.unknown for row in rows),
    )


def _by_window(
    questions: Iterable[Question], end_of: Callable[[Question], datetime]
) -> dict[tuple[datetime, datetime], list[Question]]:
    groups: dict[tuple[datetime, datetime], list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.begin, max(question.begin, end_of(question))].append(question)
    return groups


def _end_of(question: Question, components: Mapping[int, Component]) -> datetime:
    """A component that was retired meanwhile counts until then."""
    retired_at = components[question.component_ids[0]].retired_at
    return question.end if retired_at is None else min(question.end, retired_at)


def visible_components(retired_after: datetime) -> dict[int, Component]:
    """What the public may see, in its order, and what it could see at this time. One query."""
    rows = Component.objects.filter(is_visible=True).filter(
        Q(retired_at__isnull=True) | Q(retired_at__gt=retired_after)
    )
    return {row.pk: row for row in rows.order_by("position", "pk")}


def first_begin(component_ids: Sequence[int], days: Mapping[int, date | None]) -> datetime | None:
    """When the last of these components was first measured; None where one never was."""
    found = [days.get(pk) for pk in component_ids]
    known = [day for day in found if day is not None]
    return midnight(max(known)) if known and len(known) == len(found) else None
