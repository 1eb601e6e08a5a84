"""`[[targets]]`: who is told by Apprise, each by the environment variable that holds its URL."""

from collections.abc import Iterable
from dataclasses import dataclass

from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Surroundings
from statuspage.configuration.table import Table
from subscriptions.choices import DEFAULT_EVENTS, Choice, read_choice
from subscriptions.enums import Channel, Event, Origin
from subscriptions.models import Subscriber
from subscriptions.targets import NAME_LENGTH, VARIABLE_WORDS, add_target, change_target, end_target, is_variable

EVENTS = sorted(Event.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """`variable` is what it is known by; its value is never read here."""

    variable: str
    name: str
    components: tuple[str, ...]
    events: tuple[str, ...]
    minimum_severity: str | None
    updates: bool

    def written(self) -> dict[str, object]:
        """By the keys of the file, to be compared."""
        return {
            "name": self.name,
            "components": sorted(self.components),
            "events": sorted(self.events),
            "minimum_severity": self.minimum_severity,
            "updates": self.updates,
        }

    def choice(self) -> Choice:
        return read_choice(
            components=self.components,
            events=[Event(word) for word in self.events],
            updates=self.updates,
            minimum_severity=self.minimum_severity or "",
        )


def read_targets(root: Table, around: Surroundings) -> tuple[TargetConfig, ...]:
    """In the order of the file; every mistake is noted."""
    found: dict[str, TargetConfig] = {}
    for table in root.tables("targets"):
        variable = _variable(table)
        if variable in found:
            table.wrong("url_env", "a variable of its own: another target has this one")
        updates = table.boolean("updates")
        config = TargetConfig(
            variable=variable,
            name=table.text("name", max_length=NAME_LENGTH, required=True) or "",
            components=around.components_of(table),
            events=_events(table),
            minimum_severity=around.one_of(table, "minimum_severity", around.severities),
            updates=True if updates is None else updates,
        )
        table.done()
        found[variable] = config
    return tuple(found.values())


def _variable(table: Table) -> str:
    value = table.take("url_env")
    if isinstance(value, str) and is_variable(value):
        return value
    # What stands there may be the URL itself, which is a secret.
    table.hide("url_env", f"the name of an environment variable, and not the URL: {VARIABLE_WORDS}")
    return ""


def _events(table: Table) -> tuple[str, ...]:
    words = table.take("events")
    if words is None:
        return tuple(sorted(DEFAULT_EVENTS))
    if isinstance(words, list) and words and all(isinstance(word, str) and word in EVENTS for word in words):
        return tuple(dict.fromkeys(words))
    table.wrong("events", f"a list of some of {', '.join(EVENTS)}")
    return tuple(sorted(DEFAULT_EVENTS))


def apply_targets(configs: Iterable[TargetConfig], changes: Changes, *, prune: bool) -> None:
    """With any target in the file, `prune` ends those that came from a file and are in it no more; staff's stay."""
    rows = {row.address: row for row in Subscriber.objects.filter(channel=Channel.APPRISE)}
    named = False
    for config in configs:
        named, row = True, rows.pop(config.variable, None)
        if row is None or not row.is_confirmed:
            add_target(name=config.name, variable=config.variable, choice=config.choice(), origin=Origin.CONFIGURED)
            changes.added("target", config.variable, "" if row is None else "it was ended and is back")
            continue
        before, after = _written(row), config.written()
        if before != after:
            change_target(target_id=row.pk, name=config.name, choice=config.choice())
            changes.changed("target", config.variable, before, after)
    if named:
        _end_absent([row for row in rows.values() if row.is_confirmed], changes, prune=prune)


def _written(row: Subscriber) -> dict[str, object]:
    least = row.minimum_severity
    return {
        "name": row.name,
        "components": sorted(row.components.values_list("slug", flat=True)),
        "events": sorted(event.value for event in Event if getattr(row, f"wants_{event.value}")),
        "minimum_severity": least.slug if least else None,
        "updates": row.wants_updates,
    }


def _end_absent(rows: Iterable[Subscriber], changes: Changes, *, prune: bool) -> None:
    for row in rows:
        if row.origin != Origin.CONFIGURED:
            changes.stays("target", [row.address], "staff added it")
        elif prune:
            end_target(target_id=row.pk)
            changes.removed("target", row.address)
        else:
            changes.stays("target", [row.address])
