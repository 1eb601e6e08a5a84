"""What probes say now, over all of their locations, with the rows that say why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from probes.locations import ProbeVerdict, probe_verdict
from probes.models import Probe, ProbeLocation
from statuspage.core import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A probe's verdict and its rows by location; neither retired nor paused ones."""

    probe: Probe
    verdict: ProbeVerdict
    rows: Mapping[str, ProbeLocation]

    @property
    def detail(self) -> str:
        """The newest words of the location that speaks for the verdict."""
        speaker = self.verdict.speaker
        return self.rows[speaker].last_detail if speaker else ""

    @property
    def claim(self) -> str:
        """Why the component is said to be in that state."""
        where = f", from {self.verdict.speaker}" if len(self.rows) > 1 else ""
        return f"{self.probe.name}{where}: {self.detail}"


def read_probes(probes: Iterable[Probe]) -> list[Reading]:
    """By component and probe. One query."""
    by_id = {probe.pk: probe for probe in probes}
    now = clock.now()
    rows: dict[int, dict[str, ProbeLocation]] = {pk: {} for pk in by_id}
    for row in ProbeLocation.objects.active().filter(probe_id__in=by_id).order_by("probe_id", "pk"):
        row.probe = by_id[row.probe_id]
        rows[row.probe_id][row.location] = row
    return [
        Reading(
            probe=probe,
            verdict=probe_verdict({name: row.standing(now) for name, row in rows[pk].items()}, probe.quorum),
            rows=rows[pk],
        )
        for pk, probe in sorted(by_id.items(), key=lambda item: (item[1].component_id, item[0]))
    ]
