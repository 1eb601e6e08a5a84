"""What the feeds are made of, whatever their format.

An entry is an incident, a window or a published postmortem. Its id is a `tag:` URI (RFC 4151) made of the page's and
the entry's public ids, which nothing that staff can edit changes; `updated` is the time of its newest word or
correction. Private incidents have their severity, states and times, and no words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import escape
from django.utils.safestring import SafeString

from statuspage.core.text import clean_line, clean_text
from statuspage.core.whole_links import whole_links_in_html
from statuspage.web import wording
from statuspage.web.readmodels import (
    IncidentCard,
    IncidentPage,
    MaintenanceCard,
    MaintenancePage,
    Named,
    PostmortemPage,
    SiteInfo,
    TimelineEntry,
)

# The year in which these ids were coined: RFC 4151 wants a date, and it must never change.
TAG_DATE = "2026"
# A feed is asked for whole again and again. The first part of an entry is there however long it is.
ENTRY_CHARACTERS = 40_000
REST = '<p><a href="{}">The rest is on its page.</a></p>'


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """`id` and `url` absolute, times aware, `html` the timeline. `tags` is what kind of entry it is, then the names of
    the components it is about."""

    id: str
    url: str
    title: str
    tags: tuple[str, ...]
    published: datetime
    updated: datetime
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a feed says of itself: the page's, or that of one component. `url` is the page for people.

    `folder` is the path below which its formats are, such as `/` or `/components/api/`.
    """

    site: SiteInfo
    id: str
    title: str
    description: str
    folder: str

    @property
    def url(self) -> str:
        return self.site.absolute_url(self.folder)

    def address(self, name: str) -> str:
        """The absolute address of one of its formats, such as `history.atom`."""
        return f"{self.url}{name}"


def page_channel(site: SiteInfo) -> Channel:
    name = clean_line(site.name)
    return Channel(
        site=site,
        id=_tag(site, "history"),
        title=f"{name} status",
        description=clean_line(site.description) or f"Incidents and maintenance of {name}",
        folder="/",
    )


def component_channel(site: SiteInfo, *, public_id: str, slug: str, name: str) -> Channel:
    return Channel(
        site=site,
        id=_tag(site, f"component/{public_id}/history"),
        title=f"{clean_line(name)}: {clean_line(site.name)} status",
        description=f"Incidents and maintenance of {clean_line(name)}. Private incidents name no component, "
        "so they are not among them.",
        folder=f"/components/{slug}/",
    )


def feed_entries(
    site: SiteInfo,
    incidents: Iterable[IncidentPage],
    maintenances: Iterable[MaintenancePage],
    postmortems: Iterable[PostmortemPage] = (),
    *,
    limit: int,
) -> tuple[FeedEntry, ...]:
    """All kinds together, newest first."""
    entries = [_incident_entry(site, page) for page in incidents]
    entries += [_postmortem_entry(site, page) for page in postmortems]
    entries += [_maintenance_entry(site, page) for page in maintenances]
    return tuple(sorted(entries, key=lambda entry: (entry.published, entry.id), reverse=True)[:limit])


def _incident_entry(site: SiteInfo, page: IncidentPage) -> FeedEntry:
    card, url = page.card, site.absolute_url(page.card.path)
    sections = (("Root cause", page.root_cause), ("What we do about it", page.remediation))
    return FeedEntry(
        id=_tag(site, f"incident/{card.public_id}"),
        url=url,
        title=clean_line(card.title),
        tags=_tags(card.severity_name, card),
        published=card.started_at,
        updated=_updated(card.updated_at, page.timeline),
        html=_html([*_sections(sections), *_words(page.timeline)], url),
    )


def _maintenance_entry(site: SiteInfo, page: MaintenancePage) -> FeedEntry:
    card, url = page.card, site.absolute_url(page.card.path)
    begin = f"<p>{escape(wording.window(card.scheduled_for, card.scheduled_until))}</p>"
    first = min((entry.at for entry in page.timeline), default=card.updated_at)
    return FeedEntry(
        id=_tag(site, f"maintenance/{card.public_id}"),
        url=url,
        title=f"Maintenance: {clean_line(card.title)}",
        tags=_tags("Maintenance", card),
        published=min(first, card.updated_at),
        updated=_updated(card.updated_at, page.timeline),
        html=_html([begin, *_words(page.timeline)], url),
    )


def _postmortem_entry(site: SiteInfo, page: PostmortemPage) -> FeedEntry:
    """Beside its incident's: who read that long ago finds the story here."""
    card, postmortem = page.card, page.postmortem
    url = site.absolute_url(postmortem.path)
    parts = _sections((section.title, section.body) for section in postmortem.sections)
    return FeedEntry(
        id=_tag(site, f"postmortem/{card.public_id}"),
        url=url,
        title=f"Postmortem: {clean_line(card.title)}",
        tags=_tags("Postmortem", card),
        published=postmortem.published_at,
        updated=postmortem.updated_at,
        html=_html(parts, url) or "<p>What happened is told to the customers concerned.</p>",
    )


def _tag(site: SiteInfo, rest: str) -> str:
    """The page's own id, not its host: a page that moves keeps its readers' place."""
    return f"tag:{site.public_id}.statuspage.invalid,{TAG_DATE}:{rest}"


def _tags(kind: str, card: IncidentCard | MaintenanceCard) -> tuple[str, ...]:
    """Of a private incident the card names no component."""
    named: tuple[Named, ...] = card.components
    return tuple(dict.fromkeys(clean_line(word) for word in (kind, *(component.name for component in named))))


def _updated(row: datetime, timeline: Iterable[TimelineEntry]) -> datetime:
    return max([row, *(entry.updated_at for entry in timeline)])


def _sections(sections: Iterable[tuple[str, SafeString]]) -> list[str]:
    return [f"<h4>{escape(title)}</h4>{body}" for title, body in sections if body]


def _words(timeline: Iterable[TimelineEntry]) -> list[str]:
    return [
        f"<p><strong>{escape(entry.label)}</strong> <small>{wording.full_time(entry.at)}</small></p>{entry.body}"
        for entry in timeline
    ]


def _html(parts: Iterable[str], url: str) -> str:
    """The parts that have room, and where the rest is."""
    kept: list[str] = []
    room = ENTRY_CHARACTERS
    for part in parts:
        if kept and len(part) > room:
            kept.append(REST.format(escape(url)))
            break
        kept.append(part)
        room -= len(part)
    return clean_text(whole_links_in_html("".join(kept), url))
