"""A component's probes, applied; the probes themselves decide what a change means for their schedule."""

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from components.models import Component
from probes.checkers.heartbeat import heartbeat_token_hash
from probes.enums import ProbeKind
from probes.models import Probe
from probes.services import retire_probe, upsert_probe
from probes.spec import ProbeSpec
from statuspage.configuration.changes import Changes
from statuspage.core.errors import ConfigurationError


def apply_probe(component: Component, spec: ProbeSpec, changes: Changes) -> None:
    """Write the probe if it is new or differs, and note it. A pause set by hand stays."""
    row = Probe.objects.select_related("component", "severity").filter(slug=spec.slug).first()
    outcome = upsert_probe(component=component, spec=spec)
    if row is None:
        changes.added("probe", spec.slug)
    elif outcome == "changed" and row.retired_at is not None:
        changes.added("probe", spec.slug, "it was retired and is back")
    elif outcome == "changed":
        before, after = _fields_of(row), _fields_in(component, spec)
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
    wanted = {spec.slug: token_hash_of(spec, os.environ) for spec in specs if spec.kind is ProbeKind.HEARTBEAT}
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
    return heartbeat_token_hash(spec.config, environ) if spec.kind is ProbeKind.HEARTBEAT else ""


def _fields_of(row: Probe) -> dict[str, Any]:
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
    } | _settings(spec.config)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """What only the kind knows, as JSON keeps it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in config.items()}
