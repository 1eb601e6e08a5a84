"""What a probe's verdict means for others: its claim on the component, and the incident it opens and ends.

All of it happens in the transaction that records the results. Each step looks at what is there, so that doing it twice
changes nothing the second time.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from components.enums import ClaimSource, ComponentStatus
from components.models import Component
from components.services import claim_status, lock_components, withdraw_claim
from incidents.enums import IncidentStatus, Origin
from incidents.models import Incident, SeverityPolicy
from incidents.services import DuplicateIncident, open_incident, post_update, resolve_incident
from probes.enums import ProbeKind
from probes.models import Probe, ProbeLocation
from probes.states import ProbeState, Track
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.core.errors import DomainError

logger = logging.getLogger(__name__)

KEY_PREFIX = "probe:"
TITLES: dict[str, str] = {
    ProbeKind.HEARTBEAT: "No heartbeat from {}",
    ProbeKind.DISK: "{} is short of disk space",
}
DEFAULT_TITLE = "{} is not responding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row that was moved, with its state before and after."""

    row: ProbeLocation
    old: Track
    new: Track


def announce(changes: Sequence[Change]) -> None:
    """Let the components know each new verdict, and open incidents for new outages."""
    if not changes:
        return
    lock_components(change.row.probe.component for change in changes)
    for change in changes:
        probe = change.row.probe
        state_claim(probe, change.new, detail=change.row.last_detail)
        if change.new.state is ProbeState.DOWN and not change.old.is_outage and probe.opens_incident:
            _open(change)


def state_claim(probe: Probe, track: Track, *, detail: str) -> None:
    """Make the probe's claim what its track says; a probe that does not know withdraws it."""
    verdict = track.verdict
    if verdict is None:
        withdraw_claim(component=probe.component, source=ClaimSource.PROBE, source_id=probe.slug, cause=detail)
        return
    claim_status(
        component=probe.component,
        status=verdict,
        source=ClaimSource.PROBE,
        source_id=probe.slug,
        cause=f"{probe.name}: {detail}",
    )


def settle(components: Sequence[Component]) -> None:
    """End the incidents that probes opened about these components, where every probe of theirs is up again.

    One query while no such incident is open.
    """
    by_key = {dedupe_key(component): component for component in components}
    incidents = Incident.objects.open().filter(origin=Origin.PROBE, dedupe_key__startswith=KEY_PREFIX)
    for incident in incidents.order_by("pk"):
        component = by_key.get(incident.dedupe_key)
        if component is not None:
            _settle(incident, component)


def dedupe_key(component: Component) -> str:
    return f"{KEY_PREFIX}{component.slug}"


def _open(change: Change) -> None:
    probe, track = change.row.probe, change.new
    component = probe.component
    known = Incident.objects.open().filter(affected__component=component).order_by("pk").first()
    if known is not None:
        _say_it_fails_again(known, change)
        return
    severity = probe.severity or SeverityPolicy.objects.order_by("rank").first()
    if severity is None:
        logger.error("%s is down, but no severity is defined: no incident was opened.", component.name)
        return
    try:
        open_incident(
            title=TITLES.get(probe.kind, DEFAULT_TITLE).format(component.name),
            severity=severity,
            message=_failure_sentence(change),
            impacts={component: ComponentStatus.MAJOR_OUTAGE},
            # Our clock may have been set back since then.
            started_at=min(track.first_failure_at or clock.now(), clock.now()),
            origin=Origin.PROBE,
            dedupe_key=dedupe_key(component),
        )
    except DuplicateIncident:
        logger.info("An incident about %s is open already.", component.slug)
    except DomainError:
        # The measurement is true whatever became of the announcement: it must not be rolled back with it.
        logger.exception("No incident could be opened about %s.", component.slug)


def _say_it_fails_again(incident: Incident, change: Change) -> None:
    """Only of an incident of ours, and only if the last word was that it is better."""
    component = change.row.probe.component
    if incident.dedupe_key != dedupe_key(component) or incident.state is not IncidentStatus.MONITORING:
        return
    post_update(
        incident=incident,
        status=IncidentStatus.INVESTIGATING,
        message=f"{component.name} is failing again. {_failure_sentence(change)}",
        impacts={component: ComponentStatus.MAJOR_OUTAGE},
    )


def _failure_sentence(change: Change) -> str:
    probe, track = change.row.probe, change.new
    since = track.first_failure_at or clock.now()
    times = "once" if track.failures == 1 else f"{track.failures} times in a row"
    detail = change.row.last_detail.rstrip(".")
    return f"The check “{probe.name}” has failed {times} since {_said(since)}: {detail}."


def _settle(incident: Incident, component: Component) -> None:
    rows = list(
        ProbeLocation.objects.filter(
            probe__component=component, probe__retired_at__isnull=True, probe__is_enabled=True
        )
    )
    tracks = [row.track for row in rows]
    if any(track.is_in_trouble for track in tracks) or not any(track.state is ProbeState.UP for track in tracks):
        return
    ends = [track.first_success_at for track in tracks if track.first_success_at is not None]
    now = clock.now()
    ended_at = min(now, max((end for end in ends if end >= incident.started_at), default=now))
    try:
        _say_it_is_over(incident, component, ended_at)
    except DomainError:
        logger.exception("%s could not be ended.", incident.reference)


def _say_it_is_over(incident: Incident, component: Component, ended_at: datetime) -> None:
    lasted = say_duration(ended_at - incident.started_at)
    again = f"{component.name} has been responding again since {_said(ended_at)}."
    authors = list(incident.updates.order_by("-created_at", "-pk").values_list("author", "status"))
    if not any(author for author, _ in authors):
        resolve_incident(
            incident=incident,
            message=f"{again} The outage lasted {lasted}.",
            resolved_at=ended_at,
        )
        return
    # Staff speak for this incident now, and end it when they know enough. We say once what we measure.
    if authors[0] != ("", IncidentStatus.MONITORING):
        post_update(incident=incident, status=IncidentStatus.MONITORING, message=again)


def _said(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC" if moment.date() == clock.now().date() else f"{moment:%d %B %H:%M} UTC"
