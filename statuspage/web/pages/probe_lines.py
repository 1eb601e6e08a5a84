"""How a component is measured: each probe in words, and what each of its locations found last. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.enums import ComponentStatus
from probes.models import Probe, Rule
from probes.selectors_locations import LocationRow
from statuspage.web import wording
from statuspage.web.pages import methods
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.rule_words import RuleLine, rule_line
from statuspage.web.readmodels import PlaceLine

UNKNOWN = ComponentStatus.UNKNOWN
SEVERAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLine:
    """`method` to `slow` are whole sentences or halves of one; `rules` say when
    what happens."""

    name: str
    kind: str
    method: str
    schedule: str
    verdict: str
    slow: str
    quorum: str
    waits_for: tuple[str, ...]
    opens_incident: bool
    rules: tuple[RuleLine, ...]
    places: tuple[PlaceLine, ...]

    @property
    def has_places(self) -> bool:
        """Worth a table: one place alone is the component's own line."""
        return len(self.places) >= SEVERAL

    @property
    def where(self) -> str:
        """`from eu-west and us-east`; empty for one place, which needs no name."""
        names = [place.location for place in self.places]
        return f"from {', '.join(names[:-1])} and {names[-1]}" if len(names) >= SEVERAL else ""

    @property
    def state(self) -> ComponentStatus:
        """Of a probe with one place: its state."""
        return self.places[0].state if self.places else UNKNOWN


def probe_lines(
    probes: Sequence[Probe], rows: Sequence[LocationRow], rules: Mapping[int, Sequence[Rule]], reader: Reader
) -> tuple[ProbeLine, ...]:
    """`rows` are those of all of these probes, `rules` by probe id; what a probe depends on was read with it."""
    places: dict[str, list[LocationRow]] = {}
    for row in rows:
        places.setdefault(row.probe_slug, []).append(row)
    return tuple(_line(probe, places.get(probe.slug, []), rules.get(probe.pk, []), reader) for probe in probes)


def component_places(rows: Sequence[LocationRow], reader: Reader) -> tuple[PlaceLine, ...]:
    """One line a location, the worst of its probes; none for a component with a single location."""
    if len({row.location for row in rows}) < SEVERAL:
        return ()
    found: dict[str, PlaceLine] = {}
    for row in rows:
        line = _place(row, reader)
        known = found.get(row.location)
        if known is None or line.state.rank > known.state.rank:
            found[row.location] = line
    return tuple(found[name] for name in sorted(found))


def _line(probe: Probe, rows: Sequence[LocationRow], rules: Sequence[Rule], reader: Reader) -> ProbeLine:
    degraded_above = probe.degraded_above
    return ProbeLine(
        name=probe.name,
        kind=str(probe.get_kind_display()),
        method=methods.method_of(probe.kind, probe.config, allow_private=probe.allow_private),
        schedule=methods.schedule_of(probe.interval, probe.timeout),
        verdict=methods.verdict_of(probe.failure_threshold, probe.recovery_threshold),
        slow="" if degraded_above is None else f"degraded when slower than {wording.exactly(degraded_above)}",
        quorum=_quorum(probe.quorum, len(rows)),
        waits_for=tuple(other.name for other in probe.depends_on.all()),
        opens_incident=probe.opens_incident,
        rules=tuple(rule_line(rule, reader) for rule in rules),
        places=tuple(_place(row, reader) for row in rows),
    )


def _quorum(quorum: int | None, places: int) -> str:
    """`down when 2 of 4 locations see it`; empty for a single location."""
    if places < SEVERAL:
        return ""
    needed = places // 2 + 1 if quorum is None else min(quorum, places)
    return f"counts as down when {needed} of {places} locations see it"


def _place(row: LocationRow, reader: Reader) -> PlaceLine:
    if row.is_fresh:
        detail, latency = row.detail, row.latency_ms
    else:
        detail, latency = "Not measured yet." if row.last_checked_at is None else "No fresh measurement.", None
    return PlaceLine(
        location=row.location,
        state=row.state,
        latency_ms=None if latency is None else round(latency),
        checked_at=reader.maybe(row.last_checked_at),
        detail=detail,
    )
