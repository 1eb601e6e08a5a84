"""What a probe is, as configuration says it: validated whole, secrets left as `${NAME}`.

The keys are a public contract (`docs/`); each kind's own keys are beside its checker.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from probes.checkers import CONFIGS
from probes.checkers.base import stored
from probes.checkers.fields import Fields
from probes.enums import REPORTING_KINDS, ProbeKind
from probes.models import DEFAULT_CALM, DEFAULT_HOLD, LOCATION_LENGTH
from probes.rules.spec import RuleSpec, parse_rules
from statuspage.core.errors import ConfigurationError, UnknownKey

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_SLUG = 80
LONGEST_NAME = 100
COMMON_KEYS = frozenset(
    {
        "slug",
        "name",
        "kind",
        "interval",
        "timeout",
        "failure_threshold",
        "recovery_threshold",
        "opens_incident",
        "severity",
        "allow_private",
        "locations",
        "quorum",
        "depends_on",
        "hold",
        "calm",
        "rules",
    }
)
# A heartbeat is waited for, not asked: there is no time to measure.
MEASURED_KEYS = frozenset({"degraded_above"})
DEFAULT_INTERVAL = timedelta(seconds=30)
LONGEST_INTERVAL = timedelta(days=1)
DEFAULT_TIMEOUT = timedelta(seconds=5)
SHORTEST_TIMEOUT = timedelta(milliseconds=10)
LONGEST_TIMEOUT = timedelta(seconds=60)
MOST_CHECKS = 100
MOST_LOCATIONS = 20
MOST_DEPENDENCIES = 100
LONGEST_HOLD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """One probe. `config` holds what only its kind knows, as JSON; `severity` is a ladder's slug or empty.

    No `locations` are those of whoever loads the file (PROBE_LOCATION). `depends_on` are slugs of other probes.
    """

    slug: str
    name: str
    kind: ProbeKind
    config: dict[str, Any]
    interval: timedelta
    timeout: timedelta
    degraded_above: timedelta | None
    failure_threshold: int
    recovery_threshold: int
    opens_incident: bool
    severity: str
    allow_private: bool
    locations: tuple[str, ...] = ()
    quorum: int | None = None
    depends_on: tuple[str, ...] = ()
    hold: timedelta = DEFAULT_HOLD
    calm: timedelta = DEFAULT_CALM
    rules: tuple[RuleSpec, ...] = ()


def parse_probe_spec(
    mapping: Mapping[str, object], *, key: str, environ: Mapping[str, str]
) -> tuple[ProbeSpec | None, list[ConfigurationError]]:
    """The probe that one `[[components.probes]]` table describes, or everything that is wrong with it.

    `key` is the table's path, such as `components[0].probes[1]`, and begins the key of each error. Whether the
    severity exists is for the caller to say.
    """
    fields = Fields(mapping, key=key, environ=environ)
    kind = _read_kind(fields)
    if kind is None:
        return None, fields.errors
    _refuse_unknown_keys(fields, kind)
    slug = _read_slug(fields, "slug")
    # What the kind's own keys may say depends on it.
    fields.allow_private = fields.boolean("allow_private", default=False)
    interval, timeout = _read_schedule(fields)
    spec = ProbeSpec(
        slug=slug,
        name=fields.text("name", default=slug.replace("-", " "), most=LONGEST_NAME),
        kind=kind,
        config=stored(CONFIGS[kind].parse(fields)),
        interval=interval,
        timeout=timeout,
        degraded_above=_read_degraded_above(fields, timeout),
        failure_threshold=fields.integer("failure_threshold", default=3, least=1, most=MOST_CHECKS),
        recovery_threshold=fields.integer("recovery_threshold", default=2, least=1, most=MOST_CHECKS),
        opens_incident=fields.boolean("opens_incident", default=True),
        severity=_read_slug(fields, "severity") if mapping.get("severity", "") != "" else "",
        allow_private=fields.allow_private,
        locations=(locations := _read_slugs(fields, "locations", longest=LOCATION_LENGTH, most=MOST_LOCATIONS)),
        quorum=_read_quorum(fields, locations),
        depends_on=_read_slugs(fields, "depends_on", longest=LONGEST_SLUG, most=MOST_DEPENDENCIES),
        hold=fields.duration("hold", default=DEFAULT_HOLD, least=timedelta(), most=LONGEST_HOLD),
        calm=fields.duration("calm", default=DEFAULT_CALM, least=timedelta(), most=LONGEST_HOLD),
        rules=_read_rules(fields, kind, timeout),
    )
    return (None if fields.errors else spec), fields.errors


def _read_kind(fields: Fields) -> ProbeKind | None:
    value = fields.mapping.get("kind")
    if isinstance(value, str) and value in CONFIGS:
        return ProbeKind(value)
    fields.refuse("kind", f"one of {', '.join(CONFIGS)}")
    return None


def _refuse_unknown_keys(fields: Fields, kind: ProbeKind) -> None:
    known = COMMON_KEYS | CONFIGS[kind].KEYS | (frozenset() if kind in REPORTING_KINDS else MEASURED_KEYS)
    of_other_kinds = MEASURED_KEYS.union(*(config.KEYS for config in CONFIGS.values()))
    for name, value in fields.mapping.items():
        if name in known:
            continue
        if name in of_other_kinds:
            fields.refuse(name, f"only keys that a {kind} probe has: {', '.join(sorted(known - COMMON_KEYS))}")
        else:
            fields.errors.append(UnknownKey(key=f"{fields.key}.{name}", value=value, known=known))


def _read_slug(fields: Fields, name: str) -> str:
    slug = fields.text(name)
    if slug and (len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug)):
        fields.refuse(name, f"lower-case letters, digits and single dashes, at most {LONGEST_SLUG}")
    return slug


def _read_slugs(fields: Fields, name: str, *, longest: int, most: int) -> tuple[str, ...]:
    """A list of slugs, each once. Absent is none."""
    value = fields.mapping.get(name, [])
    if not isinstance(value, list) or len(value) > most or (name in fields.mapping and not value):
        fields.refuse(name, f'a list of 1 to {most} names, such as ["eu-west", "us-east"]')
        return ()
    for item in value:
        if not isinstance(item, str) or len(item) > longest or not SLUG.fullmatch(item):
            fields.refuse(
                name, f"names of lower-case letters, digits and single dashes, at most {longest}", value=item
            )
            return ()
    if len(set(value)) < len(value):
        fields.refuse(name, "each name once")
    return tuple(dict.fromkeys(value))


def _read_quorum(fields: Fields, locations: Sequence[str]) -> int | None:
    """How many locations must see it down; absent: most of them."""
    if "quorum" not in fields.mapping:
        return None
    return fields.integer("quorum", default=1, least=1, most=max(1, len(locations)))


def _read_rules(fields: Fields, kind: ProbeKind, timeout: timedelta) -> tuple[RuleSpec, ...]:
    rules, errors = parse_rules(
        fields.mapping.get("rules"), key=f"{fields.key}.rules", probe=kind, timeout=timeout, environ=fields.environ
    )
    fields.errors += errors
    return rules


def _read_schedule(fields: Fields) -> tuple[timedelta, timedelta]:
    interval = fields.duration("interval", default=DEFAULT_INTERVAL, least=timedelta(seconds=1), most=LONGEST_INTERVAL)
    timeout = fields.duration(
        "timeout", default=min(DEFAULT_TIMEOUT, interval), least=SHORTEST_TIMEOUT, most=LONGEST_TIMEOUT
    )
    if timeout > interval:
        # The next check would begin while this one still waits.
        fields.refuse("timeout", "at most the interval")
    return interval, timeout


def _read_degraded_above(fields: Fields, timeout: timedelta) -> timedelta | None:
    if "degraded_above" not in fields.mapping:
        return None
    limit = fields.duration("degraded_above", default=timeout, least=timedelta(milliseconds=1), most=LONGEST_TIMEOUT)
    if limit > timeout:
        fields.refuse("degraded_above", "less than the timeout, or nothing would ever be degraded")
    return limit
