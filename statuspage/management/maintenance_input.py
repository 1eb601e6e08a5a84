"""What operators type about maintenance windows, read strictly."""

import json
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from components.models import Page, Region
from incidents.enums import MaintenanceStatus, ServiceState
from incidents.maintenance import ServicePlan, StepPlan
from incidents.models import Maintenance, MaintenanceSeries
from statuspage.core import clock
from statuspage.core.durations import parse_duration
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_line
from statuspage.core.wall_clock import moment_at
from statuspage.management.input import component_named, duration_of

LARGEST_FILE = 1_000_000


def page_moment(name: str, text: str) -> datetime:
    """ISO 8601; without an offset it is what the clocks of the page's zone show. A duration is that long from now."""
    try:
        return clock.now() + parse_duration(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValidationFailed(
            name, f"{text!r} is no time: write it like 2026-12-01T02:00 or 2026-12-01T02:00+01:00."
        ) from None
    return moment_at(at, Page.current().zone) if at.tzinfo is None else at.astimezone(UTC)


def maintenance_named(reference: str) -> Maintenance:
    maintenance = Maintenance.objects.filter(reference__iexact=clean_line(reference)).first()
    if maintenance is None:
        raise NotFound(f"There is no maintenance window {reference!r}: `manage.py maintenance list` shows them.")
    return maintenance


def series_named(slug: str) -> MaintenanceSeries:
    series = MaintenanceSeries.objects.filter(slug=clean_line(slug)).first()
    if series is None:
        known = ", ".join(MaintenanceSeries.objects.values_list("slug", flat=True)) or "none"
        raise NotFound(f"There is no series {slug!r}. Known: {known}.")
    return series


def region_named(slug: str) -> Region:
    region = Region.objects.filter(slug=clean_line(slug)).first()
    if region is None:
        known = ", ".join(Region.objects.values_list("slug", flat=True)) or "none"
        raise NotFound(f"There is no region {slug!r}. Known: {known}.")
    return region


def maintenance_status_named(word: str) -> MaintenanceStatus:
    try:
        return MaintenanceStatus(word.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(MaintenanceStatus.values)
        raise ValidationFailed("status", f"{word!r} is no status of a window: choose one of {known}.") from None


def service_of(text: str) -> ServicePlan:
    """`web=offline`, or with the time until it is back: `web=offline@12m`."""
    slug, equals, said = text.partition("=")
    word, _, eta = said.partition("@")
    try:
        state = ServiceState(word.strip().lower().replace("-", "_"))
    except ValueError:
        equals = ""
    if not equals:
        known = ", ".join(ServiceState.values)
        raise ValidationFailed(
            "service", f"{text!r} is no service: write it like web=offline@12m; the states are {known}."
        )
    return ServicePlan(component=component_named(slug), state=state, eta_at=page_moment("eta", eta) if eta else None)


def steps_of(titles: Iterable[str], path: str | None) -> list[StepPlan]:
    """From repeated flags, or from a TOML or JSON file: a list `steps` of tables with `title` and `body`."""
    steps = [StepPlan(title=title) for title in titles]
    for number, entry in enumerate(_entries(path) if path else [], start=1):
        extra = entry.keys() - {"title", "body"} if isinstance(entry, dict) else {"no table"}
        if extra or not all(isinstance(value, str) for value in entry.values()) or "title" not in entry:
            raise ValidationFailed("steps", f"{path}: step {number} is a table with a title and perhaps a body.")
        steps.append(StepPlan(title=entry["title"], body=entry.get("body", "")))
    return steps


def _entries(path: str) -> list[Any]:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE).decode()
        found = json.loads(content) if path.endswith(".json") else tomllib.loads(content)
    except OSError as error:
        raise ValidationFailed("steps", f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ValidationFailed("steps", f"{path} is neither TOML nor JSON: {error}.") from None
    entries = found.get("steps") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise ValidationFailed("steps", f"{path} has no list of steps: write [[steps]] tables with a title.")
    return entries


def durations_of(name: str, texts: Iterable[str]) -> list[timedelta]:
    return [duration for text in texts if (duration := duration_of(name, text)) is not None]


def wall_time(name: str, text: str) -> time:
    try:
        return time.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise ValidationFailed(name, f"{text!r} is no time of day: write it like 02:00.") from None


def answer(text: str | None) -> bool | None:
    """`yes`, `no`; None: nothing is said."""
    return None if text is None else text == "yes"


def window_line(row: Maintenance) -> str:
    status = MaintenanceStatus(row.status).label
    return (
        f"{row.reference:18} {status:12} {row.scheduled_for:%Y-%m-%d %H:%M} to {row.scheduled_until:%Y-%m-%d %H:%M} "
        f"UTC  {row.title}"
    )
