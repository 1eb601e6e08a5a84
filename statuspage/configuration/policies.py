"""`[[policies]]`: how far ahead maintenance is announced, and of which incidents a postmortem is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models

from incidents.models import Maintenance, MaintenanceKind, MaintenanceSeries, PostmortemRule
from statuspage.configuration.changes import Changes
from statuspage.configuration.table import Table

KINDS = ["maintenance", "postmortem"]
KEYS = {
    "maintenance": {"name", "lead_time", "needs_reason", "description"},
    "postmortem": {"longer_than", "data_impact", "due"},
}
SHORTEST_NOTICE, LONGEST_NOTICE = timedelta(minutes=1), timedelta(days=366)
SHORTEST_INCIDENT, LONGEST_INCIDENT = timedelta(minutes=1), timedelta(days=31)
# The kinds that a new page comes with, for as long as nobody said anything about them: name, lead time, asks why.
SHIPPED = {
    "routine": ("Routine", timedelta(hours=72), False),
    "other": ("Planned", timedelta(hours=48), False),
    "urgent": ("Urgent", None, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """`fields` are columns of `MaintenanceKind` or `PostmortemRule`."""

    slug: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    maintenance: tuple[PolicyConfig, ...] = ()
    postmortem: tuple[PolicyConfig, ...] = ()


def read_policies(root: Table) -> Policies:
    """Those without a mistake; every mistake is noted."""
    found: dict[str, list[PolicyConfig]] = {kind: [] for kind in KINDS}
    for table in root.tables("policies"):
        slug, kind = table.slug(max_length=40), table.required_choice("kind", KINDS)
        for key in set().union(*KEYS.values()) - KEYS.get(kind or "", set()):
            if table.take(key) is not None and kind is not None:
                table.wrong(key, f"nothing: the kind {kind} has {', '.join(sorted(KEYS[kind]))}")
        if kind is not None and any(other.slug == slug for other in found[kind]):
            table.wrong("slug", f"a slug of its own: another policy of kind {kind} has this one")
        elif kind is not None and slug is not None:
            fields = _maintenance(table) if kind == "maintenance" else _postmortem(table)
            found[kind].append(PolicyConfig(slug=slug, fields={**fields, "position": len(found[kind])}))
        table.done()
    return Policies(maintenance=tuple(found["maintenance"]), postmortem=tuple(found["postmortem"]))


def _maintenance(table: Table) -> dict[str, Any]:
    return {
        "name": table.text("name", max_length=60, required=True),
        "lead_time": table.duration("lead_time", minimum=SHORTEST_NOTICE, maximum=LONGEST_NOTICE),
        "needs_reason": table.boolean("needs_reason") or False,
        "description": table.text("description", max_length=500) or "",
    }


def _postmortem(table: Table) -> dict[str, Any]:
    longer_than = table.duration("longer_than", minimum=SHORTEST_INCIDENT, maximum=LONGEST_INCIDENT)
    data_impact = table.boolean("data_impact") or False
    if table.take("longer_than") is None and not data_impact:
        table.wrong("longer_than", 'which incidents: longer_than = "30m", data_impact = true, or both')
    if table.take("due") is None:
        table.wrong("due", 'a number of business days, such as "5bd"')
    return {
        "longer_than": longer_than,
        "data_impact": data_impact,
        "business_days": table.business_days("due"),
    }


def apply_policies(policies: Policies, changes: Changes, *, prune: bool) -> None:
    """Each sort that the file speaks of says what the file says. Kinds that windows have are never deleted."""
    if policies.maintenance:
        rows = _apply(MaintenanceKind.objects.all(), "maintenance kind", policies.maintenance, changes)
        for kind in rows:
            _remove_kind(kind, changes, prune=prune)
    if policies.postmortem:
        for rule in _apply(PostmortemRule.objects.all(), "postmortem rule", policies.postmortem, changes):
            if prune:
                rule.delete()
                changes.removed("postmortem rule", rule.slug)
            else:
                changes.stays("postmortem rule", [rule.slug])


def _apply[T: MaintenanceKind | PostmortemRule](
    there: models.QuerySet[T], what: str, configs: Sequence[PolicyConfig], changes: Changes
) -> list[T]:
    """Returns the rows that the file does not name."""
    rows = {row.slug: row for row in there}
    for config in configs:
        row = rows.pop(config.slug, None)
        if row is None:
            there.create(slug=config.slug, **config.fields)
            changes.added(what, config.slug)
        else:
            changes.update(row, what, config.slug, config.fields)
    return list(rows.values())


def _remove_kind(kind: MaintenanceKind, changes: Changes, *, prune: bool) -> None:
    is_used = Maintenance.objects.filter(kind=kind).exists() or MaintenanceSeries.objects.filter(kind=kind).exists()
    is_shipped = SHIPPED.get(kind.slug) == (kind.name, kind.lead_time, kind.needs_reason)
    if is_used:
        changes.stays("maintenance kind", [kind.slug], "windows have it" if prune or is_shipped else "")
    elif prune or is_shipped:
        # A new page's own kinds make room for those of the file, or it would promise what nobody said.
        kind.delete()
        changes.removed("maintenance kind", kind.slug)
    else:
        changes.stays("maintenance kind", [kind.slug])
