"""`[[templates]]` and `[[pages]]`: words that are prepared, and pages that stand beside the states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.models import Component
from incidents.enums import IncidentStatus, TemplateKind
from incidents.models import ContentPage, MessageTemplate, SeverityPolicy
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Surroundings
from statuspage.configuration.table import Table
from statuspage.core import clock

PLACES = ["footer", "incident", "report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateConfig:
    slug: str
    fields: Mapping[str, Any]
    severity: str | None
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageConfig:
    slug: str
    fields: Mapping[str, Any]


def read_templates(root: Table, around: Surroundings) -> tuple[TemplateConfig, ...]:
    found: dict[str, TemplateConfig] = {}
    for table in root.tables("templates"):
        slug = table.slug()
        if slug in found:
            table.wrong("slug", "a slug of its own: another template has this one")
        config = TemplateConfig(
            slug=slug or "",
            fields={
                "name": table.text("name", max_length=120, required=True),
                "kind": table.choice("kind", TemplateKind.values) or TemplateKind.INCIDENT.value,
                "title": table.text("title", max_length=250) or "",
                "body": table.markdown("body", required=True),
                "status": table.choice("status", IncidentStatus.values) or "",
                "position": len(found),
            },
            severity=around.one_of(table, "severity", around.severities),
            components=around.components_of(table),
        )
        table.done()
        found[config.slug] = config
    return tuple(found.values())


def read_pages(root: Table) -> tuple[PageConfig, ...]:
    found: dict[str, PageConfig] = {}
    for table in root.tables("pages"):
        slug = table.slug()
        if slug in found:
            table.wrong("slug", "a slug of its own: another page has this one")
        places = list(table.slugs("places"))
        if not set(places) <= set(PLACES):
            table.wrong("places", f"a list of places: {', '.join(PLACES)}")
        fields = {
            "title": table.text("title", max_length=160, required=True),
            "body": table.markdown("body", required=True),
            "places": places,
            "position": len(found),
        }
        table.done()
        found[slug or ""] = PageConfig(slug=slug or "", fields=fields)
    return tuple(found.values())


def apply_templates(configs: Iterable[TemplateConfig], changes: Changes, *, prune: bool) -> None:
    """With any template in the file, `prune` deletes those that it does not have."""
    rows = {row.slug: row for row in MessageTemplate.objects.select_related("severity")}
    severities = {row.slug: row for row in SeverityPolicy.objects.all()}
    components = Component.objects.in_bulk(field_name="slug")
    named = False
    for config in configs:
        named, row = True, rows.pop(config.slug, None)
        fields = {**config.fields, "severity": severities[config.severity] if config.severity else None}
        if row is None:
            row = MessageTemplate.objects.create(slug=config.slug, **fields)
            changes.added("template", config.slug)
            row.components.set([components[slug] for slug in config.components])
            continue
        changes.update(row, "template", config.slug, fields)
        before, after = sorted(row.components.values_list("slug", flat=True)), sorted(config.components)
        if before != after:
            row.components.set([components[slug] for slug in config.components])
            changes.changed("template", config.slug, {"components": before}, {"components": after})
    if named:
        _remove(rows.values(), "template", changes, prune=prune)


def apply_pages(configs: Iterable[PageConfig], changes: Changes, *, prune: bool) -> None:
    """With any page in the file, `prune` deletes those that it does not have."""
    rows = {row.slug: row for row in ContentPage.objects.all()}
    named = False
    for config in configs:
        named, row = True, rows.pop(config.slug, None)
        if row is None:
            ContentPage.objects.create(slug=config.slug, **config.fields)
            changes.added("content page", config.slug)
        elif changes.update(row, "content page", config.slug, config.fields):
            ContentPage.objects.filter(pk=row.pk).update(updated_at=clock.now())
    if named:
        _remove(rows.values(), "content page", changes, prune=prune)


def _remove(rows: Iterable[MessageTemplate | ContentPage], what: str, changes: Changes, *, prune: bool) -> None:
    for row in rows:
        if prune:
            row.delete()
            changes.removed(what, row.slug)
        else:
            changes.stays(what, [row.slug])
