"""`[[objectives]]` and `[sla]`: read, checked against the rest of the file, applied."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from probes.enums import ObjectiveKind, ObjectiveWindow, ProbeKind
from probes.models import Objective
from probes.objectives.percent import parse_percent
from probes.objectives.services import Difference, current_sla, end_objective, end_sla, put_objective, put_sla
from probes.objectives.terms import ObjectiveTerms, SlaTerms, TierTerms
from probes.spec import ProbeSpec
from statuspage.configuration.changes import Changes
from statuspage.configuration.table import Reader, Table
from statuspage.core.durations import parse_duration

PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}
SHORTEST_LIMIT, LONGEST_LIMIT = timedelta(milliseconds=1), timedelta(days=366)
LONGEST_WAIT = timedelta(days=3650)
TIER_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
HEARTBEATS = {ProbeKind.HEARTBEAT, ProbeKind.WORKERS}
MEASURED_KEYS = ("components", "groups", "window", "target", "percentile", "limit", "publish_after")
KEYS_OF_KIND = {
    ObjectiveKind.AVAILABILITY: {"components", "groups", "window", "target", "publish_after"},
    ObjectiveKind.LATENCY: {"components", "groups", "window", "percentile", "limit", "publish_after"},
    ObjectiveKind.HEARTBEAT_AGE: {"components", "groups", "window", "percentile", "limit", "publish_after"},
    ObjectiveKind.STATEMENT: set[str](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the file measures: the group (or None) and the probes of each component, by slug."""

    components: Mapping[str, tuple[str | None, Sequence[ProbeSpec]]]
    groups: Collection[str]

    def probes_of(self, components: Collection[str], groups: Collection[str]) -> list[ProbeSpec]:
        return [
            spec
            for slug, (group, specs) in self.components.items()
            if slug in components or group in groups
            for spec in specs
        ]


def read_objectives(reader: Reader, root: Table, measured: Measured) -> tuple[ObjectiveTerms, ...]:
    """Each slug once; what is wrong is noted."""
    found: list[ObjectiveTerms] = []
    seen: dict[str, str] = {}
    for table in root.tables("objectives"):
        terms = _objective(table, measured)
        table.done()
        if terms is None:
            continue
        first = seen.setdefault(terms.slug, table.key)
        if first != table.key:
            reader.wrong(table.path("slug"), terms.slug, f"a slug of its own: {first} has this one")
        found.append(terms)
    return tuple(found)


def _objective(table: Table, measured: Measured) -> ObjectiveTerms | None:
    slug, name = table.slug(), table.text("name", max_length=160, required=True)
    kind = table.required_choice("kind", ObjectiveKind.values)
    if kind is None:
        for key in (*MEASURED_KEYS, "say", "since"):
            table.take(key)
        return None
    kind = ObjectiveKind(kind)
    _refuse_keys_of_others(table, kind)
    is_statement = kind is ObjectiveKind.STATEMENT
    components = table.named("components", measured.components, "a component")
    groups = table.named("groups", measured.groups, "a group")
    if not is_statement and not table.take("components") and not table.take("groups"):
        table.wrong("components", 'what it promises about: a list of slugs of components, such as ["api"], or groups')
    limit = _limit(table) if "limit" in KEYS_OF_KIND[kind] else None
    if kind is ObjectiveKind.HEARTBEAT_AGE and limit is not None and (components or groups):
        _check_heartbeats(table, measured.probes_of(components, groups), limit)
    window = table.choice("window", ObjectiveWindow.values)
    terms = ObjectiveTerms(
        slug=slug or "",
        name=name or "",
        kind=kind,
        components=components,
        groups=groups,
        window=ObjectiveWindow(window or ObjectiveWindow.CALENDAR_MONTH),
        target=_percent(table, "target") if kind is ObjectiveKind.AVAILABILITY else None,
        percentile=_percentile(table) if "percentile" in KEYS_OF_KIND[kind] else None,
        limit=limit,
        publish_after=table.duration("publish_after", minimum=timedelta(), maximum=LONGEST_WAIT) or timedelta(),
        say=table.text("say", max_length=500, required=is_statement) or "",
        since=_day(table, "since"),
    )
    return terms if slug else None


def _refuse_keys_of_others(table: Table, kind: ObjectiveKind) -> None:
    for key in MEASURED_KEYS:
        if key not in KEYS_OF_KIND[kind] and table.take(key) is not None:
            has = ", ".join(sorted(KEYS_OF_KIND[kind])) or "say"
            table.wrong(key, f"nothing: the kind {kind} has {has}")


def _check_heartbeats(table: Table, specs: Sequence[ProbeSpec], limit: timedelta) -> None:
    """A heartbeat that is good up to 90 s proves nothing about 60 s."""
    beats = [spec for spec in specs if spec.kind in HEARTBEATS]
    if not beats:
        table.wrong("components", "components with a probe of kind heartbeat or workers: there is none")
    for spec in beats:
        if parse_duration(str(spec.config.get("max_age", "90s"))) > limit:
            table.wrong("limit", f"at least the max_age of the probe {spec.slug}, which finds older heartbeats only")


def read_sla(reader: Reader, root: Table, components: Collection[str]) -> SlaTerms | None:
    value = root.take("sla")
    table = reader.table(value, "sla") if value is not None else None
    if table is None:
        return None
    window = table.choice("window", ObjectiveWindow.values)
    terms = SlaTerms(
        name=table.text("name", max_length=160, required=True) or "",
        text=table.markdown("text"),
        dispute=table.markdown("dispute"),
        components=table.named("components", components, "a component"),
        window=ObjectiveWindow(window or ObjectiveWindow.CALENDAR_MONTH),
        tiers=_tiers(table),
        since=_day(table, "since"),
    )
    table.done()
    return terms


def _tiers(sla: Table) -> tuple[TierTerms, ...]:
    found: list[TierTerms] = []
    for table in sla.tables("tiers"):
        slug = table.take("slug")
        if not isinstance(slug, str) or not TIER_SLUG.fullmatch(slug):
            table.wrong("slug", "letters, digits, dashes and underscores, at most 40, such as TEAM")
        elif any(tier.slug == slug for tier in found):
            table.wrong("slug", "a slug of its own: another tier has this one")
        name, target = table.text("name", max_length=120, required=True), _percent(table, "target")
        bands = _bands(table, target)
        table.done()
        found.append(TierTerms(slug=str(slug), name=name or "", target=target or Decimal(100), bands=bands))
    return tuple(found)


def _bands(tier: Table, target: Decimal | None) -> tuple[tuple[Decimal, Decimal], ...]:
    """Bounds fall from the target down and credits rise, strictly: bands that overlap would be two answers."""
    found: list[tuple[Decimal, Decimal]] = []
    for table in tier.tables("credits"):
        below, credit = _percent(table, "below"), _percent(table, "credit")
        table.done()
        if below is None or credit is None:
            continue
        if found and below >= found[-1][0]:
            table.wrong("below", "less than that of the band before it")
        elif not found and target is not None and below > target:
            table.wrong("below", "at most the tier's target: what meets it earns no credit")
        if found and credit <= found[-1][1]:
            table.wrong("credit", "more than that of the band before it")
        found.append((below, credit))
    return tuple(found)


def _percent(table: Table, name: str) -> Decimal | None:
    return _parsed(table, name, parse_percent, 'a percentage above 0 and at most 100, such as "99.9%"')


def _percentile(table: Table) -> int:
    """p95 where nothing is said."""
    word = table.choice("percentile", list(PERCENTILES))
    return PERCENTILES[word or "p95"]


def _limit(table: Table) -> timedelta | None:
    if table.take("limit") is None:
        table.wrong("limit", 'a duration, such as "200ms"')
        return None
    return table.duration("limit", minimum=SHORTEST_LIMIT, maximum=LONGEST_LIMIT)


def _day(table: Table, name: str) -> date | None:
    value = table.take(name)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    return _parsed(table, name, date.fromisoformat, "a day such as 2026-01-01")


def _parsed[T](table: Table, name: str, parse: Callable[[str], T], expected: str) -> T | None:
    value = table.take(name)
    if isinstance(value, str):
        try:
            return parse(value)
        except ValueError:
            pass
    table.wrong(name, expected)
    return None


def apply_objectives(
    objectives: Sequence[ObjectiveTerms], sla: SlaTerms | None, *, zone: ZoneInfo, changes: Changes, prune: bool
) -> None:
    """Promises that the file no longer has are ended with `prune`; months in which they held keep them."""
    for position, terms in enumerate(objectives):
        _note("objective", terms.slug, put_objective(terms=terms, position=position, zone=zone), changes)
    absent = Objective.objects.current().exclude(slug__in=[terms.slug for terms in objectives]).order_by("slug")
    for objective in absent:
        if prune:
            end_objective(objective=objective)
            changes.removed("objective", objective.slug)
        else:
            changes.stays("objective", [objective.slug])
    _apply_sla(sla, zone=zone, changes=changes, prune=prune)


def _apply_sla(sla: SlaTerms | None, *, zone: ZoneInfo, changes: Changes, prune: bool) -> None:
    if sla is not None:
        _note("sla", "", put_sla(terms=sla, zone=zone), changes)
        return
    policy = current_sla()
    if policy is not None and prune:
        end_sla(policy=policy)
        changes.removed("sla", policy.name)
    elif policy is not None:
        changes.stays("sla", [policy.name])


def _note(kind: str, slug: str, difference: Difference, changes: Changes) -> None:
    if difference.before is None:
        changes.added(kind, slug or difference.after["name"])
    else:
        changes.changed(kind, slug, difference.before, difference.after)
