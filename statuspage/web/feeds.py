"""The feeds: Atom 1.0 (RFC 4287) and RSS 2.0, from the same read models as the pages.

An entry is an incident, a window or a published postmortem. Its id is a `tag:` URI (RFC 4151) made of the page's and
the entry's public ids, which nothing that staff can edit changes; `updated` is the time of its newest word or
correction. Private incidents have their severity, states and times, and no words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from django.utils.html import escape
from django.utils.safestring import SafeString

from statuspage.core.text import clean_text
from statuspage.web import wording
from statuspage.web.readmodels import IncidentPage, MaintenancePage, PostmortemPage, SiteInfo, TimelineEntry

ATOM_TYPE = "application/atom+xml; charset=utf-8"
RSS_TYPE = "application/rss+xml; charset=utf-8"
# The year in which these ids were coined: RFC 4151 wants a date, and it must never change.
TAG_DATE = "2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """`id` and `url` absolute, times aware, `html` the whole timeline."""

    id: str
    url: str
    title: str
    category: str
    published: datetime
    updated: datetime
    html: str


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
    card = page.card
    return FeedEntry(
        id=_tag(site, "incident", card.public_id),
        url=site.absolute_url(card.path),
        title=card.title,
        category=card.severity_name,
        published=card.started_at,
        updated=_updated(card.updated_at, page.timeline),
        html=_html(page.timeline, (("Root cause", page.root_cause), ("What we do about it", page.remediation))),
    )


def _maintenance_entry(site: SiteInfo, page: MaintenancePage) -> FeedEntry:
    card = page.card
    begin = f"<p>{escape(wording.window(card.scheduled_for, card.scheduled_until))}</p>"
    first = min((entry.at for entry in page.timeline), default=card.updated_at)
    return FeedEntry(
        id=_tag(site, "maintenance", card.public_id),
        url=site.absolute_url(card.path),
        title=f"Maintenance: {card.title}",
        category="Maintenance",
        published=min(first, card.updated_at),
        updated=_updated(card.updated_at, page.timeline),
        html=begin + _html(page.timeline, ()),
    )


def _postmortem_entry(site: SiteInfo, page: PostmortemPage) -> FeedEntry:
    """Beside its incident's: who read that long ago finds the story here."""
    card, postmortem = page.card, page.postmortem
    parts = [f"<h4>{escape(section.title)}</h4>{section.body}" for section in postmortem.sections]
    return FeedEntry(
        id=_tag(site, "postmortem", card.public_id),
        url=site.absolute_url(postmortem.path),
        title=f"Postmortem: {card.title}",
        category="Postmortem",
        published=postmortem.published_at,
        updated=postmortem.updated_at,
        html="".join(parts) or "<p>What happened is told to the customers concerned.</p>",
    )


def _tag(site: SiteInfo, kind: str, public_id: str) -> str:
    """The page's own id, not its host: a page that moves keeps its readers' place."""
    return f"tag:{site.public_id}.statuspage.invalid,{TAG_DATE}:{kind}/{public_id}"


def _updated(row: datetime, timeline: Iterable[TimelineEntry]) -> datetime:
    return max([row, *(entry.updated_at for entry in timeline)])


def _html(timeline: Iterable[TimelineEntry], sections: Iterable[tuple[str, SafeString]]) -> str:
    parts = [f"<h4>{escape(title)}</h4>{body}" for title, body in sections if body]
    parts += [
        f"<p><strong>{escape(entry.label)}</strong> <small>{wording.full_time(entry.at)}</small></p>{entry.body}"
        for entry in timeline
    ]
    return "".join(parts)


def atom(site: SiteInfo, entries: tuple[FeedEntry, ...]) -> bytes:
    updated = max((entry.updated for entry in entries), default=None)
    home, own = site.absolute_url("/"), site.absolute_url("/history.atom")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"<id>tag:{site.public_id}.statuspage.invalid,{TAG_DATE}:history</id>",
        f"<title>{_text(f'{site.name} status')}</title>",
        f"<updated>{_iso(updated or datetime(2026, 1, 1, tzinfo=UTC))}</updated>",
        f"<author><name>{_text(site.name)}</name></author>",
        f'<link rel="alternate" type="text/html" href="{_text(home)}"/>',
        f'<link rel="self" type="application/atom+xml" href="{_text(own)}"/>',
    ]
    for entry in entries:
        lines += [
            "<entry>",
            f"<id>{_text(entry.id)}</id>",
            f"<title>{_text(entry.title)}</title>",
            f"<published>{_iso(entry.published)}</published>",
            f"<updated>{_iso(entry.updated)}</updated>",
            f'<link rel="alternate" type="text/html" href="{_text(entry.url)}"/>',
            f'<category term="{_text(entry.category)}"/>',
            f'<content type="html">{_text(entry.html)}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""]).encode()


def rss(site: SiteInfo, entries: tuple[FeedEntry, ...]) -> bytes:
    own = _text(site.absolute_url("/history.rss"))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>',
        f"<title>{_text(f'{site.name} status')}</title>",
        f"<link>{_text(site.absolute_url('/'))}</link>",
        f"<description>{_text(site.description or f'Incidents and maintenance of {site.name}')}</description>",
        "<language>en</language>",
        f'<atom:link rel="self" type="application/rss+xml" href="{own}"/>',
    ]
    if entries:
        lines.append(f"<lastBuildDate>{_rfc822(max(entry.updated for entry in entries))}</lastBuildDate>")
    for entry in entries:
        lines += [
            "<item>",
            f'<guid isPermaLink="false">{_text(entry.id)}</guid>',
            f"<title>{_text(entry.title)}</title>",
            f"<link>{_text(entry.url)}</link>",
            f"<pubDate>{_rfc822(entry.published)}</pubDate>",
            f"<atom:updated>{_iso(entry.updated)}</atom:updated>",
            f"<category>{_text(entry.category)}</category>",
            f"<description>{_text(entry.html)}</description>",
            "</item>",
        ]
    return "\n".join([*lines, "</channel></rss>", ""]).encode()


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 forbids: one such character would make the whole feed unreadable."""
    return escape(clean_text(str(text)))


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))
