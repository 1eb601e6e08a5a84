"""A probe that is not measured any more, because it was paused or taken out, and the incident that it opened.

No result will ever end that incident. If nothing else that is measured speaks for it, it ends with a sentence that
says why; where staff have spoken on it, it is theirs, and they are told. A silence of ours is not this: what is merely
not measured at the moment ends nothing.
"""

import logging
from collections.abc import Iterable, Sequence

from incidents.models import Incident
from incidents.services import post_update, resolve_incident
from probes.flapping import a_rule_fires, dedupe_key, open_incidents, staff_lead
from probes.models import Probe, ProbeLocation, Rule
from probes.standings import Reading, read_probes
from statuspage.core.errors import DomainError

logger = logging.getLogger(__name__)


def is_in_trouble(probe: Probe, rows: Iterable[ProbeLocation]) -> bool:
    """Whether an incident may be about what this probe finds, or a rule on it. To be asked before it is stopped."""
    if any(row.track.is_in_trouble for row in rows):
        return True
    firing = Rule.objects.filter(probe=probe, opens_incident=True, firing_since__isnull=False)
    return probe.has_rules and firing.exists()


def leave_incident(probe: Probe, *, was_in_trouble: bool, cause: str) -> None:
    """End the incident about the probe's component, if no other probe of it can. One query while none is open.

    Call it once the probe is stopped. `cause` says in half a sentence why it is.
    """
    key = dedupe_key(probe.component)
    incident = next((one for one in open_incidents() if one.dedupe_key == key), None)
    if incident is None:
        return
    others = Probe.objects.active().filter(component=probe.component_id).exclude(pk=probe.pk)
    readings = read_probes(others.select_related("component"))
    troubled = any(one.verdict.is_down or one.verdict.is_in_trouble for one in readings)
    if troubled or a_rule_fires(probe.component) or (_measure(readings) and not was_in_trouble):
        # Those say when it is over.
        return
    try:
        _say(incident, _sentence(probe, readings, cause))
    except DomainError:
        logger.exception("%s could not be ended.", incident.reference)


def _measure(readings: Sequence[Reading]) -> bool:
    return any(reading.verdict.status is not None for reading in readings)


def _sentence(probe: Probe, readings: Sequence[Reading], cause: str) -> str:
    name = probe.component.name
    if _measure(readings):
        return f"What failed is no longer measured: {cause}. All else that is checked of {name} is well."
    return f"{name} is no longer measured: {cause}. What became of the outage is not known."


def _say(incident: Incident, sentence: str) -> None:
    if staff_lead(incident):
        post_update(incident=incident, status=incident.state, message=sentence, notify=False)
    else:
        resolve_incident(incident=incident, message=sentence)
