"""What the pages of components need beyond the facts of the home page: how they are measured, and how fast they were.

At most seven queries for any number of components.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.enums import ObjectiveKind
from probes.latency_series import OVERVIEW, LatencySeries, Span, latency_series
from probes.models import Objective, Probe, Rule
from statuspage.web.charts import Limit

MOST_LIMITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFacts:
    """By component id: `probes`, the active ones in their order, `paused`, those that staff paused, and `limits`, what
    the latency charts draw. By probe id: `rules`. `objectives` are those promised now, in order, members read."""

    probes: dict[int, list[Probe]]
    paused: dict[int, list[Probe]]
    rules: dict[int, list[Rule]]
    latency: dict[int, LatencySeries]
    limits: dict[int, tuple[Limit, ...]]
    objectives: list[Objective]


def read_component_facts(component_ids: Collection[int], now: datetime, *, span: Span = OVERVIEW) -> ComponentFacts:
    probes, paused = _apart(read_probes(component_ids))
    objectives = read_objectives()
    return ComponentFacts(
        probes=probes,
        paused=paused,
        rules=_rules(component_ids),
        latency=latency_series(component_ids, span, now),
        limits=_limits(component_ids, probes, objectives),
        objectives=objectives,
    )


def read_probes(component_ids: Collection[int]) -> dict[int, list[Probe]]:
    """The probes of the configuration, paused ones too, in their order, with what they depend on. Two queries."""
    found: dict[int, list[Probe]] = defaultdict(list)
    rows = Probe.objects.filter(retired_at__isnull=True, component_id__in=component_ids).order_by("component_id", "pk")
    for probe in rows.prefetch_related("depends_on"):
        found[probe.component_id].append(probe)
    return dict(found)


def _apart(found: dict[int, list[Probe]]) -> tuple[dict[int, list[Probe]], dict[int, list[Probe]]]:
    """Those that measure, and those that staff paused; a component without any is in neither."""
    probes, paused = (
        {pk: [probe for probe in rows if probe.is_enabled is enabled] for pk, rows in found.items()}
        for enabled in (True, False)
    )
    return {pk: rows for pk, rows in probes.items() if rows}, {pk: rows for pk, rows in paused.items() if rows}


def _rules(component_ids: Collection[int]) -> dict[int, list[Rule]]:
    """The rules on the active probes, in their order. One query."""
    found: dict[int, list[Rule]] = defaultdict(list)
    rows = Rule.objects.filter(
        probe__component_id__in=component_ids, probe__retired_at__isnull=True, probe__is_enabled=True
    )
    for rule in rows.order_by("probe_id", "position", "pk"):
        found[rule.probe_id].append(rule)
    return dict(found)


def read_objectives() -> list[Objective]:
    """What is promised now, with the components of each. One query, three more where anything is."""
    rows = Objective.objects.current().order_by("position", "pk")
    return list(rows.prefetch_related("components", "groups__components"))


def members_of(objective: Objective) -> set[int]:
    """The ids of its components and of those in its groups. No query on what `read_objectives` gave."""
    members = {component.pk for component in objective.components.all()}
    return members | {component.pk for group in objective.groups.all() for component in group.components.all()}


def _limits(
    component_ids: Collection[int], probes: dict[int, list[Probe]], objectives: Sequence[Objective]
) -> dict[int, tuple[Limit, ...]]:
    promised = _promised(objectives)
    return {
        component_id: (*_degraded_above(probes.get(component_id, [])), *promised.get(component_id, ()))[:MOST_LIMITS]
        for component_id in component_ids
    }


def _degraded_above(probes: list[Probe]) -> list[Limit]:
    """One line where the probes agree; else one each, named."""
    found = {probe.degraded_above: probe for probe in probes if probe.degraded_above is not None}
    return [
        Limit(ms=limit.total_seconds() * 1000, name="Degraded above" if len(found) == 1 else f"{probe.name}: degraded")
        for limit, probe in sorted(found.items())
    ]


def _promised(objectives: Sequence[Objective]) -> dict[int, list[Limit]]:
    """The latency objectives of each component."""
    found: dict[int, list[Limit]] = defaultdict(list)
    for objective in objectives:
        if objective.kind != ObjectiveKind.LATENCY or objective.limit is None:
            continue
        limit = Limit(ms=objective.limit.total_seconds() * 1000, name=f"Objective, p{objective.percentile} below")
        for component_id in members_of(objective):
            found[component_id].append(limit)
    return found
