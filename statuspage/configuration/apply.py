"""Makes the rows say what the file says: in one transaction, changing only what differs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from components.enums import ComponentStatus
from components.models import Component, Group, Page, Region
from components.services import lock_components, set_staff_status, touch_page
from incidents.enums import Impact
from incidents.models import Incident, SeverityPolicy
from probes.models import Probe
from statuspage.configuration.changes import Changes
from statuspage.configuration.metrics import apply_metrics
from statuspage.configuration.objectives import apply_objectives
from statuspage.configuration.parse import ComponentConfig, Configuration, SeverityConfig
from statuspage.configuration.probes import apply_dependencies, apply_probe, free_tokens, retire_absent_probes
from statuspage.configuration.said import apply_said
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from subscriptions.choices import take_in_new_members


@retry_on_conflict
@transaction.atomic
def apply_configuration(configuration: Configuration, *, prune: bool = False, dry_run: bool = False) -> Changes:
    """Apply a configuration that was parsed without errors. Returns what changed, or with `dry_run` what would.

    Rows are locked in the order everybody keeps: components first, then the page. What staff and probes own (status,
    claims, incidents that are there, a paused probe) is not touched. `prune` retires what the file does not have;
    without it that is only mentioned. Raises ConfigurationError for an entry that breaks a rule which only the rows
    know; nothing is written then.
    """
    changes = Changes()
    lock_components(Component.objects.all())
    page = _apply_page(configuration.page, changes)
    _apply_severities(configuration.severities, changes)
    groups = _apply_groups(configuration, changes)
    regions = _apply_regions(configuration, changes)
    specs = [spec for component in configuration.components for spec in component.probes]
    retire_absent_probes([spec.slug for spec in specs], changes, prune=prune)
    free_tokens(specs)
    for position, config in enumerate(configuration.components):
        _apply_component(config, position, groups, regions, changes)
    apply_dependencies(specs, changes)
    _retire_absent(configuration, changes, prune=prune)
    apply_metrics(configuration.metrics, changes, prune=prune)
    apply_objectives(
        configuration.objectives,
        configuration.sla,
        zone=ZoneInfo(configuration.page.get("time_zone") or Page.current().time_zone),
        changes=changes,
        prune=prune,
    )
    if page:
        Page.objects.filter(pk=1).update(**page)
    apply_said(configuration.said, regions, changes, prune=prune)
    if changes:
        take_in_new_members()
        touch_page()
    if dry_run:
        transaction.set_rollback(True)
    return changes


def _apply_page(fields: Mapping[str, Any], changes: Changes) -> Mapping[str, Any]:
    """Notes what differs; the row itself is written after the components."""
    page = Page.current()
    changes.changed("page", "", _as_written({name: getattr(page, name) for name in fields}), _as_written(fields))
    return {name: value for name, value in fields.items() if getattr(page, name) != value}


def _as_written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """By the keys of the file."""
    said = dict(fields)
    if "refresh_seconds" in said:
        said["refresh"] = timedelta(seconds=said.pop("refresh_seconds"))
    return said


def _apply_severities(severities: tuple[SeverityConfig, ...], changes: Changes) -> None:
    """The ladder in the order of the file; rungs that the file does not have come after it."""
    if not severities:
        return
    rows = {row.slug: row for row in SeverityPolicy.objects.all()}
    for rank, config in enumerate(severities, start=1):
        fields = {
            "rank": rank,
            "name": config.name,
            "description": config.description,
            "impact": config.impact,
        }
        given = {name: value for name, value in fields.items() if value is not None} | {
            "first_update": config.first_update,
            "update_every": config.update_every,
            "postmortem_business_days": config.postmortem_business_days,
            "promise": config.promise,
            "inline_summary": config.inline_summary,
        }
        row = rows.pop(config.slug, None)
        if row is not None:
            changes.update(row, "severity", config.slug, given)
        else:
            impact = config.slug if config.slug in Impact.values else Impact.MINOR
            name = config.slug.replace("-", " ").capitalize()
            SeverityPolicy.objects.create(slug=config.slug, **({"name": name, "impact": impact} | given))
            changes.added("severity", config.slug)
    for rank, row in enumerate(rows.values(), start=len(severities) + 1):
        changes.update(row, "severity", row.slug, {"rank": rank})


def _apply_groups(configuration: Configuration, changes: Changes) -> dict[str, Group]:
    rows = {row.slug: row for row in Group.objects.all()}
    for position, config in enumerate(configuration.groups):
        row = rows.get(config.slug)
        if row is None:
            rows[config.slug] = Group.objects.create(slug=config.slug, name=config.name, position=position)
            changes.added("group", config.slug)
        elif changes.update(row, "group", config.slug, {"name": config.name, "position": position}):
            Group.objects.filter(pk=row.pk).update(updated_at=clock.now())
    return rows


def _apply_regions(configuration: Configuration, changes: Changes) -> dict[str, Region]:
    """Those the file describes, and those its components merely name."""
    rows = {row.slug: row for row in Region.objects.all()}
    names = {region.slug: region.name for region in configuration.regions}
    for component in configuration.components:
        for slug in component.regions:
            names.setdefault(slug, None)
    for slug in configuration.said.regions():
        names.setdefault(slug, None)
    for slug, name in names.items():
        row = rows.get(slug)
        if row is None:
            rows[slug] = Region.objects.create(slug=slug, name=name or slug)
            changes.added("region", slug)
        elif name is not None:
            changes.update(row, "region", slug, {"name": name})
    return rows


def _apply_component(
    config: ComponentConfig,
    position: int,
    groups: Mapping[str, Group],
    regions: Mapping[str, Region],
    changes: Changes,
) -> None:
    row = Component.objects.select_related("group").filter(slug=config.slug).first()
    group = groups[config.group] if config.group else None
    fields = {"name": config.name, "note": config.note, "group": group, "position": position}
    if row is None:
        row = Component.objects.create(slug=config.slug, **fields)
        changes.added("component", config.slug)
        row.regions.set([regions[slug] for slug in config.regions])
        if config.status is not None:
            set_staff_status(component=row, status=ComponentStatus(config.status), actor="the configuration")
    else:
        _update_component(row, config, fields, regions, changes)
    for spec in config.probes:
        apply_probe(row, spec, changes)


def _update_component(
    row: Component,
    config: ComponentConfig,
    fields: Mapping[str, Any],
    regions: Mapping[str, Region],
    changes: Changes,
) -> None:
    noted = len(changes.lines)
    if row.retired_at is not None:
        Component.objects.filter(pk=row.pk).update(retired_at=None)
        changes.added("component", config.slug, "it was retired and is back")
    changes.update(row, "component", config.slug, fields)
    before = sorted(row.regions.values_list("slug", flat=True))
    after = sorted(config.regions)
    if before != after:
        row.regions.set([regions[slug] for slug in config.regions])
        changes.changed("component", config.slug, {"regions": before}, {"regions": after})
    if len(changes.lines) > noted:
        Component.objects.filter(pk=row.pk).update(updated_at=clock.now())


def _retire_absent(configuration: Configuration, changes: Changes, *, prune: bool) -> None:
    """Components are retired, with their history kept; groups and unused severities are deleted."""
    components = [component.slug for component in configuration.components]
    absent_components = Component.objects.active().exclude(slug__in=components).order_by("slug")
    absent_groups = Group.objects.exclude(slug__in=[group.slug for group in configuration.groups]).order_by("slug")
    if not prune:
        changes.stays("component", absent_components.values_list("slug", flat=True))
        changes.stays("group", absent_groups.values_list("slug", flat=True))
    else:
        for component in absent_components:
            Component.objects.filter(pk=component.pk).update(retired_at=clock.now(), updated_at=clock.now())
            changes.removed("component", component.slug)
        for group in absent_groups:
            group.delete()
            changes.removed("group", group.slug)
    if configuration.severities:
        _remove_absent_severities(configuration, changes, prune=prune)


def _remove_absent_severities(configuration: Configuration, changes: Changes, *, prune: bool) -> None:
    slugs = [severity.slug for severity in configuration.severities]
    for row in SeverityPolicy.objects.exclude(slug__in=slugs):
        if not prune:
            changes.stays("severity", [row.slug])
        elif Incident.objects.filter(severity=row).exists():
            changes.stays("severity", [row.slug], "incidents have it")
        elif Probe.objects.filter(severity=row, retired_at__isnull=True).exists():
            changes.stays("severity", [row.slug], "a probe names it")
        else:
            slug = row.slug
            row.delete()
            changes.removed("severity", slug)
