"""Which incidents a program asks for: the filters, read strictly, and the place where a list goes on.

A cursor says after which incident to go on, not how many were read: whatever is added meanwhile moves nothing.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from components.models import Component
from incidents.models import AffectedComponent, Incident, SeverityPolicy
from incidents.models.incident import IncidentQuerySet
from statuspage.core.errors import ValidationFailed
from statuspage.web.api.parameters import read_moment, read_parameters, shown

PARAMETERS = ("state", "severity", "component", "from", "to", "cursor", "limit")
STATES = ("open", "resolved")
PER_PAGE, MOST_PER_PAGE = 50, 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Microseconds since the epoch, and the key of the row: both as far as the databases count.
CURSOR = re.compile(r"(-?[0-9]{1,17})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for. Empty words filter nothing; `begin` is within, `end` is not, both of when it began."""

    state: str
    severity: str
    component: str
    begin: datetime | None
    end: datetime | None
    after: tuple[datetime, int] | None
    limit: int


def read_asked(request: HttpRequest, zone: tzinfo) -> Asked:
    """Raises ValidationFailed for a filter that nobody knows and for a value that nothing has. At most two queries."""
    found = read_parameters(request, PARAMETERS)
    begin = read_moment("from", found["from"], zone) if "from" in found else None
    end = read_moment("to", found["to"], zone) if "to" in found else None
    if begin is not None and end is not None and begin >= end:
        raise ValidationFailed("from", "from must be before to.")
    return Asked(
        state=_state(found),
        severity=_severity(found),
        component=_component(found),
        begin=begin,
        end=end,
        after=_after(found),
        limit=_limit(found),
    )


def choose(asked: Asked) -> IncidentQuerySet:
    """Newest first, without duplicates. A private incident has no components that anybody could ask for."""
    rows = Incident.objects.shown().select_related("severity").newest_first()
    if asked.state:
        rows = rows.open() if asked.state == "open" else rows.resolved()
    if asked.severity:
        rows = rows.filter(severity__slug=asked.severity)
    if asked.component:
        affected = AffectedComponent.objects.filter(incident=OuterRef("pk"), component__slug=asked.component)
        rows = rows.filter(Exists(affected), private=False)
    if asked.begin is not None:
        rows = rows.filter(started_at__gte=asked.begin)
    if asked.end is not None:
        rows = rows.filter(started_at__lt=asked.end)
    if asked.after is not None:
        at, pk = asked.after
        rows = rows.filter(Q(started_at__lt=at) | Q(started_at=at, pk__lt=pk))
    return rows


def cursor_after(incident: Incident) -> str:
    """Where a list goes on that ended with this incident."""
    microseconds = (incident.started_at - EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{microseconds}.{incident.pk}".encode()).decode().rstrip("=")


def _after(found: dict[str, str]) -> tuple[datetime, int] | None:
    if "cursor" not in found:
        return None
    value = found["cursor"]
    try:
        read = CURSOR.fullmatch(urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("ascii"))
        if read is not None:
            return EPOCH + timedelta(microseconds=int(read[1])), int(read[2])
    except (ValueError, OverflowError):
        pass
    raise ValidationFailed("cursor", f"cursor is {shown(value)}; give the nextCursor of the answer before, unchanged.")


def _limit(found: dict[str, str]) -> int:
    value = found.get("limit", str(PER_PAGE))
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= MOST_PER_PAGE):
        raise ValidationFailed("limit", f"limit is {shown(value)}; write a number from 1 to {MOST_PER_PAGE}.")
    return int(value)


def _state(found: dict[str, str]) -> str:
    value = found.get("state", "")
    if "state" in found and value not in STATES:
        raise ValidationFailed("state", f"state is {shown(value)}; write {' or '.join(STATES)}.")
    return value


def _severity(found: dict[str, str]) -> str:
    if "severity" not in found:
        return ""
    known = list(SeverityPolicy.objects.values_list("slug", flat=True))
    if found["severity"] not in known:
        raise ValidationFailed(
            "severity", f"There is no severity {shown(found['severity'])}; known here: {', '.join(known)}."
        )
    return found["severity"]


def _component(found: dict[str, str]) -> str:
    """The slug of a component that visitors may see, or could see before it was taken away."""
    if "component" not in found:
        return ""
    if found["component"] not in set(Component.objects.filter(is_visible=True).values_list("slug", flat=True)):
        raise ValidationFailed("component", f"There is no component {shown(found['component'])}; give its slug.")
    return found["component"]
