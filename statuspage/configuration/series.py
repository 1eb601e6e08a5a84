"""`[[maintenance_series]]`: windows that come back. A series that is there already is staff's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from components.models import Component, Region
from incidents.enums import MaintenanceImpact
from incidents.maintenance import create_series, end_series
from incidents.maintenance.recurrence import check_rule
from incidents.maintenance.rules import NOTE_LENGTH
from incidents.models import MaintenanceSeries
from statuspage.configuration.changes import Changes
from statuspage.configuration.entries import Place, Surroundings, durations
from statuspage.configuration.table import Table
from statuspage.core.errors import ValidationFailed

SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(days=31)
SHORTEST_NOTICE, LONGEST_NOTICE = timedelta(minutes=1), timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesConfig:
    place: Place
    slug: str
    title: str
    message: str
    rrule: str
    first_date: date
    begins: time
    duration: timedelta
    announce_before: timedelta
    components: tuple[str, ...]
    regions: tuple[str, ...]
    reminders: tuple[timedelta, ...]
    kind: str | None
    expects_downtime: bool | None
    takes_platform_down: bool
    impact_level: str
    impact_note: str


def read_series(root: Table, around: Surroundings) -> tuple[SeriesConfig, ...]:
    """Those without a mistake; every mistake is noted."""
    found: list[SeriesConfig] = []
    for table in root.tables("maintenance_series"):
        config = _series(table, around)
        table.done()
        if config is None:
            continue
        if any(other.slug == config.slug for other in found):
            table.wrong("slug", "a slug of its own: another series has this one")
        found.append(config)
    return tuple(found)


def _series(table: Table, around: Surroundings) -> SeriesConfig | None:
    slug, title = table.slug(), table.text("title", max_length=250, required=True)
    message, first_date = table.markdown("message", required=True), around.day(table, "first_date")
    rrule, begins = _rule(table, first_date), _wall_clock(table, "begins")
    duration = table.duration("duration", minimum=SHORTEST_WINDOW, maximum=LONGEST_WINDOW)
    notice = table.duration("announce_before", minimum=SHORTEST_NOTICE, maximum=LONGEST_NOTICE)
    for name in ("duration", "announce_before"):
        if table.take(name) is None:
            table.wrong(name, 'a duration, such as "2h"')
    said: dict[str, Any] = {
        "message": message,
        "components": around.components_of(table, required=True),
        "regions": table.slugs("regions"),
        "reminders": durations(table, "reminders"),
        "kind": around.one_of(table, "kind", around.kinds),
        "expects_downtime": table.boolean("expects_downtime"),
        "takes_platform_down": table.boolean("takes_platform_down") or False,
        "impact_level": table.choice("impact", MaintenanceImpact.values) or "",
        "impact_note": table.text("impact_note", max_length=NOTE_LENGTH) or "",
    }
    if not slug or not title or first_date is None or begins is None or duration is None or notice is None:
        return None
    return SeriesConfig(
        place=around.place(table),
        slug=slug,
        title=title,
        rrule=rrule,
        first_date=first_date,
        begins=begins,
        duration=duration,
        announce_before=notice,
        **said,
    )


def _rule(table: Table, first_date: date | None) -> str:
    """Empty if it is wrong."""
    rule = table.text("rrule", max_length=500, required=True)
    if rule is None or first_date is None:
        return ""
    try:
        return check_rule(rule, first_date)
    except ValidationFailed as error:
        table.wrong("rrule", f"a rule of days (RFC 5545). {error.sentence.rstrip('.')}")
        return ""


def _wall_clock(table: Table, name: str) -> time | None:
    value = table.take(name)
    try:
        found = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or not isinstance(value, (str, time)):
        table.wrong(name, 'a time of the clocks of the page, such as "02:00"')
        return None
    return found


def apply_series(
    configs: Sequence[SeriesConfig], regions: Mapping[str, Region], changes: Changes, *, prune: bool
) -> None:
    """Make those that are not there. With `prune` those that the file does not name end; their windows take place."""
    if not configs:
        return
    components = Component.objects.in_bulk(field_name="slug")
    there = {series.slug: series for series in MaintenanceSeries.objects.all()}
    for config in configs:
        if there.pop(config.slug, None) is not None:
            changes.there("maintenance series", config.slug)
            continue
        with config.place.named():
            _create(config, components, regions)
        changes.added("maintenance series", config.slug)
    for series in there.values():
        if series.ended_at is not None:
            continue
        if prune:
            end_series(series=series)
            changes.removed("maintenance series", series.slug)
        else:
            changes.stays("maintenance series", [series.slug])


def _create(config: SeriesConfig, components: Mapping[str, Component], regions: Mapping[str, Region]) -> None:
    create_series(
        slug=config.slug,
        title=config.title,
        message=config.message,
        rrule=config.rrule,
        first_date=config.first_date,
        begins=config.begins,
        duration=config.duration,
        announce_before=config.announce_before,
        components=[components[slug] for slug in config.components],
        regions=[regions[slug] for slug in config.regions],
        reminders=config.reminders,
        kind=config.kind,
        expects_downtime=config.expects_downtime,
        takes_platform_down=config.takes_platform_down,
        impact_level=config.impact_level,
        impact_note=config.impact_note,
    )
