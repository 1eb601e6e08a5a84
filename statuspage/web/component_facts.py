"""What the pages of components need beyond the facts of the home page: how they are measured, and how fast they were.

Six queries for any number of components.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from probes.enums import ObjectiveKind
from probes.latency_series import OVERVIEW, LatencySeries, Span, latency_series
from probes.models import Objective, Probe, ProbeLocation
from statuspage.web.charts import Limit

MOST_LIMITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFacts:
    """By component id: `probes`, the active ones in their order, and `limits`, what the latency charts draw. By probe
    id: `places`, where each stands."""

    probes: dict[int, list[Probe]]
    places: dict[int, list[ProbeLocation]]
    latency: dict[int, LatencySeries]
    limits: dict[int, tuple[Limit, ...]]


def read_component_facts(component_ids: Collection[int], now: datetime, *, span: Span = OVERVIEW) -> ComponentFacts:
    probes = read_probes(component_ids)
    return ComponentFacts(
        probes=probes,
        places=_places(component_ids),
        latency=latency_series(component_ids, span, now),
        limits=_limits(component_ids, probes),
    )


def read_probes(component_ids: Collection[int]) -> dict[int, list[Probe]]:
    """The active probes, in their order. One query."""
    found: dict[int, list[Probe]] = defaultdict(list)
    rows = Probe.objects.active().filter(component_id__in=component_ids).order_by("component_id", "pk")
    for probe in rows:
        found[probe.component_id].append(probe)
    return dict(found)


def _places(component_ids: Collection[int]) -> dict[int, list[ProbeLocation]]:
    """One query."""
    found: dict[int, list[ProbeLocation]] = defaultdict(list)
    for row in ProbeLocation.objects.filter(probe__component_id__in=component_ids).order_by("location"):
        found[row.probe_id].append(row)
    return dict(found)


def _limits(component_ids: Collection[int], probes: dict[int, list[Probe]]) -> dict[int, tuple[Limit, ...]]:
    promised = _promised()
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


def _promised() -> dict[int, list[Limit]]:
    """The latency objectives of each component. Four queries."""
    found: dict[int, list[Limit]] = defaultdict(list)
    rows = Objective.objects.current().filter(kind=ObjectiveKind.LATENCY)
    for objective in rows.prefetch_related("components", "groups__components"):
        if objective.limit is None:
            continue
        limit = Limit(ms=objective.limit.total_seconds() * 1000, name=f"Objective, p{objective.percentile} below")
        members = {component.pk for component in objective.components.all()}
        members |= {component.pk for group in objective.groups.all() for component in group.components.all()}
        for component_id in members:
            found[component_id].append(limit)
    return found
