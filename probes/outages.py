"""What a probe's verdict means for others: its claim on the component, and the incident it opens.

The verdict is that of all of its locations together (`probes.locations`), read after the components are locked: of two
workers that record for two locations at once, the second sees what the first found. All of it happens in the
transaction that records the results. Each step looks at what is there, so that doing it twice changes nothing the
second time.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusClaim
from components.services import Claim, lock_components, state_claims
from incidents.enums import Origin
from incidents.models import Incident, SeverityPolicy
from incidents.services import DuplicateIncident, EvidenceItem, add_evidence, open_incident
from probes.dependencies import suppressed
from probes.flapping import dedupe_key, open_incidents, reopen, say_it_fails_again, settle_incident
from probes.models import Probe, ProbeLocation
from probes.standings import Reading, read_probes
from probes.states import Track
from probes.trouble import Trouble, outage
from statuspage.core import clock
from statuspage.core.errors import DomainError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row that was moved, with its state before and after."""

    row: ProbeLocation
    old: Track
    new: Track

    @property
    def matters(self) -> bool:
        """Whether others may have to be told."""
        return self.old.verdict is not self.new.verdict or self.row.probe.is_held_back


def announce(changes: Sequence[Change]) -> None:
    """Let the components know each new verdict, and open incidents for new outages.

    Six queries, and two where something is down, however many changes make no incident.
    """
    restate([change.row.probe for change in changes if change.matters])


def restate(probes: Collection[Probe], *, silent: str = "") -> None:
    """Make the claims of these probes what they measure now. `silent` says why those do not know that do not."""
    if not probes:
        return
    by_id = {probe.pk: probe for probe in probes}
    lock_components(probe.component for probe in by_id.values())
    claimed = _claimed_down(by_id.values())
    readings = read_probes(by_id.values())
    state_claims([_claim(reading, silent) for reading in readings], source=ClaimSource.PROBE)
    begun = [
        reading
        for reading in readings
        if reading.verdict.is_down and (reading.probe.is_held_back or reading.probe.slug not in claimed)
    ]
    _open_unless_held_back([reading for reading in begun if reading.probe.opens_incident])
    over = [reading.probe.pk for reading in readings if reading.probe.is_held_back and not reading.verdict.is_down]
    if over:
        Probe.objects.filter(pk__in=over).update(is_held_back=False)


def settle(components: Sequence[Component]) -> None:
    """Go on with the incidents that probes opened about these components: over, for now, or not at all.

    One query while no such incident is open.
    """
    by_key = {dedupe_key(component): component for component in components}
    for incident in open_incidents():
        component = by_key.get(incident.dedupe_key)
        if component is not None:
            settle_incident(incident, component)


def _claimed_down(probes: Collection[Probe]) -> set[str]:
    """The slugs of those whose claim is an outage already."""
    return set(
        StatusClaim.objects.filter(
            component__in={probe.component_id for probe in probes},
            source=ClaimSource.PROBE,
            source_id__in=[probe.slug for probe in probes],
            status=ComponentStatus.MAJOR_OUTAGE,
        ).values_list("source_id", flat=True)
    )


def _claim(reading: Reading, silent: str) -> Claim:
    status = reading.verdict.status
    cause = reading.claim if status is not None else silent or reading.detail
    return Claim(component=reading.probe.component, source_id=reading.probe.slug, status=status, cause=cause)


def _open_unless_held_back(begun: Sequence[Reading]) -> None:
    """A probe whose dependency fails waits with its incident; it is asked again with each of its results."""
    waiting = suppressed([reading.probe.pk for reading in begun])
    for reading in begun:
        held_back = reading.probe.pk in waiting
        if reading.probe.is_held_back != held_back:
            Probe.objects.filter(pk=reading.probe.pk).update(is_held_back=held_back)
        if not held_back:
            open_about(outage(reading))


def open_about(trouble: Trouble) -> None:
    """Open an incident about the component, unless one is open: then say there what has to be said."""
    component = trouble.component
    known = Incident.objects.open().filter(affected__component=component).order_by("pk").first()
    if known is not None:
        say_it_fails_again(known, trouble)
        return
    if reopen(trouble):
        return
    severity = trouble.severity or SeverityPolicy.objects.order_by("rank").first()
    if severity is None:
        logger.error("%s: %s No severity is defined, so no incident was opened.", component.name, trouble.sentence)
        return
    try:
        incident = open_incident(
            title=trouble.title,
            severity=severity,
            message=trouble.sentence,
            impacts={component: trouble.impact},
            # Our clock may have been set back since then.
            started_at=min(trouble.since or clock.now(), clock.now()),
            origin=Origin.PROBE,
            dedupe_key=dedupe_key(component),
        )
        add_evidence(incident=incident, items=_evidence(trouble))
    except DuplicateIncident:
        logger.info("An incident about %s is open already.", component.slug)
    except DomainError:
        # The measurement is true whatever became of the announcement: it must not be rolled back with it.
        logger.exception("No incident could be opened about %s.", component.slug)


def _evidence(trouble: Trouble) -> list[EvidenceItem]:
    """What fails at each location; of a rule, what it says. One query."""
    probe, since = trouble.probe, trouble.since or clock.now()
    rows = [row for row in probe.locations.active().order_by("location") if row.track.is_outage]
    if not rows:
        return [_item(trouble, at=since, what=probe.name, detail=trouble.sentence)]
    return [
        _item(
            trouble,
            at=row.first_failure_at or since,
            what=f"{probe.name}, from {row.location}",
            detail=row.last_detail,
        )
        for row in rows
    ]


def _item(trouble: Trouble, *, at: datetime, what: str, detail: str) -> EvidenceItem:
    component = trouble.component
    return EvidenceItem(
        at=at,
        what=what,
        detail=detail,
        # The day's page, whose days are those of UTC.
        path=f"/components/{component.slug}/{at.astimezone(UTC):%Y-%m-%d}/" if component.is_visible else "",
        staff_path=reverse("admin:probes_probe_change", args=[trouble.probe.pk]),
    )
