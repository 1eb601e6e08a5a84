"""How a component is measured: each probe in words, and what each of its locations found last. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.enums import ComponentStatus
from probes.freshness import is_stale
from probes.models import Probe, ProbeLocation
from statuspage.web import wording
from statuspage.web.pages import methods
from statuspage.web.pages.cards import Reader

UNKNOWN = ComponentStatus.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """A probe at a location. Without a fresh result it is unknown, whatever it said before."""

    location: str
    state: ComponentStatus
    latency_ms: int | None
    checked_at: datetime | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLine:
    """`method` to `slow` are whole sentences or halves of one; `rules` are the operator's own."""

    name: str
    kind: str
    method: str
    schedule: str
    verdict: str
    slow: str
    opens_incident: bool
    rules: tuple[str, ...]
    places: tuple[PlaceLine, ...]

    @property
    def has_places(self) -> bool:
        """Worth a table: one place alone is the component's own line."""
        return len(self.places) > 1

    @property
    def state(self) -> ComponentStatus:
        """Of a probe with one place: its state."""
        return self.places[0].state if self.places else UNKNOWN


def probe_lines(
    probes: Sequence[Probe], places: Mapping[int, Sequence[ProbeLocation]], reader: Reader
) -> tuple[ProbeLine, ...]:
    return tuple(_line(probe, places.get(probe.pk, []), reader) for probe in probes)


def _line(probe: Probe, rows: Sequence[ProbeLocation], reader: Reader) -> ProbeLine:
    degraded_above = probe.degraded_above
    return ProbeLine(
        name=probe.name,
        kind=str(probe.get_kind_display()),
        method=methods.method_of(probe.kind, probe.config, allow_private=probe.allow_private),
        schedule=methods.schedule_of(probe.interval, probe.timeout),
        verdict=methods.verdict_of(probe.failure_threshold, probe.recovery_threshold),
        slow="" if degraded_above is None else f"degraded when slower than {wording.exactly(degraded_above)}",
        opens_incident=probe.opens_incident,
        rules=(),
        places=tuple(_place(probe, row, reader) for row in rows),
    )


def _place(probe: Probe, row: ProbeLocation, reader: Reader) -> PlaceLine:
    checked_at = row.last_result_at
    if checked_at is None or is_stale(checked_at, probe.interval, reader.now):
        detail = "Not measured yet." if checked_at is None else "No fresh measurement."
        return PlaceLine(
            location=row.location,
            state=UNKNOWN,
            latency_ms=None,
            checked_at=reader.maybe(checked_at),
            detail=detail,
        )
    latency = row.last_latency_ms
    return PlaceLine(
        location=row.location,
        state=row.track.verdict or UNKNOWN,
        latency_ms=None if latency is None else round(latency),
        checked_at=reader.local(checked_at),
        detail=row.last_detail,
    )
