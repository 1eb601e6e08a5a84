"""`[[postmortems]]`: the whole story of an incident of the same file. One that is there already is staff's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.models import Postmortem
from incidents.models.postmortem import SECTIONS
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Name, Place, Surroundings
from statuspage.configuration.incidents import IncidentConfig, find_incident
from statuspage.configuration.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemConfig:
    """Without `published_at` it is a draft. Sections that are not in the file are prefilled from the updates."""

    place: Place
    incident: Name
    sections: Mapping[str, str]
    published_at: datetime | None
    notify: bool


def read_postmortems(
    root: Table, around: Surroundings, incidents: Sequence[IncidentConfig]
) -> tuple[PostmortemConfig, ...]:
    """Those without a mistake; every mistake is noted."""
    known = {str(config.name): config for config in incidents}
    seen: dict[str, str] = {}
    found = []
    for table in root.tables("postmortems"):
        name = around.one_of(table, "incident", around.names("INC"), required=True)
        if name is not None and seen.setdefault(name, table.key) != table.key:
            table.wrong("incident", f"one of its own: {seen[name]} is of this one")
        sections = {section: table.markdown(section) for section in SECTIONS if table.take(section) is not None}
        published_at = around.past(table, "published_at")
        notify = table.boolean("notify") or False
        if name in known:
            _check_is_over(table, known[name], published_at)
            found.append(
                PostmortemConfig(
                    place=around.place(table),
                    incident=known[name].name,
                    sections=sections,
                    published_at=published_at,
                    notify=notify,
                )
            )
        table.done()
    return tuple(found)


def _check_is_over(table: Table, incident: IncidentConfig, published_at: datetime | None) -> None:
    if published_at is not None and incident.updates and published_at < incident.updates[-1].at:
        table.wrong("published_at", "a moment after the incident's last update")


def apply_postmortems(configs: Sequence[PostmortemConfig], changes: Changes) -> None:
    """Write those that are not there, not even as a draft. Raises ConfigurationError for one that breaks a rule."""
    for config in configs:
        incident = find_incident(config.incident)
        if incident is None:
            continue
        if Postmortem.objects.filter(incident=incident).exists():
            changes.there("postmortem of", incident.reference)
            continue
        with config.place.named():
            postmortem = start_postmortem(incident=incident)
            edit_postmortem(postmortem=postmortem, sections=config.sections)
            if config.published_at is not None:
                publish_postmortem(postmortem=postmortem, at=config.published_at, notify=config.notify)
        changes.added("postmortem of", incident.reference, "" if config.published_at else "a draft")
