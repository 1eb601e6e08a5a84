"""What operators type on the command line, read strictly: each refusal names what there is to choose from."""

import getpass
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Promise
from incidents.models import Incident, IncidentUpdate
from incidents.services import PastUpdate
from statuspage.core.durations import parse_duration
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_line

LONGEST_INPUT = 100_000
LONGEST_NAME = 150


def operator() -> str:
    """The login name of whoever runs the command."""
    try:
        return clean_line(getpass.getuser())[:LONGEST_NAME]
    except (OSError, KeyError):
        # A container may run under a number that has no name.
        return "command line"


def component_named(slug: str) -> Component:
    slug = clean_line(slug)
    component = Component.objects.active().select_related("group").filter(slug=slug).first()
    if component is None:
        known = list(Component.objects.active().values_list("slug", flat=True))
        near = get_close_matches(slug, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(f"There is no component {slug!r}.{hint} Known: {', '.join(known) or 'none'}.")
    return component


def status_named(word: str) -> ComponentStatus:
    """The component's status; hyphens do for underscores."""
    try:
        return ComponentStatus(word.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(status.value for status in ComponentStatus if status is not ComponentStatus.UNKNOWN)
        raise ValidationFailed("status", f"{word!r} is no state of a component: choose one of {known}.") from None


def incident_status_named(word: str) -> IncidentStatus:
    try:
        return IncidentStatus(word.strip().lower())
    except ValueError:
        known = ", ".join(IncidentStatus.values)
        raise ValidationFailed("status", f"{word!r} is no status of an incident: choose one of {known}.") from None


def impacts_of(arguments: Iterable[str]) -> dict[Component, ComponentStatus]:
    """`api=major_outage` as often as needed."""
    impacts: dict[Component, ComponentStatus] = {}
    for argument in arguments:
        slug, equals, word = argument.partition("=")
        if not equals:
            raise ValidationFailed(
                "component", f"--component is {argument!r}: write the component and its state, like api=major_outage."
            )
        status = status_named(word)
        if status is ComponentStatus.UNKNOWN:
            raise ValidationFailed("component", f"--component {argument}: an incident says a state that is known.")
        impacts[component_named(slug)] = status
    return impacts


def incident_named(reference: str) -> Incident:
    reference = clean_line(reference)
    incident = Incident.objects.select_related("severity").filter(reference__iexact=reference).first()
    if incident is None:
        is_open = list(Incident.objects.open().newest_first().values_list("reference", flat=True)[:10])
        raise NotFound(f"There is no incident {reference!r}. Open now: {', '.join(is_open) or 'none'}.")
    return incident


def promise_named(word: str | None) -> Promise | None:
    """How the next update is promised; hyphens do for underscores."""
    if word is None:
        return None
    try:
        return Promise(word.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(Promise.values)
        raise ValidationFailed("promise", f"{word!r} is no way to promise: choose one of {known}.") from None


def update_named(incident: Incident, public_id: str | None) -> IncidentUpdate:
    """One update of the incident by its public id, or the newest."""
    updates = incident.updates.order_by("-display_at", "-pk")
    update = updates.first() if public_id is None else updates.filter(public_id=clean_line(public_id)).first()
    if update is None:
        known = ", ".join(updates.values_list("public_id", flat=True)[:10])
        raise NotFound(f"{incident.reference} has no update {public_id!r}. The newest: {known or 'none'}.")
    return update


def past_update_of(at: str, status: str, text: str) -> PastUpdate:
    """`2026-11-21T14:30Z identified "Found it."`, as three arguments."""
    return PastUpdate(status=incident_status_named(status), message=text, at=_moment("update", at))


def message_of(text: str) -> str:
    """The text itself; `-` reads it from standard input."""
    if text != "-":
        return text
    try:
        return sys.stdin.read(LONGEST_INPUT)
    except UnicodeDecodeError:
        raise ValidationFailed("message", "Standard input is not UTF-8 text.") from None


def moment_of(name: str, text: str | None) -> datetime | None:
    """ISO 8601; without an offset it is UTC."""
    return None if text is None else _moment(name, text)


def _moment(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValidationFailed(
            name, f"{text!r} is no time: write it like 2026-11-21T14:30Z or 2026-11-21T14:30+01:00."
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def duration_of(name: str, text: str | None) -> timedelta | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValidationFailed(name, f"{text!r} is no duration: expected {error}.") from None
