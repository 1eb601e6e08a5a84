"""A component's probes, applied; the probes themselves decide what a change means for their schedule."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from components.models import Component
from probes.checkers.heartbeat import heartbeat_token_hash
from probes.dependencies import find_cycle
from probes.enums import REPORTING_KINDS
from probes.models import Probe
from probes.rules.services import spec_of
from probes.rules.spec import describe_rule
from probes.services import locations_of, retire_probe, upsert_probe
from probes.spec import ProbeSpec
from statuspage.configuration.changes import Changes
from statuspage.configuration.table import Reader
from statuspage.core.errors import ConfigurationError


def check_dependencies(reader: Reader, specs: Sequence[ProbeSpec], keys: Mapping[str, str]) -> None:
    """Note dependencies on what is not in the file, and those that lead in a circle.

    `keys` has the key of every probe of the file by slug, also of those that something else is wrong with.
    """
    for spec in specs:
        for slug in spec.depends_on:
            if slug not in keys:
                reader.wrong(f"{keys[spec.slug]}.depends_on", slug, "the slug of a probe in this file")
    cycle = find_cycle({spec.slug: spec.depends_on for spec in specs})
    if cycle:
        expected = f"no circle: {' → '.join(cycle)} would wait for each other"
        reader.wrong(f"{keys[cycle[0]]}.depends_on", cycle[1], expected)


def apply_dependencies(specs: Iterable[ProbeSpec], changes: Changes) -> None:
    """Once all probes are there: what each depends on. Two queries while nothing changes."""
    rows = {row.slug: row for row in Probe.objects.prefetch_related("depends_on")}
    for spec in specs:
        row = rows[spec.slug]
        before = sorted(other.slug for other in row.depends_on.all())
        after = sorted(spec.depends_on)
        if before != after:
            row.depends_on.set([rows[slug] for slug in after])
            changes.changed("probe", spec.slug, {"depends_on": before}, {"depends_on": after})


def apply_probe(component: Component, spec: ProbeSpec, changes: Changes) -> None:
    """Write the probe if it is new or differs, and note it. A pause set by hand stays."""
    row = Probe.objects.select_related("component", "severity").filter(slug=spec.slug).first()
    before_locations, before_rules = _locations_of(row), _rules_of(row)
    outcome = upsert_probe(component=component, spec=spec)
    if row is None:
        changes.added("probe", spec.slug)
    elif outcome == "changed" and row.retired_at is not None:
        changes.added("probe", spec.slug, "it was retired and is back")
    elif outcome == "changed":
        before, after = _fields_of(row, before_locations, before_rules), _fields_in(component, spec)
        if before == after:
            # What stands behind ${NAME} is another one now.
            before, after = {"token": "as it was"}, {"token": "as the environment has it"}
        names = [*after, *(name for name in before if name not in after)]
        changes.changed(
            "probe",
            spec.slug,
            {name: before.get(name) for name in names},
            {name: after.get(name) for name in names},
        )


def retire_absent_probes(slugs: Collection[str], changes: Changes, *, prune: bool) -> None:
    absent = Probe.objects.filter(retired_at__isnull=True).exclude(slug__in=slugs).order_by("slug")
    if not prune:
        changes.stays("probe", absent.values_list("slug", flat=True))
        return
    for probe in absent:
        retire_probe(probe=probe)
        changes.removed("probe", probe.slug)


def free_tokens(specs: Iterable[ProbeSpec]) -> None:
    """A heartbeat's token has one probe. Taken from a retired one, or from one that gets another in this file.

    Raises ConfigurationError where a probe that is not in the file still has it.
    """
    wanted = {spec.slug: token_hash_of(spec, os.environ) for spec in specs if spec.kind in REPORTING_KINDS}
    holders = Probe.objects.filter(token_hash__in=[token for token in wanted.values() if token])
    held = {probe.token_hash: probe for probe in holders}
    for slug, token in wanted.items():
        holder = held.get(token)
        if holder is None or holder.slug == slug:
            continue
        if holder.slug not in wanted and holder.retired_at is None:
            raise ConfigurationError(
                key=f"the token of the probe {slug}",
                value="(hidden)",
                expected=f"a token of its own: the probe {holder.slug}, not in this file, has it; --prune frees it",
            )
        Probe.objects.filter(pk=holder.pk).update(token_hash="")


def token_hash_of(spec: ProbeSpec, environ: Mapping[str, str]) -> str:
    """The hash of a heartbeat's token; empty for every other probe."""
    return heartbeat_token_hash(spec.config, environ) if spec.kind in REPORTING_KINDS else ""


def _locations_of(row: Probe | None) -> list[str]:
    if row is None:
        return []
    return sorted(row.locations.filter(retired_at__isnull=True).values_list("location", flat=True))


def _rules_of(row: Probe | None) -> list[str]:
    if row is None or not row.has_rules:
        return []
    return [describe_rule(spec_of(rule)) for rule in row.rules.select_related("severity")]


def _fields_of(row: Probe, locations: list[str], rules: list[str]) -> dict[str, Any]:
    return {
        "component": row.component.slug,
        "name": row.name,
        "kind": row.kind,
        "interval": row.interval,
        "timeout": row.timeout,
        "degraded_above": row.degraded_above,
        "failure_threshold": row.failure_threshold,
        "recovery_threshold": row.recovery_threshold,
        "opens_incident": row.opens_incident,
        "severity": row.severity.slug if row.severity else "",
        "allow_private": row.allow_private,
        "locations": locations,
        "quorum": row.quorum,
        "hold": row.hold,
        "calm": row.calm,
        "rules": rules,
    } | _settings(row.config)


def _fields_in(component: Component, spec: ProbeSpec) -> dict[str, Any]:
    return {
        "component": component.slug,
        "name": spec.name,
        "kind": spec.kind.value,
        "interval": spec.interval,
        "timeout": spec.timeout,
        "degraded_above": spec.degraded_above,
        "failure_threshold": spec.failure_threshold,
        "recovery_threshold": spec.recovery_threshold,
        "opens_incident": spec.opens_incident,
        "severity": spec.severity,
        "allow_private": spec.allow_private,
        "locations": sorted(locations_of(spec)),
        "quorum": spec.quorum,
        "hold": spec.hold,
        "calm": spec.calm,
        "rules": [describe_rule(rule) for rule in spec.rules],
    } | _settings(spec.config)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """What only the kind knows, as JSON keeps it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in config.items()}
