"""What depends on what: while a dependency fails, its dependents page nobody and open no incident.

Their data and their claims stay: what is measured is true whatever the reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from probes.locations import Standing, probe_verdict
from probes.models import Probe, ProbeLocation
from statuspage.core import clock


def suppressed(probe_ids: Collection[int]) -> set[int]:
    """Those of these probes that keep still now, because something they depend on fails, or seems to. Two queries."""
    if not probe_ids:
        return set()
    depends_on = _dependencies()
    reached = {probe_id: reachable(probe_id, depends_on) for probe_id in probe_ids}
    asked = set().union(*reached.values())
    failing = _in_trouble(asked) if asked else set()
    return {probe_id for probe_id, those in reached.items() if those & failing}


def reachable[Key](start: Key, depends_on: Mapping[Key, Iterable[Key]]) -> set[Key]:
    """All that `start` depends on, directly or not; itself only if it is in a cycle."""
    found: set[Key] = set()
    ahead = list(depends_on.get(start, ()))
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead.extend(depends_on.get(one, ()))
    return found


def find_cycle(depends_on: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One circle of dependencies, its first name again at its end; nothing if there is none."""
    left = {name: [one for one in those if one in depends_on] for name, those in depends_on.items()}
    while free := [name for name, those in left.items() if not any(one in left for one in those)]:
        for name in free:
            del left[name]
    if not left:
        return ()
    # What is left leads in circles: go on until a name comes again.
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(one for one in left[path[-1]] if one in left))
    return tuple(path[path.index(path[-1]) :])


def _dependencies() -> dict[int, list[int]]:
    """By probe, what it depends on itself. A file has few."""
    found: dict[int, list[int]] = {}
    for probe_id, other_id in Probe.depends_on.through.objects.values_list("from_probe_id", "to_probe_id"):
        found.setdefault(probe_id, []).append(other_id)
    return found


def _in_trouble(probe_ids: Collection[int]) -> set[int]:
    now = clock.now()
    quorums: dict[int, int | None] = {}
    standings: dict[int, dict[str, Standing]] = {}
    for row in ProbeLocation.objects.active().filter(probe_id__in=probe_ids).select_related("probe"):
        quorums[row.probe_id] = row.probe.quorum
        standings.setdefault(row.probe_id, {})[row.location] = row.standing(now)
    return {probe_id for probe_id, those in standings.items() if probe_verdict(those, quorums[probe_id]).is_in_trouble}
