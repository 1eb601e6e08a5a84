"""The calendar of maintenance: iCalendar (RFC 5545, RFC 7986) for whoever plans around it.

Moments are in UTC. A zone of ours in the file (TZID with VTIMEZONE) would say nothing more about moments, and is read
differently by Outlook, Google and Apple; the page's zone stands beside, for programs as X-WR-TIMEZONE and for people
in the description. There is no METHOD: that would make an invitation of it, with a DTSTAMP of its own at each look.
So DTSTAMP is when the event last changed, and a calendar in which nothing changed is the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import icalendar

from incidents.enums import MaintenanceStatus
from incidents.maintenance.due import LATE_AFTER
from incidents.maintenance.wording import downtime_sentence, impact_phrase
from incidents.models import Maintenance, MaintenanceUpdate
from statuspage.core.markdown import markdown_to_text
from statuspage.core.text import clean_line, clean_text
from statuspage.web import wording
from statuspage.web.facts import COMING, ComponentName, first_moment
from statuspage.web.feeds.entries import Channel
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import SiteInfo

CALENDAR_TYPE = "text/calendar; charset=utf-8"
PRODUCT = "-//statuspage//maintenance//EN"
REFRESH = timedelta(hours=1)
# Of more, those that are nearest to now.
MOST_EVENTS = 400
LONGEST_WORD = 1000
HOUR = timedelta(hours=1)
# Changes that time makes are counted below the revision: room for 41 days of running over.
CHANGES_BY_TIME = 1000
CONFIRMED, TENTATIVE, CANCELLED = "CONFIRMED", "TENTATIVE", "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """A window. Times aware; `ends_at` None where it takes no time. `sequence` rises with every change."""

    uid: str
    sequence: int
    status: str
    begins_at: datetime
    ends_at: datetime | None
    created_at: datetime
    changed_at: datetime
    summary: str
    description: str
    url: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What time alone has made of a window since it was last changed: how many changes, and when the last was."""

    count: int = 0
    at: datetime | None = None


def calendar_events(
    site: SiteInfo,
    reader: Reader,
    rows: Sequence[Maintenance],
    *,
    updates: Mapping[int, Sequence[MaintenanceUpdate]],
    components: Mapping[int, Sequence[ComponentName]],
) -> tuple[CalendarEvent, ...]:
    """Those of the last 90 days and those to come, at most 400, in the order in which they begin.

    `updates` are newest first. No query.
    """
    since = first_moment(reader.now)
    shown = [row for row in rows if row.status in COMING or (row.completed_at or row.scheduled_until) >= since]
    nearest = sorted(shown, key=lambda row: (abs(row.scheduled_for - reader.now), row.pk))[:MOST_EVENTS]
    events = [
        _event(
            site,
            reader,
            row,
            word=next((update.body for update in updates.get(row.pk, ())), ""),
            names=[component.name for component in components.get(row.pk, ()) if component.is_visible],
        )
        for row in nearest
    ]
    return tuple(sorted(events, key=lambda event: (event.begins_at, event.uid)))


def _event(site: SiteInfo, reader: Reader, row: Maintenance, *, word: str, names: Sequence[str]) -> CalendarEvent:
    turn, begins_at = _turn(row, reader.now), _begin(row)
    ends_at = _end(row, turn)
    cleaned = tuple(dict.fromkeys(clean_line(name) for name in names))
    url, title = site.absolute_url(row.get_absolute_url()), clean_line(row.title)
    return CalendarEvent(
        uid=f"maintenance-{row.public_id}@{site.public_id}.statuspage.invalid",
        sequence=row.revision * CHANGES_BY_TIME + min(turn.count, CHANGES_BY_TIME - 1),
        status=_status(row, turn),
        begins_at=begins_at,
        ends_at=ends_at if ends_at > begins_at else None,
        created_at=row.created_at,
        changed_at=max(row.updated_at, turn.at or row.updated_at),
        # Not every calendar shows the status of an event.
        summary=f"Cancelled: {title}" if row.status == MaintenanceStatus.CANCELLED else f"Maintenance: {title}",
        description=_description(row, reader, word, cleaned, url),
        url=url,
        categories=("Maintenance", *cleaned),
    )


def _turn(row: Maintenance, now: datetime) -> _Turn:
    """It waits to be begun, or runs over its end that was said last: each hour of that is a change."""
    if row.status == MaintenanceStatus.SCHEDULED and now >= row.scheduled_for + LATE_AFTER:
        return _Turn(count=1, at=row.scheduled_for + LATE_AFTER)
    end = row.estimated_until or row.scheduled_until
    if row.is_active and now >= end + LATE_AFTER:
        hours = (now - end) // HOUR
        return _Turn(count=hours + 1, at=end + max(hours * HOUR, LATE_AFTER))
    return _Turn()


def _status(row: Maintenance, turn: _Turn) -> str:
    if row.status == MaintenanceStatus.CANCELLED:
        return CANCELLED
    waits = row.status == MaintenanceStatus.SCHEDULED and turn.count
    return TENTATIVE if waits else CONFIRMED


def _begin(row: Maintenance) -> datetime:
    """When it was said to begin; when it did, where that is another time. One that is called off never did."""
    if row.started_at is None or row.status == MaintenanceStatus.CANCELLED:
        return row.scheduled_for
    return row.scheduled_for if abs(row.started_at - row.scheduled_for) < LATE_AFTER else row.started_at


def _end(row: Maintenance, turn: _Turn) -> datetime:
    """When it was over; of one that runs when that is expected, and an hour more while nobody says."""
    if row.status == MaintenanceStatus.COMPLETED:
        return row.completed_at or row.scheduled_until
    if row.is_active:
        return (row.estimated_until or row.scheduled_until) + turn.count * HOUR
    return row.scheduled_until


def _description(row: Maintenance, reader: Reader, word: str, names: Sequence[str], url: str) -> str:
    window = wording.window(reader.local(row.scheduled_for), reader.local(row.scheduled_until))
    said = markdown_to_text(word)
    lines = (
        f"{MaintenanceStatus(row.status).label}: {window}",
        f"Components: {', '.join(names)}" if names else "",
        downtime_sentence(row.expects_downtime),
        impact_phrase(row.impact_level, row.impact_note),
        said if len(said) <= LONGEST_WORD else f"{said[:LONGEST_WORD].rsplit(' ', 1)[0]} …",
        url,
    )
    return clean_text("\n".join(line for line in lines if line))


def calendar(channel: Channel, events: tuple[CalendarEvent, ...]) -> bytes:
    return _written(
        name=f"{channel.title}: maintenance",
        description=f"Maintenance windows, those of the last 90 days and those to come. {channel.url}",
        zone=channel.site.time_zone,
        url=channel.url,
        source=channel.address("calendar.ics"),
        events=events,
    )


# Written anew only when something changed: folding and escaping hundreds of events takes its time.
@lru_cache(maxsize=8)
def _written(
    *, name: str, description: str, zone: str, url: str, source: str, events: tuple[CalendarEvent, ...]
) -> bytes:
    found = icalendar.Calendar()
    found.add("version", "2.0")
    found.add("prodid", PRODUCT)
    found.add("calscale", "GREGORIAN")
    found.add("name", icalendar.vText(name))
    found.add("x-wr-calname", icalendar.vText(name))
    found.add("description", description)
    found.add("x-wr-caldesc", icalendar.vText(description))
    found.add("x-wr-timezone", zone)
    found.add("url", url)
    found.add("source", source, parameters={"VALUE": "URI"})
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", "PT1H")
    for event in events:
        found.add_component(_component(event))
    written: bytes = found.to_ical()
    return written


def _component(event: CalendarEvent) -> icalendar.Event:
    found = icalendar.Event()
    found.add("uid", event.uid)
    found.add("sequence", event.sequence)
    found.add("status", event.status)
    found.add("dtstamp", event.changed_at.astimezone(UTC))
    found.add("last-modified", event.changed_at.astimezone(UTC))
    found.add("created", event.created_at.astimezone(UTC))
    found.add("dtstart", event.begins_at.astimezone(UTC))
    if event.ends_at is not None:
        found.add("dtend", event.ends_at.astimezone(UTC))
    found.add("summary", event.summary)
    found.add("description", event.description)
    found.add("url", event.url)
    found.add("categories", list(event.categories))
    # Nobody is busy because something of ours is worked on.
    found.add("transp", "TRANSPARENT")
    found.add("x-microsoft-cdo-busystatus", "FREE")
    found.add("class", "PUBLIC")
    return found
