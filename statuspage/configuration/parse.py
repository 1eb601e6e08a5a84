"""From a file to a `Configuration`: a value that can be applied, or everything that is wrong with it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from components.enums import ComponentStatus
from incidents.enums import Impact, Promise
from probes.objectives.terms import ObjectiveTerms, SlaTerms
from probes.spec import ProbeSpec, parse_probe_spec
from statuspage.configuration.entries import Surroundings
from statuspage.configuration.metrics import MetricConfig, read_metrics
from statuspage.configuration.objectives import Measured, read_objectives, read_sla
from statuspage.configuration.probes import check_dependencies, token_hash_of
from statuspage.configuration.said import Said, read_said
from statuspage.configuration.source import Source
from statuspage.configuration.table import Reader, Table
from statuspage.core.business_days import check_country
from statuspage.core.errors import ConfigurationError, ValidationFailed

SHORTEST_REFRESH, LONGEST_REFRESH = timedelta(seconds=5), timedelta(hours=1)
SAID_BY_STAFF = [status.value for status in ComponentStatus if status is not ComponentStatus.UNKNOWN]
SHORTEST_PROMISE, LONGEST_PROMISE = timedelta(minutes=1), timedelta(days=7)
SHORTEST_WITHIN, LONGEST_WITHIN = timedelta(minutes=1), timedelta(days=1)
MOST_REPORTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityConfig:
    """A rung of the ladder. Texts that are None keep what the row says; promises that are None are not made."""

    slug: str
    name: str | None
    description: str | None
    impact: str | None
    first_update: timedelta | None
    update_every: timedelta | None
    postmortem_business_days: int | None
    promise: str
    inline_summary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupConfig:
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionConfig:
    slug: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentConfig:
    """`status` is what staff say of it from when it is made; afterwards it is theirs."""

    slug: str
    name: str
    note: str
    group: str | None
    regions: tuple[str, ...]
    status: str | None
    probes: tuple[ProbeSpec, ...]


type _Entry = SeverityConfig | GroupConfig | RegionConfig | ComponentConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the file says. `page` has only the fields that were given."""

    page: dict[str, Any]
    severities: tuple[SeverityConfig, ...]
    groups: tuple[GroupConfig, ...]
    regions: tuple[RegionConfig, ...]
    components: tuple[ComponentConfig, ...]
    objectives: tuple[ObjectiveTerms, ...]
    sla: SlaTerms | None
    metrics: tuple[MetricConfig, ...]
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What is there before the file is: slugs that it may name, the page's zone, and the moment of loading in UTC."""

    severities: Collection[str]
    kinds: Collection[str]
    time_zone: str
    now: datetime


def parse_configuration(
    source: Source, *, environ: Mapping[str, str], there: There
) -> tuple[Configuration, list[ConfigurationError]]:
    """The configuration, and everything that is wrong with it in the order of the file.

    What is `there` may be named beside what the file has. With any error the configuration is incomplete and must not
    be applied.
    """
    reader = Reader(source, environ)
    root = Table(reader, source.data, "")
    page = _page(reader, root)
    severities = _entries(reader, root.tables("severities"), _severity)
    groups = _entries(reader, root.tables("groups"), _group)
    regions = _entries(reader, root.tables("regions"), _region)
    known = Known(
        groups=[group.slug for group in groups.values()],
        severities={*there.severities, *(severity.slug for severity in severities.values())},
    )
    components = _components(reader, root, known)
    check_dependencies(reader, [spec for config in components.values() for spec in config.probes], known.probes)
    measured = Measured(
        components={component.slug: (component.group, component.probes) for component in components.values()},
        groups=known.groups,
    )
    objectives = read_objectives(reader, root, measured)
    sla = read_sla(reader, root, measured.components)
    metrics = read_metrics(reader, root)
    said = read_said(
        root,
        Surroundings(
            reader=reader,
            now=there.now,
            zone=ZoneInfo(page.get("time_zone") or there.time_zone),
            components=measured.components,
            severities=sorted(known.severities),
            kinds=there.kinds,
        ),
    )
    root.done()
    configuration = Configuration(
        page=page,
        severities=tuple(severities.values()),
        groups=tuple(groups.values()),
        regions=tuple(regions.values()),
        components=tuple(components.values()),
        objectives=objectives,
        sla=sla,
        metrics=metrics,
        said=said,
    )
    return configuration, reader.errors


def _page(reader: Reader, root: Table) -> dict[str, Any]:
    value = root.take("page")
    table = reader.table(value, "page") if value is not None else None
    if table is None:
        return {}
    refresh = table.duration("refresh", minimum=SHORTEST_REFRESH, maximum=LONGEST_REFRESH)
    found = {
        "name": table.text("name", max_length=120, filled=True),
        "url": table.url("url", filled=True),
        "time_zone": _time_zone(table),
        "description": table.text("description", max_length=500),
        "home_url": table.url("home_url"),
        "support_url": table.url("support_url"),
        "support_email": table.email("support_email"),
        "private_incidents": table.boolean("private_incidents"),
        "refresh_seconds": None if refresh is None else round(refresh.total_seconds()),
        "holidays": _holidays(table),
        "accepts_reports": table.boolean("accepts_reports"),
        "reports_to_signal": table.whole("reports_to_signal", minimum=0, maximum=MOST_REPORTS),
        "monthly_report": table.boolean("monthly_report"),
        "reports_within": table.duration("reports_within", minimum=SHORTEST_WITHIN, maximum=LONGEST_WITHIN),
    }
    table.done()
    return {name: value for name, value in found.items() if value is not None}


def _holidays(table: Table) -> str | None:
    code = table.text("holidays", max_length=16)
    try:
        check_country(code or "")
    except ValidationFailed:
        table.wrong("holidays", "a country whose holidays are known, or a part of one, such as GB or DE-BY")
        return None
    return code


def _time_zone(table: Table) -> str | None:
    name = table.text("time_zone", max_length=64, filled=True)
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # An unknown name, a path out of the database, a folder of it.
        table.wrong("time_zone", "an IANA time zone, such as Europe/London")
        return None
    return name


def _severity(table: Table) -> SeverityConfig | None:
    slug = table.slug(max_length=40)
    config = SeverityConfig(
        slug=slug or "",
        name=table.text("name", max_length=60, filled=True),
        description=table.text("description", max_length=500),
        impact=table.choice("impact", Impact.values),
        first_update=table.duration("first_update", minimum=SHORTEST_PROMISE, maximum=LONGEST_PROMISE),
        update_every=table.duration("update_every", minimum=SHORTEST_PROMISE, maximum=LONGEST_PROMISE),
        postmortem_business_days=table.business_days("postmortem"),
        promise=table.choice("promise", Promise.values) or Promise.BY.value,
        inline_summary=table.boolean("inline_summary") or False,
    )
    return config if slug else None


def _group(table: Table) -> GroupConfig | None:
    slug, name = table.slug(), table.text("name", max_length=120, required=True)
    return GroupConfig(slug=slug, name=name or "") if slug else None


def _region(table: Table) -> RegionConfig | None:
    slug, name = table.slug(), table.text("name", max_length=120, filled=True)
    return RegionConfig(slug=slug, name=name) if slug else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What components may refer to; `probes` and `tokens` are filled as they are read: where each was first."""

    groups: Collection[str]
    severities: Collection[str]
    probes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def _components(reader: Reader, root: Table, known: Known) -> dict[str, ComponentConfig]:
    """By key path."""
    found = {table.key: _component(reader, table, known) for table in root.tables("components")}
    _check_unique(reader, found)
    return found


def _component(reader: Reader, table: Table, known: Known) -> ComponentConfig:
    slug = table.slug()
    name = table.text("name", max_length=160, required=True)
    note = table.text("note", max_length=300)
    group = table.slug("group", required=False)
    if group is not None and group not in known.groups:
        table.wrong("group", _one_of("the slug of a group in this file", known.groups))
    regions, status = table.slugs("regions"), table.choice("status", SAID_BY_STAFF)
    probes = [_probe(reader, probe, known) for probe in table.tables("probes")]
    table.done()
    return ComponentConfig(
        slug=slug or "",
        name=name or "",
        note=note or "",
        group=group,
        regions=regions,
        status=status,
        probes=tuple(probe for probe in probes if probe is not None),
    )


def _probe(reader: Reader, table: Table, known: Known) -> ProbeSpec | None:
    """Read by the probes themselves; what they cannot know is checked here. Slugs are unique over the whole file."""
    spec, errors = parse_probe_spec(table.raw(), key=table.key, environ=reader.environ)
    for error in errors:
        reader.add(error)
    slug, severity = table.take("slug"), table.take("severity")
    if isinstance(slug, str) and slug:
        first = known.probes.setdefault(slug, table.key)
        if first != table.key:
            table.wrong("slug", f"a slug of its own: {first} has this one")
    token = token_hash_of(spec, reader.environ) if spec is not None else ""
    if token and known.tokens.setdefault(token, table.key) != table.key:
        reader.wrong(table.path("token"), "(hidden)", f"a token of its own: {known.tokens[token]} has this one")
    if isinstance(severity, str) and severity and severity not in known.severities:
        table.wrong("severity", _one_of("the slug of a severity", sorted(known.severities)))
    for number, rule in enumerate(spec.rules if spec is not None else ()):
        if rule.severity and rule.severity not in known.severities:
            expected = _one_of("the slug of a severity", sorted(known.severities))
            reader.wrong(table.path(f"rules[{number}].severity"), rule.severity, expected)
    return spec


def _entries[T: _Entry](reader: Reader, tables: list[Table], read: Callable[[Table], T | None]) -> dict[str, T]:
    """By key path; each slug once."""
    found: dict[str, T] = {}
    for table in tables:
        entry = read(table)
        table.done()
        if entry is not None:
            found[table.key] = entry
    _check_unique(reader, found)
    return found


def _check_unique(reader: Reader, entries: Mapping[str, _Entry]) -> None:
    seen: dict[str, str] = {}
    for key, entry in entries.items():
        first = seen.setdefault(entry.slug, key)
        if entry.slug and first != key:
            reader.wrong(f"{key}.slug", entry.slug, f"a slug of its own: {first} has this one")


def _one_of(what: str, known: Collection[str]) -> str:
    return f"{what}: {', '.join(known)}" if known else f"{what}; there is none"
