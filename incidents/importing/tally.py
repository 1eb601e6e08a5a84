"""What an import did, counted."""

from dataclasses import dataclass, field

from incidents.importing.records import Skipped


@dataclass(slots=True, kw_only=True)
class Tally:
    """`left` are those that were changed here after the file was written: they stay as they are."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left: int = 0

    @property
    def total(self) -> int:
        return self.added + self.changed + self.unchanged + self.left


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """Updates are those of incidents and of maintenances together."""

    page_changed: bool = False
    groups: Tally = field(default_factory=Tally)
    components: Tally = field(default_factory=Tally)
    incidents: Tally = field(default_factory=Tally)
    maintenances: Tally = field(default_factory=Tally)
    updates: Tally = field(default_factory=Tally)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def changed_anything(self) -> bool:
        tallies = (self.groups, self.components, self.incidents, self.maintenances, self.updates)
        return self.page_changed or any(tally.added or tally.changed for tally in tallies)
