"""What the public templates say over and over: moments and states."""

from datetime import UTC, datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.enums import ComponentStatus
from statuspage.web import wording

register = template.Library()


@register.filter
def near(at: datetime, now: datetime) -> SafeString:
    """A moment as short as can be from `now`: `14:45 GMT`, `20 Nov, 14:45 GMT`."""
    return _time(at, wording.near_time(at, now), "near")


@register.filter
def full(at: datetime) -> SafeString:
    """`21 Nov 2026, 14:45 GMT`."""
    return _time(at, wording.full_time(at), "full")


@register.filter
def seconds(at: datetime) -> SafeString:
    """`14:45:12 GMT`; the script makes it "12 seconds ago"."""
    return _time(at, f"{at:%H:%M:%S} {wording.zone_name(at)}", "ago")


@register.filter
def span(begin: datetime, end: datetime) -> SafeString:
    """A window in the page's zone, both ends machine-readable."""
    return format_html(
        '<time datetime="{}/{}" title="{} to {}" data-until="{}">{}</time>',
        _iso(begin),
        _iso(end),
        wording.utc_time(begin),
        wording.utc_time(end),
        _iso(end),
        wording.window(begin, end),
    )


@register.filter
def icon(css: str) -> SafeString:
    """The shape of a state; the words stand beside it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#{}"/></svg>', css)


@register.filter
def state(status: ComponentStatus) -> SafeString:
    """Icon, colour and word."""
    return format_html('<span class="state {0}">{1}{2}</span>', status.css, icon(status.css), status.label)


@register.filter
def percent(value: Decimal | None) -> str:
    """`99.91 %`, floored by whoever counted."""
    return "" if value is None else wording.per_cent(value)


@register.filter
def count(number: int, word: str) -> str:
    """`1 update`, `4 updates`."""
    return wording.counted(number, word)


def _time(at: datetime, text: str, style: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-style="{}">{}</time>', _iso(at), wording.utc_time(at), style, text
    )


@register.filter(name="iso")
def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
