"""Atom 1.0 (RFC 4287) and RSS 2.0."""

from datetime import UTC, datetime
from email.utils import format_datetime

from django.utils.html import escape

from statuspage.core.text import clean_text
from statuspage.web.feeds.entries import Channel, FeedEntry

ATOM_TYPE = "application/atom+xml; charset=utf-8"
RSS_TYPE = "application/rss+xml; charset=utf-8"


def atom(channel: Channel, entries: tuple[FeedEntry, ...]) -> bytes:
    updated = max((entry.updated for entry in entries), default=None)
    own = channel.address("history.atom")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"<id>{_text(channel.id)}</id>",
        f"<title>{_text(channel.title)}</title>",
        f"<subtitle>{_text(channel.description)}</subtitle>",
        f"<updated>{iso(updated or datetime(2026, 1, 1, tzinfo=UTC))}</updated>",
        f"<author><name>{_text(channel.site.name)}</name></author>",
        f'<link rel="alternate" type="text/html" href="{_text(channel.url)}"/>',
        f'<link rel="self" type="application/atom+xml" href="{_text(own)}"/>',
    ]
    for entry in entries:
        lines += [
            "<entry>",
            f"<id>{_text(entry.id)}</id>",
            f"<title>{_text(entry.title)}</title>",
            f"<published>{iso(entry.published)}</published>",
            f"<updated>{iso(entry.updated)}</updated>",
            f'<link rel="alternate" type="text/html" href="{_text(entry.url)}"/>',
            *(f'<category term="{_text(tag)}"/>' for tag in entry.tags),
            f'<content type="html">{_text(entry.html)}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""]).encode()


def rss(channel: Channel, entries: tuple[FeedEntry, ...]) -> bytes:
    own = channel.address("history.rss")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>',
        f"<title>{_text(channel.title)}</title>",
        f"<link>{_text(channel.url)}</link>",
        f"<description>{_text(channel.description)}</description>",
        "<language>en</language>",
        f'<atom:link rel="self" type="application/rss+xml" href="{_text(own)}"/>',
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
            f"<atom:updated>{iso(entry.updated)}</atom:updated>",
            *(f"<category>{_text(tag)}</category>" for tag in entry.tags),
            f"<description>{_text(entry.html)}</description>",
            "</item>",
        ]
    return "\n".join([*lines, "</channel></rss>", ""]).encode()


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 forbids: one such character would make the whole feed unreadable."""
    return escape(clean_text(str(text)))


def iso(at: datetime) -> str:
    """RFC 3339, UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))
