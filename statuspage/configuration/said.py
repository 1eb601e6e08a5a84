"""All of a file that is said and not measured: policies, incidents, maintenance, postmortems, words, pages, and the
operator's own targets that hear of it.

What a policy, a template, a page or a target says is what the file says. Incidents, windows, series and postmortems
are written down once, and belong to staff from then on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from components.models import Region
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Surroundings
from statuspage.configuration.incidents import IncidentConfig, apply_incidents, read_incidents
from statuspage.configuration.maintenance import MaintenanceConfig, apply_maintenance, read_maintenance
from statuspage.configuration.policies import Policies, apply_policies, read_policies
from statuspage.configuration.postmortems import PostmortemConfig, apply_postmortems, read_postmortems
from statuspage.configuration.series import SeriesConfig, apply_series, read_series
from statuspage.configuration.table import Table
from statuspage.configuration.targets import TargetConfig, apply_targets, read_targets
from statuspage.configuration.writing import (
    PageConfig,
    TemplateConfig,
    apply_pages,
    apply_templates,
    read_pages,
    read_templates,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    policies: Policies
    incidents: tuple[IncidentConfig, ...]
    maintenance: tuple[MaintenanceConfig, ...]
    series: tuple[SeriesConfig, ...]
    postmortems: tuple[PostmortemConfig, ...]
    templates: tuple[TemplateConfig, ...]
    pages: tuple[PageConfig, ...]
    targets: tuple[TargetConfig, ...]

    def regions(self) -> Iterable[str]:
        """The slugs of all regions that are named, some more than once."""
        for window in self.maintenance:
            yield from window.regions
        for series in self.series:
            yield from series.regions


def read_said(root: Table, around: Surroundings) -> Said:
    policies = read_policies(root)
    kinds = {*around.kinds, *(policy.slug for policy in policies.maintenance)}
    around = replace(around, kinds=sorted(kinds))
    incidents = read_incidents(root, around)
    return Said(
        policies=policies,
        incidents=incidents,
        maintenance=read_maintenance(root, around),
        series=read_series(root, around),
        postmortems=read_postmortems(root, around, incidents),
        templates=read_templates(root, around),
        pages=read_pages(root),
        targets=read_targets(root, around),
    )


def apply_said(said: Said, regions: Mapping[str, Region], changes: Changes, *, prune: bool) -> None:
    """The page itself must be as the file says already: references are of its days. `prune` deletes nothing that was
    said: no incident, no window, no postmortem.
    """
    apply_policies(said.policies, changes, prune=prune)
    apply_templates(said.templates, changes, prune=prune)
    apply_pages(said.pages, changes, prune=prune)
    apply_targets(said.targets, changes, prune=prune)
    apply_incidents(said.incidents, changes)
    apply_postmortems(said.postmortems, changes)
    apply_maintenance(said.maintenance, regions, changes)
    apply_series(said.series, regions, changes, prune=prune)
