"""The query of a request: every parameter known, each once, each read strictly."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta, tzinfo

from django.http import HttpRequest

from components.models import Component
from probes.windows import month_window
from statuspage.core.errors import NotFound, ValidationFailed

EARLIEST, LATEST = 2000, 9000
MOST_DAYS = 100


def read_parameters(request: HttpRequest, known: Collection[str]) -> dict[str, str]:
    """Raises ValidationFailed for a parameter that nobody knows, or that is there twice."""
    found = {}
    for name, values in request.GET.lists():
        if name not in known:
            expected = ", ".join(known) or "none"
            raise ValidationFailed(name, f"There is no parameter {shown(name)}; known here: {expected}.")
        if len(values) > 1:
            raise ValidationFailed(name, f"The parameter {name} is there {len(values)} times; give it once.")
        found[name] = values[0]
    return found


def read_component(parameters: dict[str, str]) -> Component:
    """A component that visitors may see, or could see before it was taken away. Raises ValidationFailed, NotFound."""
    slug = parameters.get("component")
    if not slug:
        raise ValidationFailed("component", "Say which component, by its slug: ?component=api.")
    # Whatever is no slug is not asked for: PostgreSQL refuses some of it.
    is_slug = len(slug) <= 80 and slug.isascii() and slug.replace("-", "").replace("_", "").isalnum()
    component = Component.objects.filter(slug=slug, is_visible=True).first() if is_slug else None
    if component is None:
        raise NotFound(f"There is no component {shown(slug)}.")
    return component


def read_window(parameters: dict[str, str], *, zone: tzinfo, now: datetime) -> tuple[datetime, datetime]:
    """`month`, or `from` and `to`, as aware UTC; the last day where nothing is said. At most a hundred days."""
    month = parameters.get("month")
    if month is not None:
        if {"from", "to"} & set(parameters):
            raise ValidationFailed("month", "Give a month, or from and to, not both.")
        return month_window(month, zone)
    end = read_moment("to", parameters["to"], zone) if "to" in parameters else now
    begin = read_moment("from", parameters["from"], zone) if "from" in parameters else end - timedelta(days=1)
    if begin >= end:
        raise ValidationFailed("from", "from must be before to.")
    if end - begin > timedelta(days=MOST_DAYS):
        raise ValidationFailed("from", f"At most {MOST_DAYS} days at once: ask for the rest with another from and to.")
    return begin, end


def read_moment(name: str, value: str, zone: tzinfo) -> datetime:
    """A day, which begins at midnight of the page's zone, or a moment with its offset."""
    expected = f"{name} is {shown(value)}; write a day such as 2026-10-01 or a moment such as 2026-10-01T12:00:00Z."
    # In a query an unescaped plus is a blank.
    text = value.strip().replace(" ", "+") if "T" in value else value.strip()
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == len("2026-10-01"):
            moment = datetime.combine(moment.date(), time.min, tzinfo=zone)
        if moment.tzinfo is None or not EARLIEST <= moment.year <= LATEST:
            raise ValidationFailed(name, expected)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationFailed(name, expected) from None


def shown(value: str) -> str:
    """Cut, and with what cannot be seen escaped."""
    return repr(value if len(value) <= 80 else f"{value[:80]}…")
