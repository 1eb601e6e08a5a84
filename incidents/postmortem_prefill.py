"""What a postmortem begins with: the words that were said already, in the order in which they were said. Pure.

Times are written out in the page's zone with its abbreviation: the text is Markdown, edited by people from here on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from incidents.enums import IncidentStatus
from incidents.models import Incident, IncidentUpdate
from statuspage.core.markdown import markdown_to_text

# Of one section, and of the words of one update where the whole of all would be longer.
SECTION_LENGTH = 20_000
SHORTENED = 300


def timeline_of(incident: Incident, updates: Sequence[IncidentUpdate], zone: ZoneInfo) -> str:
    """A list, oldest first, that begins with when it began. `updates` in any order."""
    began = f"- **{_time(incident.started_at, zone)}** – It began."
    return appended(began, updates, zone)


def appended(timeline: str, updates: Iterable[IncidentUpdate], zone: ZoneInfo) -> str:
    """The timeline with these updates below, oldest first; each shortened where the whole would be too long."""
    in_order = sorted(updates, key=lambda update: (update.display_at, update.pk))
    whole = _joined(timeline, [_entry(update, update.body, zone) for update in in_order])
    if len(whole) <= SECTION_LENGTH:
        return whole
    return _joined(timeline, [_entry(update, _short(update.body), zone) for update in in_order])[:SECTION_LENGTH]


def resolution_of(incident: Incident, updates: Iterable[IncidentUpdate]) -> str:
    """What was done about it, and the last word of its end."""
    ends = [update for update in updates if update.status == IncidentStatus.RESOLVED]
    last = max(ends, key=lambda update: update.pk).body if ends else ""
    return "\n\n".join(text for text in (incident.remediation, last) if text)[:SECTION_LENGTH]


def _joined(timeline: str, entries: Sequence[str]) -> str:
    return "\n".join([*([timeline] if timeline else []), *entries])


def _entry(update: IncidentUpdate, body: str, zone: ZoneInfo) -> str:
    """An item of a list: further lines are indented, so that lists within stay within."""
    first, *rest = body.splitlines() or [""]
    lines = [f"- **{_time(update.display_at, zone)}** – {update.label}:"]
    if _begins_a_block(first):
        rest = [first, *rest]
    else:
        lines[0] += f" {first}"
    return "\n".join([*lines, *(f"  {line}".rstrip() for line in rest)])


def _begins_a_block(line: str) -> bool:
    return line.lstrip().startswith(("- ", "* ", "+ ", "#", ">", "|", "```", "~~~", "1."))


def _short(body: str) -> str:
    words = markdown_to_text(body)
    return words if len(words) <= SHORTENED else f"{words[:SHORTENED].rsplit(' ', 1)[0]} …"


def _time(at: datetime, zone: ZoneInfo) -> str:
    """`14 August 2026, 14:23 CEST`; `UTC+03` where the zone has no letters of its own."""
    local = at.astimezone(zone)
    name = local.tzname() or "UTC"
    return f"{local.day} {local:%B %Y, %H:%M} {f'UTC{name}' if name[:1] in '+-' else name}"
